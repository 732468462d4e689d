//! Takes a process that has been started; gives what an operator sees of it (log, probes, metrics, exit code) and what an operator
//! can do to it. Never looks inside.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::PATIENCE;

/// How often a page is asked for until it says what it is to say.
const PAUSE: Duration = Duration::from_millis(20);

/// How long an end may take. Kubernetes kills what is still there 30 seconds after SIGTERM, unless told otherwise.
const GRACE: Duration = Duration::from_secs(30);

/// `vpc-mirror run` as a process. Killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
    log: watch::Receiver<Vec<String>>,
    _home: TempDir,
}

/// A test that fails shows what the process had to say.
impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log:\n{}", self.log().join("\n"));
        }
    }
}

/// An HTTP answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Daemon {
    pub(crate) fn new(mut child: Child, home: TempDir) -> Self {
        let (sender, log) = watch::channel(Vec::new());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Some(line) = lines.next_line().await.unwrap() {
                sender.send_modify(|log: &mut Vec<String>| log.push(line));
            }
        });
        Self { child, log, _home: home }
    }

    /// The log so far, a string a line.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    /// The log so far, a JSON object a line.
    pub(crate) fn events(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.log.borrow().iter().map(parse).collect()
    }

    /// Waits for a line of the log that says this, and gives the first.
    pub(crate) async fn says(&self, text: &str) -> String {
        let mut log = self.log.clone();
        let found = timeout(PATIENCE, log.wait_for(|log| log.iter().any(|line| line.contains(text)))).await;
        let found = found.ok().and_then(Result::ok).map(|log| log.clone()).unwrap_or_default();
        let line = found.into_iter().find(|line| line.contains(text));
        line.unwrap_or_else(|| panic!("waited for `{text}` in the log"))
    }

    /// Where it listens.
    pub(crate) async fn address(&self) -> SocketAddr {
        let running: Value = serde_json::from_str(&self.says("\"running\"").await).unwrap();
        running.get("listen").and_then(Value::as_str).unwrap().parse().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        let mut stream = TcpStream::connect(self.address().await).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Page { status, body: body.into() }
    }

    /// Waits until a page is as the test wants it.
    pub(crate) async fn shows(&self, path: &str, so: impl Fn(&Page) -> bool) -> Page {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let page = self.get(path).await;
            if so(&page) {
                return page;
            }
            assert!(Instant::now() < deadline, "{path} stays {page:?}");
            sleep(PAUSE).await;
        }
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL: it gets no chance to do anything more.
    pub(crate) fn kill(&mut self) {
        self.child.start_kill().unwrap();
    }

    /// SIGTERM: as Kubernetes asks a pod to end.
    pub(crate) async fn terminate(&self) {
        // The shell's own: not every machine has a program of that name.
        let kill = format!("kill -TERM {}", self.child.id().unwrap());
        let status = Command::new("sh").args(["-c", &kill]).stdin(Stdio::null()).status().await.unwrap();
        assert!(status.success());
    }

    /// Waits for its end, and for the last line of its log.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        let ended = timeout(GRACE, async {
            let status = self.child.wait().await.unwrap();
            while self.log.changed().await.is_ok() {}
            status
        });
        ended.await.unwrap_or_else(|_| panic!("it does not end within {GRACE:?}"))
    }
}
