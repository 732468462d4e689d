//! Takes wishes for target groups; gives target groups, and takes away those that no rule forwards to. Never knows a target.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use mirror_core::ids::{AccountId, LoadBalancerArn, VpcId};
use mirror_core::inventory::Tags;

use super::load_balancers::LoadBalancer;
use super::paging::{check_count, check_one_way, page};
use super::request::{CreateTargetGroup, DescribeTargetGroups, HealthCheckWish};
use super::targets::{Target, TargetKey};
use super::words::{Protocol, TargetGroupArn, TargetType};
use super::{check_name, invalid, tags};
use crate::accounts::Owned;
use crate::error::ApiError;
use crate::listing::Page;
use crate::world::World;

/// How long a deregistered target drains, until told otherwise. Source: "Deregistration delay", User Guides: 300 seconds.
const DEREGISTRATION_DELAY: SignedDuration = SignedDuration::from_secs(300);

/// How the targets of a group are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// By which protocol.
    pub protocol: Protocol,
    /// On which port, or `traffic-port`.
    pub port: String,
    /// On which path, of HTTP.
    pub path: Option<String>,
    /// Seconds between two checks.
    pub interval: i32,
    /// Seconds until a check fails.
    pub timeout: i32,
    /// Good checks in a row that make a target healthy.
    pub healthy_threshold: i32,
    /// Bad checks in a row that make it unhealthy.
    pub unhealthy_threshold: i32,
}

impl HealthCheck {
    /// How long it takes to find that a target is well, or is not.
    pub(super) fn takes(&self, threshold: i32) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.interval) * i64::from(threshold))
    }
}

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: TargetGroupArn,
    /// The account that made it.
    pub owner: AccountId,
    /// Its name.
    pub name: String,
    /// What its targets are.
    pub kind: TargetType,
    /// What they speak; none for functions.
    pub protocol: Option<Protocol>,
    /// Where they listen; none for functions.
    pub port: Option<i32>,
    /// Their VPC; none for functions.
    pub vpc: Option<VpcId>,
    /// How they are checked; functions are not.
    pub health_check: Option<HealthCheck>,
    /// How long a deregistered target drains.
    pub deregistration_delay: SignedDuration,
    /// Its targets.
    pub targets: BTreeMap<TargetKey, Target>,
    /// Tags.
    pub tags: Tags,
}

/// A target group, with the load balancers that send to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroupDetail {
    /// The group.
    pub group: TargetGroup,
    /// One at most.
    pub load_balancers: Vec<LoadBalancerArn>,
}

impl Owned for TargetGroup {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl World {
    pub(super) fn describe_target_groups(
        &self,
        asked: &DescribeTargetGroups,
    ) -> Result<Page<TargetGroupDetail>, ApiError> {
        let DescribeTargetGroups { load_balancer, arns, names, pages } = asked;
        check_count(arns)?;
        check_one_way(&[load_balancer.is_some(), !arns.is_empty(), !names.is_empty()])?;
        load_balancer.iter().try_for_each(|arn| self.load_balancer(arn).map(|_| ()))?;
        arns.iter().try_for_each(|arn| self.target_group(arn).map(|_| ()))?;
        if names.iter().any(|name| self.target_group_named(name).is_none()) {
            return Err(ApiError::new("TargetGroupNotFound", "One or more target groups not found"));
        }
        let wanted = |detail: &TargetGroupDetail| {
            load_balancer.as_ref().is_none_or(|arn| detail.load_balancers.contains(arn))
                && (arns.is_empty() || arns.contains(&detail.group.arn))
                && (names.is_empty() || names.contains(&detail.group.name))
        };
        let found = self.own_target_groups().map(|group| self.detail(group)).filter(wanted);
        page(self, "targetgroup", found.map(|detail| (detail.group.arn.to_string(), detail)), pages)
    }

    pub(super) fn create_target_group(&mut self, wish: &CreateTargetGroup) -> Result<TargetGroupDetail, ApiError> {
        check_name(&wish.name)?;
        tags::check(&wish.tags)?;
        self.check_group(wish)?;
        let health_check = wish.protocol.map(|protocol| health_check(protocol, &wish.health_check)).transpose()?;
        if let Some(same) = self.target_group_named(&wish.name) {
            let message =
                format!("A target group with the same name '{}' exists, but with different settings", wish.name);
            let differs = || ApiError::new("DuplicateTargetGroupName", message);
            let as_wished = (same.kind, same.protocol, same.port, &same.vpc, &same.health_check)
                == (wish.kind, wish.protocol, wish.port, &wish.vpc, &health_check);
            return if as_wished { Ok(self.detail(same)) } else { Err(differs()) };
        }
        let CreateTargetGroup { name, kind, protocol, port, vpc, health_check: _, tags } = wish;
        let Self { account, region, mint, .. } = self;
        let id = mint.digits("target group");
        let group = TargetGroup {
            arn: format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{id}").into(),
            owner: account.clone(),
            name: name.clone(),
            kind: *kind,
            protocol: *protocol,
            port: *port,
            vpc: vpc.clone(),
            health_check,
            deregistration_delay: DEREGISTRATION_DELAY,
            targets: BTreeMap::new(),
            tags: tags.clone(),
        };
        self.target_groups.insert(group.arn.clone(), group.clone());
        Ok(TargetGroupDetail { group, load_balancers: Vec::new() })
    }

