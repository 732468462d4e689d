//! Takes one who knows what is ours and what he has written, and the lists that he sees next; gives sentences about what he takes for
//! somebody's doing.

use crate::inventory::{Inventory, Session};
use crate::memory::{DriftKind, Memory, Object, Written, notice};
use crate::objects::{ObjectId, ObjectKey};
use crate::testing::*;

/// What is open once this is seen by one who knows a mirrored jewel and has written this, in words.
fn open(written: &[(ObjectId, Option<Object>)], now: Inventory) -> Vec<String> {
    let mut memory = Memory { inventory: one_mirrored_jewel().read(0).into(), ..nothing_remembered() };
    for (id, state) in written {
        let written = Written { at: at(10), state: state.clone(), created: false, missed: None };
        memory.written.insert(id.clone(), written);
    }
    notice(memory, now).drift.open.values().map(ToString::to_string).collect()
}

fn session_with(change: impl FnOnce(&mut Session)) -> Facts {
    one_mirrored_jewel().change_session("tms-1", change)
}

fn written(facts: &Facts) -> (ObjectId, Option<Object>) {
    let session = facts.0.sessions.values().next().unwrap();
    (ObjectId::Session(session.id.clone()), Some(Object::Session(session.clone())))
}

#[test]
fn what_is_gone_is_somebodys_doing_unless_we_have_removed_it() {
    let without_rule = one_mirrored_jewel().change_filter("tmf-1", |filter| _ = filter.rules.pop_first());
    let without_filter = Facts(Inventory { filters: Default::default(), ..one_mirrored_jewel().0 });
    let key = everything(false).key();
    let gone = [
        (
            ObjectId::Session("tms-1".into()),
            one_mirrored_jewel().without_session("tms-1"),
            "session-deleted tms-1: eni-1 to tmt-1 through tmf-1, number 100 → gone".to_owned(),
        ),
        (ObjectId::Filter("tmf-1".into()), without_filter, format!("filter-deleted tmf-1: filter {key} → gone")),
        (
            ObjectId::Rule("tmf-1".into(), "tmfr-tmf-1-0".into()),
            without_rule,
            "rule-deleted tmfr-tmf-1-0: ingress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0 → gone".to_owned(),
        ),
        (
            ObjectId::Target("tmt-1".into()),
            one_mirrored_jewel().without_target("tmt-1"),
            format!("target-deleted tmt-1: target for {NLB} → gone"),
        ),
    ];
    for (id, now, said) in gone {
        let now = now.read(60);
        assert_eq!(open(&[], now.clone()), [said]);
        assert_eq!(open(&[(id, None)], now), [""; 0]);
    }
}

#[test]
fn what_differs_is_somebodys_doing_unless_we_have_written_it() {
    let vni = crate::decide::vni_of(&"vpc-1".into());
    let nine = || session_with(|session| session.vni = Some(9));
    assert_eq!(open(&[], nine().read(60)), [format!("session-changed tms-1: VNI {vni} → VNI 9")]);
    assert_eq!(open(&[written(&nine())], nine().read(60)), [""; 0]);
    let five = session_with(|session| session.vni = Some(5)).read(60);
    assert_eq!(open(&[written(&nine())], five), ["session-changed tms-1: VNI 9 → VNI 5"]);
    let untold = || session_with(|session| session.vni = None);
    assert_eq!(open(&[], untold().read(60)), [""; 0], "what AWS does not tell is no difference");
    assert_eq!(open(&[written(&untold())], nine().read(60)), [""; 0], "nor what it fills in");

    let more = |facts: Facts| facts.change_filter("tmf-1", |filter| _ = filter.services.insert("dhcp".into())).read(60);
    let services = Object::Services(more(one_mirrored_jewel()).filters[&"tmf-1".into()].services.clone());
    assert_eq!(open(&[], more(one_mirrored_jewel())), ["filter-changed tmf-1: amazon-dns → amazon-dns, dhcp"]);
    let ours = (ObjectId::Services("tmf-1".into()), Some(services));
    assert_eq!(open(&[ours], more(one_mirrored_jewel())), [""; 0]);

    let mut rule = everything(false).rules.pop_first().unwrap();
    rule.number = 7;
    let added = one_mirrored_jewel().change_filter("tmf-1", |it| _ = it.rules.insert("tmfr-x".into(), rule.clone()));
    assert_eq!(
        open(&[], added.clone().read(60)),
        ["filter-changed tmfr-x: no such rule → ingress 7 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0"]
    );
    let ours = (ObjectId::Rule("tmf-1".into(), "tmfr-x".into()), Some(Object::Rule(rule)));
    assert_eq!(open(&[ours], added.read(60)), [""; 0]);
}

#[test]
fn what_has_lost_our_tags_is_counted_at_once_and_is_not_open() {
    let stripped = |now: Facts| {
        let memory = Memory { inventory: one_mirrored_jewel().read(0).into(), ..nothing_remembered() };
        let drift = notice(memory, now.read(60)).drift;
        assert!(drift.open.is_empty());
        drift.latest.into_iter().map(|it| (it.key, it.drift.kind)).collect::<Vec<_>>()
    };
    let session = session_with(|session| session.tags.clear());
    let lane = ObjectKey::Session("eni-1".into(), "sta".into());
    assert_eq!(stripped(session), [(lane, DriftKind::SessionStripped)]);
    let filter = one_mirrored_jewel().change_filter("tmf-1", |filter| filter.tags.clear());
    assert_eq!(stripped(filter), [(ObjectKey::Filter(everything(false).key()), DriftKind::FilterStripped)]);
    let mut target = one_mirrored_jewel();
    target.0.targets.values_mut().for_each(|target| target.tags.clear());
    assert_eq!(stripped(target), [(ObjectKey::Target(NLB.into()), DriftKind::TargetStripped)]);
}
