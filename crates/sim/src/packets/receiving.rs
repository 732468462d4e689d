//! Takes a source and a target; says how many bytes of a packet reach whoever receives them, or why nobody does. Never tells the
//! caller's API: AWS says nothing when a target goes silent.

use std::net::IpAddr;

use mirror_core::ids::{InterfaceId, SessionId};
use mirror_core::inventory::{Direction, InstanceState, Resource};

use super::{Flow, NotMirrored};
use crate::interfaces::NetworkInterface;
use crate::world::World;

/// What encapsulation adds to a packet: 54 bytes to an IPv4 one, 74 to an IPv6 one.
const OVERHEAD: [u32; 2] = [54, 74];

/// The largest packet that an interface takes. Source: "Jumbo frames (9001 MTU)", Amazon EC2 User Guide.
const MTU_OF_INTERFACES: u32 = 9001;

/// The largest packet that a Gateway Load Balancer endpoint takes.
const MTU_OF_ENDPOINTS: u32 = 8500;

/// Where VXLAN is sent to. Source: RFC 7348.
const VXLAN_PORT: u16 = 4789;
const UDP: u8 = 17;

impl World {
    /// How many bytes of a packet with this address reach a resource: all, if none.
    pub(super) fn most_received(
        &self,
        session: &SessionId,
        source: &NetworkInterface,
        resource: &Resource,
        address: IpAddr,
    ) -> Result<Option<u32>, NotMirrored> {
        let [ipv4, ipv6] = OVERHEAD;
        let overhead = if address.is_ipv4() { ipv4 } else { ipv6 };
        let gone = || NotMirrored::TargetGone(session.clone());
        match resource {
            Resource::NetworkInterface(sensor) => {
                let sensor = self.interfaces.get(sensor).ok_or_else(gone)?;
                self.check_heard(session, source, sensor)?;
                Ok(Some(MTU_OF_INTERFACES - overhead))
            }
            Resource::NetworkLoadBalancer(arn) if self.receives_mirrored_packets(arn) => Ok(None),
            Resource::NetworkLoadBalancer(arn) if self.load_balancers.contains_key(arn) => {
                Err(NotMirrored::TargetSilent(session.clone()))
            }
            Resource::GatewayLoadBalancerEndpoint(id) if self.endpoints.contains_key(id) => {
                Ok(Some(MTU_OF_ENDPOINTS - overhead))
            }
            Resource::NetworkLoadBalancer(_) | Resource::GatewayLoadBalancerEndpoint(_) => Err(gone()),
        }
    }

    /// Mirrored packets are exempt from the source's security groups, not from the sensor's, and from no network ACL.
    fn check_heard(
        &self,
        session: &SessionId,
        source: &NetworkInterface,
        sensor: &NetworkInterface,
    ) -> Result<(), NotMirrored> {
        if !self.is_up(&sensor.id) {
            return Err(NotMirrored::TargetSilent(session.clone()));
        }
        // VXLAN goes between primary IPv4 addresses: where one is missing, nothing goes.
        let (Some(from), Some(to)) = (source.address, sensor.address) else {
            return Err(NotMirrored::TargetUnreachable(session.clone()));
        };
        let outer = Flow {
            protocol: UDP,
            source: from.into(),
            destination: to.into(),
            source_port: None,
            destination_port: Some(VXLAN_PORT),
        };
        let reaches = self.acl_allows(source, Direction::Egress, &outer)
            && self.acl_allows(sensor, Direction::Ingress, &outer)
            && self.groups_allow(sensor, Direction::Ingress, &outer);
        if reaches { Ok(()) } else { Err(NotMirrored::TargetUnreachable(session.clone())) }
    }

    /// Whether an interface is attached to an instance that runs.
    fn is_up(&self, interface: &InterfaceId) -> bool {
        let host = self.interfaces.get(interface).and_then(NetworkInterface::attached_instance);
        host.and_then(|host| self.instances.get(host)).is_some_and(|host| host.state == InstanceState::Running)
    }
}
