//! Takes an interface that is chosen; says why it cannot be a source, if so. Never asks who chose it.
//!
//! Source: Traffic Mirroring guide, "Traffic mirror sources" and "Limitations".

use super::Reason;
use crate::ids::InstanceId;
use crate::inventory::{InstanceState, Inventory, NetworkInterface, Resource};
use crate::policy::{Policy, SensorTarget};

/// The one type of interface that AWS mirrors.
const MIRRORABLE: &str = "interface";

/// The instance whose tags count for an interface, when it is not listed.
pub(super) fn unseen_instance<'a>(inventory: &Inventory, interface: &'a NetworkInterface) -> Option<&'a InstanceId> {
    let id = interface.attachment.as_ref()?.instance.as_ref()?;
    (!inventory.instances.contains_key(id)).then_some(id)
}

pub(super) fn refusal(policy: &Policy, inventory: &Inventory, interface: &NetworkInterface) -> Option<Reason> {
    if interface.interface_type != MIRRORABLE {
        return Some(Reason::NotMirrorable { interface_type: interface.interface_type.clone() });
    }
    if interface.requester_managed {
        return Some(Reason::RequesterManaged);
    }
    if is_target(policy, inventory, interface) {
        return Some(Reason::IsTarget);
    }
    let Some(attachment) = interface.attachment.as_ref().filter(|attachment| attachment.attached) else {
        return Some(Reason::NotAttached);
    };
    let Some(id) = attachment.instance.as_ref() else { return Some(Reason::NotAttached) };
    match inventory.instances.get(id) {
        None => Some(Reason::InstanceUnseen { instance: id.clone() }),
        Some(instance) if instance.state == InstanceState::Running => None,
        Some(instance) => Some(Reason::NotRunning { state: instance.state }),
    }
}

/// An interface that a target sends to, or that the policy names as a sensor's. AWS refuses the first; the second would become one.
fn is_target(policy: &Policy, inventory: &Inventory, interface: &NetworkInterface) -> bool {
    let sends_here = |resource: &Resource| matches!(resource, Resource::NetworkInterface(id) if *id == interface.id);
    let named = policy.sensors.values().flat_map(|sensor| &sensor.targets);
    inventory.targets.values().any(|target| sends_here(&target.resource))
        || named.into_iter().any(|target| matches!(target, SensorTarget::Resource(resource) if sends_here(resource)))
}
