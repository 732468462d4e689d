//! Takes what stands; gives sentences about what of it goes when the policy leaves it out.

use super::*;

#[test]
fn what_leaves_the_scope_is_removed_once_that_has_settled() {
    let mut elsewhere = policy();
    elsewhere.vpcs.insert("vpc-2".into());
    let facts = one_mirrored_jewel().read(100);
    let settled = unwanted_since(0, ObjectId::Session("tms-1".into()));
    assert!(planned_for(&elsewhere, &facts, &nothing_remembered(), 101).steps.is_empty(), "it settles");
    assert_eq!(steps(&planned_for(&elsewhere, &facts, &settled, 101)), ["delete tms-1"]);
    let mut here = policy();
    here.vpcs.insert("vpc-1".into());
    assert!(planned_for(&here, &facts, &settled, 101).is_empty());
}

#[test]
fn somebody_elses_target_is_never_removed_whether_it_is_used_or_not() {
    let mut facts = one_mirrored_jewel().target("tmt-2", Resource::NetworkInterface("eni-old".into()));
    facts.0.targets.get_mut(&"tmt-2".into()).unwrap().tags.clear();
    let plan = planned(&facts.read(100), &unwanted_since(0, ObjectId::Target("tmt-2".into())), 101);
    assert!(plan.is_empty(), "{plan:?}");
}

#[test]
fn what_is_common_to_strategies_goes_only_with_the_last_that_wants_it() {
    let mut without = policy();
    without.strategies.remove(0);
    let facts = one_mirrored_jewel().instance("i-1", &[("app", "vault")]).read(100);
    let settled = unwanted_since(0, ObjectId::Session("tms-1".into()));
    let wants_sta = |policy: &mut crate::policy::Policy| policy.strategies[0].sensor = "sta".into();
    assert!(steps(&planned_for(&without, &facts, &settled, 101)).contains(&"delete tms-1".into()));
    wants_sta(&mut without);
    assert!(planned_for(&without, &facts, &settled, 101).is_empty(), "the other strategy shares the lane");
}
