//! Takes a request; gives the things that it names, and says of each whether it is there. Never says what may be done to it.

use mirror_core::ids::{EndpointId, FilterId, InstanceId, InterfaceId, RuleId, SessionId, TargetId, VpcId};
use mirror_core::inventory::Resource;

use crate::error::ApiError;
use crate::interfaces::NetworkInterface;
use crate::listing::Listed;
use crate::mirror::MirrorRule;
use crate::network::SubnetId;
use crate::request::Request;
use crate::security_groups::{NetworkAclId, PrefixListId, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId};
use crate::world::World;

/// A thing that has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Instance(InstanceId),
    Interface(InterfaceId),
    Subnet(SubnetId),
    Vpc(VpcId),
    Endpoint(EndpointId),
    Filter(FilterId),
    Rule(RuleId),
    Target(TargetId),
    Session(SessionId),
    SecurityGroup(SecurityGroupId),
    SecurityGroupRule(SecurityGroupRuleId),
    NetworkAcl(NetworkAclId),
    PrefixList(PrefixListId),
}

impl Thing {
    /// Whatever has this id; none if no kind of thing has such ids.
    pub(crate) fn with_id(id: &str) -> Option<Self> {
        Some(match id.split_once('-')?.0 {
            "i" => Self::Instance(id.into()),
            "eni" => Self::Interface(id.into()),
            "subnet" => Self::Subnet(id.into()),
            "vpc" => Self::Vpc(id.into()),
            "vpce" => Self::Endpoint(id.into()),
            "tmf" => Self::Filter(id.into()),
            "tmfr" => Self::Rule(id.into()),
            "tmt" => Self::Target(id.into()),
            "tms" => Self::Session(id.into()),
            "sg" => Self::SecurityGroup(id.into()),
            "sgr" => Self::SecurityGroupRule(id.into()),
            "acl" => Self::NetworkAcl(id.into()),
            "pl" => Self::PrefixList(id.into()),
            _ => return None,
        })
    }
}

impl World {
    /// An error, if the thing is not there for the account that acts.
    pub(super) fn check_there(&self, thing: &Thing) -> Result<(), ApiError> {
        match thing {
            Thing::Instance(id) => self.seen(&self.instances, id).map(|_| ()),
            Thing::Interface(id) => self.seen(&self.interfaces, id).map(|_| ()),
            Thing::Subnet(id) => self.seen(&self.subnets, id).map(|_| ()),
            Thing::Vpc(id) => self.seen(&self.vpcs, id).map(|_| ()),
            Thing::Endpoint(_) => Ok(()),
            Thing::Filter(id) => self.seen(&self.filters, id).map(|_| ()),
            Thing::Rule(id) => self.rule(id).map(|_| ()).ok_or_else(|| MirrorRule::not_found(id)),
            Thing::Target(id) => self.seen(&self.targets, id).map(|_| ()),
            Thing::Session(id) => self.seen(&self.sessions, id).map(|_| ()),
            Thing::SecurityGroup(id) => self.seen(&self.security_groups, id).map(|_| ()),
            Thing::SecurityGroupRule(id) => {
                self.group_rule(id).map(|_| ()).ok_or_else(|| SecurityGroupRule::not_found(id))
            }
            Thing::NetworkAcl(id) => self.seen(&self.network_acls, id).map(|_| ()),
            Thing::PrefixList(id) => self.seen(&self.prefix_lists, id).map(|_| ()),
        }
    }

    /// A rule, if one of the account's filters has it.
    pub(crate) fn rule(&self, id: &RuleId) -> Option<&MirrorRule> {
        self.filters.found(id).find(|filter| self.owns(*filter)).and_then(|filter| filter.rules.get(id))
    }
}

