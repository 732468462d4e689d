//! Takes mirror objects; gives their XML. Never invents what AWS does not say: a session has no state, a filter no owner.

use mirror_core::inventory::{Direction, PortRange, Resource, Rule};

use super::tag_set;
use crate::mirror::{MirrorFilter, MirrorRule, MirrorSession, MirrorTarget};
use crate::wire::element::Element;

pub(super) fn filter(filter: &MirrorFilter, name: &str) -> Element {
    let MirrorFilter { id, owner: _, description, rules, services, tags } = filter;
    let of = |direction| {
        let mut rules: Vec<_> = rules.values().filter(|rule| rule.rule.direction == direction).collect();
        rules.sort_by_key(|rule| rule.rule.number);
        rules.into_iter().map(|it| rule(it, "item"))
    };
    let element = Element::new(name)
        .text("trafficMirrorFilterId", id)
        .set("ingressFilterRuleSet", of(Direction::Ingress))
        .set("egressFilterRuleSet", of(Direction::Egress))
        .child(services.iter().fold(Element::new("networkServiceSet"), |set, service| set.text("item", service)))
        .optional("description", description.as_ref());
    tag_set(element, tags)
}

pub(super) fn rule(rule: &MirrorRule, name: &str) -> Element {
    tag_set(rule_without_tags(rule, name), &rule.tags)
}

/// `ModifyTrafficMirrorFilterRule` answers without tags. Source: botocore.
pub(super) fn rule_without_tags(rule: &MirrorRule, name: &str) -> Element {
    let MirrorRule { id, filter, rule, description, tags: _ } = rule;
    let Rule { action, direction, number, protocol, source, destination, source_ports, destination_ports } = rule;
    let ports = |name, range: &PortRange| Element::new(name).text("fromPort", range.from).text("toPort", range.to);
    Element::new(name)
        .text("trafficMirrorFilterRuleId", id)
        .text("trafficMirrorFilterId", filter)
        .text("trafficDirection", direction)
        .text("ruleNumber", number)
        .text("ruleAction", action)
        .optional("protocol", protocol.as_ref())
        .children(destination_ports.iter().map(|range| ports("destinationPortRange", range)))
        .children(source_ports.iter().map(|range| ports("sourcePortRange", range)))
        .text("destinationCidrBlock", destination)
        .text("sourceCidrBlock", source)
        .optional("description", description.as_ref())
}

pub(super) fn target(target: &MirrorTarget, name: &str) -> Element {
    let MirrorTarget { id, owner, resource, description, tags } = target;
    let (field, kind) = match resource {
        Resource::NetworkInterface(_) => ("networkInterfaceId", "network-interface"),
        Resource::NetworkLoadBalancer(_) => ("networkLoadBalancerArn", "network-load-balancer"),
        Resource::GatewayLoadBalancerEndpoint(_) => ("gatewayLoadBalancerEndpointId", "gateway-load-balancer-endpoint"),
    };
    let element = Element::new(name)
        .text("trafficMirrorTargetId", id)
        .text(field, resource.id())
        .text("type", kind)
        .optional("description", description.as_ref())
        .text("ownerId", owner);
    tag_set(element, tags)
}

pub(super) fn session(session: &MirrorSession, name: &str) -> Element {
    let MirrorSession { id, owner, interface, target, filter, number, packet_length, vni, description, tags } = session;
    let element = Element::new(name)
        .text("trafficMirrorSessionId", id)
        .text("trafficMirrorTargetId", target)
        .text("trafficMirrorFilterId", filter)
        .text("networkInterfaceId", interface)
        .text("ownerId", owner)
        .optional("packetLength", packet_length.as_ref())
        .text("sessionNumber", number)
        .text("virtualNetworkId", vni)
        .optional("description", description.as_ref());
    tag_set(element, tags)
}
