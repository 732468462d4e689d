//! Takes a filter and a flow; says whether the filter accepts it. Never knows for which session.

use mirror_core::inventory::{AMAZON_DNS, Direction, PortRange, Rule, RuleAction};

use super::Flow;
use super::exempt::Treatment;
use crate::mirror::MirrorFilter;

/// Whether a filter accepts a flow. Rules are tried by ascending number, per direction; the first that matches decides, and what none
/// matches is not mirrored. DNS to the Amazon resolver is mirrored by the network service alone: the rules are not asked.
pub(super) fn accepts(filter: &MirrorFilter, direction: Direction, flow: &Flow, treatment: Treatment) -> bool {
    match treatment {
        Treatment::Exempt => false,
        Treatment::AmazonDns => filter.services.contains(AMAZON_DNS),
        Treatment::Ordinary => {
            let rules = filter.rules.values().map(|rule| &rule.rule);
            let first =
                rules.filter(|rule| rule.direction == direction && matches(rule, flow)).min_by_key(|rule| rule.number);
            first.is_some_and(|rule| rule.action == RuleAction::Accept)
        }
    }
}

fn matches(rule: &Rule, flow: &Flow) -> bool {
    let Rule { action: _, direction: _, number: _, protocol, source, destination, source_ports, destination_ports } =
        rule;
    protocol.is_none_or(|protocol| protocol == flow.protocol)
        && source.contains(&flow.source)
        && destination.contains(&flow.destination)
        && is_on(*source_ports, flow.source_port)
        && is_on(*destination_ports, flow.destination_port)
}

/// Whether a port is in a range; without a range, any port is, and a packet that has none.
pub(super) fn is_on(range: Option<PortRange>, port: Option<u16>) -> bool {
    range.is_none_or(|PortRange { from, to }| port.is_some_and(|port| (from..=to).contains(&port)))
}
