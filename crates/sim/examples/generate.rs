//! Generates a fleet of so many instances from a seed, spread over so many accounts (1); prints what that costs, and what it costs each
//! account to list its own whole:
//!
//! ```sh
//! cargo run --release --example generate -p mirror-sim -- 100000 1
//! cargo run --release --example generate -p mirror-sim -- 100000 1 10
//! ```

use std::error::Error;
use std::time::Instant;

use http::Request as HttpRequest;
use http::header::AUTHORIZATION;
use mirror_core::Time;
use mirror_core::ids::AccountId;
use mirror_sim::fleet::{Shape, generate};
use mirror_sim::{Api, Describe, Request, Response, World, wire};

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, \
                      Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let instances: usize = arguments.next().ok_or("how many instances?")?.parse()?;
    let seed: u64 = arguments.next().ok_or("which seed?")?.parse()?;
    let accounts: u64 = arguments.next().map_or(Ok(1), |accounts| accounts.parse())?;
    let accounts: Vec<AccountId> = (0..accounts).map(|more| (123_456_789_012 + more).to_string().into()).collect();
    let first = accounts.first().ok_or("one account at least")?;
    let mut world = World::new(first.clone(), "eu-west-1".into(), seed, Time::UNIX_EPOCH);
    let each = Shape::of(instances / accounts.len());
    let (before, begun) = (resident(), Instant::now());
    for account in &accounts {
        let generated = world.acting_for(account, |world| generate(world, &each, seed))?;
        println!("{account}  {} VPCs, {} groups", generated.vpcs.len(), generated.groups.len());
    }
    let (took, kilobytes) = (begun.elapsed(), resident().saturating_sub(before));
    let bytes = kilobytes.saturating_mul(1024) / instances.max(1);
    println!("generated  {instances} instances in {took:.1?}, {bytes} bytes each");
    let mut api = Api::new(world, seed);
    for action in ["DescribeInstances", "DescribeNetworkInterfaces", "DescribeTags"] {
        for account in &accounts {
            let begun = Instant::now();
            let (items, pages) = api.world_mut().acting_for(account, |world| called(world, action))?;
            println!("called     {account} {action}: {items} items, {pages} pages in {:.1?}", begun.elapsed());
        }
        let begun = Instant::now();
        let (bytes, pages) = sent(&mut api, action)?;
        println!("wired      {first} {action}: {bytes} bytes, {pages} pages in {:.1?}", begun.elapsed());
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
        let request = HttpRequest::builder().header("host", "localhost").header("x-amz-date", "20260101T000000Z");
        let request = request.header(AUTHORIZATION, SIGNED).body(body)?;
        let reply = wire::answer(api, &request).reply.ok_or("no answer")?;
        let is_refused = reply.status() != 200;
        let reply = String::from_utf8(reply.into_body())?;
        if is_refused {
            return Err(reply.into());
        }
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
