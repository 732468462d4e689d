//! Takes things of the world, there or about to be; gives what a policy can say of each: its ARN and its condition keys. Never knows who
//! asks.
//!
//! Each resource has the keys that the Service Authorization Reference lists for it, and no others: what is known of the request (its
//! tags) belongs to what the request makes. A policy that demands `aws:RequestTag` on everything therefore allows no creation that also
//! needs something which is there.

use std::collections::BTreeMap;

use mirror_core::ids::{AccountId, InterfaceId};
use mirror_core::inventory::Tags;

use super::context::Context;
use crate::accounts::Owned;
use crate::api::Thing;
use crate::interfaces::NetworkInterface;
use crate::listing::Listed;
use crate::mirror::MirrorRule;
use crate::network::Subnet;
use crate::security_groups::SecurityGroupRule;
use crate::world::World;

/// What a call is about: a resource, as policies see it.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) arn: String,
    pub(super) keys: Context,
}

impl Resource {
    /// What stands for all of them, of actions that cannot be granted for one.
    pub(super) fn any() -> Self {
        Self { arn: "*".into(), keys: Context::default() }
    }

    /// Something that the call is about to make, with these tags. It has no id yet.
    pub(super) fn made(world: &World, kind: &str, tags: &Tags) -> Self {
        Self { arn: arn(world, &world.account, kind, "*"), keys: Context::default() }.requested(tags)
    }

    /// Something that is not in the world and that policies can name all the same.
    pub(super) fn outside(world: &World, kind: &str, id: &str) -> Self {
        Self { arn: arn(world, &world.account, kind, id), keys: Context::default() }
    }

    /// A machine image. It is named without an account. Source: the Service Authorization Reference.
    pub(super) fn image(world: &World, id: &str) -> Self {
        let arn = format!("arn:aws:ec2:{}::image/{id}", world.region);
        Self { arn, keys: Context::default().with("ec2:ImageID", id) }
    }

    /// Something that is there; or is not, and then has no tags that a policy could like.
    pub(super) fn there(world: &World, thing: &Thing) -> Self {
        match thing {
            Thing::Instance(id) => {
                let resource = listed(world, &world.instances, id).with("ec2:InstanceID", id);
                world.instances.get(id).into_iter().fold(resource, |resource, it| {
                    resource.with("ec2:InstanceType", &it.instance_type).with("ec2:AvailabilityZone", &it.zone)
                })
            }
            Thing::Interface(id) => {
                let resource = Self::interface_alone(world, id);
                world.interfaces.get(id).into_iter().fold(resource, |it, interface| it.in_subnet_of(world, interface))
            }
            Thing::Subnet(id) => {
                let resource = listed(world, &world.subnets, id).with("ec2:SubnetID", id);
                world.subnets.get(id).into_iter().fold(resource, |it, subnet| it.in_network_of(world, subnet))
            }
            Thing::Vpc(id) => listed(world, &world.vpcs, id).with("ec2:VpcID", id),
            Thing::Endpoint(id) => Self::outside(world, "vpc-endpoint", id.as_str()),
            Thing::Filter(id) => listed(world, &world.filters, id),
            Thing::Rule(id) => {
                let tags = world.rule(id).map(|rule| &rule.tags);
                tagged(world, &world.account, MirrorRule::KIND, id.as_str(), tags)
            }
            Thing::Target(id) => listed(world, &world.targets, id),
            Thing::Session(id) => listed(world, &world.sessions, id),
            Thing::SecurityGroup(id) => {
                let resource = listed(world, &world.security_groups, id).with("ec2:SecurityGroupID", id);
                let vpc = world.vpc_of_group(id).map(|vpc| arn(world, &vpc.owner, "vpc", vpc.id.as_str()));
                vpc.into_iter().fold(resource, |it, vpc| it.with("ec2:Vpc", vpc))
            }
            Thing::SecurityGroupRule(id) => {
                let tags = world.group_rule(id).map(|rule| &rule.tags);
                tagged(world, &world.account, SecurityGroupRule::KIND, &id.to_string(), tags)
            }
            Thing::NetworkAcl(id) => listed(world, &world.network_acls, id),
            Thing::PrefixList(id) => listed(world, &world.prefix_lists, id),
        }
    }

    /// An interface of which a policy cannot see where it is: as a mirror target.
    pub(super) fn interface_alone(world: &World, id: &InterfaceId) -> Self {
        listed(world, &world.interfaces, id).with("ec2:NetworkInterfaceID", id)
    }

    /// The same with one key more.
    pub(super) fn with(self, key: &str, value: impl ToString) -> Self {
        Self { keys: self.keys.with(key, value), ..self }
    }

    /// The same, about to get these tags.
    pub(super) fn requested(mut self, tags: &Tags) -> Self {
        for (key, value) in tags {
            self = self.with(&format!("aws:RequestTag/{key}"), value).with("aws:TagKeys", key);
        }
        self
    }

    /// The same, about to get another value of an attribute, if it is said which.
    pub(super) fn setting(self, attribute: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with("ec2:Attribute", attribute).with(&format!("ec2:Attribute/{attribute}"), value),
            None => self,
        }
    }

    /// The same, in the zone and VPC of a subnet. Policies name a VPC by its ARN.
    pub(super) fn in_network_of(self, world: &World, subnet: &Subnet) -> Self {
        let vpc = arn(world, &subnet.owner, "vpc", subnet.vpc.as_str());
        self.with("ec2:AvailabilityZone", &subnet.zone).with("ec2:Vpc", vpc)
    }

    fn in_subnet_of(self, world: &World, interface: &NetworkInterface) -> Self {
        // A participant's interface stands in a network of somebody else's.
        let owner = world.subnets.get(&interface.subnet).map_or(&world.account, |subnet| &subnet.owner);
        let subnet = arn(world, owner, "subnet", &interface.subnet.to_string());
        let vpc = arn(world, owner, "vpc", interface.vpc.as_str());
        self.with("ec2:AvailabilityZone", &interface.zone).with("ec2:Subnet", subnet).with("ec2:Vpc", vpc)
    }
}

/// What is shared is its owner's, and so is its ARN.
fn listed<T: Listed>(world: &World, objects: &BTreeMap<T::Id, T>, id: &T::Id) -> Resource {
    let object = objects.get(id);
    let owner = object.and_then(Owned::owner).unwrap_or(&world.account);
    tagged(world, owner, T::KIND, &id.to_string(), object.map(Listed::tags))
}

fn tagged(world: &World, owner: &AccountId, kind: &str, id: &str, tags: Option<&Tags>) -> Resource {
    let resource = Resource { arn: arn(world, owner, kind, id), keys: Context::default() };
    let resource = resource.with("aws:ResourceAccount", owner);
    tags.into_iter().flatten().fold(resource, |resource, (key, value)| {
        resource.with(&format!("aws:ResourceTag/{key}"), value).with(&format!("ec2:ResourceTag/{key}"), value)
    })
}

/// An ARN of EC2.
pub(super) fn arn(world: &World, owner: &AccountId, kind: &str, id: &str) -> String {
    format!("arn:aws:ec2:{}:{owner}:{kind}/{id}", world.region)
}
