//! Takes arguments and an environment; runs the program with these and nothing else, in a home of its own. Never lets through what
//! the environment of the tests says of AWS.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use super::PATIENCE;
use super::cloud::Cloud;
use super::daemon::Daemon;
use super::fleet::REGION;

/// The program that the tests were built with, or another that somebody wants to see tried: the one that is to be released.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("VPC_MIRROR_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_vpc-mirror").into(), PathBuf::from)
}

/// The program, about to be started.
pub(crate) struct Program {
    command: Command,
    home: TempDir,
}

/// What is left of a program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Self { command, home }
    }

    /// `vpc-mirror run`, on a free port, with a log that can be read by a machine.
    pub(crate) fn run(policy: &str) -> Self {
        Self::new(&["run", "--listen", "127.0.0.1:0", "--log-format", "json"]).policy(policy)
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// With a policy file that says this.
    pub(crate) fn policy(mut self, text: &str) -> Self {
        let path = self.file("policy.yaml", text);
        self.command.arg("--policy").arg(path);
        self
    }

    /// A file in its home.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// With this cloud for AWS, and credentials for it.
    pub(crate) fn on(self, cloud: &Cloud) -> Self {
        self.endpoint(cloud)
            .variable("AWS_REGION", REGION)
            .variable("AWS_ACCESS_KEY_ID", "test")
            .variable("AWS_SECRET_ACCESS_KEY", "test")
    }

    /// With this cloud for AWS, and nothing else.
    pub(crate) fn endpoint(self, cloud: &Cloud) -> Self {
        self.variable("AWS_ENDPOINT_URL", &format!("http://{}", cloud.at))
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this to read on its standard input.
    pub(crate) fn reading(mut self, text: &str) -> Self {
        let path = self.file("stdin", text);
        self.command.stdin(std::fs::File::open(path).unwrap());
        self
    }

    /// With a pipe for its standard output that nobody reads any more, as after `| head -1`.
    pub(crate) fn nobody_reads(mut self) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        self.command.stdout(writer);
        self
    }

    /// Starts what goes on until it is ended.
    pub(crate) fn start(mut self) -> Daemon {
        self.command.stdout(Stdio::null());
        Daemon::new(self.command.spawn().unwrap(), self.home)
    }

    /// Waits for the end of what ends by itself.
    pub(crate) async fn finish(mut self) -> Ended {
        let output = timeout(PATIENCE, self.command.spawn().unwrap().wait_with_output()).await.unwrap().unwrap();
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}
