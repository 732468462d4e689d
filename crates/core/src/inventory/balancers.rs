//! Takes nothing; gives the nouns of load balancers that take mirrored packets, or may: where they listen, and who is behind them. Never
//! says who is mirrored.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{InstanceId, LoadBalancerArn, TargetGroupArn, VpcId};

/// Where mirrored packets arrive. Source: Traffic Mirroring guide, "Traffic mirror targets": a listener for UDP on 4789.
const MIRROR_PORT: u16 = 4789;

/// The protocols of listeners that hear UDP. Source: botocore `elbv2/2015-12-01`, `ProtocolEnum`; of those that build upon UDP (`QUIC`,
/// `TCP_QUIC`) nobody says that they hear VXLAN.
const HEAR_UDP: [&str; 2] = ["UDP", "TCP_UDP"];

/// What the ARN of a Gateway Load Balancer has in it. Source: "Actions, resources, and condition keys for AWS Elastic Load Balancing V2",
/// Service Authorization Reference: `…:loadbalancer/gwy/name/id`.
const GATEWAY: &str = ":loadbalancer/gwy/";

/// Whether a load balancer is a Gateway Load Balancer.
pub fn is_gateway(load_balancer: &LoadBalancerArn) -> bool {
    load_balancer.as_str().contains(GATEWAY)
}

/// A load balancer, as far as mirroring goes. One that is not there has no listener, and nobody behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// Its listeners.
    pub listeners: BTreeSet<Listener>,
    /// The target groups that it sends to.
    pub groups: BTreeMap<TargetGroupArn, TargetGroup>,
}

impl LoadBalancer {
    /// Whether mirrored packets can arrive. AWS reports nowhere that they do not.
    pub fn hears_mirrored_packets(&self) -> bool {
        let hears = |it: &Listener| it.port == MIRROR_PORT && HEAR_UDP.contains(&it.protocol.as_str());
        self.listeners.iter().any(hears)
    }
}

/// A listener of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// `UDP`, `TCP_UDP`, `TCP` …: a string, since AWS adds some. Empty where there is none.
    pub protocol: String,
    /// 1 to 65535; 0 where there is none.
    pub port: u16,
}

/// A target group, without its ARN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroup {
    /// The VPC of its targets.
    pub vpc: Option<VpcId>,
    /// Whoever is registered, in whatever health: one that is draining still gets packets.
    pub targets: BTreeSet<Registered>,
    /// Since when nobody is said to be, where that is not believed yet: then those stand here who were there before.
    pub emptied: Option<Time>,
}

/// Who is registered in a target group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Registered {
    /// An instance.
    Instance(InstanceId),
    /// An address in the VPC of the group.
    Address(IpAddr),
    /// An address in another network that can be reached from there, which may be a VPC of this account. Source: botocore
    /// `elbv2/2015-12-01`, `TargetDescription`: its zone is `all`.
    AddressElsewhere(IpAddr),
    /// Something that has no interface of its own to be mirrored: another load balancer.
    Other(String),
}

/// What stands for every zone, where a target is said to be outside the VPC. Source: likewise.
const EVERY_ZONE: &str = "all";

impl Registered {
    /// Who is meant by a target's id and zone, as `DescribeTargetHealth` gives them. Ids of instances are told from addresses and ARNs by
    /// their form: nothing else of a target tells which it is.
    pub fn named(id: &str, zone: Option<&str>) -> Self {
        match id.parse() {
            Ok(address) if zone == Some(EVERY_ZONE) => Self::AddressElsewhere(address),
            Ok(address) => Self::Address(address),
            Err(_) if id.starts_with("i-") => Self::Instance(id.into()),
            Err(_) => Self::Other(id.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(listeners: &[(&str, u16)]) -> bool {
        let listener = |(protocol, port): &(&str, u16)| Listener { protocol: (*protocol).into(), port: *port };
        LoadBalancer { listeners: listeners.iter().map(listener).collect(), ..LoadBalancer::default() }
            .hears_mirrored_packets()
    }

    #[test]
    fn only_a_listener_for_udp_on_4789_hears_mirrored_packets() {
        assert!(hears(&[("UDP", 4789)]) && hears(&[("TCP", 443), ("TCP_UDP", 4789)]));
        assert!(!hears(&[]) && !hears(&[("TCP", 4789)]) && !hears(&[("UDP", 4788)]) && !hears(&[("TLS", 4789)]));
    }

    #[test]
    fn a_gateway_load_balancer_is_told_by_its_arn() {
        let arn = |kind: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/{kind}/gwy/1").into();
        assert!(is_gateway(&arn("gwy")) && !is_gateway(&arn("net")) && !is_gateway(&arn("app")));
    }

    #[test]
    fn a_target_is_an_instance_an_address_here_or_elsewhere_or_something_else() {
        let address: IpAddr = "10.0.0.9".parse().unwrap();
        assert_eq!(Registered::named("i-0a", None), Registered::Instance("i-0a".into()));
        assert_eq!(Registered::named("10.0.0.9", Some("eu-west-1a")), Registered::Address(address));
        assert_eq!(Registered::named("10.0.0.9", Some("all")), Registered::AddressElsewhere(address));
        assert_eq!(Registered::named("2001:db8::9", None), Registered::Address("2001:db8::9".parse().unwrap()));
        assert_eq!(Registered::named("arn:aws:x", None), Registered::Other("arn:aws:x".into()));
    }
}
