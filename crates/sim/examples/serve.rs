//! Serves the demo fleet on 127.0.0.1, at the port that is named, so that any client of AWS can be pointed at it:
//!
//! ```sh
//! cargo run -p mirror-sim --example serve 4566
//! aws --endpoint-url http://127.0.0.1:4566 ec2 describe-instances --filters Name=tag:mirror,Values=crown-jewel
//! ```

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use mirror_core::Time;
use mirror_sim::{World, fleet, wire};

fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).ok_or("which port?")?.parse()?;
    let mut world = World::new("123456789012".into(), "eu-west-1".into(), 1, Time::now());
    fleet::demo(&mut world, 30)?;
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        world.advance(Time::now());
        if let Err(error) = serve(&mut world, stream?) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

/// Answers the one request that a connection brings.
fn serve(world: &mut World, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut authorization, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => authorization = Some(value.to_owned()),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap_or(0),
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    let wire::Reply { status, body } = wire::answer(world, authorization.as_deref(), &body);
    let (kind, size) = (wire::CONTENT_TYPE, body.len());
    write!(stream, "HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n")?;
    write!(stream, "Connection: close\r\n\r\n{body}")
}
