//! Takes the rules of a filter and what they were compiled from; says what each is for. Never compiles.

use ipnet::IpNet;
use serde::Serialize;

use crate::compile::FilterSpec;
use crate::decide::{Capture, Wish};
use crate::inventory::{Direction, Rule, RuleAction};
use crate::packets::{Block, PacketSet};
use crate::policy::Except;

/// A rule, or a network service, of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    /// The rule, as AWS is told it.
    pub rule: String,
    /// What it is for.
    pub purpose: String,
}

/// The rules of a filter in the order in which AWS tries them: by IP version and direction, then by number; its services last.
pub(super) fn rules(spec: &FilterSpec, capture: &Capture) -> Vec<RuleReport> {
    let mut rules: Vec<&Rule> = spec.rules.iter().collect();
    rules.sort_by_key(|rule| (is_ipv6(rule), rule.direction, rule.number));
    let rules = rules.into_iter().map(|rule| RuleReport { rule: rule.to_string(), purpose: purpose(rule, capture) });
    let service = |name: &String| RuleReport {
        rule: format!("network service {name}"),
        purpose: "DNS to the Amazon resolver, which no rule can match".into(),
    };
    rules.chain(spec.services.iter().map(service)).collect()
}

/// What a capture takes, in words: what each strategy wants.
pub(super) fn captured(capture: &Capture) -> Vec<String> {
    let Capture { wishes, behind, packet_length } = capture;
    let mut words: Vec<String> =
        wishes.iter().map(|(strategy, wish)| format!("{strategy}: {}", wanted(wish))).collect();
    if !behind.is_empty() {
        words.push("of that, what earlier lanes leave".into());
    }
    words.push(match packet_length {
        None => "whole packets".into(),
        Some(bytes) => format!("{bytes} bytes of each packet"),
    });
    words
}

fn wanted(Wish { flows, except }: &Wish) -> String {
    let list = |words: Vec<String>| words.join(", ");
    let flows = list(flows.iter().map(ToString::to_string).collect());
    match except.is_empty() {
        true => flows,
        false => format!("{flows}, but not {}", list(except.iter().map(ToString::to_string).collect())),
    }
}

fn is_ipv6(rule: &Rule) -> bool {
    matches!(rule.source, IpNet::V6(_))
}

fn purpose(rule: &Rule, capture: &Capture) -> String {
    let way = match rule.direction {
        Direction::Ingress => "arriving",
        Direction::Egress => "leaving",
    };
    let version = if is_ipv6(rule) { "IPv6" } else { "IPv4" };
    match (rule.action, served(rule), strategies(rule, capture)) {
        (RuleAction::Reject, served, _) => {
            let excepts = capture.wishes.values().flat_map(|wish| &wish.except).find(|packets| is_for(rule, packets));
            match excepts {
                Some(packets) => format!("keeps out {packets}{served}, {way}"),
                None => format!("keeps out what nobody wants{served}, {way} in {version}"),
            }
        }
        (RuleAction::Accept, served, names) => {
            let whole = rule.protocol.is_none() && rule.source.prefix_len() == 0 && rule.destination.prefix_len() == 0;
            let what = if whole { "takes everything" } else { "takes what is" };
            format!("{what} {way} in {version}{served}, for {}", names.join(", "))
        }
    }
}

/// The strategies that want packets which a rule matches.
fn strategies<'a>(rule: &Rule, capture: &'a Capture) -> Vec<&'a str> {
    let matched = Block::matched_by(rule).map(PacketSet::of);
    let meets = |wish: &Wish| {
        let wanted = wish.packets().and_then(|wanted| wanted.intersection(matched.as_ref().map_err(Clone::clone)?));
        // What is not told may be wanted.
        wanted.is_ok_and(|both| both.is_empty())
    };
    capture.wishes.iter().filter(|(_, wish)| !meets(wish)).map(|(name, _)| name.as_str()).collect()
}

/// Which end has the port: either may serve it, and each takes a rule.
fn served(rule: &Rule) -> &'static str {
    let (own, peers) = match rule.direction {
        Direction::Ingress => (rule.destination_ports, rule.source_ports),
        Direction::Egress => (rule.source_ports, rule.destination_ports),
    };
    match (own, peers) {
        (Some(_), _) => ", served here",
        (None, Some(_)) => ", served by the peer",
        (None, None) => "",
    }
}

fn is_for(rule: &Rule, packets: &Except) -> bool {
    let peer = match rule.direction {
        Direction::Ingress => rule.source,
        Direction::Egress => rule.destination,
    };
    let of_peer = packets.peer.map_or(peer.prefix_len() == 0, |network| network == peer);
    let of_ports = match packets.ports {
        None => rule.protocol.is_none(),
        Some(ports) => {
            rule.protocol == Some(ports.protocol) && rule.source_ports.or(rule.destination_ports) == ports.range
        }
    };
    of_peer && of_ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn each_rule_says_what_it_is_for() {
        let policy = policy_of(&format!(
            "sensors: {{sta: {{targets: [{{networkLoadBalancer: {NLB}}}]}}}}\n\
             strategies: [{{name: crown-jewel, importance: {{}}, except: [tcp/2049, 10.9.0.0/16]}}]"
        ));
        let facts = jewel_with(|_| {}).read(0);
        let decisions = decided(&policy, &facts);
        let wish = &decisions.interfaces[&"eni-1".into()].lanes[&"sta".into()];
        let desired = compiled(&policy, &decisions);
        let spec = desired.filters.values().next().unwrap();
        let purposes: Vec<String> = rules(spec, &wish.capture).into_iter().map(|it| it.purpose).collect();
        let expected = [
            "keeps out tcp/2049, served by the peer, arriving",
            "keeps out tcp/2049, served here, arriving",
            "keeps out 10.9.0.0/16, arriving",
            "takes everything arriving in IPv4, for crown-jewel",
            "keeps out tcp/2049, served by the peer, leaving",
            "keeps out tcp/2049, served here, leaving",
            "keeps out 10.9.0.0/16, leaving",
            "takes everything leaving in IPv4, for crown-jewel",
            "DNS to the Amazon resolver, which no rule can match",
        ];
        assert_eq!(purposes, expected);
        assert_eq!(
            captured(&wish.capture),
            ["crown-jewel: everything, but not tcp/2049, 10.9.0.0/16", "whole packets"]
        );
    }
}
