//! Takes an extra, and the security groups of an interface; gives the packets that it wants there. Never takes a rule for what cannot be
//! mirrored: a packet that a security group drops is not, so that a tripwire fires inbound only where a port is open.

use std::collections::BTreeSet;

use super::Reason;
use super::access_path::{inbound, lets_in};
use super::capture::{DNS, port};
use super::fleet::Fleet;
use crate::inventory::{Direction, NetworkInterface};
use crate::packets::Flow;
use crate::policy::{Ports, Strategy};

/// DNS over TLS, and over DTLS. Source: RFC 7858, RFC 8094.
const DNS_OVER_TLS: [Ports; 2] = [port(6, 853), port(17, 853)];

/// What asks for names, and the answers. A server of names answers others on the same port: whoever wants that wants what it serves.
pub(super) fn dns(over_tls: bool) -> BTreeSet<Flow> {
    let over_tls = over_tls.then_some(DNS_OVER_TLS).into_iter().flatten();
    DNS.into_iter().chain(over_tls).map(Flow::asked).collect()
}

/// What should never come in, where it can, and what should never go out.
pub(super) fn tripwire(
    strategy: &Strategy,
    ports: &BTreeSet<Ports>,
    fleet: &Fleet<'_>,
    interface: &NetworkInterface,
    reasons: &mut Vec<Reason>,
) -> BTreeSet<Flow> {
    let mut flows: BTreeSet<Flow> = BTreeSet::new();
    let mut closed: Vec<Ports> = Vec::new();
    for ports in ports {
        // No answer is asked for: a first packet is enough to know.
        flows.insert(Flow { direction: Some(Direction::Egress), ..Flow::asked(*ports) });
        let arrives = |ports| Flow { direction: Some(Direction::Ingress), ..Flow::served(ports) };
        if !fleet.knows_rules {
            // Doubt mirrors more.
            flows.insert(arrives(*ports));
            continue;
        }
        let open: BTreeSet<Ports> = inbound(fleet.rules, interface).filter_map(|rule| lets_in(rule, *ports)).collect();
        if open.is_empty() {
            closed.push(*ports);
        }
        flows.extend(open.into_iter().map(arrives));
    }
    if !closed.is_empty() {
        let ports = closed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        reasons.push(Reason::CannotFire { strategy: strategy.name.clone(), ports });
    }
    flows
}
