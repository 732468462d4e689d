//! Takes somebody who undoes what we do; gives sentences about when he is left alone, and for how long.

use super::*;
use crate::testing::at;

fn the_session() -> ObjectKey {
    ObjectKey::Session("eni-1".into(), "sta".into())
}

/// Somebody deletes the session.
fn deleted(drifts: &mut Drifts, seconds: i64) {
    let (from, to) = ("there".to_owned(), "gone".to_owned());
    let id = ObjectId::Session("tms-1".into());
    drifts.see(vec![(the_session(), Drift { kind: DriftKind::SessionDeleted, id, from, to, since: at(seconds) })]);
}

/// One who has seen it deleted at each of these seconds, and has made it again at once; and who sees it deleted once more.
fn repaired(times: &[i64]) -> Drifts {
    let mut drifts = Drifts::default();
    for seconds in times {
        deleted(&mut drifts, *seconds);
        drifts.repaired(&the_session(), at(*seconds));
    }
    deleted(&mut drifts, times.last().copied().unwrap_or_default());
    drifts
}

/// Until when it is left alone.
fn until(drifts: &Drifts, seconds: i64) -> Option<Time> {
    drifts.left_alone(&the_session(), at(seconds))
}

#[test]
fn three_repairs_within_an_hour_are_a_fight_and_not_what_is_further_apart() {
    assert_eq!(until(&repaired(&[0, 1800]), 1800), None);
    assert_eq!(until(&repaired(&[0, 1800, 3599]), 3599), Some(at(3599 + 600)));
    assert_eq!(until(&repaired(&[0, 1800, 3600]), 3600), None);
}

#[test]
fn each_further_repair_doubles_the_pause_up_to_six_hours_and_begins_no_other_fight() {
    let mut times = vec![0, 1, 2];
    for pause in [10, 20, 40, 80, 160, 320, 360, 360] {
        let (last, drifts) = (times.last().copied().unwrap(), repaired(&times));
        let end = last + pause * 60;
        assert_eq!([end - 1, end].map(|seconds| until(&drifts, seconds)), [Some(at(end)), None]);
        assert_eq!((drifts.fights_begun, drifts.counts[&DriftKind::SessionDeleted]), (1, times.len() as u64));
        times.push(end);
    }
}

#[test]
fn only_what_is_undone_again_is_left_alone() {
    let mut drifts = repaired(&[0, 1, 2]);
    drifts.keep(|_, _| true);
    assert!(until(&drifts, 3).is_some());
    drifts.keep(|_, _| false);
    assert_eq!(until(&drifts, 3), None, "that the policy wants it otherwise is no repair");
}

#[test]
fn a_fight_that_nobody_goes_on_with_is_forgotten_after_its_pause_as_long_again_and_an_hour() {
    let over = |times: &[i64], still_open: bool, seconds: i64| {
        let mut drifts = repaired(times);
        drifts.keep(|_, _| still_open);
        drifts.forget(at(seconds));
        drifts.fights.is_empty()
    };
    // A pause of ten minutes from 2, the same again, and an hour.
    let end = 2 + 600 + 600 + 3600;
    assert_eq!([end - 1, end].map(|seconds| over(&[0, 1, 2], false, seconds)), [false, true]);
    assert!(!over(&[0, 1, 2], true, end), "it is still undone");
    assert_eq!([3600, 3601].map(|seconds| over(&[0, 1], false, seconds)), [false, true], "two repairs are none yet");
}
