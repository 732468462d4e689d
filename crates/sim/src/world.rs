//! Takes calls and times; gives answers, and the Region that they have made. Every call goes through one function, [`World::call`],
//! and every change that nobody called for through another, [`World::advance`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::{Action, ClientToken};
use mirror_core::ids::{
    AccountId, EndpointId, FilterId, InstanceId, InterfaceId, LoadBalancerArn, Region, SessionId, TargetId, VpcId, Zone,
};
use mirror_core::inventory::Direction;

use crate::agenda::{Agenda, Event};
use crate::classic::ClassicLoadBalancer;
use crate::compute::Instance;
use crate::elb::{LoadBalancer, TargetGroup, TargetGroupArn};
use crate::error::ApiError;
use crate::iam::AssumeRole;
use crate::interfaces::NetworkInterface;
use crate::kept::Kept;
use crate::listing::list;
use crate::mint::Mint;
use crate::mirror::{MirrorFilter, MirrorSession, MirrorTarget};
use crate::network::{AvailabilityZone, Subnet, SubnetId, Vpc, zones_of};
use crate::network_acls::NetworkAcl;
use crate::pace::Pace;
use crate::prefix_lists::PrefixList;
use crate::quotas::Quotas;
use crate::request::Request;
use crate::response::{Identity, Response};
use crate::scaling::Group;
use crate::security_groups::{NetworkAclId, PrefixListId, SecurityGroup, SecurityGroupId};
use crate::shares::Shares;
use crate::tokens::Answered;
use crate::unknowns::Unknowns;
use crate::waf::{WebAcl, WebAclArn};

/// One Region, with many accounts.
#[derive(Clone, Debug)]
pub struct World {
    /// How much there can be.
    pub quotas: Quotas,
    /// How it behaves where AWS does not say.
    pub unknowns: Unknowns,
    /// How long things take.
    pub pace: Pace,
    /// The account that acts: the first one, but while something is done for another.
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) now: Time,
    pub(crate) mint: Mint,
    pub(crate) agenda: Agenda,
    pub(crate) zones: BTreeMap<Zone, AvailabilityZone>,
    pub(crate) vpcs: BTreeMap<VpcId, Vpc>,
    pub(crate) subnets: BTreeMap<SubnetId, Subnet>,
    pub(crate) instances: Kept<InstanceId, Instance>,
    pub(crate) interfaces: Kept<InterfaceId, NetworkInterface>,
    pub(crate) load_balancers: Kept<LoadBalancerArn, LoadBalancer>,
    pub(crate) target_groups: Kept<TargetGroupArn, TargetGroup>,
    pub(crate) classics: Kept<LoadBalancerArn, ClassicLoadBalancer>,
    pub(crate) web_acls: Kept<WebAclArn, WebAcl>,
    /// The ids and ARNs of what has lost tags: the tagging API lists it for ever.
    pub(crate) once_tagged: BTreeSet<String>,
    /// Whose they are.
    pub(crate) endpoints: BTreeMap<EndpointId, AccountId>,
    pub(crate) filters: Kept<FilterId, MirrorFilter>,
    pub(crate) targets: Kept<TargetId, MirrorTarget>,
    pub(crate) sessions: Kept<SessionId, MirrorSession>,
    pub(crate) groups: BTreeMap<(AccountId, String), Group>,
    pub(crate) security_groups: Kept<SecurityGroupId, SecurityGroup>,
    pub(crate) prefix_lists: Kept<PrefixListId, PrefixList>,
    pub(crate) network_acls: Kept<NetworkAclId, NetworkAcl>,
    pub(crate) shares: Shares,
    /// What was answered to the first call with a token.
    pub(crate) answered: BTreeMap<(AccountId, Action, ClientToken), Answered>,
}

impl World {
    /// An empty Region with three zones. This is its first account: what is done for nobody in particular is done for it.
    pub fn new(account: AccountId, region: Region, seed: u64, now: Time) -> Self {
        Self {
            quotas: Quotas::default(),
            unknowns: Unknowns::default(),
            pace: Pace::default(),
            zones: zones_of(&region),
            account,
            region,
            now,
            mint: Mint::new(seed),
            agenda: Agenda::default(),
            vpcs: BTreeMap::new(),
            subnets: BTreeMap::new(),
            instances: Kept::default(),
            interfaces: Kept::default(),
            load_balancers: Kept::default(),
            target_groups: Kept::default(),
            classics: Kept::default(),
            web_acls: Kept::default(),
            once_tagged: BTreeSet::new(),
            endpoints: BTreeMap::new(),
            filters: Kept::default(),
            targets: Kept::default(),
            sessions: Kept::default(),
            groups: BTreeMap::new(),
            security_groups: Kept::default(),
            prefix_lists: Kept::default(),
            network_acls: Kept::default(),
            shares: Shares::default(),
            answered: BTreeMap::new(),
        }
    }

