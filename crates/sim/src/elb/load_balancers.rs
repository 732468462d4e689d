//! Takes wishes for load balancers; gives load balancers, with an interface of their own in each zone, and takes them away again. Never
//! asks whether one is a mirror target: neither does AWS, and mirroring to one that is gone just stops.
//!
//! ```text
//!  create → provisioning ─2 min→ active
//! ```
//!
//! Source: botocore `elbv2/2015-12-01`; how long it is provisioned is not documented.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::{AccountId, InterfaceId, LoadBalancerArn, VpcId, Zone};
use mirror_core::inventory::Tags;

use super::listeners::Listener;
use super::paging::{check_count, check_one_way, page};
use super::request::{CreateLoadBalancer, DescribeLoadBalancers, ModifyLoadBalancerAttributes, SetSubnets};
use super::targets::Event;
use super::words::{ListenerArn, LoadBalancerState, LoadBalancerType, Scheme};
use super::{check_name, invalid, tags};
use crate::accounts::Owned;
use crate::agenda;
use crate::error::ApiError;
use crate::listing::Page;
use crate::network::SubnetId;
use crate::security_groups::SecurityGroupId;
use crate::world::World;

/// How long a load balancer is provisioned.
const PROVISIONING: SignedDuration = SignedDuration::from_mins(2);

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const DELETION_PROTECTION: &str = "deletion_protection.enabled";

/// Where a load balancer stands in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneOfBalancer {
    /// The zone.
    pub zone: Zone,
    /// The subnet.
    pub subnet: SubnetId,
    /// Its own interface there, which it keeps.
    pub interface: InterfaceId,
    /// That interface's address.
    pub address: Ipv4Addr,
    /// Whether it was made to stand here after it had been made.
    pub added_later: bool,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: LoadBalancerArn,
    /// The account that made it.
    pub owner: AccountId,
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub kind: LoadBalancerType,
    /// Its DNS name; none for a Gateway Load Balancer.
    pub dns_name: Option<String>,
    /// Who can reach it.
    pub scheme: Scheme,
    /// Its VPC; none for one that stands nowhere in particular.
    pub vpc: Option<VpcId>,
    /// Where it stands.
    pub zones: Vec<ZoneOfBalancer>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// How far it has come.
    pub state: LoadBalancerState,
    /// Since when it has been there.
    pub created: Time,
    /// Whether each of its interfaces sends to the targets of all zones.
    pub cross_zone: bool,
    /// Whether it cannot be deleted.
    pub deletion_protection: bool,
    /// Its listeners.
    pub listeners: BTreeMap<ListenerArn, Listener>,
    /// Tags.
    pub tags: Tags,
}

impl Owned for LoadBalancer {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl LoadBalancer {
    /// Its attributes, as far as they are simulated.
    pub(super) fn attributes(&self) -> Vec<(String, String)> {
        let Self { cross_zone, deletion_protection, .. } = self;
        vec![(CROSS_ZONE.into(), cross_zone.to_string()), (DELETION_PROTECTION.into(), deletion_protection.to_string())]
    }

    /// Whether mirrored packets find a zone of it that takes them: one that was added later does so only with cross-zone balancing. Source:
    /// Traffic Mirroring guide, "Traffic mirror targets".
    pub(super) fn is_reached_by_mirrors(&self) -> bool {
        self.cross_zone || self.zones.is_empty() || self.zones.iter().any(|zone| !zone.added_later)
    }

