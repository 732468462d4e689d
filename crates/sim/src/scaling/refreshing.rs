//! Takes a group whose instances shall all be replaced; replaces them, so many at a time, each batch when the one before it is in service
//! and warmed up. Never leaves fewer healthy ones than it is told, but for one at a time if it is told to keep all.
//!
//! Source: "How an instance refresh works in an Auto Scaling group", Amazon EC2 Auto Scaling User Guide: as it is by default, where
//! instances are terminated before others are launched.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::InstanceId;
use mirror_core::inventory::InstanceState;

use super::standing::Group;
use crate::agenda::Event;
use crate::error::ApiError;
use crate::world::World;

/// How instances are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceRefresh {
    /// How many percent of the desired instances stay healthy; AWS's default is 90.
    pub min_healthy_percentage: u8,
    /// How long an instance is in service before it counts as healthy.
    pub warmup: SignedDuration,
}

/// A refresh that is under way.
#[derive(Clone, Debug)]
pub(super) struct Refreshing {
    wish: InstanceRefresh,
    /// What is left to be replaced.
    old: BTreeSet<InstanceId>,
    /// When the last batch is warmed up; none while it is not in service.
    warm_at: Option<Time>,
}

impl World {
    /// Begins to replace all instances of a group of the account that acts by others of the current version of its template: `StartInstanceRefresh`.
    ///
    /// # Errors
    ///
    /// There is no such group (`ValidationError`), or it is being refreshed already (`InstanceRefreshInProgress`).
    pub fn start_instance_refresh(&mut self, name: &str, wish: InstanceRefresh) -> Result<(), ApiError> {
        let now = self.now;
        let group = self.scaling_group_mut(name)?;
        if group.refreshing.is_some() {
            let message =
                "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
            return Err(ApiError::new("InstanceRefreshInProgress", message));
        }
        let old = group.members.keys().cloned().collect();
        group.refreshing = Some(Refreshing { wish, old, warm_at: Some(now) });
        self.group_looks_now(name);
        Ok(())
    }

    /// Whether a group of the account that acts is being refreshed.
    pub fn is_refreshing(&self, name: &str) -> bool {
        self.groups.get(&self.group_name(name)).is_some_and(|group| group.refreshing.is_some())
    }

    /// Replaces the next batch, if it is time for it: terminates it, and leaves it to the group to launch what it lacks then.
    pub(super) fn refresh(&mut self, group: &mut Group) {
        let Some(mut refreshing) = group.refreshing.take() else { return };
        refreshing.old.retain(|id| group.members.contains_key(id));
        if self.is_warmed_up(group, &mut refreshing) {
            let batch = refreshing.next_batch(group);
            if batch.is_empty() {
                return;
            }
            refreshing.warm_at = None;
            for id in &batch {
                refreshing.old.remove(id);
                self.end(group, id);
            }
        }
        group.refreshing = Some(refreshing);
    }

    /// Whether as many instances as desired are in service, and have been for as long as they shall. When they first are, says when
    /// to look again.
    fn is_warmed_up(&mut self, group: &mut Group, refreshing: &mut Refreshing) -> bool {
        let runs = |id: &InstanceId| self.instances.get(id).is_some_and(|it| it.state == InstanceState::Running);
        let in_service = group.members.iter().filter(|(id, member)| !member.is_warm && runs(id)).count();
        if in_service < group.wish.desired {
            refreshing.warm_at = None;
            return false;
        }
        let warmup = refreshing.wish.warmup.max(SignedDuration::ZERO);
        let warm_at = *refreshing.warm_at.get_or_insert(self.now.checked_add(warmup).unwrap_or(self.now));
        if self.now < warm_at {
            // The group is not in its place while it looks after itself, and is told afterwards.
            let delay = warm_at.duration_since(self.now);
            group.looks = Some(warm_at);
            self.happens_after(delay, Event::LooksAfter(self.account.clone(), group.wish.name.clone()));
            return false;
        }
        true
    }
}

impl Refreshing {
    /// What is replaced next. The warm pool goes with the first batch: AWS does not say when it goes.
    fn next_batch(&self, group: &Group) -> Vec<InstanceId> {
        let percent = usize::from(self.wish.min_healthy_percentage.min(100));
        let healthy = group.wish.desired.saturating_mul(percent).div_ceil(100);
        let size = group.wish.desired.saturating_sub(healthy).max(1);
        let old = |is_warm| {
            let members = self.old.iter().filter_map(|id| group.members.get_key_value(id));
            let mut old: Vec<_> = members.filter(|(_, member)| member.is_warm == is_warm).collect();
            old.sort_by_key(|(id, member)| (member.launched, *id));
            old.into_iter().map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        let serving = old(false);
        old(true).into_iter().chain(serving.into_iter().take(size)).collect()
    }
}
