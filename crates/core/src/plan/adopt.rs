//! Takes sessions that somebody else made; plans the tags that make those ours that the policy wants, and says why the others stay as
//! they are. Never changes anything of a session but its tags: what differs from the policy is drift, which the next plan puts right.
//!
//! | a foreign session on an interface | is taken over |
//! |---|---|
//! | that nothing wants mirrored | never: the next plan would remove it |
//! | with a wanted lane that has no session of ours, to whose sensor it sends | for that lane |
//! | likewise, but that sends elsewhere | only if it is named: it is re-pointed then |
//! | whose wanted lanes all have a session of ours | never: of two for one lane, one would be removed |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Plan, Planned};
use crate::cloud::Step;
use crate::decide::{Decision, Decisions, Reason, sends_to};
use crate::ids::{AccountId, InterfaceId, Lane, SessionId};
use crate::inventory::{Inventory, Session};
use crate::objects::ObjectKey;
use crate::ownership::{self, OWNER_TAG, Owner, tags};
use crate::policy::Policy;

/// What is taken over, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The calls: a tagging for each session.
    pub plan: Plan,
    /// The sessions that stay as they are, each with the reason.
    pub refused: BTreeMap<SessionId, NotAdopted>,
}

/// Why a session is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "reason")]
pub enum NotAdopted {
    /// There is none of that id.
    Unseen,
    /// It is ours already.
    Ours,
    /// Another account made it: AWS lets nobody else tag it.
    OtherAccount {
        /// The account.
        account: AccountId,
    },
    /// Another policy's owner made it.
    OtherOwner {
        /// The owner.
        owner: String,
    },
    /// Nothing wants its interface mirrored, so that the next plan would remove it.
    Unwanted,
    /// A session of ours stands for every lane that is wanted there.
    LanesTaken,
    /// It sends to none of the wanted lanes' sensors, and was not named.
    SendsElsewhere,
}

impl fmt::Display for NotAdopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen => f.write_str("there is no such session"),
            Self::Ours => f.write_str("it is ours already"),
            Self::OtherAccount { account } => write!(f, "it belongs to account {account}, and only that may tag it"),
            Self::OtherOwner { owner } => write!(f, "it belongs to owner {owner}: two owners never touch each other's"),
            Self::Unwanted => f.write_str("the policy wants nothing mirrored there, and would remove it"),
            Self::LanesTaken => f.write_str("sessions of ours stand for everything that is wanted there"),
            Self::SendsElsewhere => f.write_str("it sends to no sensor that is wanted there: name it to re-point it"),
        }
    }
}

/// Plans to take over the sessions that are named, or, if none is, all those that do what the policy wants.
pub fn adopt(named: &BTreeSet<SessionId>, policy: &Policy, inventory: &Inventory, decisions: &Decisions) -> Adoption {
    let mut adoption = Adoption::default();
    let Some(account) = &inventory.account else { return adoption };
    let owner = Owner { name: &policy.owner, account, region: &inventory.region };
    for id in named.iter().filter(|id| !inventory.sessions.contains_key(*id)) {
        adoption.refused.insert(id.clone(), NotAdopted::Unseen);
    }
    let asked = |session: &&Session| named.is_empty() || named.contains(&session.id);
    let mut sessions: Vec<&Session> = inventory.sessions.values().filter(asked).collect();
    // Of several for one lane the lowest number, as it is of ours.
    sessions.sort_by_key(|session| (&session.interface, session.number));
    let mut taken: BTreeSet<(InterfaceId, Lane)> = inventory.ours.sessions.keys().cloned().collect();
    for session in sessions {
        match lane_of(session, !named.is_empty(), policy, inventory, decisions, &taken) {
            Ok(lane) => {
                taken.insert((session.interface.clone(), lane.clone()));
                let key = ObjectKey::Session(session.interface.clone(), lane.clone());
                let step = Step::TagSession { session: session.id.clone(), tags: tags(owner, &key) };
                let why = format!("it is to be ours, for {lane}");
                let rank = policy.lane_rank(&lane);
                adoption.plan.steps.push(Planned { step, key, incarnation: String::new(), rank, why });
            }
            // What is ours is no news where nobody has named it.
            Err(NotAdopted::Ours) if named.is_empty() => {}
            Err(refusal) => _ = adoption.refused.insert(session.id.clone(), refusal),
        }
    }
    adoption
}

