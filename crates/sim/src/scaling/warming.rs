//! Takes a group that has a warm pool; keeps instances in it, and gives them out. Never counts them against what is desired.
//!
//! Source: "Decrease latency for applications with long boot times using warm pools", Amazon EC2 Auto Scaling User Guide.

use mirror_core::ids::InstanceId;
use mirror_core::inventory::InstanceState;

use super::standing::Group;
use crate::world::World;

/// How instances wait in a warm pool. AWS can hibernate them as well, which is not simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolState {
    /// Launched, then stopped.
    Stopped,
    /// Launched, and running.
    Running,
}

/// Instances that wait until their group needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmPool {
    /// How they wait.
    pub state: PoolState,
    /// The fewest that wait.
    pub min_size: usize,
    /// The most instances of the group, those in service and those that wait; none for the group's own maximum.
    pub max_prepared: Option<usize>,
    /// Whether an instance that is no longer needed goes back to the pool, rather than being terminated.
    pub reuses_on_scale_in: bool,
}

impl WarmPool {
    /// Stopped instances, so many with those in service, which do not come back.
    pub fn up_to(max_prepared: usize) -> Self {
        let max_prepared = Some(max_prepared);
        Self { state: PoolState::Stopped, min_size: 0, max_prepared, reuses_on_scale_in: false }
    }
}

impl Group {
    /// How many instances wait in the warm pool: the difference between what is prepared at most and what is desired, or the least.
    pub(super) fn warm_size(&self) -> usize {
        self.wish.warm_pool.as_ref().map_or(0, |pool| {
            let prepared = pool.max_prepared.unwrap_or(self.wish.max);
            prepared.saturating_sub(self.wish.desired).max(pool.min_size)
        })
    }

    /// The instances in the warm pool, the first to go first.
    fn warm(&self) -> Vec<InstanceId> {
        let mut warm: Vec<_> = self.members.iter().filter(|(_, member)| member.is_warm).collect();
        warm.sort_by_key(|(id, member)| (member.version, member.launched, *id));
        warm.into_iter().map(|(id, _)| id.clone()).collect()
    }
}

impl World {
    /// Moves so many instances from the warm pool into service, as far as there are any that wait; says how many.
    pub(super) fn take_from_warm_pool(&mut self, group: &mut Group, count: usize) -> usize {
        let waits = |id: &InstanceId| self.state_is(id, group.waiting_state());
        let taken: Vec<_> = group.warm().into_iter().filter(waits).take(count).collect();
        for id in &taken {
            if let Some(member) = group.members.get_mut(id) {
                member.is_warm = false;
            }
        }
        // Those that run already are left as they are.
        let _changes = self.start_instances(&taken);
        taken.len()
    }

    /// Takes an instance out of service: back into the warm pool, or for good.
    pub(super) fn scale_in(&mut self, group: &mut Group, id: &InstanceId) {
        let reuses = group.wish.warm_pool.as_ref().is_some_and(|pool| pool.reuses_on_scale_in);
        match group.members.get_mut(id).filter(|_| reuses) {
            Some(member) => member.is_warm = true,
            None => self.end(group, id),
        }
    }

    /// As many instances in the warm pool as there shall be, and stopped as soon as they have run; says whether all launches succeeded.
    pub(super) fn tend_warm_pool(&mut self, group: &mut Group) -> bool {
        let warm = group.warm();
        let (size, wanted) = (warm.len(), group.warm_size());
        warm.iter().take(size.saturating_sub(wanted)).for_each(|id| self.end(group, id));
        let is_launched = self.grow(group, wanted.saturating_sub(size), true).is_ok();
        if group.waiting_state() == InstanceState::Stopped {
            let runs = |id: &InstanceId| self.state_is(id, InstanceState::Running);
            let stopped: Vec<_> = group.warm().into_iter().filter(runs).collect();
            let _changes = self.stop_instances(&stopped);
        }
        is_launched
    }

    fn state_is(&self, id: &InstanceId, state: InstanceState) -> bool {
        self.instances.get(id).is_some_and(|instance| instance.state == state)
    }
}

impl Group {
    fn waiting_state(&self) -> InstanceState {
        match self.wish.warm_pool.as_ref().map(|pool| pool.state) {
            Some(PoolState::Running) => InstanceState::Running,
            Some(PoolState::Stopped) | None => InstanceState::Stopped,
        }
    }
}