    /// What time it is in here.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Answers one call, of the first account unless the world [acts for another](World::acting_for). There is no other way for one to
    /// get in: what outside forces do to calls (faults, rate limits, permissions, traces) belongs around this function.
    ///
    /// # Errors
    ///
    /// As AWS answers them; nothing has changed then.
    pub fn call(&mut self, request: Request) -> Result<Response, ApiError> {
        if matches!(request, Request::DryRun(_)) {
            return Err(ApiError::dry_run());
        }
        let Some(token) = request.token().cloned() else {
            return self.act(&request).map_err(|error| self.coded(error));
        };
        if token.0.len() > 64 || !token.0.is_ascii() {
            return Err(ApiError::new("InvalidClientToken", "Client tokens are up to 64 ASCII characters."));
        }
        let key = (self.account.clone(), request.action(), token);
        if let Some(first) = self.remembered(&key) {
            return first.again(&request);
        }
        let answer = self.act(&request).map_err(|error| self.coded(error))?;
        self.answered.insert(key, Answered { at: self.now, request, answer: answer.clone() });
        Ok(answer)
    }

    /// Lets time pass: whatever is due by then happens, in order, each at its own time. Time never goes back.
    pub fn advance(&mut self, to: Time) {
        // Whatever has changed until here has changed at the time that it still is.
        self.date();
        while let Some((at, event)) = self.agenda.next(to) {
            self.now = at;
            match event {
                Event::Runs(instance) => self.runs(&instance),
                Event::Stops(instance) => self.stops(&instance),
                Event::Terminates(instance) => self.terminates(&instance),
                Event::Vanishes(instance) => self.vanishes(&instance),
                Event::Attaches(interface, attachment) => self.attaches(&interface, &attachment),
                Event::Detaches(interface, attachment) => self.detaches(&interface, &attachment),
                Event::Removes(interface) => self.removes(&interface),
                Event::Interrupts(instance) => self.interrupts(&instance),
                Event::Replaces(account, group) => self.acting_for(&account, |world| world.replaces(&group)),
                Event::Balancing(event) => self.balancing_happens(&event),
                Event::LooksAfter(account, group) => self.acting_for(&account, |world| world.looks_after(&group)),
            }
            self.date();
        }
        self.now = self.now.max(to);
    }

    /// Lets the world know a Gateway Load Balancer endpoint.
    pub fn add_gateway_load_balancer_endpoint(&mut self) -> EndpointId {
        let endpoint = EndpointId::from(self.mint.id("vpce"));
        self.endpoints.insert(endpoint.clone(), self.account.clone());
        endpoint
    }

    /// An event that happens so much later.
    pub(crate) fn happens_after(&mut self, delay: SignedDuration, event: Event) {
        let at = self.now.checked_add(delay).unwrap_or(Time::MAX);
        self.agenda.enter(at, event);
    }

    fn identity(&self) -> Identity {
        let account = &self.account;
        Identity {
            account: account.clone(),
            arn: format!("arn:aws:sts::{account}:assumed-role/simulated/session"),
            user_id: "AROASIMULATED00000000:session".into(),
        }
    }

