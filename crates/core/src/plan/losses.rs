//! Takes sessions of ours that are to lose packets; says which of them count against the policy's allowance, and which have to wait for
//! it. Never counts a session that sends its packets nowhere any more, or that somebody else has changed: nothing is lost by that.

use super::{Draft, Wait};
use crate::cloud::SessionChange;
use crate::ids::{FilterId, InterfaceId};
use crate::inventory::{InstanceState, Inventory, Kind, Resource, Session};
use crate::memory::DriftKind;
use crate::objects::ObjectKey;
use crate::packets::{PacketSet, Unknown};

impl Draft<'_> {
    /// Whether a session may lose packets in this round, which then counts. Else it waits. A step that AWS has refused a moment ago is
    /// not made anyway, and takes nobody's place.
    pub(super) fn may_lose(&mut self, session: &Session, key: &ObjectKey, action: &str, what: &str) -> bool {
        let refusal = self.memory.refused.get(&(action.to_owned(), key.clone()));
        if refusal.is_some_and(|refusal| refusal.until > self.now) {
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

    /// Whether a change that loses packets counts.
    pub(super) fn change_counts(
        &self,
        session: &Session,
        key: &ObjectKey,
        rest_loses: bool,
        change: &SessionChange,
    ) -> bool {
        let repair = self.memory.drift.open.get(key).is_some_and(|drift| drift.kind == DriftKind::SessionChanged);
        let off_the_gone = change.target.is_some() && !rest_loses && leads_nowhere(self.inventory, session);
        !repair && !off_the_gone
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
