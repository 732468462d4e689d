//! Takes an answer of the ELB API; gives its XML. Never leaves out an element that a client needs.
//!
//! `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`; lists are `<Names><member>…`. Source: botocore
//! `elbv2/2015-12-01`, protocol `query`.

use mirror_core::cloud::Action;
use mirror_core::inventory::Tags;

use crate::elb::{
    ElbRequest, ElbResponse, HealthCheck, Listener, LoadBalancer, LoadBalancerType, Rule, TargetGroup, TargetGroupArn,
    TargetGroupDetail, TargetHealth, ZoneOfBalancer,
};
use crate::listing::Page;
use crate::wire::element::Element;

pub(in crate::wire) const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

/// The document that answers a request.
pub(super) fn response(request: &ElbRequest, response: &ElbResponse, request_id: &str) -> Element {
    document(request.action(), NAMESPACE, |result| content(result, response), request_id)
}

/// The document of an API in the query protocol.
pub(super) fn document(
    action: Action,
    namespace: &'static str,
    content: impl FnOnce(Element) -> Element,
    request_id: &str,
) -> Element {
    let action = action.split_once(':').map_or(action, |(_, name)| name);
    let result = content(Element::new(format!("{action}Result")));
    let metadata = Element::new("ResponseMetadata").text("RequestId", request_id);
    Element::new(format!("{action}Response")).namespace(namespace).child(result).child(metadata)
}

#[rustfmt::skip]
fn content(root: Element, response: &ElbResponse) -> Element {
    use ElbResponse as A;
    match response {
        A::DescribeLoadBalancers(found) => page(root, "LoadBalancers", found, load_balancer),
        A::DescribeListeners(found) => page(root, "Listeners", found, listener),
        A::DescribeRules(found) => page(root, "Rules", found, rule),
        A::DescribeTargetGroups(found) => page(root, "TargetGroups", found, target_group),
        A::DescribeTargetHealth(found) => page(root, "TargetHealthDescriptions", found, target_health),
        A::DescribeTags(found) => root.set("TagDescriptions", found.iter().map(tag_description)),
        A::DescribeLoadBalancerAttributes(found) | A::ModifyLoadBalancerAttributes(found) => {
            root.set("Attributes", found.iter().map(|(key, value)| pair(key, value)))
        }
        A::CreateLoadBalancer(made) => root.set("LoadBalancers", [load_balancer(made)]),
        A::SetSubnets(zones) => root.set("AvailabilityZones", zones.iter().map(zone)).text("IpAddressType", "ipv4"),
        A::CreateListener(made) | A::ModifyListener(made) => root.set("Listeners", [listener(made)]),
        A::CreateRule(made) => root.set("Rules", [rule(made)]),
        A::CreateTargetGroup(made) => root.set("TargetGroups", [target_group(made)]),
        A::DeleteLoadBalancer | A::DeleteListener | A::DeleteRule | A::DeleteTargetGroup | A::RegisterTargets
        | A::DeregisterTargets | A::AddTags | A::RemoveTags => root,
    }
}

pub(super) fn page<T>(root: Element, list: &str, page: &Page<T>, member: impl Fn(&T) -> Element) -> Element {
    root.set(list, page.items.iter().map(member)).optional("NextMarker", page.next.as_ref())
}

pub(super) fn member() -> Element {
    Element::new("member")
}

/// A list of texts.
pub(super) fn texts<'a, T: std::fmt::Display + 'a>(name: &str, values: impl IntoIterator<Item = &'a T>) -> Element {
    values.into_iter().fold(Element::new(name), |list, value| list.text("member", value))
}

fn load_balancer(balancer: &LoadBalancer) -> Element {
    let LoadBalancer { arn, name, kind, dns_name, scheme, vpc, zones, security_groups, state, created, .. } = balancer;
    // A Gateway Load Balancer has no scheme. Source: botocore, `CreateLoadBalancer`.
    let scheme = Some(scheme.name()).filter(|_| *kind != LoadBalancerType::Gateway);
    member()
        .text("LoadBalancerArn", arn)
        .optional("DNSName", dns_name.as_ref())
        .text("CreatedTime", created)
        .text("LoadBalancerName", name)
        .optional("Scheme", scheme)
        .optional("VpcId", vpc.as_ref())
        .child(Element::new("State").text("Code", state.name()))
        .text("Type", kind.name())
        .set("AvailabilityZones", zones.iter().map(zone))
        .child(texts("SecurityGroups", security_groups))
        .text("IpAddressType", "ipv4")
}

