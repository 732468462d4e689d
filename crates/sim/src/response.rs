//! Takes nothing; gives the answers of the world: one variant for each AWS action. Never says how they look on the wire.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::ids::{AccountId, AttachmentId, FilterId, RuleId, SessionId, TargetId};

use crate::addresses::AssignedAddresses;
use crate::classic::ClassicResponse;
use crate::compute::{InstanceDetail, StateChange};
use crate::elb::ElbResponse;
use crate::iam::AssumedRole;
use crate::interfaces::NetworkInterface;
use crate::listing::Page;
use crate::mirror::{MirrorFilter, MirrorRule, MirrorSession, MirrorTarget};
use crate::network::{AvailabilityZone, Subnet, Vpc};
use crate::network_acls::NetworkAcl;
use crate::prefix_lists::{PrefixList, PrefixListEntry};
use crate::request::UnassignIpv6Addresses;
use crate::security_groups::{SecurityGroup, SecurityGroupId, SecurityGroupRule};
use crate::tagging::TaggedResource;
use crate::tags::TagDescription;
use crate::waf::WafResponse;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The principal's ARN.
    pub arn: String,
    /// The principal's unique id.
    pub user_id: String,
}

macro_rules! responses {
    ($($action:ident $(($($output:ty),+))?,)*) => {
        /// The answer to a call that succeeded.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Response {
            $(
                #[doc = concat!("To `", stringify!($action), "`.")]
                $action $(($($output),+))?,
            )*
        }
    };
}

responses! {
    GetCallerIdentity(Identity),
    AssumeRole(AssumedRole),
    DescribeAvailabilityZones(Page<AvailabilityZone>),
    DescribeVpcs(Page<Vpc>),
    DescribeSubnets(Page<Subnet>),
    DescribeInstances(Page<InstanceDetail>),
    RunInstances(Vec<InstanceDetail>),
    StartInstances(Vec<StateChange>),
    StopInstances(Vec<StateChange>),
    TerminateInstances(Vec<StateChange>),
    ModifyInstanceAttribute,
    DescribeNetworkInterfaces(Page<NetworkInterface>),
    CreateNetworkInterface(Box<NetworkInterface>),
    AttachNetworkInterface(AttachmentId),
    DetachNetworkInterface,
    DeleteNetworkInterface,
    ModifyNetworkInterfaceAttribute,
    AssignPrivateIpAddresses(AssignedAddresses<Ipv4Addr, Ipv4Net>),
    UnassignPrivateIpAddresses,
    AssignIpv6Addresses(AssignedAddresses<Ipv6Addr, Ipv6Net>),
    UnassignIpv6Addresses(UnassignIpv6Addresses),
    CreateSecurityGroup(SecurityGroup),
    DescribeSecurityGroups(Page<SecurityGroup>),
    DescribeSecurityGroupRules(Page<SecurityGroupRule>),
    AuthorizeSecurityGroupIngress(Vec<SecurityGroupRule>),
    AuthorizeSecurityGroupEgress(Vec<SecurityGroupRule>),
    RevokeSecurityGroupIngress(Vec<SecurityGroupRule>),
    RevokeSecurityGroupEgress(Vec<SecurityGroupRule>),
    DeleteSecurityGroup(SecurityGroupId),
    DescribeNetworkAcls(Page<NetworkAcl>),
    DescribeManagedPrefixLists(Page<PrefixList>),
    GetManagedPrefixListEntries(Page<PrefixListEntry>),
    CreateTags,
    DeleteTags,
    DescribeTags(Page<TagDescription>),
    CreateTrafficMirrorFilter(MirrorFilter),
    DescribeTrafficMirrorFilters(Page<MirrorFilter>),
    ModifyTrafficMirrorFilterNetworkServices(MirrorFilter),
    DeleteTrafficMirrorFilter(FilterId),
    CreateTrafficMirrorFilterRule(MirrorRule),
    DescribeTrafficMirrorFilterRules(Page<MirrorRule>),
    ModifyTrafficMirrorFilterRule(MirrorRule),
    DeleteTrafficMirrorFilterRule(RuleId),
    CreateTrafficMirrorTarget(MirrorTarget),
    DescribeTrafficMirrorTargets(Page<MirrorTarget>),
    DeleteTrafficMirrorTarget(TargetId),
    CreateTrafficMirrorSession(MirrorSession),
    DescribeTrafficMirrorSessions(Page<MirrorSession>),
    ModifyTrafficMirrorSession(MirrorSession),
    DeleteTrafficMirrorSession(SessionId),
    Elb(ElbResponse),
    GetResources(Page<TaggedResource>),
    Classic(ClassicResponse),
    Waf(WafResponse),
}
