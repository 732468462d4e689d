//! Takes what a server is expected to serve, and the rules of its security groups; gives the packets of that: to those ports, and their
//! answers. Never asks with whom: what a security group drops is never mirrored, so that its networks would add nothing but rules.
//!
//! Source of that: Traffic Mirroring guide, "Considerations": inbound packets that a security group drops are not mirrored.

use std::collections::BTreeSet;

use crate::inventory::{Direction, GroupRule, GroupRules, NetworkInterface, PortRange};
use crate::packets::{Flow, WITH_PORTS};
use crate::policy::{Expect, Ports};

/// What an interface is expected to serve.
pub(super) fn flows(expect: &Expect, rules: &GroupRules, interface: &NetworkInterface) -> BTreeSet<Flow> {
    match expect {
        Expect::Ports(ports) => ports.iter().map(|ports| Flow::served(*ports)).collect(),
        Expect::SecurityGroups => inbound(rules, interface).flat_map(|rule| served(rule, interface.ipv6)).collect(),
    }
}

/// The rules that let anything in to an interface.
pub(super) fn inbound<'a>(
    rules: &'a GroupRules,
    interface: &'a NetworkInterface,
) -> impl Iterator<Item = &'a GroupRule> {
    let all = interface.security_groups.iter().filter_map(|group| rules.get(group)).flatten();
    all.filter(|rule| rule.direction == Direction::Ingress)
}

/// What a rule lets in, and what answers it. A rule for all traffic is everything, the connections included that the server opens itself:
/// no packet tells who has opened its connection.
fn served(rule: &GroupRule, ipv6: bool) -> Vec<Flow> {
    let ports = |protocol| Ports { protocol, range: rule.ports.filter(|_| WITH_PORTS.contains(&protocol)) };
    let flow = rule.protocol.map_or(Flow::EVERYTHING, |protocol| Flow::served(ports(protocol)));
    let versions: Vec<bool> = [false, true].into_iter().filter(|version| rule.has_version(*version)).collect();
    match versions.as_slice() {
        // Where there is no IPv6, what is of both is of IPv4, and takes no other filter than what is of IPv4 alone.
        [false] if ipv6 => vec![Flow { ipv6: Some(false), ..flow }],
        [true] => vec![Flow { ipv6: Some(true), ..flow }].into_iter().filter(|_| ipv6).collect(),
        _ => vec![flow],
    }
}

/// Which part of these ports a rule lets in: none if nothing of it.
pub(super) fn lets_in(rule: &GroupRule, wanted: Ports) -> Option<Ports> {
    let Ports { protocol, range } = wanted;
    if rule.protocol.is_some_and(|it| it != protocol) {
        return None;
    }
    let range = match (range, rule.ports) {
        (Some(wanted), Some(open)) => {
            let both = PortRange { from: wanted.from.max(open.from), to: wanted.to.min(open.to) };
            Some((both.from <= both.to).then_some(both)?)
        }
        (wanted, open) => wanted.or(open),
    };
    Some(Ports { protocol, range })
}
