//! Takes a VPC; adds the node groups of an EKS cluster to it, with the interfaces that its network plugin adds to each node. Never runs a
//! pod. Further kinds of interfaces of nodes (trunk and branch interfaces, prefixes) belong into [`dress`].
//!
//! Sources: aws/amazon-vpc-cni-k8s, README, for description and tags; "Managed node groups", Amazon EKS User Guide.

use mirror_core::ids::InstanceId;
use mirror_core::inventory::Tags;

use super::dice::Dice;
use super::groups::size;
use super::machines::tags;
use super::networks::Site;
use crate::error::ApiError;
use crate::fleet::instance;
use crate::fleet::shape::Shape;
use crate::interfaces::NetworkInterface;
use crate::scaling::ScalingGroup;
use crate::world::World;

/// Types of nodes.
const TYPES: [(usize, &str); 5] =
    [(40, "m5.xlarge"), (25, "m6i.2xlarge"), (15, "c5.2xlarge"), (15, "r5.xlarge"), (5, "m8g.xlarge")];

/// How many interfaces the plugin has added to a node: as many as its pods need.
const ADDED: [(usize, &i32); 4] = [(25, &0), (45, &1), (20, &2), (10, &3)];

/// Adds node groups with so many nodes together; gives their names.
pub(super) fn add(
    world: &mut World,
    shape: &Shape,
    dice: &mut Dice,
    site: &Site,
    count: usize,
) -> Result<Vec<String>, ApiError> {
    let cluster = format!("{}-{}", site.environment, site.number);
    let (mut left, mut names) = (count, Vec::new());
    while left > 0 {
        let size = size(shape, dice, left);
        left -= size;
        let node_group = format!("{cluster}-nodes-{}", names.len() + 1);
        let name = format!("eks-{node_group}");
        let template = instance().of_type(dice.weighted(&TYPES).unwrap_or("m5.xlarge")).template();
        let mut all = tags(shape, dice, site, "node", None);
        all.extend(node_tags(&cluster, &node_group));
        // Its group may launch several types, which auto scaling does through a fleet.
        all.extend([("aws:ec2:fleet-id".into(), world.mint.id("fleet"))]);
        let group = ScalingGroup {
            security_groups: site.guard("node"),
            tags: all,
            ..ScalingGroup::of(&name, size, template, site.subnets("private"))
        };
        world.add_scaling_group(group)?;
        for (node, _) in world.scaling_instances(&name)? {
            dress(world, dice, site, &cluster, &node)?;
        }
        names.push(name);
    }
    Ok(names)
}

fn node_tags(cluster: &str, node_group: &str) -> Tags {
    Tags::from([
        ("eks:cluster-name".into(), cluster.into()),
        ("eks:nodegroup-name".into(), node_group.into()),
        ("aws:eks:cluster-name".into(), cluster.into()),
        (format!("kubernetes.io/cluster/{cluster}"), "owned".into()),
    ])
}

/// Gives a node the interfaces that it has beside its primary one.
fn dress(world: &mut World, dice: &mut Dice, site: &Site, cluster: &str, node: &InstanceId) -> Result<(), ApiError> {
    for index in 1..=dice.weighted(&ADDED).copied().unwrap_or_default() {
        add_plugin_interface(world, site, cluster, node, index)?;
    }
    Ok(())
}

/// Adds an interface as the VPC CNI plugin does.
fn add_plugin_interface(
    world: &mut World,
    site: &Site,
    cluster: &str,
    node: &InstanceId,
    index: i32,
) -> Result<(), ApiError> {
    let subnet = world.instance(node)?.subnet.clone();
    let tags = [
        ("cluster.k8s.amazonaws.com/name", cluster.to_owned()),
        ("eks:eni:owner", "amazon-vpc-cni".to_owned()),
        ("node.k8s.amazonaws.com/createdAt", world.now().to_string()),
        ("node.k8s.amazonaws.com/instance_id", node.to_string()),
    ];
    let interface = NetworkInterface {
        description: format!("aws-K8S-{node}"),
        security_groups: site.guard("node"),
        tags: tags.map(|(key, value)| (key.into(), value)).into(),
        ..world.new_interface(&subnet, 0)?
    };
    let id = interface.id.clone();
    world.interfaces.insert(id.clone(), interface);
    world.attach(&id, node, index, true).map(|_| ())
}
