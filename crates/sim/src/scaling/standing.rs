//! Takes an auto scaling group's instances; says what each of them is to the group, and which goes first. Never launches or ends one.

use std::collections::BTreeMap;

use mirror_core::Time;
use mirror_core::ids::{InstanceId, Zone};
use mirror_core::inventory::InstanceState;

use super::refreshing::Refreshing;
use super::{PoolState, ScalingGroup};
use crate::compute::Instance;
use crate::network::SubnetId;

/// What an instance is to its group. Source: "Instance lifecycle", Amazon EC2 Auto Scaling User Guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// On its way into service.
    Pending,
    /// In service: counted against the desired capacity.
    InService,
    /// On its way out, or not healthy, which the group has yet to notice.
    Terminating,
    /// `Warmed:Pending`: on its way into the warm pool.
    WarmedPending,
    /// `Warmed:Running`: waits, running.
    WarmedRunning,
    /// `Warmed:Stopped`: waits, stopped.
    WarmedStopped,
    /// `Warmed:Terminating`: on its way out of the warm pool and out of the group.
    WarmedTerminating,
}

/// An auto scaling group as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(super) wish: ScalingGroup,
    /// The id of its launch template: `lt-…`.
    pub(super) template: String,
    /// The version of the template that instances are launched by.
    pub(super) version: u32,
    /// Its instances, but for those that are on their way out.
    pub(super) members: BTreeMap<InstanceId, Member>,
    pub(super) refreshing: Option<Refreshing>,
    /// When it next looks after itself.
    pub(super) looks: Option<Time>,
}

/// An instance of a group.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) launched: Time,
    pub(super) subnet: SubnetId,
    pub(super) zone: Zone,
    pub(super) version: u32,
    /// Whether it is in the warm pool.
    pub(super) is_warm: bool,
}

impl Member {
    /// Whether it goes on being what it is, its instance being in this state. A member in service that stops is not healthy. Source:
    /// "Health checks for instances in an Auto Scaling group": any state but `pending` and `running`.
    pub(super) fn is_healthy(&self, state: InstanceState) -> bool {
        match state {
            InstanceState::Pending | InstanceState::Running => true,
            InstanceState::Stopping | InstanceState::Stopped => self.is_warm,
            InstanceState::ShuttingDown | InstanceState::Terminated => false,
        }
    }
}

impl Group {
    pub(super) fn new(wish: ScalingGroup, template: String) -> Self {
        Self { wish, template, version: 1, members: BTreeMap::new(), refreshing: None, looks: None }
    }

    /// What an instance of the group is to it.
    pub(super) fn lifecycle(&self, instance: &Instance) -> Lifecycle {
        use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
        let stops = self.wish.warm_pool.as_ref().is_none_or(|pool| pool.state == PoolState::Stopped);
        match (self.members.get(&instance.id).map(|member| member.is_warm), instance.state) {
            (Some(false), Pending) => Lifecycle::Pending,
            (Some(false), Running) => Lifecycle::InService,
            (Some(true), Running) if !stops => Lifecycle::WarmedRunning,
            (Some(true), Stopped) if stops => Lifecycle::WarmedStopped,
            (Some(true), ShuttingDown | Terminated) => Lifecycle::WarmedTerminating,
            (Some(true), _) => Lifecycle::WarmedPending,
            (Some(false), Stopping | Stopped | ShuttingDown | Terminated) | (None, _) => Lifecycle::Terminating,
        }
    }

    /// How many instances are in service, or on their way there.
    pub(super) fn serving(&self) -> usize {
        self.members.values().filter(|member| !member.is_warm).count()
    }

    /// Which instances go on a scale in, the first one first: each time one in the zone that has the most, there of the oldest
    /// version of the template, of those the oldest. Source: "Default termination policy", which ends with the instance that is
    /// closest to the next billing hour, and then with any; billing by the second has no such hour, so that age decides here.
    pub(super) fn first_to_go(&self, count: usize) -> Vec<InstanceId> {
        let mut by_zone: BTreeMap<&Zone, Vec<_>> = BTreeMap::new();
        for (id, member) in self.members.iter().filter(|(_, member)| !member.is_warm) {
            by_zone.entry(&member.zone).or_default().push((member.version, member.launched, id));
        }
        // The first to go is the last of each list.
        by_zone.values_mut().for_each(|zone| zone.sort_by(|one, other| other.cmp(one)));
        let mut gone = Vec::new();
        while gone.len() < count {
            // Of zones that have as many, the one with the oldest template.
            let fullest = by_zone.values_mut().min_by_key(|zone| (std::cmp::Reverse(zone.len()), zone.last().copied()));
            let Some((.., id)) = fullest.and_then(Vec::pop) else { break };
            gone.push(id.clone());
        }
        gone
    }

    /// The oldest instance in service.
    pub(super) fn oldest(&self) -> Option<InstanceId> {
        let serving = self.members.iter().filter(|(_, member)| !member.is_warm);
        serving.min_by_key(|(id, member)| (member.launched, *id)).map(|(id, _)| id.clone())
    }
}
