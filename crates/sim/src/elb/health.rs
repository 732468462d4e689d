//! Takes a target and all that it hangs on; says what DescribeTargetHealth says of it. Never changes it.
//!
//! | what is so                                                    | state       | reason                           |
//! |---------------------------------------------------------------|-------------|----------------------------------|
//! | it is not registered                                          | unused      | Target.NotRegistered             |
//! | it drains                                                     | draining    | Target.DeregistrationInProgress  |
//! | no load balancer sends to its group                           | unused      | Target.NotInUse                  |
//! | its instance does not run                                     | unused      | Target.InvalidState              |
//! | the load balancer does not stand in its zone                  | unused      | Target.NotInUse                  |
//! | it is a function                                              | unavailable | Target.HealthCheckDisabled       |
//! | its checks have not come far enough                           | initial     | Elb.RegistrationInProgress       |
//! | its checks fail                                               | unhealthy   | Target.FailedHealthChecks        |
//! | else                                                          | healthy     |                                  |
//!
//! The first row that fits. Source: botocore, `TargetHealth`; which reason comes first is not documented.

use mirror_core::ids::Zone;
use mirror_core::inventory::InstanceState;

use super::load_balancers::LoadBalancer;
use super::request::{OfTargets, TargetWish};
use super::target_groups::TargetGroup;
use super::targets::{Progress, Target, TargetKey};
use super::words::{TargetState, TargetType};
use crate::error::ApiError;
use crate::listing::Page;
use crate::world::World;

/// How a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    /// The target.
    pub target: TargetKey,
    /// The zone of an address, or `all` for one outside the VPC.
    pub zone: Option<Zone>,
    /// On which port it is checked; none for functions.
    pub checked_port: Option<String>,
    /// How it is.
    pub state: TargetState,
    /// Why, if it is not well.
    pub reason: Option<&'static str>,
    /// The same for a person.
    pub description: Option<&'static str>,
}

/// A state, its reason, and what that means.
type Said = (TargetState, Option<&'static str>, Option<&'static str>);

const NOT_REGISTERED: Said =
    (TargetState::Unused, Some("Target.NotRegistered"), Some("Target is not registered to the target group"));

impl World {
    /// The list is never cut into pages: it holds every target, or every one that is asked for. Source: botocore, which has no paginator.
    pub(super) fn describe_target_health(&self, asked: &OfTargets) -> Result<Page<TargetHealth>, ApiError> {
        let group = self.target_group(&asked.group)?;
        let key = |wish: &TargetWish| TargetKey { id: wish.id.clone(), port: wish.port.or(group.port) };
        let wanted: Vec<TargetKey> = if asked.targets.is_empty() {
            group.targets.keys().cloned().collect()
        } else {
            asked.targets.iter().map(key).collect()
        };
        Ok(Page { items: wanted.into_iter().map(|key| self.health(group, key)).collect(), next: None })
    }

    fn health(&self, group: &TargetGroup, key: TargetKey) -> TargetHealth {
        let target = group.targets.get(&key);
        let (state, reason, description) = target.map_or(NOT_REGISTERED, |target| self.said(group, &key, target));
        let checked_port = group.health_check.as_ref().and_then(|check| match check.port.as_str() {
            "traffic-port" => key.port.map(|port| port.to_string()),
            port => Some(port.into()),
        });
        let zone = target.and_then(|target| target.zone.clone());
        TargetHealth { target: key, zone, checked_port, state, reason, description }
    }

    fn said(&self, group: &TargetGroup, key: &TargetKey, target: &Target) -> Said {
        use TargetState::{Draining, Healthy, Initial, Unavailable, Unhealthy, Unused};
        if target.progress == Progress::Draining {
            let description = "Target deregistration is in progress";
            return (Draining, Some("Target.DeregistrationInProgress"), Some(description));
        }
        let Some(balancer) = self.balancers_of(&group.arn).next() else {
            let description = "Target group is not configured to receive traffic from the load balancer";
            return (Unused, Some("Target.NotInUse"), Some(description));
        };
        if group.kind == TargetType::Instance && !self.is_running(&key.id) {
            return (Unused, Some("Target.InvalidState"), Some("Target is in the stopped state"));
        }
        if !self.stands_where(balancer, group, key, target) {
            let description = "Target is in an Availability Zone that is not enabled for the load balancer";
            return (Unused, Some("Target.NotInUse"), Some(description));
        }
        match target.progress {
            _ if group.kind == TargetType::Lambda => {
                let description = "Health checks are not enabled for this target";
                (Unavailable, Some("Target.HealthCheckDisabled"), Some(description))
            }
            Progress::Healthy => (Healthy, None, None),
            Progress::Unhealthy => (Unhealthy, Some("Target.FailedHealthChecks"), Some("Health checks failed")),
            Progress::Initial | Progress::Draining => {
                (Initial, Some("Elb.RegistrationInProgress"), Some("Target registration is in progress"))
            }
        }
    }

    /// Shutting down counts as running: whoever checks it has not noticed yet.
    fn is_running(&self, id: &str) -> bool {
        let state = self.instances.get(&id.into()).map(|instance| instance.state);
        state.is_some_and(|it| !matches!(it, InstanceState::Stopped | InstanceState::Terminated))
    }

    /// Whether a load balancer stands in the zone of a target, or the target is in no zone.
    fn stands_where(&self, balancer: &LoadBalancer, group: &TargetGroup, key: &TargetKey, target: &Target) -> bool {
        let zone = match group.kind {
            TargetType::Instance => self.instances.get(&key.id.as_str().into()).map(|instance| &instance.zone),
            TargetType::Ip | TargetType::Lambda | TargetType::Alb => target.zone.as_ref(),
        };
        zone.is_none_or(|zone| zone.as_str() == "all" || balancer.zones.iter().any(|stands| stands.zone == *zone))
    }
}