    /// Carries a call out.
    #[rustfmt::skip]
    fn act(&mut self, request: &Request) -> Result<Response, ApiError> {
        use Request as Q;
        use Response as A;
        Ok(match request {
            Q::GetCallerIdentity => A::GetCallerIdentity(self.identity()),
            // Roles are beside the world: whoever asks it alone finds none.
            Q::AssumeRole(wish) => return Err(AssumeRole::no_such_role(wish)),
            Q::DescribeAvailabilityZones(asked) => A::DescribeAvailabilityZones(list(&self.zones, asked, self)?),
            Q::DescribeVpcs(asked) => A::DescribeVpcs(list(&self.vpcs, asked, self)?),
            Q::DescribeSubnets(asked) => A::DescribeSubnets(list(&self.subnets, asked, self)?),
            Q::DescribeInstances(asked) => A::DescribeInstances(self.describe_instances(asked)?),
            Q::RunInstances(wish) => A::RunInstances(self.run_instances(wish)?),
            Q::StartInstances(ids) => A::StartInstances(self.start_instances(ids)?),
            Q::StopInstances(ids) => A::StopInstances(self.stop_instances(ids)?),
            Q::TerminateInstances(ids) => A::TerminateInstances(self.terminate_instances(ids)?),
            Q::ModifyInstanceAttribute(wish) => self.modify_instance_attribute(wish).map(|()| A::ModifyInstanceAttribute)?,
            Q::DescribeNetworkInterfaces(asked) => A::DescribeNetworkInterfaces(self.describe_interfaces(asked)?),
            Q::CreateNetworkInterface(wish) => A::CreateNetworkInterface(Box::new(self.create_network_interface(wish)?)),
            Q::AttachNetworkInterface(wish) => A::AttachNetworkInterface(self.attach_network_interface(wish)?),
            Q::DetachNetworkInterface(id) => self.detach_network_interface(id).map(|()| A::DetachNetworkInterface)?,
            Q::DeleteNetworkInterface(id) => self.delete_network_interface(id).map(|()| A::DeleteNetworkInterface)?,
            Q::AssignIpv6Addresses(wish) => A::AssignIpv6Addresses(self.assign_ipv6_addresses(wish)?),
            Q::UnassignIpv6Addresses(wish) => self.unassign_ipv6_addresses(wish).map(|()| A::UnassignIpv6Addresses(wish.clone()))?,
            Q::AssignPrivateIpAddresses(wish) => A::AssignPrivateIpAddresses(self.assign_private_ip_addresses(wish)?),
            Q::UnassignPrivateIpAddresses(wish) => self.unassign_private_ip_addresses(wish).map(|()| A::UnassignPrivateIpAddresses)?,
            Q::ModifyNetworkInterfaceAttribute(wish) => self.modify_network_interface_attribute(wish).map(|()| A::ModifyNetworkInterfaceAttribute)?,
            Q::CreateSecurityGroup(wish) => A::CreateSecurityGroup(self.create_security_group(wish)?),
            Q::DescribeSecurityGroups(asked) => A::DescribeSecurityGroups(list(&self.security_groups, asked, self)?),
            Q::DescribeSecurityGroupRules(asked) => A::DescribeSecurityGroupRules(self.describe_group_rules(asked)?),
            Q::AuthorizeSecurityGroupIngress(wish) => A::AuthorizeSecurityGroupIngress(self.authorize(Direction::Ingress, wish)?),
            Q::AuthorizeSecurityGroupEgress(wish) => A::AuthorizeSecurityGroupEgress(self.authorize(Direction::Egress, wish)?),
            Q::RevokeSecurityGroupIngress(wish) => A::RevokeSecurityGroupIngress(self.revoke(Direction::Ingress, wish)?),
            Q::RevokeSecurityGroupEgress(wish) => A::RevokeSecurityGroupEgress(self.revoke(Direction::Egress, wish)?),
            Q::DeleteSecurityGroup(id) => A::DeleteSecurityGroup(self.delete_security_group(id)?),
            Q::DescribeNetworkAcls(asked) => A::DescribeNetworkAcls(list(&self.network_acls, asked, self)?),
            Q::DescribeManagedPrefixLists(asked) => A::DescribeManagedPrefixLists(list(&self.prefix_lists, asked, self)?),
            Q::GetManagedPrefixListEntries(asked) => A::GetManagedPrefixListEntries(self.prefix_list_entries(asked)?),
            Q::CreateTags(wish) => self.create_tags(wish).map(|()| A::CreateTags)?,
            Q::DeleteTags(wish) => self.delete_tags(wish).map(|()| A::DeleteTags)?,
            Q::DescribeTags(asked) => A::DescribeTags(self.describe_tags(asked)?),
            Q::CreateTrafficMirrorFilter(wish) => A::CreateTrafficMirrorFilter(self.create_filter(wish)?),
            Q::DescribeTrafficMirrorFilters(asked) => A::DescribeTrafficMirrorFilters(self.list_mirrored(&self.filters, asked)?),
            Q::ModifyTrafficMirrorFilterNetworkServices(wish) => A::ModifyTrafficMirrorFilterNetworkServices(self.modify_services(wish)?),
            Q::DeleteTrafficMirrorFilter(id) => A::DeleteTrafficMirrorFilter(self.delete_filter(id)?),
            Q::CreateTrafficMirrorFilterRule(wish) => A::CreateTrafficMirrorFilterRule(self.create_rule(wish)?),
            Q::DescribeTrafficMirrorFilterRules(asked) => A::DescribeTrafficMirrorFilterRules(self.describe_rules(asked)?),
            Q::ModifyTrafficMirrorFilterRule(change) => A::ModifyTrafficMirrorFilterRule(self.modify_rule(change)?),
            Q::DeleteTrafficMirrorFilterRule(id) => A::DeleteTrafficMirrorFilterRule(self.delete_rule(id)?),
            Q::CreateTrafficMirrorTarget(wish) => A::CreateTrafficMirrorTarget(self.create_target(wish)?),
            Q::DescribeTrafficMirrorTargets(asked) => A::DescribeTrafficMirrorTargets(self.list_mirrored(&self.targets, asked)?),
            Q::DeleteTrafficMirrorTarget(id) => A::DeleteTrafficMirrorTarget(self.delete_target(id)?),
            Q::CreateTrafficMirrorSession(wish) => A::CreateTrafficMirrorSession(self.create_session(wish)?),
            Q::DescribeTrafficMirrorSessions(asked) => A::DescribeTrafficMirrorSessions(self.list_mirrored(&self.sessions, asked)?),
            Q::ModifyTrafficMirrorSession(change) => A::ModifyTrafficMirrorSession(self.modify_session(change)?),
            Q::DeleteTrafficMirrorSession(id) => A::DeleteTrafficMirrorSession(self.delete_session(id)?),
            Q::Elb(request) => A::Elb(self.balance(request)?),
            Q::Classic(request) => A::Classic(self.balance_classically(request)?),
            Q::Waf(request) => A::Waf(self.guard(request)?),
            Q::GetResources(asked) => A::GetResources(self.get_resources(asked)?),
            Q::DryRun(_) => return Err(ApiError::dry_run()),
        })
    }
}
