//! Takes clusters, nodes and numbers of pods; gives instances as EKS tags them, with the interfaces that the VPC CNI makes and removes as
//! pods come and go. Never runs a pod: what it has of Kubernetes are addresses.
//!
//! | pods on a node, by address      | interfaces                                                  |
//! |---------------------------------|-------------------------------------------------------------|
//! | none                            | the primary one                                             |
//! | 1 to 9                          | another one, whose addresses are kept ready                 |
//! | 10 to 18                        | two others …                                                |
//!
//! Sources: aws/amazon-vpc-cni-k8s, README (`WARM_ENI_TARGET`, `ENABLE_PREFIX_DELEGATION`, tags); "Tag your Amazon EKS resources",
//! Amazon EKS User Guide.

use mirror_core::ids::{InstanceId, InterfaceId};
use mirror_core::inventory::Tags;

use crate::agenda::Event;
use crate::attaching::ATTACHING;
use crate::error::ApiError;
use crate::interfaces::NetworkInterface;
use crate::network::SubnetId;
use crate::request::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, CreateNetworkInterface, PrivateAddresses, RunInstances,
};
use crate::world::World;

/// Pods for which one interface has secondary addresses: those of an m5.large. Source: aws/amazon-vpc-cni-k8s,
/// `misc/eni-max-pods.txt`.
const PODS_PER_INTERFACE: usize = 9;

/// Interfaces that a node has at most: as many as the largest instances.
const MOST_INTERFACES: usize = 15;

/// The tag by which the CNI knows its own.
const MADE_FOR: &str = "node.k8s.amazonaws.com/instance_id";

/// The tag of an instance that says whose node it is.
const CLUSTER_OF_NODE: &str = "aws:eks:cluster-name";

/// Where the CNI takes the addresses of pods from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodAddresses {
    /// Secondary addresses, of which an interface has nine.
    Secondary,
    /// A /28 prefix on each interface: the addresses of pods are listed nowhere.
    Ipv4Prefix,
    /// A /80 prefix on each interface, in an IPv6 cluster.
    Ipv6Prefix,
}

/// A node to be launched.
#[derive(Clone, Debug)]
pub struct EksNode {
    /// The cluster's name.
    pub cluster: String,
    /// Where the node goes.
    pub subnet: SubnetId,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// Tags beside those of EKS.
    pub tags: Tags,
}

impl World {
    /// Launches a node of a cluster, without pods: pending now, running two seconds later.
    ///
    /// # Errors
    ///
    /// As `RunInstances`.
    pub fn add_eks_node(&mut self, node: &EksNode) -> Result<InstanceId, ApiError> {
        let mut tags = node.tags.clone();
        tags.insert(CLUSTER_OF_NODE.into(), node.cluster.clone());
        tags.insert(format!("kubernetes.io/cluster/{}", node.cluster), "owned".into());
        let wish = RunInstances {
            image: "ami-eks".into(),
            instance_type: node.instance_type.clone(),
            subnet: Some(node.subnet.clone()),
            min_count: 1,
            max_count: 1,
            instance_tags: tags,
            ..RunInstances::default()
        };
        let launched = self.launch(&wish)?.into_iter().next();
        launched.map(|detail| detail.instance.id).ok_or_else(|| ApiError::invalid_value("nothing was launched"))
    }

    /// Lets so many pods run on a node: the CNI makes and attaches interfaces for them, or detaches and deletes those that it needs no
    /// longer, the youngest first. Both take two seconds.
    ///
    /// # Errors
    ///
    /// The instance does not exist or is no node, it has no place for so many, or its subnet is full: some interfaces may stand then.
    pub fn set_pods(&mut self, node: &InstanceId, pods: usize, from: PodAddresses) -> Result<(), ApiError> {
        let wanted = pods.div_ceil(PODS_PER_INTERFACE);
        if wanted >= MOST_INTERFACES {
            return Err(ApiError::new(
                "AttachmentLimitExceeded",
                format!("Interface count exceeds the limit of {node}"),
            ));
        }
        let mut present = self.cni_interfaces_of(node);
        while present.len() > wanted {
            present.pop().map_or(Ok(()), |interface| self.remove_cni_interface(&interface))?;
        }
        for _ in present.len()..wanted {
            self.add_cni_interface(node, from)?;
        }
        Ok(())
    }

    /// The interfaces that the CNI has made for a node and is not about to remove, by device index.
    fn cni_interfaces_of(&self, node: &InstanceId) -> Vec<InterfaceId> {
        let stays = |it: &&NetworkInterface| it.attachment.as_ref().is_some_and(|at| at.status.stays());
        let made = |it: &&NetworkInterface| it.tags.contains_key(MADE_FOR) && it.instance() == Some(node);
        let mut interfaces: Vec<_> = self.interfaces.values().filter(stays).filter(made).collect();
        interfaces.sort_by_key(|interface| interface.device_index());
        interfaces.into_iter().map(|interface| interface.id.clone()).collect()
    }

    fn add_cni_interface(&mut self, node: &InstanceId, from: PodAddresses) -> Result<(), ApiError> {
        let host = self.instance(node)?;
        let subnet = host.subnet.clone();
        let Some(cluster) = host.tags.get(CLUSTER_OF_NODE).cloned() else {
            return Err(ApiError::invalid_value(format!("The instance '{node}' is no node of a cluster")));
        };
        let tags = [
            (MADE_FOR, node.to_string()),
            ("node.k8s.amazonaws.com/createdAt", self.now.to_string()),
            ("cluster.k8s.amazonaws.com/name", cluster),
            ("eks:eni:owner", "amazon-vpc-cni".into()),
        ];
        let made = self.create_network_interface(&CreateNetworkInterface {
            description: format!("aws-K8S-{node}"),
            tags: tags.map(|(key, value)| (key.into(), value)).into(),
            ..CreateNetworkInterface::in_subnet(&subnet)
        })?;
        self.add_addresses_for_pods(&made.id, from)?;
        let place = self.next_place_on(node);
        self.attach(&made.id, node, place, true).map(|_| ())
    }

    fn add_addresses_for_pods(&mut self, interface: &InterfaceId, from: PodAddresses) -> Result<(), ApiError> {
        let interface = interface.clone();
        let wanted = match from {
            PodAddresses::Secondary => PrivateAddresses::AddressCount(PODS_PER_INTERFACE as i32),
            PodAddresses::Ipv4Prefix => PrivateAddresses::PrefixCount(1),
            PodAddresses::Ipv6Prefix => {
                let wish = AssignIpv6Addresses { interface, count: 0, prefix_count: 1 };
                return self.assign_ipv6_addresses(&wish).map(|_| ());
            }
        };
        self.assign_private_ip_addresses(&AssignPrivateIpAddresses { interface, wanted }).map(|_| ())
    }

    fn remove_cni_interface(&mut self, id: &InterfaceId) -> Result<(), ApiError> {
        if let Some(attachment) = self.interface(id)?.attachment.as_ref().map(|attachment| attachment.id.clone()) {
            self.detach_network_interface(&attachment)?;
        }
        // At the time at which it is detached, and after that.
        self.happens_after(ATTACHING, Event::Removes(id.clone()));
        Ok(())
    }

    pub(crate) fn removes(&mut self, id: &InterfaceId) {
        // It may have gone with its instance.
        let _result = self.delete_network_interface(id);
    }
}
