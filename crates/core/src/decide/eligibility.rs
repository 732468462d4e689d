//! Takes an interface that is chosen; says why it cannot be a source, if so. Never asks who chose it.
//!
//! Source: Traffic Mirroring guide, "Traffic mirror sources" and "Limitations".

use std::collections::BTreeSet;

use super::Reason;
use super::behind::Behind;
use crate::ids::{InstanceId, InterfaceId};
use crate::inventory::{Attachment, Instance, InstanceState, Inventory, NetworkInterface, Resource};
use crate::lessons::Lessons;
use crate::policy::{Policy, Way};
use crate::support::{Support, support};

/// The one type of interface that AWS mirrors.
const MIRRORABLE: &str = "interface";

/// What must never be mirrored, since it would be mirrored again, and again: whatever takes mirrored packets.
#[derive(Debug, Default)]
struct Sensors {
    /// Interfaces that a target sends to, or that the policy names as a sensor's. AWS refuses the first; the second would become one.
    interfaces: BTreeSet<InterfaceId>,
    /// The instances of those interfaces: through another interface of theirs leaves what a sensor has made of the packets.
    instances: BTreeSet<InstanceId>,
    /// What is registered with the load balancers that take mirrored packets, or may.
    behind: Behind,
}

impl Sensors {
    fn new(policy: &Policy, inventory: &Inventory) -> Self {
        let named = policy.sensors.values().flat_map(|sensor| &sensor.targets).filter_map(|target| match &target.to {
            Way::Resource(resource) => Some(resource),
            Way::Existing(_) | Way::Tagged(_) => None,
        });
        let resources: Vec<&Resource> =
            inventory.targets.values().map(|target| &target.resource).chain(named).collect();
        let interfaces: BTreeSet<InterfaceId> = resources
            .iter()
            .filter_map(|resource| match resource {
                Resource::NetworkInterface(id) => Some(id.clone()),
                Resource::NetworkLoadBalancer(_) | Resource::GatewayLoadBalancerEndpoint(_) => None,
            })
            .collect();
        let attached = interfaces.iter().filter_map(|id| inventory.interfaces.get(id)?.attachment.as_ref());
        let instances = attached.filter_map(|attachment| attachment.instance.clone()).collect();
        Self { interfaces, instances, behind: Behind::new(inventory, resources) }
    }

    fn refusal(&self, interface: &NetworkInterface) -> Option<Reason> {
        let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
        if self.interfaces.contains(&interface.id) {
            return Some(Reason::IsTarget);
        }
        let is_sensor = instance.is_some_and(|id| self.instances.contains(id));
        if is_sensor { Some(Reason::IsSensor) } else { self.behind.refusal(interface) }
    }
}

/// What decides whether an interface can be a source.
pub(super) struct Eligibility<'a> {
    policy: &'a Policy,
    lessons: &'a Lessons,
    sensors: Sensors,
}

impl<'a> Eligibility<'a> {
    pub(super) fn new(policy: &'a Policy, inventory: &Inventory, lessons: &'a Lessons) -> Self {
        Self { policy, lessons, sensors: Sensors::new(policy, inventory) }
    }

    /// Why an interface cannot be a source; none if nothing speaks against it.
    pub(super) fn refusal(&self, interface: &NetworkInterface, instance: Option<&Instance>) -> Option<Reason> {
        let scope = &self.policy.vpcs;
        if !scope.is_empty() && !scope.contains(&interface.vpc) {
            return Some(Reason::OutOfScope { vpc: interface.vpc.clone() });
        }
        if interface.interface_type != MIRRORABLE {
            return Some(Reason::NotMirrorable { interface_type: interface.interface_type.clone() });
        }
        if interface.requester_managed {
            return Some(Reason::RequesterManaged);
        }
        if let Some(refusal) = self.sensors.refusal(interface) {
            return Some(refusal);
        }
        let Some(attachment) = interface.attachment.as_ref().filter(|attachment| attachment.attached) else {
            return Some(Reason::NotAttached);
        };
        let Some(id) = attachment.instance.as_ref() else { return Some(Reason::NotAttached) };
        let Some(instance) = instance else { return Some(Reason::InstanceUnseen { instance: id.clone() }) };
        if instance.state != InstanceState::Running {
            return Some(Reason::NotRunning { state: instance.state });
        }
        self.unsupported(&interface.id, attachment, &instance.instance_type)
    }

    /// Whether AWS mirrors such an instance: what the policy says, what AWS said of this very interface, what its guide says, and what
    /// AWS said of others of the type. What the policy calls supported is tried on every interface, whatever AWS has said of others.
    fn unsupported(&self, interface: &InterfaceId, attachment: &Attachment, instance_type: &str) -> Option<Reason> {
        let named = || instance_type.to_owned();
        let support = support(instance_type, &self.policy.instance_types);
        if support == Support::Unsupported {
            return Some(Reason::UnsupportedType { instance_type: named() });
        }
        if self.lessons.refused(interface, &attachment.id, instance_type) {
            return Some(Reason::RefusedByAws { instance_type: named() });
        }
        let tried_enough = support == Support::Unknown && self.lessons.refused_type(instance_type);
        tried_enough.then(|| Reason::TypeRefusedByAws { instance_type: named() })
    }
}
