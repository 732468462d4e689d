//! Generates a fleet of so many instances from a seed; prints what that costs, and what it costs to list it whole:
//!
//! ```sh
//! cargo run --release --example generate -p mirror-sim -- 100000 1
//! ```

use std::error::Error;
use std::time::Instant;

use http::Request as HttpRequest;
use http::header::AUTHORIZATION;
use mirror_core::Time;
use mirror_sim::fleet::{Shape, generate};
use mirror_sim::{Api, Describe, Request, Response, World, wire};

const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=00";

fn main() -> Result<(), Box<dyn Error>> {
    let instances: usize = std::env::args().nth(1).ok_or("how many instances?")?.parse()?;
    let seed: u64 = std::env::args().nth(2).ok_or("which seed?")?.parse()?;
    let mut world = World::new("123456789012".into(), "eu-west-1".into(), seed, Time::UNIX_EPOCH);
    let (before, begun) = (resident(), Instant::now());
    let generated = generate(&mut world, &Shape::of(instances), seed)?;
    let (took, kilobytes) = (begun.elapsed(), resident().saturating_sub(before));
    let each = kilobytes.saturating_mul(1024) / instances.max(1);
    println!("generated  {instances} instances in {took:.1?}, {each} bytes each");
    println!("           {} VPCs, {} groups", generated.vpcs.len(), generated.groups.len());
    let mut api = Api::new(world, seed);
    for action in ["DescribeInstances", "DescribeNetworkInterfaces", "DescribeTags"] {
        let begun = Instant::now();
        let (items, pages) = called(api.world_mut(), action)?;
        println!("called     {action}: {items} items, {pages} pages in {:.1?}", begun.elapsed());
        let begun = Instant::now();
        let (bytes, pages) = sent(&mut api, action)?;
        println!("wired      {action}: {bytes} bytes, {pages} pages in {:.1?}", begun.elapsed());
    }
    let begun = Instant::now();
    api.advance(api.world().now() + jiff::SignedDuration::from_hours(1));
    println!("advanced   an hour in {:.1?}", begun.elapsed());
    Ok(())
}

/// Lists everything by calls; gives the numbers of items and of pages.
fn called(world: &mut World, action: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let (mut items, mut pages, mut token) = (0, 0, None);
    loop {
        let (count, next) = match action {
            "DescribeInstances" => match world.call(Request::DescribeInstances(Describe::page(1000, token)))? {
                Response::DescribeInstances(page) => (page.items.len(), page.next),
                _ => return Err("another answer".into()),
            },
            "DescribeTags" => match world.call(Request::DescribeTags(Describe::page(1000, token)))? {
                Response::DescribeTags(page) => (page.items.len(), page.next),
                _ => return Err("another answer".into()),
            },
            _ => match world.call(Request::DescribeNetworkInterfaces(Describe::page(1000, token)))? {
                Response::DescribeNetworkInterfaces(page) => (page.items.len(), page.next),
                _ => return Err("another answer".into()),
            },
        };
        (items, pages, token) = (items + count, pages + 1, next);
        if token.is_none() {
            return Ok((items, pages));
        }
    }
}

/// Lists everything by HTTP requests; gives the numbers of bytes and of pages.
fn sent(api: &mut Api, action: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let (mut bytes, mut pages, mut token) = (0, 0, String::new());
    loop {
        let body = format!("Action={action}&Version=2016-11-15&MaxResults=1000{token}");
        let request = HttpRequest::builder().header(AUTHORIZATION, SIGNED).body(body)?;
        let reply = String::from_utf8(wire::answer(api, &request).reply.ok_or("no answer")?.into_body())?;
        (bytes, pages) = (bytes + reply.len(), pages + 1);
        match reply.split_once("<nextToken>").and_then(|(_, rest)| rest.split_once("</nextToken>")) {
            Some((next, _)) => token = format!("&NextToken={next}"),
            None => return Ok((bytes, pages)),
        }
    }
}

/// Kilobytes of memory that the process holds, where the system says so: on Linux.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or_default()
}
