//! Takes wishes for Classic Load Balancers; gives them, with an interface of their own in each subnet, and takes them away again. Never
//! asks the other API's load balancers: names are told apart by API.
//!
//! Source: botocore `elb/2012-06-01`.

use std::collections::BTreeSet;

use mirror_core::Time;
use mirror_core::ids::{AccountId, InstanceId, InterfaceId, LoadBalancerArn, VpcId, Zone};
use mirror_core::inventory::Tags;

use super::request::{ClassicProtocol, CreateClassicLoadBalancer, DescribeClassicLoadBalancers};
use crate::accounts::Owned;
use crate::elb::{Scheme, check_name, check_tags, invalid, page};
use crate::error::ApiError;
use crate::listing::Page;
use crate::network::{Subnet, SubnetId};
use crate::requesters::Requester;
use crate::security_groups::SecurityGroupId;
use crate::world::World;

/// A listener of a Classic Load Balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicListener {
    /// What clients speak.
    pub protocol: ClassicProtocol,
    /// Where it listens.
    pub port: i32,
    /// What instances speak.
    pub instance_protocol: ClassicProtocol,
    /// Where they listen.
    pub instance_port: i32,
    /// The ARN of its certificate, of HTTPS and SSL.
    pub certificate: Option<String>,
}

/// A Classic Load Balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicLoadBalancer {
    /// Its ARN, which other APIs have for it: its own knows it by its name.
    pub arn: LoadBalancerArn,
    /// The account that made it.
    pub owner: AccountId,
    /// Its name.
    pub name: String,
    /// Its DNS name.
    pub dns_name: String,
    /// Who can reach it.
    pub scheme: Scheme,
    /// Its VPC.
    pub vpc: VpcId,
    /// Where it stands, with its own interface there.
    pub subnets: Vec<(SubnetId, Zone, InterfaceId)>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Its listeners.
    pub listeners: Vec<ClassicListener>,
    /// The instances that are registered.
    pub instances: BTreeSet<InstanceId>,
    /// Since when it has been there.
    pub created: Time,
    /// Tags.
    pub tags: Tags,
}

impl Owned for ClassicLoadBalancer {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl World {
    pub(super) fn describe_classic_load_balancers(
        &self,
        asked: &DescribeClassicLoadBalancers,
    ) -> Result<Page<ClassicLoadBalancer>, ApiError> {
        let DescribeClassicLoadBalancers { names, pages } = asked;
        names.iter().try_for_each(|name| self.classic(name).map(|_| ()))?;
        let found = self.own_classics().filter(|it| names.is_empty() || names.contains(&it.name));
        page(self, "classic", found.map(|balancer| (balancer.arn.to_string(), balancer.clone())), pages)
    }

    pub(super) fn create_classic_load_balancer(
        &mut self,
        wish: &CreateClassicLoadBalancer,
    ) -> Result<ClassicLoadBalancer, ApiError> {
        check_name(&wish.name)?;
        check_tags(&wish.tags)?;
        check_listeners(&wish.listeners)?;
        if self.classic(&wish.name).is_ok() {
            let message = format!("The specified load balancer name '{}' already exists for this account.", wish.name);
            return Err(ApiError::new("DuplicateLoadBalancerName", message));
        }
        let subnets = self.subnets_wished(wish)?;
        let is_own = |group| self.security_groups.get(group).is_some_and(|group| group.owner == self.account);
        if let Some(group) = wish.security_groups.iter().find(|group| !is_own(*group)) {
            let message = format!("The security group '{group}' does not exist");
            return Err(ApiError::new("InvalidSecurityGroup", message));
        }
        let balancer = self.new_classic(wish, subnets)?;
        self.classics.insert(balancer.arn.clone(), balancer.clone());
        Ok(balancer)
    }

    fn new_classic(
        &mut self,
        wish: &CreateClassicLoadBalancer,
        subnets: Vec<Subnet>,
    ) -> Result<ClassicLoadBalancer, ApiError> {
        let CreateClassicLoadBalancer { name, listeners, security_groups, scheme, tags, .. } = wish;
        let vpc = subnets.first().map(|subnet| subnet.vpc.clone()).ok_or_else(no_place)?;
        let mut places = Vec::new();
        for subnet in subnets {
            let id = self.add_interface_of(Requester::ApplicationLoadBalancer, &subnet.id)?;
            let interface = self.interface_mut(&id)?;
            interface.description = format!("ELB {name}");
            interface.security_groups.clone_from(security_groups);
            places.push((subnet.id, subnet.zone, id));
        }
        let Self { account, region, mint, now, .. } = self;
        let scheme = scheme.unwrap_or(Scheme::InternetFacing);
        let inside = if scheme == Scheme::Internal { "internal-" } else { "" };
        let number = u32::try_from(mint.draw("classic") % 2_000_000_000).unwrap_or_default();
        Ok(ClassicLoadBalancer {
            arn: arn(region.as_str(), account, name),
            owner: account.clone(),
            name: name.clone(),
            dns_name: format!("{inside}{name}-{number}.{region}.elb.amazonaws.com"),
            scheme,
            vpc,
            subnets: places,
            security_groups: security_groups.clone(),
            listeners: listeners.clone(),
            instances: BTreeSet::new(),
            created: *now,
            tags: tags.clone(),
        })
    }

