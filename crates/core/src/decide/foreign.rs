//! Takes other people's sessions on an interface; says what they take from ours. Never guesses: a filter that cannot be seen takes
//! nothing.

use ipnet::IpNet;

use super::Capture;
use crate::inventory::{AMAZON_DNS, Direction, Filter, Inventory, Resource, Rule, RuleAction, Session};
use crate::limits::MAX_PACKET_LENGTH;
use crate::policy::{Except, Sensor, Way};

/// Whether a session takes every packet of a capture, so that AWS has none left for the sessions behind it.
pub(super) fn takes_all(inventory: &Inventory, session: &Session, capture: &Capture, ipv6: bool) -> bool {
    let Some(filter) = inventory.filters.get(&session.filter) else { return false };
    let families = [Some(false), ipv6.then_some(true)];
    (filter.services.contains(AMAZON_DNS) || !capture.wants_resolver())
        && families.into_iter().flatten().all(|ipv6| {
            let accepts = |direction| accepts_all_but(filter, direction, ipv6, capture);
            [Direction::Ingress, Direction::Egress].into_iter().all(accepts)
        })
}

/// Whether the rules of a direction and IP version accept everything but what the capture excepts. Rules are tried by ascending
/// number, and the first that matches decides.
fn accepts_all_but(filter: &Filter, direction: Direction, ipv6: bool, capture: &Capture) -> bool {
    let concerns = |rule: &&Rule| rule.direction == direction && matches!(rule.source, IpNet::V6(_)) == ipv6;
    let mut rules: Vec<&Rule> = filter.rules.values().filter(concerns).collect();
    rules.sort_by_key(|rule| rule.number);
    for rule in rules {
        match rule.action {
            RuleAction::Accept if matches_everything(rule) => return true,
            RuleAction::Accept => {}
            RuleAction::Reject if capture.except.iter().any(|except| is_within(rule, except)) => {}
            RuleAction::Reject => return false,
        }
    }
    false
}

fn matches_everything(rule: &Rule) -> bool {
    rule.protocol.is_none()
        && rule.source.prefix_len() == 0
        && rule.destination.prefix_len() == 0
        && rule.source_ports.is_none()
        && rule.destination_ports.is_none()
}

/// Whether everything that a rule matches is excepted.
fn is_within(rule: &Rule, except: &Except) -> bool {
    let peer = match rule.direction {
        Direction::Ingress => rule.source,
        Direction::Egress => rule.destination,
    };
    let of_ports = |ports: crate::policy::Ports| {
        let either = [rule.source_ports, rule.destination_ports];
        rule.protocol == Some(ports.protocol)
            && ports
                .range
                .is_none_or(|range| either.into_iter().flatten().any(|it| range.from <= it.from && it.to <= range.to))
    };
    except.peer.is_none_or(|network| network.contains(&peer)) && except.ports.is_none_or(of_ports)
}

/// Whether what a session sends does for ours: at least as much of each packet, to one of the sensor's own targets, or to what one of
/// them sends to.
pub(super) fn covers(inventory: &Inventory, session: &Session, sensor: &Sensor, capture: &Capture) -> bool {
    let wanted = u32::from(capture.packet_length.unwrap_or(MAX_PACKET_LENGTH));
    session.packet_length.is_none_or(|bytes| bytes >= wanted) && sends_to(inventory, session, sensor)
}

/// Whether a session sends to one of the sensor's own targets, or to what one of them sends to.
pub(crate) fn sends_to(inventory: &Inventory, session: &Session, sensor: &Sensor) -> bool {
    let resource = |id| inventory.targets.get(id).map(|target| &target.resource);
    let reached: Option<&Resource> = resource(&session.target);
    sensor.targets.iter().any(|target| match &target.to {
        Way::Existing(id) => *id == session.target || (reached.is_some() && resource(id) == reached),
        Way::Resource(named) => reached == Some(named),
        Way::Tagged(tags) => inventory.targets.get(&session.target).is_some_and(|target| target.carries(tags)),
    })
}
