//! Takes interfaces; says whether AWS would mirror one, and whether a target has room for it. Never makes a session.
//!
//! | a source                                                          | or                                          |
//! |-------------------------------------------------------------------|---------------------------------------------|
//! | is the caller's, or in a subnet of the caller's                    | `InvalidNetworkInterfaceID.NotFound`        |
//! | is of type `interface`, attached to an instance or made by RDS or ElastiCache | `NetworkInterfaceNotSupported`   |
//! | is not in an IPv6-only subnet                                      | `NetworkInterfaceNotSupported`              |
//! | is attached to an instance of a supported type                     | `NetworkInterfaceNotSupported`              |
//! | is no target                                                       | `InterfaceInUseByTrafficMirrorTarget`       |
//! | is one of 10 before an interface, or of 100 before a large instance's | `TrafficMirrorSourcesPerTargetLimitExceeded` |

use std::collections::BTreeSet;

use mirror_core::ids::{InterfaceId, SessionId, TargetId};
use mirror_core::inventory::{InstanceState, Resource};

use super::instance_types::{is_large_target, is_supported};
use crate::compute::Instance;
use crate::error::ApiError;
use crate::index::SessionBy;
use crate::interfaces::{NetworkInterface, PLAIN};
use crate::unknowns::TargetLimit;
use crate::world::World;

/// Types of interfaces that hang on instances and are not named in the guide, by which it does not say that they are refused.
const SPECIAL: [&str; 4] = ["trunk", "branch", "efa", "efa-only"];

impl World {
    pub(super) fn check_source(&self, id: &InterfaceId) -> Result<(), ApiError> {
        let interface = self.seen(&self.interfaces, id)?;
        if interface.is_of_a_database() {
            // Its host is hidden, and so is whether its type is supported: AWS names it as a source without a condition.
            return self.check_not_a_target(id);
        }
        let message = || format!("{id} must be attached to a supported instance");
        if interface.is_of_a_load_balancer() {
            self.unknowns.load_balancer_source.or_refused(message)?;
            return self.check_not_a_target(id);
        }
        let refused = || ApiError::new("NetworkInterfaceNotSupported", message());
        let host = self.host_of(interface).filter(|host| is_supported(&host.instance_type)).ok_or_else(refused)?;
        if self.subnets.get(&interface.subnet).is_some_and(|subnet| subnet.cidr.is_none()) {
            // The guide says "not supported", and not by which code.
            return Err(refused());
        }
        match interface.interface_type.as_str() {
            PLAIN => {}
            special if SPECIAL.contains(&special) => self.unknowns.special_source.or_refused(message)?,
            _ => return Err(refused()),
        }
        if matches!(host.state, InstanceState::Stopping | InstanceState::Stopped) {
            self.unknowns.stopped_source.or_refused(message)?;
        }
        self.check_not_a_target(id)
    }

    /// Whether the target has room for this source, whoever owns the sessions that it has already. Only an interface can be full: load
    /// balancers and endpoints have no limit.
    pub(super) fn check_room_at(
        &self,
        target: &TargetId,
        source: &InterfaceId,
        itself: Option<&SessionId>,
    ) -> Result<(), ApiError> {
        let Resource::NetworkInterface(receiver) = &self.target(target)?.resource else { return Ok(()) };
        let towards = self.sessions.found(&SessionBy::Target(target.clone()));
        let (what, count) = match self.unknowns.target_limit {
            TargetLimit::Sources => {
                let mut sources: BTreeSet<_> = towards.map(|session| &session.interface).collect();
                if !sources.insert(source) {
                    return Ok(());
                }
                ("Sources", sources.len())
            }
            TargetLimit::Sessions => ("Sessions", towards.filter(|session| Some(&session.id) != itself).count() + 1),
        };
        if count <= self.most_sources_of(receiver) {
            return Ok(());
        }
        let message = format!("{what} per interface-target limit reached ({count})");
        Err(ApiError::new(&format!("TrafficMirror{what}PerTargetLimitExceeded"), message))
    }

    fn most_sources_of(&self, receiver: &InterfaceId) -> usize {
        let host = self.interfaces.get(receiver).and_then(|interface| self.host_of(interface));
        match host.is_some_and(|host| is_large_target(&host.instance_type)) {
            true => self.quotas.sources_per_large_interface_target,
            false => self.quotas.sources_per_interface_target,
        }
    }

    /// The instance that an interface is attached to by now: a branch interface, by way of its trunk.
    fn host_of(&self, interface: &NetworkInterface) -> Option<&Instance> {
        let trunk = interface.trunk.as_ref().and_then(|trunk| self.interfaces.get(trunk));
        let id = trunk.unwrap_or(interface).attached_instance()?;
        self.instances.get(id)
    }
}
