//! Takes a group at the moment when it looks after itself; brings it nearer to what is wished of it. Never looks unless something has
//! happened: hundreds of groups that stand still cost nothing.

use jiff::SignedDuration;
use mirror_core::ids::InstanceId;
use mirror_core::inventory::InstanceState;

use super::standing::Group;
use super::telling::group_of;
use crate::agenda::Event;
use crate::world::World;

impl World {
    /// Lets the group of an instance know that this has come into another state. One that ends unasked is noticed a while later.
    pub(crate) fn tell_group(&mut self, id: &InstanceId) {
        let Some(instance) = self.instances.get(id) else { return };
        let (state, Some(name)) = (instance.state, group_of(instance)) else { return };
        let Some(group) = self.groups.get(&name) else { return };
        let delay = match group.members.get(id) {
            Some(member) if !member.is_healthy(state) => {
                let noticing = self.pace.noticing;
                self.drawn(noticing, "noticing")
            }
            Some(member) if member.is_warm || group.refreshing.is_some() => SignedDuration::ZERO,
            _ => return,
        };
        // Time brings an instance into another state whoever acts meanwhile.
        self.acting_for(&name.0, |world| world.group_looks_after(&name.1, delay));
    }

    pub(super) fn group_looks_now(&mut self, name: &str) {
        self.group_looks_after(name, SignedDuration::ZERO);
    }

    /// Plans a look, unless an earlier one is planned already. One that is due at once comes after all else that is due then.
    pub(super) fn group_looks_after(&mut self, name: &str, delay: SignedDuration) {
        let at = self.now.checked_add(delay).unwrap_or(self.now);
        let Ok(group) = self.scaling_group_mut(name) else { return };
        if group.looks.is_none_or(|planned| at < planned) {
            group.looks = Some(at);
            self.happens_after(delay, Event::LooksAfter(self.account.clone(), name.into()));
        }
    }

    /// A group of the account that acts looks after itself.
    pub(crate) fn looks_after(&mut self, name: &str) {
        let now = self.now;
        // A look that was planned for later than another one still comes; there is nothing to do then.
        let Ok(group) = self.scaling_group_mut(name) else { return };
        if group.looks.is_none_or(|planned| planned > now) {
            return;
        }
        group.looks = None;
        // Taken out, so that what is done to its instances in here is no news to it.
        let name_of_it = self.group_name(name);
        let Some(mut group) = self.groups.remove(&name_of_it) else { return };
        let is_whole = self.tend(&mut group);
        self.groups.insert(name_of_it, group);
        if !is_whole {
            // A launch that failed, for want of addresses say, is tried again, as AWS does it.
            let noticing = self.pace.noticing;
            let delay = self.drawn(noticing, "noticing").max(SignedDuration::from_secs(1));
            self.group_looks_after(name, delay);
        }
    }

    /// Does what there is to be done; says whether all launches succeeded.
    pub(super) fn tend(&mut self, group: &mut Group) -> bool {
        self.bury(group);
        self.refresh(group);
        self.tend_service(group) && self.tend_warm_pool(group)
    }

    /// Forgets the instances that have ended, and ends those that are not healthy.
    fn bury(&mut self, group: &mut Group) {
        let state = |id: &InstanceId| self.instances.get(id).map(|instance| instance.state);
        let healthy = |id: &InstanceId| {
            let member = group.members.get(id);
            member.zip(state(id)).is_some_and(|(member, state)| member.is_healthy(state))
        };
        let dead: Vec<_> = group.members.keys().filter(|id| !healthy(id)).cloned().collect();
        dead.iter().for_each(|id| self.end(group, id));
    }

    /// As many instances in service as desired, and not more.
    fn tend_service(&mut self, group: &mut Group) -> bool {
        let (serving, desired) = (group.serving(), group.wish.desired);
        for id in group.first_to_go(serving.saturating_sub(desired)) {
            self.scale_in(group, &id);
        }
        let missing = desired.saturating_sub(serving);
        let warmed = self.take_from_warm_pool(group, missing);
        self.grow(group, missing - warmed, false).is_ok()
    }

    /// Terminates an instance, which is no longer the group's. One that others have ended is left to them.
    pub(super) fn end(&mut self, group: &mut Group, id: &InstanceId) {
        group.members.remove(id);
        let ended = [InstanceState::ShuttingDown, InstanceState::Terminated];
        if self.instances.get(id).is_some_and(|instance| !ended.contains(&instance.state)) {
            let _change = self.terminate_instances(std::slice::from_ref(id));
        }
    }

    /// Replaces the oldest instance of a group of the account that acts, and whatever it has lost since.
    pub(crate) fn replaces(&mut self, name: &str) {
        let name_of_it = self.group_name(name);
        let Some(mut group) = self.groups.remove(&name_of_it) else { return };
        let was_whole = self.has_all(&group);
        let oldest = group.oldest().filter(|_| self.tend(&mut group) && was_whole);
        // A launch that fails (no free address) is tried again next time; the old instance stays until then.
        if let Some(oldest) = oldest
            && self.grow(&mut group, 1, false).is_ok()
        {
            self.end(&mut group, &oldest);
        }
        if let Some(pause) = group.wish.replaces_every {
            self.happens_after(pause, Event::Replaces(self.account.clone(), name.into()));
        }
        self.groups.insert(name_of_it, group);
    }

    /// Whether as many instances are in service as desired, and healthy.
    fn has_all(&self, group: &Group) -> bool {
        let healthy = group.members.iter().filter(|(id, member)| {
            let state = self.instances.get(id).map(|instance| instance.state);
            !member.is_warm && state.is_some_and(|state| member.is_healthy(state))
        });
        healthy.count() >= group.wish.desired
    }
}
