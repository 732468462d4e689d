//! Takes nothing; gives the calls that the world understands: one variant for each AWS action, with typed parameters. Never checks
//! what depends on the world. Numbers are as wide as AWS's model has them (32 bits): the ranges are the world's to refuse.

mod firewalls;
mod machines;
mod mirror;

use mirror_core::cloud::{Action, ClientToken};
use mirror_core::ids::{AttachmentId, FilterId, InstanceId, InterfaceId, RuleId, SessionId, TargetId, VpcId, Zone};
use mirror_core::inventory::Tags;

pub use self::firewalls::{
    AuthorizeSecurityGroup, CreateSecurityGroup, GetManagedPrefixListEntries, GroupRuleWish, RevokeSecurityGroup,
};
pub use self::machines::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, AttachNetworkInterface, CreateNetworkInterface, InstanceAttribute,
    InterfaceAttribute, LaunchInterface, ModifyInstanceAttribute, ModifyNetworkInterfaceAttribute, PrivateAddresses,
    RunInstances, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
pub use self::mirror::{
    CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession, CreateTrafficMirrorTarget,
    DescribeTrafficMirrorFilterRules, ModifyTrafficMirrorFilterNetworkServices, ModifyTrafficMirrorFilterRule,
    ModifyTrafficMirrorSession, Ports, RuleField, RuleWish, SessionField,
};
use crate::classic::ClassicRequest;
use crate::elb::ElbRequest;
use crate::iam::AssumeRole;
use crate::listing::Filter;
use crate::network::SubnetId;
use crate::security_groups::{NetworkAclId, PrefixListId, SecurityGroupId, SecurityGroupRuleId};
use crate::tagging::GetResources;
use crate::waf::WafRequest;

/// The only action of the tagging API, as IAM writes it.
const GET_RESOURCES: Action = "tag:GetResources";

macro_rules! requests {
    ($($action:ident $(($input:ty))?,)*) => {
        /// A call: an AWS action with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Request {
            $(
                #[doc = concat!("`", stringify!($action), "`.")]
                $action $(($input))?,
            )*
            /// A call of the ELB API.
            Elb(ElbRequest),
            /// `GetResources`, of the Resource Groups Tagging API.
            GetResources(GetResources),
            /// A call of ELB's first API, of Classic Load Balancers.
            Classic(ClassicRequest),
            /// A call of WAF.
            Waf(WafRequest),
            /// Any call with `DryRun` set: whether it would be allowed.
            DryRun(Box<Request>),
        }

        impl Request {
            /// Every action of EC2 and STS that there is in here.
            pub const ACTIONS: &'static [Action] = &[$(stringify!($action)),*];

            /// The AWS action: of an API other than EC2's and STS's with the name of its API before it, as IAM writes it; for ELB's
            /// first API that is `elb`, since IAM does not tell its actions from those of the other.
            pub fn action(&self) -> Action {
                match self {
                    $(Self::$action { .. } => stringify!($action),)*
                    Self::Elb(request) => request.action(),
                    Self::GetResources(_) => GET_RESOURCES,
                    Self::Classic(request) => request.action(),
                    Self::Waf(request) => request.action(),
                    Self::DryRun(request) => request.action(),
                }
            }
        }
    };
}