impl Adoption {
    /// The same facts once the plan has been carried out: what is planned from them shows what becomes of the sessions then.
    pub fn carried_out(&self, inventory: &Inventory, owner: &str) -> Inventory {
        let mut after = inventory.clone();
        for planned in &self.plan.steps {
            if let Step::TagSession { session, tags } = &planned.step
                && let Some(session) = after.sessions.get_mut(session)
            {
                session.tags.extend(tags.clone());
            }
        }
        after.ours = ownership::index(&after, owner);
        after
    }
}

/// The lane that a session is taken over for.
fn lane_of(
    session: &Session,
    named: bool,
    policy: &Policy,
    inventory: &Inventory,
    decisions: &Decisions,
    taken: &BTreeSet<(InterfaceId, Lane)>,
) -> Result<Lane, NotAdopted> {
    if ownership::lane_of(inventory, session).is_some() {
        return Err(NotAdopted::Ours);
    }
    if inventory.account.as_ref() != Some(&session.owner) {
        return Err(NotAdopted::OtherAccount { account: session.owner.clone() });
    }
    if let Some(owner) = session.tags.get(OWNER_TAG).filter(|owner| **owner != policy.owner) {
        return Err(NotAdopted::OtherOwner { owner: owner.clone() });
    }
    let wanted = decisions.interfaces.get(&session.interface).map(wanted).unwrap_or_default();
    if wanted.is_empty() {
        return Err(NotAdopted::Unwanted);
    }
    let mut free: Vec<&Lane> =
        wanted.iter().filter(|lane| !taken.contains(&(session.interface.clone(), (*lane).clone()))).collect();
    free.sort_by_key(|lane| policy.lane_rank(lane));
    let sends =
        |lane: &&&Lane| policy.sensors.get(lane.sensor()).is_some_and(|sensor| sends_to(inventory, session, sensor));
    match (free.iter().find(sends), free.first()) {
        (Some(lane), _) => Ok((*lane).clone()),
        (None, None) => Err(NotAdopted::LanesTaken),
        (None, Some(lane)) if named => Ok((*lane).clone()),
        (None, Some(_)) => Err(NotAdopted::SendsElsewhere),
    }
}

