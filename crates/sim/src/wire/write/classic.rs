//! Takes an answer of ELB's first API; gives its XML. Never leaves out an element that a client needs. Source: botocore
//! `elb/2012-06-01`, protocol `query`.

use std::collections::BTreeSet;

use mirror_core::ids::InstanceId;

use super::elb::{document, member, page, pair, texts};
use crate::classic::{ClassicListener, ClassicLoadBalancer, ClassicRequest, ClassicResponse};
use crate::wire::element::Element;

pub(in crate::wire) const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/";

/// The document that answers a request.
pub(super) fn response(request: &ClassicRequest, response: &ClassicResponse, request_id: &str) -> Element {
    document(request.action(), NAMESPACE, |result| content(result, response), request_id)
}

fn content(root: Element, response: &ClassicResponse) -> Element {
    use ClassicResponse as A;
    match response {
        A::DescribeLoadBalancers(found) => page(root, "LoadBalancerDescriptions", found, load_balancer),
        A::DescribeTags(found) => root.set(
            "TagDescriptions",
            found.iter().map(|(name, tags)| {
                let tags = tags.iter().map(|(key, value)| pair(key, value));
                member().text("LoadBalancerName", name).set("Tags", tags)
            }),
        ),
        A::CreateLoadBalancer(made) => root.text("DNSName", &made.dns_name),
        A::DeleteLoadBalancer => root,
        A::RegisterInstancesWithLoadBalancer(left) | A::DeregisterInstancesFromLoadBalancer(left) => {
            root.child(instances(left))
        }
    }
}

fn instances(of: &BTreeSet<InstanceId>) -> Element {
    Element::new("Instances").children(of.iter().map(|id| member().text("InstanceId", id)))
}

/// Its health check is the one that AWS gives it: on the port of its first listener. Source: "Configure health checks", User Guide for
/// Classic Load Balancers.
fn load_balancer(balancer: &ClassicLoadBalancer) -> Element {
    let ClassicLoadBalancer { name, dns_name, scheme, vpc, subnets, security_groups, listeners, created, .. } =
        balancer;
    let policies = ["AppCookieStickinessPolicies", "LBCookieStickinessPolicies", "OtherPolicies"];
    let checked = listeners.first().map_or(0, |listener| listener.instance_port);
    let health_check = Element::new("HealthCheck")
        .text("Target", format!("TCP:{checked}"))
        .text("Interval", 30)
        .text("Timeout", 5)
        .text("UnhealthyThreshold", 2)
        .text("HealthyThreshold", 10);
    member()
        .text("LoadBalancerName", name)
        .text("DNSName", dns_name)
        .text("CanonicalHostedZoneName", dns_name)
        .set("ListenerDescriptions", listeners.iter().map(listener))
        .child(Element::new("Policies").children(policies.map(Element::new)))
        .set("BackendServerDescriptions", [])
        .child(texts("AvailabilityZones", subnets.iter().map(|(_, zone, _)| zone)))
        .child(texts("Subnets", subnets.iter().map(|(subnet, ..)| subnet)))
        .text("VPCId", vpc)
        .child(instances(&balancer.instances))
        .child(health_check)
        .child(texts("SecurityGroups", security_groups))
        .text("CreatedTime", created)
        .text("Scheme", scheme.name())
}

fn listener(listener: &ClassicListener) -> Element {
    let ClassicListener { protocol, port, instance_protocol, instance_port, certificate } = listener;
    let inner = Element::new("Listener")
        .text("Protocol", protocol.name())
        .text("LoadBalancerPort", port)
        .text("InstanceProtocol", instance_protocol.name())
        .text("InstancePort", instance_port)
        .optional("SSLCertificateId", certificate.as_ref());
    member().child(inner).set("PolicyNames", [])
}
