//! Takes moves of sessions to other targets; gives the calls: each changes a session in place, which goes on mirroring meanwhile. Never
//! changes anything else, and waits for a target that has to be made.

use std::collections::BTreeSet;

use super::{Draft, Plan, Wait};
use crate::Time;
use crate::cloud::{SessionChange, Step};
use crate::compile::Desired;
use crate::decide::{Move, TargetChoice};
use crate::inventory::{Inventory, Kind};
use crate::memory::Memory;
use crate::objects::ObjectKey;
use crate::ownership::Owner;

/// Plans the moves. A move is a loss to whoever looks at the old target alone: it needs no evidence here, since a person has asked.
pub fn rebalance(moves: &[Move], desired: &Desired, inventory: &Inventory, memory: &Memory, now: Time) -> Plan {
    let mut draft = Draft::new(desired, inventory, memory, now);
    let Some(account) = &inventory.account else { return Plan::default() };
    let owner = Owner { name: &desired.owner, account, region: &inventory.region };
    let mut asked = BTreeSet::new();
    for Move { interface, lane, from: _, to, why } in moves {
        let at = (interface.clone(), lane.clone());
        let rank = desired.sessions.get(&at).map_or(usize::MAX, |spec| spec.rank);
        let standing = inventory.standing(&at).first().map(|session| session.id.clone());
        let Some(session) = standing else { continue };
        let key = ObjectKey::Session(at.0, at.1);
        match to {
            TargetChoice::Made(target) => {
                let change = SessionChange { target: Some(target.clone()), ..SessionChange::default() };
                draft.change(key, rank, why.clone(), Step::ModifySession { session, change });
            }
            TargetChoice::ToMake(resource) => {
                draft.wait(key, format!("change {session}: {why}"), Wait::Target);
                if asked.insert(resource.id()) {
                    let why =
                        format!("sessions are to send to {}, and nobody has a mirror target for it", resource.id());
                    let key = ObjectKey::Target(resource.id());
                    draft.create(owner, key, Kind::Targets, "", (rank, &why), |token, tags| Step::CreateTarget {
                        token,
                        resource: resource.clone(),
                        tags,
                    });
                }
            }
        }
    }
    Plan { steps: draft.creates, waiting: draft.waiting, ..Plan::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Resource;
    use crate::testing::*;

    #[test]
    fn a_move_changes_the_target_in_place_and_waits_for_one_that_is_to_be_made() {
        let facts = one_mirrored_jewel().read(0);
        let desired = compiled(&policy(), &decisions(&facts));
        let one = |to: TargetChoice| {
            let why = String::from("nearer");
            Move { interface: "eni-1".into(), lane: "sta".into(), from: "tmt-1".into(), to, why }
        };
        let moved = |moves: &[Move]| rebalance(moves, &desired, &facts, &nothing_remembered(), at(1));
        let planned = |to: TargetChoice| moved(&[one(to)]);
        let made = planned(TargetChoice::Made("tmt-2".into()));
        assert_eq!((steps(&made), made.waiting.len()), (vec!["change tms-1: target tmt-2".into()], 0));
        let to_make = planned(TargetChoice::ToMake(Resource::NetworkInterface("eni-s".into())));
        assert_eq!(steps(&to_make), ["create a target for eni-s"]);
        assert_eq!(to_make.waiting.iter().map(|it| &it.on).collect::<Vec<_>>(), [&Wait::Target]);
        let to = || one(TargetChoice::ToMake(Resource::NetworkInterface("eni-s".into())));
        assert_eq!(moved(&[to(), to()]).steps.len(), 1, "it is made once, whoever waits for it");
    }
}