    /// Whether it was made by the same wish.
    fn is_as_wished(&self, wish: &CreateLoadBalancer) -> bool {
        let CreateLoadBalancer { name, kind, scheme, subnets, security_groups, tags: _ } = wish;
        let stands_in: BTreeSet<_> = self.zones.iter().map(|zone| &zone.subnet).collect();
        self.name == *name
            && self.kind == *kind
            && self.scheme == scheme.unwrap_or(Scheme::InternetFacing)
            && self.security_groups == *security_groups
            && stands_in == subnets.iter().collect()
    }
}

impl World {
    /// Lets there be a Network Load Balancer that is active, with a UDP listener on port 4789, and stands nowhere in particular: it has
    /// no interfaces. `CreateLoadBalancer` makes one as AWS does.
    pub fn add_network_load_balancer(&mut self, name: &str) -> LoadBalancerArn {
        let wish = CreateLoadBalancer {
            name: name.into(),
            kind: LoadBalancerType::Network,
            scheme: Some(Scheme::Internal),
            subnets: Vec::new(),
            security_groups: Vec::new(),
            tags: Tags::new(),
        };
        let balancer = self.new_load_balancer(&wish, None);
        let arn = balancer.arn.clone();
        self.load_balancers.insert(arn.clone(), LoadBalancer { state: LoadBalancerState::Active, ..balancer });
        self.add_mirror_listener(&arn);
        arn
    }

    /// Does what provisioning does, at once.
    pub fn finish_provisioning(&mut self, arn: &LoadBalancerArn) {
        if let Some(balancer) = self.load_balancers.get_mut(arn) {
            balancer.state = LoadBalancerState::Active;
        }
    }

    pub(super) fn describe_load_balancers(
        &self,
        asked: &DescribeLoadBalancers,
    ) -> Result<Page<LoadBalancer>, ApiError> {
        let DescribeLoadBalancers { arns, names, pages } = asked;
        check_count(arns)?;
        check_one_way(&[!arns.is_empty(), !names.is_empty()])?;
        arns.iter().try_for_each(|arn| self.load_balancer(arn).map(|_| ()))?;
        if let Some(missing) = names.iter().find(|name| self.load_balancer_named(name).is_none()) {
            return Err(ApiError::new("LoadBalancerNotFound", format!("Load balancers '[{missing}]' not found")));
        }
        let wanted = |balancer: &&LoadBalancer| {
            (arns.is_empty() || arns.contains(&balancer.arn)) && (names.is_empty() || names.contains(&balancer.name))
        };
        let found = self.own_load_balancers().filter(wanted);
        page(self, "loadbalancer", found.map(|balancer| (balancer.arn.to_string(), balancer.clone())), pages)
    }

    pub(crate) fn create_load_balancer(&mut self, wish: &CreateLoadBalancer) -> Result<LoadBalancer, ApiError> {
        check_name(&wish.name)?;
        tags::check(&wish.tags)?;
        if wish.name.starts_with("internal-") {
            return Err(invalid("A load balancer's name must not begin with 'internal-'"));
        }
        if let Some(same) = self.load_balancer_named(&wish.name) {
            let message =
                format!("A load balancer with the same name '{}' exists, but with different settings", wish.name);
            let differs = || ApiError::new("DuplicateLoadBalancerName", message);
            return Some(same.clone()).filter(|same| same.is_as_wished(wish)).ok_or_else(differs);
        }
        let vpc = self.check_subnets(wish.kind, &wish.subnets)?;
        self.check_security_groups(wish)?;
        let mut balancer = self.new_load_balancer(wish, Some(vpc));
        balancer.zones = self.take_places(&balancer, &wish.subnets)?;
        self.load_balancers.insert(balancer.arn.clone(), balancer.clone());
        self.happens_after(PROVISIONING, agenda::Event::Balancing(Event::Provisioned(balancer.arn.clone())));
        Ok(balancer)
    }

