//! Takes the rules of a filter and what they were compiled from; says what each is for. Never compiles.

use ipnet::IpNet;
use serde::Serialize;

use crate::compile::FilterSpec;
use crate::decide::Capture;
use crate::inventory::{Direction, Rule, RuleAction};
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

/// What a capture takes, in words.
pub(super) fn captured(capture: &Capture) -> String {
    let list = |packets: &std::collections::BTreeSet<Except>| {
        packets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let Capture { only, except, packet_length } = capture;
    let mut text = match only {
        None => String::from("everything"),
        Some(only) => format!("what earlier lanes leave ({})", list(only)),
    };
    if !except.is_empty() {
        text.push_str(&format!(" but {}", list(except)));
    }
    match packet_length {
        None => text.push_str(", whole packets"),
        Some(bytes) => text.push_str(&format!(", {bytes} bytes of each packet")),
    }
    text
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
    let among = match rule.action {
        RuleAction::Reject => Some(&capture.except),
        RuleAction::Accept => capture.only.as_ref(),
    };
    let meant = among.into_iter().flatten().find(|packets| is_for(rule, packets));
    match (rule.action, meant) {
        (RuleAction::Reject, Some(packets)) => format!("keeps out {packets}{}, {way}", served(rule)),
        (RuleAction::Accept, Some(packets)) => format!("takes {packets}{}, {way}", served(rule)),
        (RuleAction::Reject, None) => format!("keeps out what is excepted, {way} in {version}"),
        (RuleAction::Accept, None) => format!("takes everything {way} in {version}"),
    }
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
    use crate::compile::compile;
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
        let desired = compile(&policy, &decisions);
        let spec = desired.filters.values().next().unwrap();
        let purposes: Vec<String> = rules(spec, &wish.capture).into_iter().map(|it| it.purpose).collect();
        let expected = [
            "keeps out tcp/2049, served by the peer, arriving",
            "keeps out tcp/2049, served here, arriving",
            "keeps out 10.9.0.0/16, arriving",
            "takes everything arriving in IPv4",
            "keeps out tcp/2049, served by the peer, leaving",
            "keeps out tcp/2049, served here, leaving",
            "keeps out 10.9.0.0/16, leaving",
            "takes everything leaving in IPv4",
            "DNS to the Amazon resolver, which no rule can match",
        ];
        assert_eq!(purposes, expected);
        assert_eq!(captured(&wish.capture), "everything but tcp/2049, 10.9.0.0/16, whole packets");
    }
}