fn zone(zone: &ZoneOfBalancer) -> Element {
    member().text("ZoneName", &zone.zone).text("SubnetId", &zone.subnet).set("LoadBalancerAddresses", [])
}

fn listener(listener: &Listener) -> Element {
    let Listener { arn, load_balancer, protocol, port, default, rules: _, tags: _ } = listener;
    member()
        .text("ListenerArn", arn)
        .text("LoadBalancerArn", load_balancer)
        .optional("Port", port.as_ref())
        .optional("Protocol", protocol.map(|protocol| protocol.name()))
        .child(actions("DefaultActions", &default.forwards_to))
}

fn rule(rule: &Rule) -> Element {
    let Rule { arn, priority, conditions, forwards_to } = rule;
    let condition =
        |(field, values): &(String, Vec<String>)| member().text("Field", field).child(texts("Values", values));
    member()
        .text("RuleArn", arn)
        .text("Priority", priority.map_or("default".into(), |priority| priority.to_string()))
        .set("Conditions", conditions.iter().map(condition))
        .child(actions("Actions", forwards_to))
        .text("IsDefault", priority.is_none())
}

/// One action that forwards: to one group, said in both ways, or to several.
fn actions(name: &str, groups: &[TargetGroupArn]) -> Element {
    if groups.is_empty() {
        return Element::new(name);
    }
    let weighted = |group: &TargetGroupArn| member().text("TargetGroupArn", group).text("Weight", 1);
    let only = groups.first().filter(|_| groups.len() == 1);
    let forward = Element::new("ForwardConfig").set("TargetGroups", groups.iter().map(weighted));
    let action = member().text("Type", "forward").optional("TargetGroupArn", only).text("Order", 1).child(forward);
    Element::new(name).child(action)
}

fn target_group(TargetGroupDetail { group, load_balancers }: &TargetGroupDetail) -> Element {
    let TargetGroup { arn, name, kind, protocol, port, vpc, health_check, .. } = group;
    let element = member()
        .text("TargetGroupArn", arn)
        .text("TargetGroupName", name)
        .optional("Protocol", protocol.map(|protocol| protocol.name()))
        .optional("Port", port.as_ref())
        .optional("VpcId", vpc.as_ref());
    let element = match health_check {
        Some(check) => checked(element, check),
        None => element.text("HealthCheckEnabled", false),
    };
    element.child(texts("LoadBalancerArns", load_balancers)).text("TargetType", kind.name())
}

fn checked(element: Element, check: &HealthCheck) -> Element {
    let HealthCheck { protocol, port, path, interval, timeout, healthy_threshold, unhealthy_threshold } = check;
    element
        .text("HealthCheckProtocol", protocol.name())
        .text("HealthCheckPort", port)
        .text("HealthCheckEnabled", true)
        .text("HealthCheckIntervalSeconds", interval)
        .text("HealthCheckTimeoutSeconds", timeout)
        .text("HealthyThresholdCount", healthy_threshold)
        .text("UnhealthyThresholdCount", unhealthy_threshold)
        .optional("HealthCheckPath", path.as_ref())
}

fn target_health(health: &TargetHealth) -> Element {
    let TargetHealth { target, zone, checked_port, state, reason, description } = health;
    let target = Element::new("Target")
        .text("Id", &target.id)
        .optional("Port", target.port.as_ref())
        .optional("AvailabilityZone", zone.as_ref());
    let state = Element::new("TargetHealth")
        .text("State", state.name())
        .optional("Reason", reason.as_ref())
        .optional("Description", description.as_ref());
    member().child(target).optional("HealthCheckPort", checked_port.as_ref()).child(state)
}

fn tag_description((arn, tags): &(String, Tags)) -> Element {
    member().text("ResourceArn", arn).set("Tags", tags.iter().map(|(key, value)| pair(key, value)))
}

pub(super) fn pair(key: &str, value: &str) -> Element {
    member().text("Key", key).text("Value", value)
}