    /// Functions have neither protocol nor port nor VPC; everything else has all three.
    fn check_group(&self, wish: &CreateTargetGroup) -> Result<(), ApiError> {
        let CreateTargetGroup { kind, protocol, port, vpc, .. } = wish;
        if *kind == TargetType::Lambda {
            let has_none = protocol.is_none() && port.is_none() && vpc.is_none();
            let message = "Protocol, port and VPC cannot be specified for target groups with target type 'lambda'";
            return if has_none { Ok(()) } else { Err(ApiError::new("InvalidConfigurationRequest", message)) };
        }
        let (Some(protocol), Some(port), Some(vpc)) = (protocol, port, vpc) else {
            return Err(invalid("A protocol, a port and a VPC must be specified"));
        };
        if !(1..=65535).contains(port) {
            return Err(invalid(format!("Port '{port}' must be 1 to 65535")));
        }
        if self.seen(&self.vpcs, vpc).is_err() {
            return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
        }
        if *kind == TargetType::Alb && *protocol != Protocol::Tcp {
            return Err(invalid("The protocol of a target group with target type 'alb' must be TCP"));
        }
        Ok(())
    }

    /// Takes a target group away. One that is not there is not missed: the call knows no other error than this one. Source: botocore,
    /// `DeleteTargetGroup`.
    pub(super) fn delete_target_group(&mut self, arn: &TargetGroupArn) -> Result<(), ApiError> {
        if self.balancers_of(arn).next().is_some() {
            let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
            return Err(ApiError::new("ResourceInUse", message));
        }
        if self.target_group(arn).is_ok() {
            self.target_groups.remove(arn);
        }
        Ok(())
    }

    /// The load balancers that send to a group.
    pub(super) fn balancers_of(&self, arn: &TargetGroupArn) -> impl Iterator<Item = &LoadBalancer> {
        let sends_here = move |balancer: &&LoadBalancer| {
            let mut rules = balancer.listeners.values().flat_map(|listener| listener.all_rules());
            rules.any(|rule| rule.forwards_to.contains(arn))
        };
        self.load_balancers.values().filter(sends_here)
    }

    fn detail(&self, group: &TargetGroup) -> TargetGroupDetail {
        let load_balancers: BTreeSet<_> = self.balancers_of(&group.arn).map(|balancer| balancer.arn.clone()).collect();
        TargetGroupDetail { group: group.clone(), load_balancers: load_balancers.into_iter().collect() }
    }

    /// The account's target groups, by ARN.
    pub(crate) fn own_target_groups(&self) -> impl Iterator<Item = &TargetGroup> {
        self.target_groups.values().filter(|group| group.owner == self.account)
    }

    fn target_group_named(&self, name: &str) -> Option<&TargetGroup> {
        self.own_target_groups().find(|group| group.name == name)
    }

    pub(super) fn target_group(&self, arn: &TargetGroupArn) -> Result<&TargetGroup, ApiError> {
        let missing = || ApiError::new("TargetGroupNotFound", format!("Target group '{arn}' not found"));
        self.target_groups.get(arn).filter(|group| group.owner == self.account).ok_or_else(missing)
    }
}

/// What is checked if nothing else is asked for. Source: botocore, `CreateTargetGroup`: every 30 seconds, by HTTP or TCP, five good
/// checks, two bad ones; every 10 seconds and by TCP for GENEVE.
fn health_check(protocol: Protocol, wish: &HealthCheckWish) -> Result<HealthCheck, ApiError> {
    let usual = if matches!(protocol, Protocol::Http | Protocol::Https) { protocol } else { Protocol::Tcp };
    let check = HealthCheck {
        protocol: wish.protocol.unwrap_or(usual),
        port: wish.port.clone().unwrap_or_else(|| "traffic-port".into()),
        path: wish.path.clone(),
        interval: wish.interval.unwrap_or(if protocol == Protocol::Geneve { 10 } else { 30 }),
        timeout: wish.timeout.unwrap_or(5),
        healthy_threshold: wish.healthy_threshold.unwrap_or(5),
        unhealthy_threshold: wish.unhealthy_threshold.unwrap_or(2),
    };
    // Nothing answers a packet: health is never checked by UDP. Source: botocore, `HealthCheckProtocol`.
    if !matches!(check.protocol, Protocol::Http | Protocol::Https | Protocol::Tcp) {
        return Err(invalid(format!("Health check protocol '{}' must be HTTP, HTTPS or TCP", check.protocol.name())));
    }
    let ranges = [
        (check.interval, 5..=300),
        (check.timeout, 2..=120),
        (check.healthy_threshold, 2..=10),
        (check.unhealthy_threshold, 2..=10),
    ];
    match ranges.iter().find(|(value, range)| !range.contains(value)) {
        Some((value, range)) => {
            Err(invalid(format!("Health check value '{value}' must be {} to {}", range.start(), range.end())))
        }
        None => Ok(check),
    }
}