    fn new_load_balancer(&mut self, wish: &CreateLoadBalancer, vpc: Option<VpcId>) -> LoadBalancer {
        let CreateLoadBalancer { name, kind, scheme, subnets: _, security_groups, tags } = wish;
        let Self { account, region, mint, .. } = self;
        let id = mint.digits("load balancer");
        let scheme = scheme.unwrap_or(Scheme::InternetFacing);
        let inside = if scheme == Scheme::Internal { "internal-" } else { "" };
        let arn = format!("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{}/{name}/{id}", kind.in_arn());
        LoadBalancer {
            arn: arn.into(),
            owner: account.clone(),
            name: name.clone(),
            kind: *kind,
            dns_name: match kind {
                LoadBalancerType::Application => Some(format!("{inside}{name}-{id}.{region}.elb.amazonaws.com")),
                LoadBalancerType::Network => Some(format!("{name}-{id}.elb.{region}.amazonaws.com")),
                LoadBalancerType::Gateway => None,
            },
            scheme,
            vpc,
            zones: Vec::new(),
            security_groups: security_groups.clone(),
            state: LoadBalancerState::Provisioning,
            created: self.now,
            // Source: "Cross-zone load balancing" in the User Guides: on for Application Load Balancers, else off until it is enabled.
            cross_zone: *kind == LoadBalancerType::Application,
            deletion_protection: false,
            listeners: BTreeMap::new(),
            tags: tags.clone(),
        }
    }

    /// The VPC in which all these subnets are, each in a zone of its own.
    fn check_subnets(&self, kind: LoadBalancerType, subnets: &[SubnetId]) -> Result<VpcId, ApiError> {
        let mut zones = BTreeSet::new();
        let mut vpcs = BTreeSet::new();
        for id in subnets {
            let missing = || ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
            let subnet = self.seen(&self.subnets, id).map_err(|_| missing())?;
            vpcs.insert(&subnet.vpc);
            if !zones.insert(&subnet.zone) {
                let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
                return Err(ApiError::new("InvalidConfigurationRequest", message));
            }
        }
        if zones.len() < 2 && kind == LoadBalancerType::Application {
            return Err(invalid("At least two subnets in two different Availability Zones must be specified"));
        }
        if vpcs.len() > 1 {
            return Err(ApiError::new("InvalidConfigurationRequest", "All subnets must belong to the same VPC"));
        }
        vpcs.pop_first().cloned().ok_or_else(|| invalid("At least one subnet must be specified"))
    }

    fn check_security_groups(&self, wish: &CreateLoadBalancer) -> Result<(), ApiError> {
        if wish.kind == LoadBalancerType::Gateway && !wish.security_groups.is_empty() {
            let message = "Security groups are not supported for load balancers of type 'gateway'";
            return Err(ApiError::new("InvalidConfigurationRequest", message));
        }
        let is_own = |group| self.security_groups.get(group).is_some_and(|group| group.owner == self.account);
        let missing = wish.security_groups.iter().find(|group| !is_own(*group));
        missing.map_or(Ok(()), |group| {
            Err(ApiError::new("InvalidSecurityGroup", format!("The security group '{group}' does not exist")))
        })
    }

    /// Gives a load balancer an interface in each of these subnets.
    fn take_places(&mut self, balancer: &LoadBalancer, subnets: &[SubnetId]) -> Result<Vec<ZoneOfBalancer>, ApiError> {
        let full = |world: &Self, id: &SubnetId| world.subnets.get(id).is_some_and(|it| it.available_addresses() == 0);
        if let Some(subnet) = subnets.iter().find(|id| full(self, id)) {
            return Err(ApiError::new("InvalidSubnet", format!("Not enough IP space available in {subnet}")));
        }
        let added_later = !balancer.zones.is_empty();
        let mut zones = Vec::new();
        for subnet in subnets {
            let id = self.add_requester_managed_interface(subnet, balancer.kind.interface_type())?;
            let interface = self.interface_mut(&id)?;
            let path = balancer.arn.as_str().split_once("loadbalancer/").map_or("", |(_, path)| path);
            interface.description = format!("ELB {path}");
            interface.security_groups.clone_from(&balancer.security_groups);
            let zone = interface.zone.clone();
            let Some(address) = interface.address else {
                return Err(ApiError::new("InvalidSubnet", format!("The subnet '{subnet}' has no IPv4 addresses")));
            };
            zones.push(ZoneOfBalancer { zone, subnet: subnet.clone(), interface: id, address, added_later });
        }
        Ok(zones)
    }