/// The lanes that are wanted, and those that would be if this session did not stand in their way.
fn wanted(decision: &Decision) -> BTreeSet<Lane> {
    let hindered = decision.reasons.iter().filter_map(|reason| match reason {
        Reason::CoveredByForeign { lane, .. }
        | Reason::ShadowedByForeign { lane, .. }
        | Reason::NoSlot { lane, .. }
        | Reason::NumberUnseen { lane, .. }
        | Reason::NoNumber { lane } => Some(Lane::from(lane)),
        _ => None,
    });
    hindered.chain(decision.lanes.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Resource, Tags};
    use crate::plan::plan;
    use crate::testing::*;

    /// A jewel that a session of somebody else mirrors to our sensor, through a filter of his that takes everything.
    fn mirrored_by_a_stranger() -> Facts {
        one_mirrored_jewel().change_session("tms-1", |session| session.tags = Tags::new())
    }

    fn adopted(facts: &Inventory, named: &[&str]) -> Adoption {
        let named = named.iter().map(|id| (*id).into()).collect();
        adopt(&named, &policy(), facts, &decisions(facts))
    }

    #[test]
    fn a_session_that_does_what_the_policy_wants_is_taken_over_by_its_tags_and_stays_as_it_is() {
        let facts = mirrored_by_a_stranger().read(0);
        let adoption = adopted(&facts, &[]);
        assert_eq!(steps(&adoption.plan), ["take over tms-1"]);
        let after = adoption.carried_out(&facts, "prod");
        assert!(after.ours.sessions.contains_key(&("eni-1".into(), "sta".into())));
        assert!(planned(&after, &nothing_remembered(), 1).is_empty(), "nothing is left to change");
    }

    #[test]
    fn one_that_sends_elsewhere_is_taken_over_only_by_name_and_re_pointed_later() {
        let facts = mirrored_by_a_stranger()
            .target("tmt-9", Resource::NetworkInterface("eni-theirs".into()))
            .change_session("tms-1", |session| session.target = "tmt-9".into());
        let facts = facts.change_session("tms-1", |session| session.filter = "tmf-theirs".into()).read(100);
        assert_eq!(adopted(&facts, &[]).refused[&"tms-1".into()], NotAdopted::SendsElsewhere);
        let adoption = adopted(&facts, &["tms-1"]);
        assert_eq!(steps(&adoption.plan), ["take over tms-1"]);
        let after = adoption.carried_out(&facts, "prod");
        let later = plan(&compiled(&policy(), &decisions(&after)), &after, &nothing_remembered(), at(101));
        assert!(later.waiting.iter().any(|waiting| waiting.what.starts_with("change tms-1")), "{later:?}");
    }

    #[test]
    fn one_that_sends_elsewhere_is_taken_over_for_the_most_important_lane() {
        let facts = mirrored_by_a_stranger().instance("i-1", &[("mirror", "crown-jewel+vault")]);
        let elsewhere =
            |session: &mut Session| (session.target, session.filter) = ("tmt-9".into(), "tmf-theirs".into());
        let facts = facts.change_session("tms-1", elsewhere).read(0);
        let lane = |policy: &Policy| {
            let adoption = adopt(&["tms-1".into()].into(), policy, &facts, &decided(policy, &facts));
            adoption.plan.steps.into_iter().map(|planned| planned.key.to_string()).collect::<Vec<_>>()
        };
        let mut policy = policy();
        // Each leaves something to the other.
        policy.strategies[0].except = strategy("{except: [udp/514]}").except;
        policy.strategies[1].except = strategy("{except: [tcp/22]}").except;
        assert_eq!(lane(&policy), ["session of eni-1 to sta"]);
        policy.strategies.reverse();
        assert_eq!(lane(&policy), ["session of eni-1 to zeek"]);
    }

    #[test]
    fn what_nothing_wants_or_another_made_is_left_alone_by_name_too() {
        let other = Tags::from([(OWNER_TAG.into(), "staging".into())]);
        let facts = mirrored_by_a_stranger()
            .tagged_session("tms-o", "eni-1", 7, other)
            .foreign_session("tms-a", "eni-1", 8)
            .change_session("tms-a", |session| session.owner = "999999999999".into())
            .foreign_session("tms-u", "eni-u", 1)
            .read(0);
        let adoption = adopted(&facts, &["tms-o", "tms-a", "tms-u", "tms-0"]);
        assert!(adoption.plan.steps.is_empty());
        let expected = [
            ("tms-0", NotAdopted::Unseen),
            ("tms-a", NotAdopted::OtherAccount { account: "999999999999".into() }),
            ("tms-o", NotAdopted::OtherOwner { owner: "staging".into() }),
            ("tms-u", NotAdopted::Unwanted),
        ];
        assert_eq!(adoption.refused, expected.map(|(id, why)| (id.into(), why)).into());
        let said: Vec<String> = adoption.refused.values().map(ToString::to_string).collect();
        assert!(said[1].contains("account 999999999999") && said[2].contains("owner staging"), "{said:?}");
    }

    #[test]
    fn of_two_for_one_lane_the_lower_number_is_taken_over() {
        let facts = mirrored_by_a_stranger().tagged_session("tms-0", "eni-1", 200, Tags::new()).read(0);
        let adoption = adopted(&facts, &[]);
        assert_eq!(steps(&adoption.plan), ["take over tms-1"]);
        assert_eq!(adoption.refused[&"tms-0".into()], NotAdopted::LanesTaken);
        let ours = one_mirrored_jewel().read(0);
        assert_eq!(adopted(&ours, &["tms-1"]).refused[&"tms-1".into()], NotAdopted::Ours);
        assert_eq!(adopted(&ours, &[]), Adoption::default());
    }
}
