//! Takes targets, and what becomes of instances; registers and deregisters them, and knows how far their health checks have come. Never
//! says how a target looks from outside.
//!
//! ```text
//!  register → initial ─checks→ healthy ⇄ unhealthy
//!                └─────────┬──────┴──────────┘
//!          deregister, or the instance is terminated → draining ─5 min→ gone
//! ```
//!
//! Source: "Health checks" and "Registered targets" in the User Guides for Application and Network Load Balancers.

use std::net::Ipv4Addr;

use mirror_core::Time;
use mirror_core::ids::{InstanceId, LoadBalancerArn, VpcId, Zone};
use mirror_core::inventory::InstanceState;

use super::invalid;
use super::request::{OfTargets, TargetWish};
use super::target_groups::TargetGroup;
use super::words::{LoadBalancerState, LoadBalancerType, TargetGroupArn, TargetType};
use crate::agenda;
use crate::error::ApiError;
use crate::network::Subnet;
use crate::world::World;

/// What time brings to load balancers. It may have been overtaken by then: whoever acts on it looks first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A load balancer is active.
    Provisioned(LoadBalancerArn),
    /// A target that has been as it is since then has been checked.
    Checked(TargetGroupArn, TargetKey, Time),
    /// A target that has been draining since then is gone.
    Drained(TargetGroupArn, TargetKey, Time),
}

/// What a target is, and where it listens: the same instance can be in a group with several ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetKey {
    /// An instance's id, an address, or an ARN.
    pub id: String,
    /// Its port; none for functions.
    pub port: Option<i32>,
}

/// How far the health checks of a target have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody knows yet.
    Initial,
    /// It is well.
    Healthy,
    /// It is not.
    Unhealthy,
    /// It has been deregistered, and finishes what it does.
    Draining,
}

/// A registered target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The zone of an address, or `all` for one outside the VPC.
    pub zone: Option<Zone>,
    /// How far its health checks have come.
    pub progress: Progress,
    /// Since when something has been going on with it.
    pub since: Time,
    /// Whether its health checks fail from now on.
    pub fails: bool,
}

impl World {
    /// From now on the health checks of these targets fail, or no longer do. That is noticed after as many checks as the group wants.
    pub fn fail_health_checks(&mut self, group: &TargetGroupArn, id: &str, fails: bool) {
        self.check_anew(group, |key, target| {
            let concerned = key.id == id && target.progress != Progress::Draining && target.fails != fails;
            target.fails = if concerned { fails } else { target.fails };
            concerned
        });
    }

    pub(crate) fn balancing_happens(&mut self, event: &Event) {
        match event {
            Event::Provisioned(arn) => {
                if let Some(balancer) = self.load_balancers.get_mut(arn) {
                    balancer.state = LoadBalancerState::Active;
                }
            }
            Event::Checked(group, key, since) => {
                let group = self.target_groups.get_mut(group);
                let target = group.and_then(|group| group.targets.get_mut(key)).filter(|it| it.since == *since);
                if let Some(target) = target.filter(|target| target.progress != Progress::Draining) {
                    target.progress = if target.fails { Progress::Unhealthy } else { Progress::Healthy };
                }
            }
            Event::Drained(group, key, since) => {
                let drained = |target: &Target| target.progress == Progress::Draining && target.since == *since;
                if let Some(group) = self.target_groups.get_mut(group) {
                    group.targets.retain(|other, target| other != key || !drained(target));
                }
            }
        }
    }

    /// An instance runs: its targets are checked anew.
    pub(crate) fn instance_runs(&mut self, id: &InstanceId) {
        for group in self.groups_with(id.as_str()) {
            self.check_anew(&group, |key, target| {
                let concerned = key.id == id.as_str() && target.progress != Progress::Draining;
                target.progress = if concerned { Progress::Initial } else { target.progress };
                concerned
            });
        }
    }

    /// An instance is terminated: its groups deregister it. Source: "Registered targets", User Guide for Network Load Balancers.
    pub(crate) fn instance_terminates(&mut self, id: &InstanceId) {
        for group in self.groups_with(id.as_str()) {
            self.drain(&group, |key| key.id == id.as_str());
        }
    }

    /// The groups of instances that one is registered with.
    fn groups_with(&self, id: &str) -> Vec<TargetGroupArn> {
        let has =
            |group: &&TargetGroup| group.kind == TargetType::Instance && group.targets.keys().any(|key| key.id == id);
        self.target_groups.values().filter(has).map(|group| group.arn.clone()).collect()
    }

    /// Lets the checks of those targets that are concerned begin anew.
    fn check_anew(&mut self, group: &TargetGroupArn, mut concerned: impl FnMut(&TargetKey, &mut Target) -> bool) {
        let now = self.now;
        let Some(found) = self.target_groups.get_mut(group) else { return };
        let Some(check) = found.health_check.clone() else { return };
        let mut checked = Vec::new();
        for (key, target) in &mut found.targets {
            if concerned(key, target) {
                target.since = now;
                checked.push((
                    key.clone(),
                    if target.fails { check.unhealthy_threshold } else { check.healthy_threshold },
                ));
            }
        }
        for (key, threshold) in checked {
            let event = Event::Checked(group.clone(), key, now);
            self.happens_after(check.takes(threshold), agenda::Event::Balancing(event));
        }
    }

