//! Takes the load balancers that take mirrored packets, or may; gives the interfaces behind them. Never asks who wants these mirrored.
//!
//! | registered | is behind the load balancer |
//! |---|---|
//! | an instance | it, with all of its interfaces |
//! | an address | the interface of the group's VPC that has it, or the prefix that it is of, and the interface's instance likewise |
//! | an address outside the VPC | the same, in whichever VPC |
//! | another load balancer | nobody: what hears VXLAN sends to none |
//!
//! Where a Gateway Load Balancer endpoint takes mirrored packets, each Gateway Load Balancer of the account may be behind it: nobody tells
//! which is. An appliance that is kept from being mirrored for another's sake is a gap; one that is mirrored to itself is a loop.
//!
//! What was behind one when it was last read completely is so until it is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Reason;
use crate::ids::{InstanceId, InterfaceId, LoadBalancerArn, TargetGroupArn, VpcId};
use crate::inventory::{Inventory, NetworkInterface, Registered, Resource, is_gateway};

/// Through which load balancer and target group packets arrive.
#[derive(Clone, Debug)]
struct Way {
    load_balancer: LoadBalancerArn,
    target_group: TargetGroupArn,
}

/// Who is behind load balancers.
#[derive(Debug, Default)]
pub(super) struct Behind {
    instances: BTreeMap<InstanceId, Way>,
    interfaces: BTreeMap<InterfaceId, Way>,
}

/// An address that is registered: in this VPC, or in any.
type Addresses = BTreeMap<IpAddr, Vec<(Option<VpcId>, Way)>>;

impl Behind {
    /// Whoever is behind what the policy and the mirror targets send to: these resources.
    pub(super) fn new<'a>(inventory: &Inventory, resources: impl IntoIterator<Item = &'a Resource>) -> Self {
        let mut behind = Self::default();
        let mut addresses = Addresses::new();
        // Gateway Load Balancers are read only where an endpoint of one is named.
        let (mut named, mut gateways) = (BTreeSet::new(), inventory.gateways);
        for resource in resources {
            match resource {
                Resource::NetworkLoadBalancer(arn) => _ = named.insert(arn),
                Resource::GatewayLoadBalancerEndpoint(_) => gateways = true,
                Resource::NetworkInterface(_) => {}
            }
        }
        // Others are junctions, which are to be mirrored.
        let takes_packets = |arn: &LoadBalancerArn| named.contains(arn) || (gateways && is_gateway(arn));
        for (load_balancer, balancer) in inventory.balancers.iter().filter(|(arn, _)| takes_packets(arn)) {
            for (target_group, group) in &balancer.groups {
                let way = Way { load_balancer: load_balancer.clone(), target_group: target_group.clone() };
                for registered in &group.targets {
                    let (address, vpc) = match registered {
                        Registered::Instance(id) => {
                            behind.instances.insert(id.clone(), way.clone());
                            continue;
                        }
                        Registered::Address(address) => (address, group.vpc.clone()),
                        Registered::AddressElsewhere(address) => (address, None),
                        Registered::Other(_) => continue,
                    };
                    addresses.entry(*address).or_default().push((vpc, way.clone()));
                }
            }
        }
        if !addresses.is_empty() {
            inventory.interfaces.values().for_each(|interface| behind.find(interface, &addresses));
        }
        behind
    }

    /// An interface that has one of the addresses, and whatever else its instance has.
    fn find(&mut self, interface: &NetworkInterface, addresses: &Addresses) {
        let mut registered = interface
            .addresses
            .iter()
            .flat_map(|network| addresses.range(network.network()..=network.broadcast()))
            .flat_map(|(_, ways)| ways);
        let here = |(vpc, _): &&(Option<VpcId>, Way)| vpc.as_ref().is_none_or(|vpc| *vpc == interface.vpc);
        let Some((_, way)) = registered.find(here) else { return };
        self.interfaces.insert(interface.id.clone(), way.clone());
        if let Some(instance) = interface.attachment.as_ref().and_then(|attachment| attachment.instance.clone()) {
            self.instances.insert(instance, way.clone());
        }
    }

    /// Why an interface must not be a source, if it is behind a load balancer.
    pub(super) fn refusal(&self, interface: &NetworkInterface) -> Option<Reason> {
        let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
        let of_instance = instance.and_then(|id| self.instances.get(id));
        let Way { load_balancer, target_group } = self.interfaces.get(&interface.id).or(of_instance)?.clone();
        Some(Reason::BehindLoadBalancer { load_balancer, target_group })
    }
}
