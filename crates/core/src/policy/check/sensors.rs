//! Takes sensors as they are written; gives the ways to them. Never asks whether what they name exists.

use super::Check;
use crate::inventory::Resource;
use crate::policy::decode::Spanned;
use crate::policy::file::{SensorEntry, TargetEntry};
use crate::policy::{Sensor, SensorTarget, Way};

/// 24 bits. Source: RFC 7348. AWS's own bounds are not documented.
const MAX_VNI: u32 = 0x00ff_ffff;

/// What tells the ARN of a Network Load Balancer from those of others. Source: Service Authorization Reference, "Elastic Load
/// Balancing V2".
const NETWORK_LOAD_BALANCER: &str = ":loadbalancer/net/";

impl Check {
    pub(super) fn sensor(&mut self, name: &str, entry: Spanned<SensorEntry>) -> Sensor {
        self.name("sensor", name, entry.referenced);
        let SensorEntry { targets, vni } = entry.value;
        if targets.value.is_empty() {
            self.mistake(targets.referenced, format!("sensor `{name}` has no target: write where its packets go"));
        }
        if let Some(vni) = vni.as_ref().filter(|vni| vni.value == 0 || vni.value > MAX_VNI) {
            self.mistake(vni.referenced, format!("vni {} is out of range: write 1 to {MAX_VNI}", vni.value));
        }
        let mut ways: Vec<SensorTarget> = Vec::new();
        for target in targets.value {
            let at = target.referenced;
            let Some(target) = self.target(target) else { continue };
            if ways.iter().any(|other| other.to == target.to) {
                self.mistake(at, format!("sensor `{name}` has this target twice: write it once, with all its zones"));
            }
            ways.push(target);
        }
        Sensor { targets: ways, vni: vni.map(|vni| vni.value) }
    }

    fn target(&mut self, entry: Spanned<TargetEntry>) -> Option<SensorTarget> {
        let at = entry.referenced;
        let TargetEntry {
            existing,
            network_interface,
            network_load_balancer,
            gateway_load_balancer_endpoint,
            tags,
            zones,
        } = entry.value;
        for (what, id, prefix) in [
            ("existing", &existing, "tmt-"),
            ("networkInterface", &network_interface, "eni-"),
            ("gatewayLoadBalancerEndpoint", &gateway_load_balancer_endpoint, "vpce-"),
        ] {
            if let Some(id) = id {
                self.id(what, &id.value, prefix, id.referenced);
            }
        }
        if let Some(arn) = &network_load_balancer
            && !(arn.value.starts_with("arn:") && arn.value.contains(NETWORK_LOAD_BALANCER))
        {
            let message = format!(
                "networkLoadBalancer is `{}`: write the ARN of one, `arn:…{NETWORK_LOAD_BALANCER}…`",
                arn.value
            );
            self.mistake(arn.referenced, message);
        }
        if tags.as_ref().is_some_and(|tags| tags.is_empty()) {
            self.mistake(at, "tags is empty: write the tags of the mirror targets, or every target would be meant");
        }
        let ways = [
            existing.map(|id| Way::Existing(id.value.into())),
            network_interface.map(|id| Way::Resource(Resource::NetworkInterface(id.value.into()))),
            network_load_balancer.map(|arn| Way::Resource(Resource::NetworkLoadBalancer(arn.value.into()))),
            gateway_load_balancer_endpoint
                .map(|id| Way::Resource(Resource::GatewayLoadBalancerEndpoint(id.value.into()))),
            tags.map(Way::Tagged),
        ];
        let mut ways = ways.into_iter().flatten();
        let (Some(to), None) = (ways.next(), ways.next()) else {
            let message = "a target is exactly one of `existing`, `networkInterface`, `networkLoadBalancer`, \
                           `gatewayLoadBalancerEndpoint` and `tags`";
            self.mistake(at, message);
            return None;
        };
        Some(SensorTarget { to, zones: zones.into_iter().map(Into::into).collect() })
    }
}