/// What a change names that has to be there. Lists name nothing: ids in a list are the list's to look for.
pub(crate) fn named(world: &World, request: &Request) -> Vec<Thing> {
    use Request as Q;
    match request {
        Q::RunInstances(wish) => {
            let subnets = wish.interfaces.iter().filter_map(|interface| interface.subnet.clone());
            let interfaces = wish.interfaces.iter().filter_map(|interface| interface.interface.clone());
            let subnets = wish.subnet.iter().cloned().chain(subnets).map(Thing::Subnet);
            subnets.chain(interfaces.map(Thing::Interface)).collect()
        }
        Q::StartInstances(ids) | Q::StopInstances(ids) | Q::TerminateInstances(ids) => {
            ids.iter().cloned().map(Thing::Instance).collect()
        }
        Q::CreateNetworkInterface(wish) => vec![Thing::Subnet(wish.subnet.clone())],
        Q::AttachNetworkInterface(wish) => {
            vec![Thing::Interface(wish.interface.clone()), Thing::Instance(wish.instance.clone())]
        }
        Q::DetachNetworkInterface(id) => {
            let interface = world.interface_attached_by(id);
            let instance = interface.and_then(NetworkInterface::instance).cloned().map(Thing::Instance);
            interface.map(|interface| Thing::Interface(interface.id.clone())).into_iter().chain(instance).collect()
        }
        Q::DeleteNetworkInterface(id) => vec![Thing::Interface(id.clone())],
        Q::ModifyInstanceAttribute(wish) => vec![Thing::Instance(wish.instance.clone())],
        Q::ModifyNetworkInterfaceAttribute(wish) => vec![Thing::Interface(wish.interface.clone())],
        Q::AssignPrivateIpAddresses(wish) => vec![Thing::Interface(wish.interface.clone())],
        Q::UnassignPrivateIpAddresses(wish) => vec![Thing::Interface(wish.interface.clone())],
        Q::AssignIpv6Addresses(wish) => vec![Thing::Interface(wish.interface.clone())],
        Q::UnassignIpv6Addresses(wish) => vec![Thing::Interface(wish.interface.clone())],
        Q::CreateSecurityGroup(wish) => wish.vpc.iter().cloned().map(Thing::Vpc).collect(),
        Q::AuthorizeSecurityGroupIngress(wish) | Q::AuthorizeSecurityGroupEgress(wish) => {
            vec![Thing::SecurityGroup(wish.group.clone())]
        }
        Q::RevokeSecurityGroupIngress(wish) | Q::RevokeSecurityGroupEgress(wish) => {
            vec![Thing::SecurityGroup(wish.group.clone())]
        }
        Q::DeleteSecurityGroup(id) => vec![Thing::SecurityGroup(id.clone())],
        Q::CreateTags(wish) => wish.resources.iter().filter_map(|id| Thing::with_id(id)).collect(),
        Q::DeleteTags(wish) => wish.resources.iter().filter_map(|id| Thing::with_id(id)).collect(),
        Q::DryRun(request) => named(world, request),
        other => named_mirror(world, other),
    }
}

/// An error, if something that a change names is not there.
pub(crate) fn check_named(world: &World, request: &Request) -> Result<(), ApiError> {
    named(world, request).iter().try_for_each(|thing| world.check_there(thing))
}

fn named_mirror(world: &World, request: &Request) -> Vec<Thing> {
    use Request as Q;
    match request {
        Q::ModifyTrafficMirrorFilterNetworkServices(wish) => vec![Thing::Filter(wish.filter.clone())],
        Q::DeleteTrafficMirrorFilter(id) => vec![Thing::Filter(id.clone())],
        Q::CreateTrafficMirrorFilterRule(wish) => vec![Thing::Filter(wish.filter.clone())],
        Q::ModifyTrafficMirrorFilterRule(change) => rule_in_filter(world, &change.rule),
        Q::DeleteTrafficMirrorFilterRule(id) => rule_in_filter(world, id),
        Q::CreateTrafficMirrorTarget(wish) => match &wish.resource {
            Resource::NetworkInterface(id) => vec![Thing::Interface(id.clone())],
            Resource::GatewayLoadBalancerEndpoint(id) => vec![Thing::Endpoint(id.clone())],
            Resource::NetworkLoadBalancer(_) => Vec::new(),
        },
        Q::DeleteTrafficMirrorTarget(id) => vec![Thing::Target(id.clone())],
        Q::CreateTrafficMirrorSession(wish) => vec![
            Thing::Interface(wish.interface.clone()),
            Thing::Filter(wish.filter.clone()),
            Thing::Target(wish.target.clone()),
        ],
        Q::ModifyTrafficMirrorSession(change) => {
            let filter = change.filter.clone().map(Thing::Filter);
            let target = change.target.clone().map(Thing::Target);
            [Thing::Session(change.session.clone())].into_iter().chain(filter).chain(target).collect()
        }
        Q::DeleteTrafficMirrorSession(id) => vec![Thing::Session(id.clone())],
        _ => Vec::new(),
    }
}

/// A rule, and the filter that has it.
fn rule_in_filter(world: &World, id: &RuleId) -> Vec<Thing> {
    let filter = world.rule(id).map(|rule| Thing::Filter(rule.filter.clone()));
    filter.into_iter().chain([Thing::Rule(id.clone())]).collect()
}
