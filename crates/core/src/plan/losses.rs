//! Takes sessions of ours that are to lose packets; says which of them count against the policy's allowance, and which are held: they wait
//! for it, or for a person's approval. Never counts a session that sends its packets nowhere any more, or that somebody else has changed: nothing is lost by that.

use super::{Draft, Wait};
use crate::compile::SessionSpec;
use crate::decide::TargetChoice;
use crate::ids::{FilterId, InterfaceId};
use crate::inventory::{InstanceState, Inventory, Kind, Resource, Session};
use crate::memory::{DriftKind, Held, Loss};
use crate::objects::ObjectKey;
use crate::packets::{PacketSet, Unknown};

impl Draft<'_> {
    /// Whether a session may lose packets in this round, which then counts, unless a person has approved it. Else it waits. A step that AWS
    /// has refused a moment ago is not made anyway, and takes nobody's place.
    pub(super) fn may_lose(
        &mut self,
        session: &Session,
        loss: &Loss,
        key: &ObjectKey,
        action: &str,
        what: &str,
    ) -> bool {
        let refusal = self.memory.refused.get(&(action.to_owned(), key.clone()));
        if refusal.is_some_and(|refusal| refusal.until > self.now) || self.memory.approvals.allow(loss, self.now) {
            return true;
        }
        let (left, next) = self.memory.allowance.left(self.desired.max_losses, self.now);
        if self.losing.len() >= left {
            self.wait(key.clone(), what, Wait::Allowance(next));
            return false;
        }
        self.losing.insert(session.id.clone());
        true
    }

    /// Takes note of a loss that counts and that nobody has approved, long before its turn comes: whoever has to approve it wants to see all of
    /// them at once. Where not everything is seen, nobody knows what is to be lost.
    pub(super) fn foresee(&mut self, loss: &Loss) {
        if self.inventory.complete_since().is_some() && !self.memory.approvals.allow(loss, self.now) {
            self.losses.insert(loss.clone());
        }
    }

    /// The losses that are foreseen, if they are more than may happen now.
    pub(super) fn held(&mut self) -> Option<Held> {
        let (left, _) = self.memory.allowance.left(self.desired.max_losses, self.now);
        let losses = std::mem::take(&mut self.losses);
        (losses.len() > left).then(|| self.memory.approvals.held(losses))
    }

    /// What a session loses that becomes as it is wanted, whichever way it takes to get there.
    pub(super) fn change_to(&self, session: &Session, spec: &SessionSpec) -> Loss {
        let SessionSpec { target, filter, number, packet_length, vni: _, rank: _, why: _ } = spec;
        let target = match target {
            TargetChoice::Made(id) => match self.inventory.targets.get(id) {
                Some(target) => target.resource.id(),
                None => id.as_str().into(),
            },
            TargetChoice::ToMake(resource) => resource.id(),
        };
        let length = packet_length.map_or_else(String::new, |bytes| format!(", {bytes} bytes of each packet"));
        Loss::change(&session.id, &target, &format!("filter {filter}, number {number}{length}"))
    }

    /// Whether a filter may lack packets that another has. Where either is not known, it may.
    pub(super) fn narrows(&mut self, now: &FilterId, then: &FilterId) -> bool {
        let pair = (now.clone(), then.clone());
        if let Some(known) = self.narrowings.get(&pair) {
            return *known;
        }
        let filters = &self.inventory.filters;
        let within = filters.get(now).zip(filters.get(then)).map(|(now, then)| -> Result<bool, Unknown> {
            let [now, then] = [now, then].map(|filter| PacketSet::of_filter(filter.rules.values(), &filter.services));
            now?.is_subset(&then?)
        });
        let narrows = within != Some(Ok(true));
        self.narrowings.insert(pair, narrows);
        narrows
    }

    /// Whether a change that loses packets counts, given whether it does so even with the target that the session has.
    pub(super) fn change_counts(&self, session: &Session, key: &ObjectKey, rest_loses: bool) -> bool {
        let off_the_gone = !rest_loses && leads_nowhere(self.inventory, session);
        !self.is_repair(key) && !off_the_gone
    }

    /// Whether a change puts right what somebody else has changed.
    pub(super) fn is_repair(&self, key: &ObjectKey) -> bool {
        self.memory.drift.open.get(key).is_some_and(|drift| drift.kind == DriftKind::SessionChanged)
    }
}

/// Whether the target of a session, or the interface that it sends to, is seen to be gone, or its load balancer to hear nothing.
fn leads_nowhere(inventory: &Inventory, session: &Session) -> bool {
    let Some(target) = inventory.targets.get(&session.target) else { return inventory.is_complete(Kind::Targets) };
    let listed = inventory.account.as_ref() == Some(&target.owner) && inventory.is_complete(Kind::Interfaces);
    match &target.resource {
        Resource::NetworkInterface(id) => listed && !inventory.interfaces.contains_key(id),
        Resource::NetworkLoadBalancer(arn) => inventory.is_deaf(arn),
        Resource::GatewayLoadBalancerEndpoint(_) => false,
    }
}

/// Whether an interface sends and receives nothing: its instance is seen not to run. One that is attached to none counts: a list that
/// has lost its attachments would otherwise cost everything.
pub(super) fn is_idle(inventory: &Inventory, interface: &InterfaceId) -> bool {
    let Some(interface) = inventory.interfaces.get(interface) else { return false };
    let Some(attachment) = interface.attachment.as_ref().filter(|attachment| attachment.attached) else { return false };
    let instance = attachment.instance.as_ref().and_then(|id| inventory.instances.get(id));
    instance.is_some_and(|instance| matches!(instance.state, InstanceState::Stopped | InstanceState::Terminated))
}
