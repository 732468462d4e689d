//! Takes what whoever builds a world wants of auto scaling: a group, another size, another template. Never waits for it to come about.
//!
//! A group belongs to the account that acts when it is added. It is told things while that account acts again: a name means nothing to
//! the others, which may have a group of the same name.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::{AccountId, InstanceId};

use super::launching::GROUP_TAG;
use super::standing::{Group, Lifecycle};
use super::{ScalingGroup, WarmPool};
use crate::agenda::Event;
use crate::compute::Instance;
use crate::error::ApiError;
use crate::network::SubnetId;
use crate::request::RunInstances;
use crate::world::World;

impl World {
    /// Adds an auto scaling group of the account that acts, with its first instances.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, `ValidationError`, or as `RunInstances`; some instances may stand then.
    pub fn add_scaling_group(&mut self, mut wish: ScalingGroup) -> Result<(), ApiError> {
        let name = self.group_name(&wish.name);
        if self.groups.contains_key(&name) {
            return Err(ApiError::new("AlreadyExists", "AutoScalingGroup by this name already exists"));
        }
        check_size(&wish, wish.desired)?;
        // A group that replaces without any pause would keep time from passing.
        wish.replaces_every = wish.replaces_every.map(|pause| pause.max(SignedDuration::from_secs(1)));
        let mut group = Group::new(wish, self.mint.id("lt"));
        let (desired, warm) = (group.wish.desired, group.warm_size());
        self.grow(&mut group, desired, false)?;
        self.grow(&mut group, warm, true)?;
        if let Some(pause) = group.wish.replaces_every {
            self.happens_after(pause, Event::Replaces(name.0.clone(), name.1.clone()));
        }
        self.groups.insert(name, group);
        Ok(())
    }

    /// From now on the group keeps so many instances: `SetDesiredCapacity`.
    ///
    /// # Errors
    ///
    /// There is no such group, or its size does not allow it: `ValidationError`.
    pub fn set_desired_capacity(&mut self, name: &str, desired: usize) -> Result<(), ApiError> {
        let group = self.scaling_group_mut(name)?;
        check_size(&group.wish, desired)?;
        group.wish.desired = desired;
        self.group_looks_now(name);
        Ok(())
    }

    /// From now on the group launches by another version of its template. What stands stays as it is, until it is replaced.
    ///
    /// # Errors
    ///
    /// There is no such group: `ValidationError`.
    pub fn set_launch_template(&mut self, name: &str, template: RunInstances) -> Result<(), ApiError> {
        let group = self.scaling_group_mut(name)?;
        group.wish.template = template;
        group.version += 1;
        Ok(())
    }

    /// From now on the group launches into these subnets.
    ///
    /// # Errors
    ///
    /// There is no such group: `ValidationError`.
    pub fn set_scaling_subnets(&mut self, name: &str, subnets: Vec<SubnetId>) -> Result<(), ApiError> {
        self.scaling_group_mut(name)?.wish.subnets = subnets;
        Ok(())
    }

    /// Gives the group a warm pool, another one, or none: then the instances that wait are terminated.
    ///
    /// # Errors
    ///
    /// There is no such group: `ValidationError`.
    pub fn set_warm_pool(&mut self, name: &str, pool: Option<WarmPool>) -> Result<(), ApiError> {
        self.scaling_group_mut(name)?.wish.warm_pool = pool;
        self.group_looks_now(name);
        Ok(())
    }

    /// The group's instances, and what each is to it: those that auto scaling knows of, and those that EC2 still lists.
    ///
    /// # Errors
    ///
    /// There is no such group: `ValidationError`.
    pub fn scaling_instances(&self, name: &str) -> Result<Vec<(InstanceId, Lifecycle)>, ApiError> {
        let group = self.groups.get(&self.group_name(name)).ok_or_else(|| group_not_found(name))?;
        let seen = group.members.keys().filter_map(|id| self.instances.get(id));
        Ok(seen.map(|instance| (instance.id.clone(), group.lifecycle(instance))).collect())
    }

    /// What an instance is to its group, if it has one.
    pub(crate) fn lifecycle_of(&self, id: &InstanceId) -> Option<Lifecycle> {
        let instance = self.instances.get(id)?;
        let group = self.groups.get(&group_of(instance)?)?;
        Some(group.lifecycle(instance))
    }

    /// Has an instance have been launched at another time, for its group as well, which goes by age.
    pub(crate) fn backdate(&mut self, id: &InstanceId, launched: Time) {
        let group = self.instances.get(id).and_then(group_of).and_then(|name| self.groups.get_mut(&name));
        if let Some(member) = group.and_then(|group| group.members.get_mut(id)) {
            member.launched = launched;
        }
        if let Some(instance) = self.instances.get_mut(id) {
            instance.launched = launched;
        }
    }

    /// What a group of the account that acts is known by among those of all accounts.
    pub(super) fn group_name(&self, name: &str) -> (AccountId, String) {
        (self.account.clone(), name.into())
    }

    pub(super) fn scaling_group_mut(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        let name_of_it = self.group_name(name);
        self.groups.get_mut(&name_of_it).ok_or_else(|| group_not_found(name))
    }
}

/// The account and the name of the group that an instance belongs to.
pub(super) fn group_of(instance: &Instance) -> Option<(AccountId, String)> {
    instance.tags.get(GROUP_TAG).map(|name| (instance.owner.clone(), name.clone()))
}

fn check_size(wish: &ScalingGroup, desired: usize) -> Result<(), ApiError> {
    let ScalingGroup { name, min, max, .. } = wish;
    let message = match desired {
        _ if desired > *max => {
            format!("desired capacity {desired} is above max value {max} for the AutoScalingGroup {name}")
        }
        _ if desired < *min => {
            format!("desired capacity {desired} is below min value {min} for the AutoScalingGroup {name}")
        }
        _ => return Ok(()),
    };
    Err(ApiError::new("ValidationError", message))
}

fn group_not_found(name: &str) -> ApiError {
    ApiError::new("ValidationError", format!("AutoScalingGroup name not found - {name}"))
}