    fn drain(&mut self, group: &TargetGroupArn, concerned: impl Fn(&TargetKey) -> bool) {
        let now = self.now;
        let Some(found) = self.target_groups.get_mut(group) else { return };
        let delay = found.deregistration_delay;
        let mut drained = Vec::new();
        for (key, target) in &mut found.targets {
            if target.progress != Progress::Draining && concerned(key) {
                (target.progress, target.since) = (Progress::Draining, now);
                drained.push(key.clone());
            }
        }
        for key in drained {
            self.happens_after(delay, agenda::Event::Balancing(Event::Drained(group.clone(), key, now)));
        }
    }

    pub(super) fn register_targets(&mut self, wish: &OfTargets) -> Result<(), ApiError> {
        let group = self.target_group(&wish.group)?;
        if wish.targets.is_empty() {
            return Err(invalid("At least one target must be specified"));
        }
        let new: Vec<_> = wish.targets.iter().map(|wish| self.new_target(group, wish)).collect::<Result<_, _>>()?;
        let keys: Vec<_> = new.iter().map(|(key, _)| key.clone()).collect();
        if let Some(group) = self.target_groups.get_mut(&wish.group) {
            for (key, target) in new {
                let is_new = group.targets.get(&key).is_none_or(|there| there.progress == Progress::Draining);
                if is_new {
                    group.targets.insert(key, target);
                }
            }
        }
        self.check_anew(&wish.group, |key, target| target.progress == Progress::Initial && keys.contains(key));
        Ok(())
    }

    /// What is not there is not missed. Source: botocore, `DeregisterTargets`.
    pub(super) fn deregister_targets(&mut self, wish: &OfTargets) -> Result<(), ApiError> {
        self.target_group(&wish.group)?;
        let named = |key: &TargetKey| {
            wish.targets
                .iter()
                .any(|target| target.id == key.id && target.port.is_none_or(|port| key.port == Some(port)))
        };
        self.drain(&wish.group, named);
        Ok(())
    }

    fn new_target(&self, group: &TargetGroup, wish: &TargetWish) -> Result<(TargetKey, Target), ApiError> {
        let TargetWish { id, port, zone } = wish;
        if port.is_some_and(|port| group.kind == TargetType::Lambda || !(1..=65535).contains(&port)) {
            return Err(invalid(format!("The port of target '{id}' is not valid")));
        }
        let zone = match group.kind {
            TargetType::Instance => self.check_instance(group, id).map(|()| None)?,
            TargetType::Ip => Some(self.zone_of_address(group, id, zone.as_ref())?),
            TargetType::Lambda if id.starts_with("arn:aws:lambda:") => None,
            TargetType::Alb if self.is_application_load_balancer(id) => None,
            TargetType::Lambda | TargetType::Alb => return Err(invalid_target(id, "are not valid")),
        };
        let key = TargetKey { id: id.clone(), port: port.or(group.port) };
        Ok((key, Target { zone, progress: Progress::Initial, since: self.now, fails: false }))
    }

    fn check_instance(&self, group: &TargetGroup, id: &str) -> Result<(), ApiError> {
        let instance = self.instance(&id.into()).map_err(|_| invalid_target(id, "are not valid instances"))?;
        if group.vpc.as_ref() != Some(&instance.vpc) {
            return Err(invalid_target(id, "are not in the target group VPC"));
        }
        if instance.state != InstanceState::Running {
            return Err(invalid_target(id, "are not in a running state and cannot be registered"));
        }
        Ok(())
    }

    /// The zone of an address: that of its subnet, or `all` for one outside the VPC, which has to be said. Source: botocore,
    /// `TargetDescription`.
    fn zone_of_address(&self, group: &TargetGroup, id: &str, said: Option<&Zone>) -> Result<Zone, ApiError> {
        let address: Ipv4Addr = id.parse().map_err(|_| invalid(format!("'{id}' is not a valid IPv4 address")))?;
        let inside = |vpc: &&VpcId| self.vpcs.get(*vpc).is_some_and(|vpc| vpc.cidr.contains(&address));
        match group.vpc.as_ref().filter(inside) {
            Some(vpc) => {
                let has = |subnet: &Subnet| subnet.cidr.is_some_and(|cidr| cidr.contains(&address));
                let holds = self.subnets.values().find(|subnet| subnet.vpc == *vpc && has(subnet));
                let zone =
                    holds.map(|subnet| subnet.zone.clone()).ok_or_else(|| invalid_target(id, "are in no subnet"))?;
                match said.filter(|said| **said != zone) {
                    Some(_) => Err(invalid_target(id, "are not in the specified Availability Zone")),
                    None => Ok(zone),
                }
            }
            None if address.is_private() && said.is_some_and(|said| said.as_str() == "all") => Ok("all".into()),
            None => Err(invalid_target(id, "must be private, with the Availability Zone 'all', outside the VPC")),
        }
    }

    fn is_application_load_balancer(&self, arn: &str) -> bool {
        self.load_balancer(&arn.into()).is_ok_and(|balancer| balancer.kind == LoadBalancerType::Application)
    }
}

fn invalid_target(id: &str, why: &str) -> ApiError {
    ApiError::new("InvalidTarget", format!("The following targets {why}: '{id}'"))
}
