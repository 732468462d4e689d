//! Takes the mirror objects of an inventory; gives those that are ours, and the tags that make one ours. Never looks at a policy
//! beyond the owner's name: whose an object is shows on the object alone.
//!
//! | tag | says | session | filter | target |
//! |---|---|---|---|---|
//! | `vpc-mirror/owner` | which policy made it | owner | owner | owner |
//! | `vpc-mirror/key` | what it is for | its lane | the digest of what it mirrors | its resource |
//! | `vpc-mirror/proof` | that the two were not copied here | digest of owner, account, Region, kind, key, and a session's interface |||
//!
//! Fields that can change (a session's target, filter, number …) are not proved: where they differ from what is wanted, that is drift.
//! Whatever lacks one of the three, or belongs to another account, is foreign: it takes up slots, and is never changed or removed.

use crate::digest::digest;
use crate::ids::{AccountId, Lane, Region};
use crate::inventory::{Filter, Inventory, Session, Tags, Target};
use crate::objects::{ObjectKey, Ours};

/// The tag that names the owner: what IAM policies ask for.
pub const OWNER_TAG: &str = "vpc-mirror/owner";
/// The tag that says what the object is for.
pub const KEY_TAG: &str = "vpc-mirror/key";
/// The tag that shows that the other two belong to this very object.
pub const PROOF_TAG: &str = "vpc-mirror/proof";

/// Whose objects: an owner in one account and Region.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The owner's name, from the policy.
    pub name: &'a str,
    /// The account.
    pub account: &'a AccountId,
    /// The Region.
    pub region: &'a Region,
}

/// The tags of a new object. Rules and services have none: they are the filter's.
pub fn tags(owner: Owner<'_>, key: &ObjectKey) -> Tags {
    let (kind, key, interface) = match key {
        ObjectKey::Session(interface, lane) => ("session", lane.as_str(), interface.as_str()),
        ObjectKey::Filter(key) => ("filter", key.as_str(), ""),
        ObjectKey::Target(resource) => ("target", resource.as_str(), ""),
        ObjectKey::Rule(..) | ObjectKey::Services(_) => return Tags::new(),
    };
    let Owner { name, account, region } = owner;
    let proof = digest([name, account.as_str(), region.as_str(), kind, key, interface]);
    [(OWNER_TAG, name), (KEY_TAG, key), (PROOF_TAG, &proof)].map(|(tag, value)| (tag.into(), value.into())).into()
}

/// What of the inventory is ours. Nothing is, while the account is unknown.
pub fn index(inventory: &Inventory, owner: &str) -> Ours {
    let mut ours = Ours::default();
    let Some(account) = &inventory.account else { return ours };
    let owner = Owner { name: owner, account, region: &inventory.region };
    for (id, session) in &inventory.sessions {
        if let Some(ObjectKey::Session(interface, lane)) = session_key(owner, session) {
            ours.sessions.entry((interface, lane)).or_default().insert(id.clone());
        }
    }
    for (id, filter) in &inventory.filters {
        if let Some(ObjectKey::Filter(key)) = filter_key(owner, filter) {
            ours.filters.entry(key).or_default().insert(id.clone());
        }
    }
    for (id, target) in &inventory.targets {
        if let Some(ObjectKey::Target(resource)) = target_key(owner, target) {
            ours.targets.entry(resource).or_default().insert(id.clone());
        }
    }
    ours
}

/// The lane of a session of ours; none for a foreign one.
pub fn lane_of(inventory: &Inventory, session: &Session) -> Option<Lane> {
    let lane = Lane::from(session.tags.get(KEY_TAG)?);
    let ours = inventory.ours.sessions.get(&(session.interface.clone(), lane.clone()))?;
    ours.contains(&session.id).then_some(lane)
}

fn session_key(owner: Owner<'_>, session: &Session) -> Option<ObjectKey> {
    let lane = session.tags.get(KEY_TAG)?;
    let key = ObjectKey::Session(session.interface.clone(), lane.into());
    (session.owner == *owner.account && proves(&session.tags, owner, &key)).then_some(key)
}

fn filter_key(owner: Owner<'_>, filter: &Filter) -> Option<ObjectKey> {
    let key = ObjectKey::Filter(filter.tags.get(KEY_TAG)?.into());
    proves(&filter.tags, owner, &key).then_some(key)
}

fn target_key(owner: Owner<'_>, target: &Target) -> Option<ObjectKey> {
    let key = ObjectKey::Target(target.resource.id());
    (target.owner == *owner.account && proves(&target.tags, owner, &key)).then_some(key)
}

fn proves(found: &Tags, owner: Owner<'_>, key: &ObjectKey) -> bool {
    tags(owner, key).iter().all(|(tag, value)| found.get(tag) == Some(value))
}
