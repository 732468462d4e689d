//! Takes the digest of held losses; tells the daemon of this machine that a person lets them go. Never asks AWS, nor another machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::show::print;

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer that is shown, in bytes.
const LONGEST: usize = 1 << 20;

/// Approves the losses that the digest stands for; without one, shows what is held.
///
/// # Errors
///
/// When no daemon answers there, or it holds no such losses: then its answer says what it holds.
pub async fn approve(digest: Option<String>, listen: SocketAddr) -> anyhow::Result<ExitCode> {
    let (method, path) = if digest.is_some() { (Method::POST, "/approve") } else { (Method::GET, "/held") };
    let request = Request::builder().method(method).uri(path).header("host", listen.to_string());
    let request = request.body(Body::from(digest.unwrap_or_default()))?;
    let asked = timeout(PATIENCE, ask(here(listen), request)).await;
    let advice = || format!("no daemon answers on {listen}: start it, or say with --listen where it listens");
    let (status, answer) = asked.with_context(advice)?.with_context(advice)?;
    anyhow::ensure!(status.is_success(), "{}", answer.trim_end());
    print(&answer)?;
    Ok(ExitCode::SUCCESS)
}

/// Who listens everywhere is reached on this machine, from which alone it takes approvals.
fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(at: SocketAddr, request: Request<Body>) -> anyhow::Result<(StatusCode, String)> {
    let stream = TcpStream::connect(at).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let going = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let (status, body) = (response.status(), Body::new(response.into_body()));
    let body = to_bytes(body, LONGEST).await?;
    going.abort();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