    /// The subnets that are named, or the default ones of the zones that are: one in each zone, and all in one VPC.
    fn subnets_wished(&self, wish: &CreateClassicLoadBalancer) -> Result<Vec<Subnet>, ApiError> {
        let CreateClassicLoadBalancer { zones, subnets, .. } = wish;
        if !zones.is_empty() && !subnets.is_empty() {
            return Err(invalid("Only one of SubnetIds or AvailabilityZones may be specified"));
        }
        let named = subnets.iter().map(|id| {
            let missing = || ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
            self.seen(&self.subnets, id).map_err(|_| missing())
        });
        let default = zones.iter().map(|zone| {
            let mut own = self.subnets.values().filter(|subnet| subnet.is_default && self.owns(*subnet));
            own.find(|subnet| subnet.zone == *zone)
                .ok_or_else(|| invalid_configuration("No default subnet in the zone"))
        });
        let found: Vec<&Subnet> = named.chain(default).collect::<Result<_, _>>()?;
        let (places, vpcs): (BTreeSet<_>, BTreeSet<_>) = found.iter().map(|it| (&it.zone, &it.vpc)).unzip();
        if places.len() < found.len() {
            let message = "ELB cannot be attached to multiple subnets in the same AZ.";
            return Err(invalid_configuration(message));
        }
        if vpcs.len() > 1 {
            return Err(invalid_configuration("All subnets must belong to the same VPC"));
        }
        if let Some(full) = found.iter().find(|subnet| subnet.available_addresses() == 0) {
            return Err(ApiError::new("InvalidSubnet", format!("Not enough IP space available in {}", full.id)));
        }
        if found.is_empty() { Err(no_place()) } else { Ok(found.into_iter().cloned().collect()) }
    }

    /// Takes a load balancer away with its interfaces. One that is not there is not missed. Source: botocore, `DeleteLoadBalancer`.
    pub(super) fn delete_classic_load_balancer(&mut self, name: &str) -> Result<(), ApiError> {
        let Ok(balancer) = self.classic(name).cloned() else { return Ok(()) };
        balancer.subnets.iter().for_each(|(_, _, interface)| self.remove_interface(interface));
        self.classics.remove(&balancer.arn);
        Ok(())
    }

    /// The account's Classic Load Balancers, by ARN.
    pub(crate) fn own_classics(&self) -> impl Iterator<Item = &ClassicLoadBalancer> {
        self.classics.values().filter(|balancer| balancer.owner == self.account)
    }

    /// The ARN that a Classic Load Balancer of the account has, or would have.
    pub(crate) fn classic_arn(&self, name: &str) -> LoadBalancerArn {
        arn(self.region.as_str(), &self.account, name)
    }

    pub(crate) fn classic(&self, name: &str) -> Result<&ClassicLoadBalancer, ApiError> {
        self.classics.get(&self.classic_arn(name)).ok_or_else(|| not_found(name))
    }

    pub(super) fn classic_mut(&mut self, name: &str) -> Result<&mut ClassicLoadBalancer, ApiError> {
        let arn = self.classic_arn(name);
        self.classics.get_mut(&arn).ok_or_else(|| not_found(name))
    }
}

/// Source: "Actions, resources, and condition keys for AWS Elastic Load Balancing", Service Authorization Reference.
fn arn(region: &str, account: &AccountId, name: &str) -> LoadBalancerArn {
    format!("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{name}").into()
}

/// The model calls it `AccessPointNotFoundException`; on the wire it has the other API's code.
fn not_found(name: &str) -> ApiError {
    ApiError::new("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'"))
}

fn no_place() -> ApiError {
    invalid("Either AvailabilityZones or SubnetIds must be specified")
}

/// Its status is the model's.
fn invalid_configuration(message: &str) -> ApiError {
    ApiError::new("InvalidConfigurationRequest", message).with_status(409)
}

fn check_listeners(listeners: &[ClassicListener]) -> Result<(), ApiError> {
    if listeners.is_empty() {
        return Err(invalid("Listeners cannot be empty"));
    }
    let is_port = |port: i32| (1..=65535).contains(&port);
    if listeners.iter().any(|listener| !is_port(listener.port) || !is_port(listener.instance_port)) {
        return Err(invalid("Ports must be between 1 and 65535"));
    }
    let ports: BTreeSet<_> = listeners.iter().map(|listener| listener.port).collect();
    if ports.len() < listeners.len() {
        return Err(invalid_configuration("Two listeners cannot have the same port"));
    }
    Ok(())
}