    pub(super) fn set_subnets(&mut self, change: &SetSubnets) -> Result<Vec<ZoneOfBalancer>, ApiError> {
        let SetSubnets { load_balancer, subnets } = change;
        let balancer = self.load_balancer(load_balancer)?.clone();
        let vpc = self.check_subnets(balancer.kind, subnets)?;
        if balancer.vpc.as_ref().is_some_and(|other| *other != vpc) {
            let message = "The subnets must be in the VPC of the load balancer";
            return Err(ApiError::new("InvalidConfigurationRequest", message));
        }
        let (mut zones, left): (Vec<_>, Vec<_>) =
            balancer.zones.iter().cloned().partition(|zone| subnets.contains(&zone.subnet));
        let new = subnets.iter().filter(|subnet| zones.iter().all(|zone| zone.subnet != **subnet)).cloned();
        zones.extend(self.take_places(&balancer, &new.collect::<Vec<_>>())?);
        zones.sort_by(|one, other| one.zone.cmp(&other.zone));
        left.iter().for_each(|zone| self.remove_interface(&zone.interface));
        let balancer = self.load_balancer_mut(load_balancer)?;
        balancer.zones.clone_from(&zones);
        Ok(zones)
    }

    pub(super) fn modify_attributes(
        &mut self,
        change: &ModifyLoadBalancerAttributes,
    ) -> Result<Vec<(String, String)>, ApiError> {
        let mut balancer = self.load_balancer(&change.load_balancer)?.clone();
        for (key, value) in &change.attributes {
            let wrong = || ApiError::new("InvalidConfigurationRequest", format!("The value of '{key}' is not valid"));
            let value: bool = value.parse().map_err(|_| wrong())?;
            match key.as_str() {
                CROSS_ZONE if balancer.kind == LoadBalancerType::Application && !value => return Err(wrong()),
                CROSS_ZONE => balancer.cross_zone = value,
                DELETION_PROTECTION => balancer.deletion_protection = value,
                _ => return Err(invalid(format!("Load balancer attribute key '{key}' is not recognized"))),
            }
        }
        let attributes = balancer.attributes();
        self.load_balancers.insert(balancer.arn.clone(), balancer);
        Ok(attributes)
    }

    /// Takes a load balancer away with its listeners and its interfaces. One that is not there is not missed. Source: botocore,
    /// `DeleteLoadBalancer`.
    pub(super) fn delete_load_balancer(&mut self, arn: &LoadBalancerArn) -> Result<(), ApiError> {
        let Ok(balancer) = self.load_balancer(arn) else { return Ok(()) };
        if balancer.deletion_protection {
            let message = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        let interfaces: Vec<_> = balancer.zones.iter().map(|zone| zone.interface.clone()).collect();
        interfaces.iter().for_each(|interface| self.remove_interface(interface));
        self.load_balancers.remove(arn);
        self.unguard(arn);
        Ok(())
    }

    /// The account's load balancers, by ARN.
    pub(crate) fn own_load_balancers(&self) -> impl Iterator<Item = &LoadBalancer> {
        self.load_balancers.values().filter(|balancer| balancer.owner == self.account)
    }

    fn load_balancer_named(&self, name: &str) -> Option<&LoadBalancer> {
        self.own_load_balancers().find(|balancer| balancer.name == name)
    }

    pub(super) fn load_balancer(&self, arn: &LoadBalancerArn) -> Result<&LoadBalancer, ApiError> {
        let missing = || ApiError::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"));
        self.load_balancers.get(arn).filter(|balancer| balancer.owner == self.account).ok_or_else(missing)
    }

    pub(super) fn load_balancer_mut(&mut self, arn: &LoadBalancerArn) -> Result<&mut LoadBalancer, ApiError> {
        self.load_balancer(arn)?;
        let missing = || ApiError::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"));
        self.load_balancers.get_mut(arn).ok_or_else(missing)
    }

    /// Whether the account has a Network Load Balancer with this ARN: only such a one can be a mirror target.
    pub(crate) fn has_network_load_balancer(&self, arn: &LoadBalancerArn) -> bool {
        self.load_balancer(arn).is_ok_and(|balancer| balancer.kind == LoadBalancerType::Network)
    }
}