requests! {
    GetCallerIdentity,
    AssumeRole(AssumeRole),
    DescribeAvailabilityZones(Describe<Zone>),
    DescribeVpcs(Describe<VpcId>),
    DescribeSubnets(Describe<SubnetId>),
    DescribeInstances(Describe<InstanceId>),
    RunInstances(RunInstances),
    StartInstances(Vec<InstanceId>),
    StopInstances(Vec<InstanceId>),
    TerminateInstances(Vec<InstanceId>),
    ModifyInstanceAttribute(ModifyInstanceAttribute),
    DescribeNetworkInterfaces(Describe<InterfaceId>),
    CreateNetworkInterface(CreateNetworkInterface),
    AttachNetworkInterface(AttachNetworkInterface),
    DetachNetworkInterface(AttachmentId),
    DeleteNetworkInterface(InterfaceId),
    ModifyNetworkInterfaceAttribute(ModifyNetworkInterfaceAttribute),
    AssignPrivateIpAddresses(AssignPrivateIpAddresses),
    UnassignPrivateIpAddresses(UnassignPrivateIpAddresses),
    AssignIpv6Addresses(AssignIpv6Addresses),
    UnassignIpv6Addresses(UnassignIpv6Addresses),
    CreateSecurityGroup(CreateSecurityGroup),
    DescribeSecurityGroups(Describe<SecurityGroupId>),
    DescribeSecurityGroupRules(Describe<SecurityGroupRuleId>),
    AuthorizeSecurityGroupIngress(AuthorizeSecurityGroup),
    AuthorizeSecurityGroupEgress(AuthorizeSecurityGroup),
    RevokeSecurityGroupIngress(RevokeSecurityGroup),
    RevokeSecurityGroupEgress(RevokeSecurityGroup),
    DeleteSecurityGroup(SecurityGroupId),
    DescribeNetworkAcls(Describe<NetworkAclId>),
    DescribeManagedPrefixLists(Describe<PrefixListId>),
    GetManagedPrefixListEntries(GetManagedPrefixListEntries),
    CreateTags(CreateTags),
    DeleteTags(DeleteTags),
    DescribeTags(Describe<String>),
    CreateTrafficMirrorFilter(CreateTrafficMirrorFilter),
    DescribeTrafficMirrorFilters(Describe<FilterId>),
    ModifyTrafficMirrorFilterNetworkServices(ModifyTrafficMirrorFilterNetworkServices),
    DeleteTrafficMirrorFilter(FilterId),
    CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule),
    DescribeTrafficMirrorFilterRules(DescribeTrafficMirrorFilterRules),
    ModifyTrafficMirrorFilterRule(ModifyTrafficMirrorFilterRule),
    DeleteTrafficMirrorFilterRule(RuleId),
    CreateTrafficMirrorTarget(CreateTrafficMirrorTarget),
    DescribeTrafficMirrorTargets(Describe<TargetId>),
    DeleteTrafficMirrorTarget(TargetId),
    CreateTrafficMirrorSession(CreateTrafficMirrorSession),
    DescribeTrafficMirrorSessions(Describe<SessionId>),
    ModifyTrafficMirrorSession(ModifyTrafficMirrorSession),
    DeleteTrafficMirrorSession(SessionId),
}

impl Request {
    /// Every action that there is in here, of all APIs.
    pub fn every_action() -> impl Iterator<Item = Action> {
        let others = ClassicRequest::ACTIONS.iter().chain(WafRequest::ACTIONS).copied();
        Self::ACTIONS.iter().chain(ElbRequest::ACTIONS).copied().chain([GET_RESOURCES]).chain(others)
    }

    /// Whether the call changes nothing, whatever it asks for.
    pub fn reads(&self) -> bool {
        let action = self.action();
        let name = action.split_once(':').map_or(action, |(_, name)| name);
        ["Describe", "Get", "List"].iter().any(|reading| name.starts_with(reading))
    }

    /// The idempotency token, of the actions that take one.
    pub fn token(&self) -> Option<&ClientToken> {
        match self {
            Self::RunInstances(request) => request.token.as_ref(),
            Self::CreateNetworkInterface(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorFilter(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorFilterRule(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorTarget(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorSession(request) => request.token.as_ref(),
            _ => None,
        }
    }
}

/// What every describe call can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Describe<Id> {
    /// Only these. One that is not there fails the call.
    pub ids: Vec<Id>,
    /// Only what matches all of these.
    pub filters: Vec<Filter>,
    /// At most so many on a page, 5 to 1000; none for everything.
    pub max_results: Option<i32>,
    /// The `next` of the page before.
    pub next_token: Option<String>,
    /// Also what a service of AWS manages and hides (`IncludeManagedResources`).
    pub include_managed: bool,
}

impl<Id> Describe<Id> {
    /// Everything, in one answer.
    pub fn all() -> Self {
        Self { ids: Vec::new(), filters: Vec::new(), max_results: None, next_token: None, include_managed: false }
    }

    /// A page of everything.
    pub fn page(size: i32, token: Option<String>) -> Self {
        Self { max_results: Some(size), next_token: token, ..Self::all() }
    }

    /// Only these, all or an error.
    pub fn only(ids: impl IntoIterator<Item = Id>) -> Self {
        Self { ids: ids.into_iter().collect(), ..Self::all() }
    }

    /// With what a service of AWS manages and hides.
    #[must_use]
    pub fn with_managed(self) -> Self {
        Self { include_managed: true, ..self }
    }

    /// Only what has this value.
    #[must_use]
    pub fn filtered(mut self, name: &str, value: &str) -> Self {
        self.filters.push(Filter { name: name.into(), values: vec![value.into()] });
        self
    }
}

/// `CreateTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTags {
    /// Ids of any kind.
    pub resources: Vec<String>,
    /// Added to the tags of each, or put in their place.
    pub tags: Tags,
}

/// `DeleteTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTags {
    /// Ids of any kind.
    pub resources: Vec<String>,
    /// Keys, each with the value that it must have to be removed, or with none for any value. No keys: all tags go.
    pub tags: Vec<(String, Option<String>)>,
}
