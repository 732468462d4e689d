//! Takes what stands; plans the removal of everything that is ours, and says what has to stay. Never names what is not ours: whose an
//! object is shows on the object alone, so that no policy can widen it beyond its owner.
//!
//! Sessions go first, then filters and targets, for AWS refuses to remove what a session uses. Nothing settles here: a person has asked.

use serde::{Deserialize, Serialize};

use super::{Plan, Planned};
use crate::cloud::Step;
use crate::ids::SessionId;
use crate::inventory::{Inventory, Session};
use crate::objects::{ObjectId, ObjectKey};
use crate::ownership::lane_of;

/// How to remove everything that is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teardown {
    /// The calls.
    pub plan: Plan,
    /// What is ours and has to stay.
    pub kept: Vec<Kept>,
}

/// An object of ours that sessions of others use: removing it is refused by AWS, and would take packets from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The filter or target.
    pub object: ObjectId,
    /// The sessions that use it.
    pub users: Vec<SessionId>,
}

/// Plans the removal of all sessions, filters and targets that are ours in this inventory.
pub fn teardown(inventory: &Inventory) -> Teardown {
    let mut teardown = Teardown::default();
    let ours = &inventory.ours;
    for ((interface, lane), ids) in &ours.sessions {
        for id in ids {
            let key = ObjectKey::Session(interface.clone(), lane.clone());
            teardown.step(key, Step::DeleteSession { session: id.clone() });
        }
    }
    for (key, ids) in &ours.filters {
        for id in ids {
            let users = users(inventory, |session| session.filter == *id);
            let step = Step::DeleteFilter { filter: id.clone() };
            teardown.unless_used(users, ObjectId::Filter(id.clone()), ObjectKey::Filter(key.clone()), step);
        }
    }
    for (resource, ids) in &ours.targets {
        for id in ids {
            let users = users(inventory, |session| session.target == *id);
            let step = Step::DeleteTarget { target: id.clone() };
            teardown.unless_used(users, ObjectId::Target(id.clone()), ObjectKey::Target(resource.clone()), step);
        }
    }
    teardown
}

/// The sessions of others that use something.
fn users(inventory: &Inventory, uses: impl Fn(&Session) -> bool) -> Vec<SessionId> {
    let foreign = |session: &&Session| lane_of(inventory, session).is_none();
    inventory.sessions.values().filter(|session| uses(session)).filter(foreign).map(|it| it.id.clone()).collect()
}

impl Teardown {
    fn step(&mut self, key: ObjectKey, step: Step) {
        let why = String::from("everything of this owner is to go");
        self.plan.steps.push(Planned { step, key, incarnation: String::new(), rank: 0, why });
    }

    fn unless_used(&mut self, users: Vec<SessionId>, object: ObjectId, key: ObjectKey, step: Step) {
        if users.is_empty() {
            self.step(key, step);
        } else {
            self.kept.push(Kept { object, users });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Resource;
    use crate::testing::*;

    #[test]
    fn everything_that_is_ours_goes_sessions_first() {
        let facts = one_mirrored_jewel().session("tms-2", "eni-9", 100);
        let teardown = teardown(&facts.read(0));
        assert_eq!(steps(&teardown.plan), ["delete tms-1", "delete tms-2", "delete tmf-1", "delete tmt-1"]);
        assert!(teardown.kept.is_empty());
    }

    #[test]
    fn nothing_that_is_not_ours_is_named() {
        let mut theirs = Facts::new().tags(&ObjectKey::Session("eni-1".into(), "sta".into()));
        theirs.insert(crate::ownership::OWNER_TAG.into(), "other".into());
        let facts = Facts::new()
            .instance("i-1", &[])
            .interface("eni-1", "i-1")
            .foreign_session("tms-f", "eni-1", 1)
            .tagged_session("tms-o", "eni-1", 2, theirs)
            .filter("tmf-1")
            .change_filter("tmf-1", |filter| filter.tags.clear());
        assert_eq!(teardown(&facts.read(0)), Teardown::default());
    }

    #[test]
    fn what_sessions_of_others_use_stays_and_is_named() {
        let facts = one_mirrored_jewel()
            .foreign_session("tms-f", "eni-2", 1)
            .target("tmt-2", Resource::NetworkInterface("eni-s".into()))
            .change_session("tms-f", |session| session.target = "tmt-2".into());
        let teardown = teardown(&facts.read(0));
        assert_eq!(steps(&teardown.plan), ["delete tms-1", "delete tmf-1", "delete tmt-1"]);
        assert_eq!(teardown.kept, [Kept { object: ObjectId::Target("tmt-2".into()), users: vec!["tms-f".into()] }]);
    }
}
