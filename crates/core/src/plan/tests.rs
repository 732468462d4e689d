mod changes;
mod keeping;
mod losses;
mod rollout;
mod scope;

use super::*;
use crate::inventory::{AMAZON_DNS, Gap, Resource};
use crate::memory::{Predecessor, Refusal};
use crate::policy::Policy;
use crate::testing::*;

fn nlb() -> Resource {
    Resource::NetworkLoadBalancer(NLB.into())
}

/// One who saw, that many seconds ago, that this object was not wanted.
fn unwanted_since(seconds: i64, id: ObjectId) -> Memory {
    let mut memory = nothing_remembered();
    memory.unwanted.insert(id, at(seconds));
    memory
}

fn waits(plan: &Plan) -> Vec<String> {
    plan.waiting.iter().map(|waiting| format!("{}: {}", waiting.key, waiting.on)).collect()
}

#[test]
fn what_stands_as_it_should_needs_nothing() {
    let plan = planned(&one_mirrored_jewel().read(0), &nothing_remembered(), 1);
    assert!(plan.is_empty(), "{plan:?}");
}

#[test]
fn while_nobody_knows_whose_account_it_is_nothing_is_made_and_that_is_said() {
    let mut facts = one_mirrored_jewel().without_session("tms-1").read(0);
    facts.account = None;
    let plan = planned(&facts, &nothing_remembered(), 1);
    assert_eq!((waits(&plan), plan.steps.len()), (vec!["session of eni-1 to sta: the account to be known".into()], 0));
}

#[test]
fn a_plan_names_only_what_exists_so_a_session_waits_for_its_target_and_filter() {
    let facts = Facts::new().instance("i-1", &[("mirror", "crown-jewel")]).interface("eni-1", "i-1");
    let plan = planned(&facts.clone().read(0), &nothing_remembered(), 1);
    assert_eq!(steps(&plan), [format!("create a target for {NLB}"), "create a filter".into()]);
    assert_eq!(waits(&plan), ["session of eni-1 to sta: its target"]);

    let plan = planned(&facts.clone().target("tmt-1", nlb()).read(0), &nothing_remembered(), 1);
    assert_eq!(waits(&plan), ["session of eni-1 to sta: its filter"]);

    let with_both = facts.target("tmt-1", nlb()).filter("tmf-1");
    let plan = planned(&with_both.read(0), &nothing_remembered(), 1);
    let vni = crate::decide::vni_of(&"vpc-1".into());
    assert_eq!(steps(&plan), [format!("mirror eni-1 to tmt-1 through tmf-1, number 100, VNI {vni}")]);
}

#[test]
fn an_unfinished_filter_is_completed() {
    let facts = one_mirrored_jewel().without_session("tms-1").change_filter("tmf-1", |filter| {
        filter.rules.pop_first();
        filter.services.clear();
    });
    let plan = planned(&facts.read(0), &nothing_remembered(), 1);
    assert_eq!(
        steps(&plan),
        ["add to tmf-1: ingress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0", "add to tmf-1: amazon-dns"]
    );
    let lacks = |change: fn(&mut crate::inventory::Filter)| one_mirrored_jewel().change_filter("tmf-1", change).read(0);
    let plan = planned(&lacks(|filter| _ = filter.rules.pop_first()), &nothing_remembered(), 1);
    assert_eq!(steps(&plan).len(), 1, "nothing is added that is there");
    let mut gap = lacks(|filter| filter.services.clear());
    gap.gaps.insert(Kind::Filters, crate::inventory::Gap { why: "denied".into(), at: at(0) });
    assert!(planned(&gap, &nothing_remembered(), 1).steps.is_empty(), "it may be there for all that anybody knows");
}

#[test]
fn what_sessions_share_comes_as_early_as_the_most_important_of_them() {
    let mut policy = policy();
    policy.strategies[1].sensor = "sta".into();
    let facts = Facts::new().instance("i-0", &[("mirror", "crown-jewel")]).interface("eni-0", "i-0");
    let facts = facts.instance("i-1", &[("mirror", "vault")]).interface("eni-1", "i-1");
    let plan = planned_for(&policy, &facts.read(0), &nothing_remembered(), 1);
    let ranks: Vec<usize> = plan.steps.iter().map(|planned| planned.rank).collect();
    assert_eq!(
        (steps(&plan), ranks),
        (vec![format!("create a target for {NLB}"), "create a filter".into()], vec![0, 0])
    );
}

#[test]
fn a_spoiled_filter_is_replaced_by_another_with_the_same_key_and_the_session_goes_on_meanwhile() {
    let spoil = |facts: Facts| {
        facts.change_filter("tmf-1", |filter| {
            let mut rule = filter.rules.values().next().unwrap().clone();
            rule.number = 7;
            filter.rules.insert("tmfr-x".into(), rule);
        })
    };
    let plan = planned(&spoil(one_mirrored_jewel()).read(0), &nothing_remembered(), 1);
    assert_eq!(steps(&plan), ["create a filter"]);
    assert_eq!(plan.steps[0].incarnation, "tmf-1", "or AWS would answer with the spoiled one");

    let plan = planned(&spoil(one_mirrored_jewel()).filter("tmf-2").read(0), &nothing_remembered(), 1);
    assert_eq!(steps(&plan), ["change tms-1: filter tmf-2"]);
}

#[test]
fn of_several_complete_filters_the_lowest_id_is_used() {
    let plan = planned(&one_mirrored_jewel().filter("tmf-0").read(0), &nothing_remembered(), 1);
    assert_eq!(steps(&plan), ["change tms-1: filter tmf-0"]);
}

#[test]
fn a_session_that_somebody_changed_is_changed_back_in_place() {
    let facts = one_mirrored_jewel().change_session("tms-1", |session| {
        session.vni = Some(9);
        session.packet_length = Some(8500);
    });
    let plan = planned(&facts.read(0), &nothing_remembered(), 1);
    let vni = crate::decide::vni_of(&"vpc-1".into());
    assert_eq!(steps(&plan), [format!("change tms-1: VNI {vni}")], "8500 bytes are what AWS takes for whole packets");
}

#[test]
fn what_nothing_wants_any_more_goes_after_the_settle_time_and_another_look() {
    let facts = |seconds| one_mirrored_jewel().instance("i-1", &[]).read(seconds);
    let session = || ObjectId::Session("tms-1".into());

    let first = planned(&facts(0), &nothing_remembered(), 1);
    assert!(first.steps.is_empty());
    assert!(first.unwanted.contains(&session()));

    let too_early = planned(&facts(30), &unwanted_since(1, session()), 40);
    assert!(too_early.steps.is_empty(), "the read is not as late as the evidence must be old");

    let settled = planned(&facts(31), &unwanted_since(1, session()), 40);
    assert_eq!(steps(&settled), ["delete tms-1"]);
}

#[test]
fn a_gap_anywhere_removes_nothing() {
    for kind in Kind::ALL {
        let mut facts = one_mirrored_jewel().instance("i-1", &[]).read(100);
        facts.gaps.insert(kind, crate::inventory::Gap { why: "denied".into(), at: at(100) });
        let plan = planned(&facts, &unwanted_since(0, ObjectId::Session("tms-1".into())), 101);
        assert!(plan.steps.is_empty(), "{kind}: {:?}", steps(&plan));
    }
}

#[test]
fn nor_does_it_change_anything_that_stands() {
    for kind in Kind::ALL {
        let mut facts = one_mirrored_jewel().change_session("tms-1", |session| session.vni = Some(9)).read(100);
        facts.gaps.insert(kind, crate::inventory::Gap { why: "denied".into(), at: at(100) });
        let plan = planned(&facts, &nothing_remembered(), 101);
        assert!(plan.steps.is_empty() && !plan.waiting.is_empty(), "{kind}: {plan:?}");
    }
}

#[test]
fn an_interface_that_is_not_listed_is_no_reason_to_remove_its_session() {
    let facts = one_mirrored_jewel().without_interface("eni-1").read(1000);
    let plan = planned(&facts, &unwanted_since(0, ObjectId::Session("tms-1".into())), 1001);
    assert!(plan.is_empty(), "{plan:?}");
}

#[test]
fn a_foreign_session_and_one_with_a_wrong_proof_are_never_touched() {
    let mut copied = Facts::new().tags(&ObjectKey::Session("eni-2".into(), "sta".into()));
    let facts = Facts::new().instance("i-1", &[]).interface("eni-1", "i-1");
    let facts = facts.foreign_session("tms-f", "eni-1", 1).tagged_session("tms-c", "eni-1", 2, copied.clone());
    copied.insert(ownership_tag(), "prod".into());
    let facts = facts.tagged_session("tms-d", "eni-1", 3, copied).read(1000);
    let plan = planned(&facts, &nothing_remembered(), 2000);
    assert!(plan.is_empty() && plan.unwanted.is_empty(), "{plan:?}");
}

fn ownership_tag() -> String {
    crate::ownership::OWNER_TAG.into()
}

#[test]
fn a_session_of_another_account_is_foreign_whatever_its_tags() {
    let facts = one_mirrored_jewel().instance("i-1", &[]).change_session("tms-1", |s| s.owner = "999999999999".into());
    let plan = planned(&facts.read(1000), &unwanted_since(0, ObjectId::Session("tms-1".into())), 1001);
    assert!(!steps(&plan).contains(&"delete tms-1".into()));
}

#[test]
fn of_two_sessions_for_one_lane_the_lower_number_stays() {
    let doubled = || one_mirrored_jewel().session("tms-0", "eni-1", 200);
    let settled = || unwanted_since(0, ObjectId::Session("tms-0".into()));
    assert!(planned(&doubled().read(100), &nothing_remembered(), 101).steps.is_empty(), "it settles");
    assert_eq!(steps(&planned(&doubled().read(100), &settled(), 101)), ["delete tms-0"]);

    let other_filter = doubled().change_session("tms-1", |session| session.filter = "tmf-empty".into());
    let other_target = doubled().change_session("tms-1", |session| session.target = "tmt-empty".into());
    // What it is to have instead stands, or is still to be made.
    let spoil = |filter: &mut crate::inventory::Filter| filter.rules.clear();
    let unmade = [other_filter.clone().change_filter("tmf-1", spoil), other_target.clone().without_target("tmt-1")];
    for worse in [other_filter, other_target].into_iter().chain(unmade) {
        let plan = planned(&worse.read(100), &settled(), 101);
        assert!(!steps(&plan).contains(&"delete tms-0".into()), "the one that stays must do what the other does");
    }
}

#[test]
fn a_change_that_may_lose_packets_settles_and_one_that_only_widens_does_not() {
    let moved = one_mirrored_jewel().change_session("tms-1", |session| session.target = "tmt-9".into());
    assert!(planned(&moved.clone().read(100), &nothing_remembered(), 101).steps.is_empty());
    let settled = unwanted_since(0, ObjectId::Session("tms-1".into()));
    assert_eq!(steps(&planned(&moved.read(100), &settled, 101)), ["change tms-1: target tmt-1"]);

    let narrower = one_mirrored_jewel().filter("tmf-2").change_filter("tmf-2", |filter| {
        filter.tags.clear();
        filter.rules.pop_first();
    });
    let widened = narrower.change_session("tms-1", |session| session.filter = "tmf-2".into());
    assert_eq!(steps(&planned(&widened.read(100), &nothing_remembered(), 101)), ["change tms-1: filter tmf-1"]);
}

#[test]
fn a_target_that_the_policy_names_by_its_id_stays_although_it_is_ours_and_unused() {
    let mut policy = policy();
    let named =
        crate::policy::SensorTarget { to: crate::policy::Way::Existing("tmt-2".into()), zones: Default::default() };
    policy.sensors.get_mut("sta").unwrap().targets.push(named);
    let facts = one_mirrored_jewel().target("tmt-2", Resource::NetworkInterface("eni-old".into())).read(100);
    let desired = compiled(&policy, &decided(&policy, &facts));
    let plan = plan(&desired, &facts, &unwanted_since(0, ObjectId::Target("tmt-2".into())), at(101));
    assert!(plan.is_empty(), "{plan:?}");
}

#[test]
fn what_was_refused_comes_after_what_was_not_and_what_goes_after_both() {
    let facts = one_mirrored_jewel()
        .without_session("tms-1")
        .instance("i-2", &[("mirror", "crown-jewel")])
        .interface("eni-2", "i-2");
    let mut memory = nothing_remembered();
    let refused = ("CreateTrafficMirrorSession".into(), ObjectKey::Session("eni-1".into(), "sta".into()));
    memory.refused.insert(refused, Refusal { code: "Surprise".into(), said: "no".into(), strikes: 3, until: at(0) });
    memory.unwanted.insert(ObjectId::Filter("tmf-2".into()), at(0));
    let steps = steps(&planned(&facts.filter("tmf-2").read(100), &memory, 101));
    let order = ["mirror eni-2", "mirror eni-1", "delete tmf-2"];
    assert!(steps.len() == 3 && steps.iter().zip(order).all(|(step, begins)| step.starts_with(begins)), "{steps:?}");
}

#[test]
fn a_filter_that_nobody_uses_goes_after_the_settle_time() {
    let facts = one_mirrored_jewel().filter("tmf-2").read(100);
    assert!(planned(&facts, &nothing_remembered(), 101).steps.is_empty());
    let plan = planned(&facts, &unwanted_since(0, ObjectId::Filter("tmf-2".into())), 101);
    assert_eq!(steps(&plan), ["delete tmf-2"], "AWS itself refuses if a session uses it");
}

/// What is planned for an unused filter after AWS has refused to delete it with this code.
fn after_refusal(code: &str, change: fn(&mut crate::inventory::Filter)) -> Vec<String> {
    let facts = one_mirrored_jewel().filter("tmf-2").change_filter("tmf-2", change).read(100);
    let mut memory = unwanted_since(0, ObjectId::Filter("tmf-2".into()));
    let key = facts.ours.filters.keys().next().unwrap().clone();
    let refusal = Refusal { code: code.into(), said: "no".into(), strikes: 1, until: at(90) };
    memory.refused.insert(("DeleteTrafficMirrorFilter".into(), ObjectKey::Filter(key)), refusal);
    steps(&planned(&facts, &memory, 101))
}

#[test]
fn the_rules_of_a_filter_go_first_only_where_aws_does_not_remove_it_with_them() {
    let refused = |code| after_refusal(code, |_| {});
    assert_eq!(refused("DependencyViolation"), ["delete tmfr-tmf-2-0 of tmf-2", "delete tmfr-tmf-2-1 of tmf-2"]);
    assert_eq!(refused("TrafficMirrorFilterInUse"), ["delete tmf-2"], "what is in use keeps its rules");
    assert_eq!(
        after_refusal("DependencyViolation", |filter| filter.rules.clear()),
        ["delete tmf-2"],
        "and then it goes"
    );
}

#[test]
fn no_filter_goes_while_an_instance_is_not_listed() {
    let facts = one_mirrored_jewel().filter("tmf-2").interface("eni-2", "i-unseen").read(100);
    assert!(planned(&facts, &unwanted_since(0, ObjectId::Filter("tmf-2".into())), 101).steps.is_empty());
}

#[test]
fn a_filter_that_a_foreign_session_uses_stays() {
    let facts = one_mirrored_jewel().instance("i-1", &[]).without_session("tms-1").foreign_session("tms-f", "eni-1", 1);
    let facts = facts.change_session("tms-f", |session| session.filter = "tmf-1".into());
    let plan = planned(&facts.read(100), &unwanted_since(0, ObjectId::Filter("tmf-1".into())), 101);
    assert!(plan.steps.is_empty(), "{:?}", steps(&plan));
}

#[test]
fn a_target_of_ours_that_the_policy_does_not_name_goes_when_no_session_uses_it() {
    let facts = one_mirrored_jewel().target("tmt-2", Resource::NetworkInterface("eni-old".into()));
    let plan = planned(&facts.read(100), &unwanted_since(0, ObjectId::Target("tmt-2".into())), 101);
    assert_eq!(steps(&plan), ["delete tmt-2"]);
}

#[test]
fn the_client_token_is_the_same_until_the_object_is_known_to_be_gone() {
    let facts = one_mirrored_jewel().without_session("tms-1");
    let token = |memory: &Memory, read: i64| match &planned(&facts.clone().read(read), memory, read).steps[..] {
        [Planned { step: Step::CreateSession { token, .. }, .. }] => Some(token.clone()),
        [] => None,
        other => panic!("{other:?}"),
    };
    let first = token(&nothing_remembered(), 0);
    assert!(first.is_some());
    assert_eq!(token(&nothing_remembered(), 500), first, "neither time nor a restart changes it");

    let mut memory = nothing_remembered();
    let gone = Predecessor { was: "tms-1".into(), since: at(100), proof: ProofOfAbsence::Settled };
    memory.predecessors.insert(ObjectKey::Session("eni-1".into(), "sta".into()), gone);
    assert_eq!(token(&memory, 129), None, "one read may be behind");
    let second = token(&memory, 130);
    assert!(second.is_some() && second != first);
}

#[test]
fn what_follows_a_spoiled_filter_that_is_gone_is_another_one_than_what_was_made_beside_it() {
    let bare = one_mirrored_jewel().without_session("tms-1");
    let spoiled = bare.clone().change_filter("tmf-1", |filter| _ = filter.services.insert("dhcp".into()));
    let token = |facts: Facts, memory: &Memory| match &planned(&facts.read(0), memory, 1).steps[..] {
        [Planned { step: Step::CreateFilter { token, .. }, .. }] => token.clone(),
        other => panic!("{other:?}"),
    };
    let mut memory = nothing_remembered();
    let gone = Predecessor { was: "tmf-1".into(), since: at(0), proof: ProofOfAbsence::Removed };
    memory.predecessors.insert(ObjectKey::Filter(everything(false).key()), gone);
    let none = Facts(Inventory { filters: BTreeMap::new(), ..bare.0 });
    assert_ne!(token(none, &memory), token(spoiled, &nothing_remembered()), "or AWS would answer with that one");
}

#[test]
fn a_create_waits_for_a_complete_list_of_what_stands_there() {
    let mut facts = one_mirrored_jewel().without_session("tms-1").read(0);
    facts.read.remove(&Kind::Sessions);
    let plan = planned(&facts, &nothing_remembered(), 1);
    assert_eq!(waits(&plan), ["session of eni-1 to sta: a complete list of mirror sessions"]);
}

#[test]
fn a_refused_step_waits_for_its_next_attempt_and_the_others_go_on() {
    let facts = one_mirrored_jewel()
        .without_session("tms-1")
        .instance("i-2", &[("mirror", "crown-jewel")])
        .interface("eni-2", "i-2");
    let mut memory = nothing_remembered();
    let refused = ("CreateTrafficMirrorSession".into(), ObjectKey::Session("eni-1".into(), "sta".into()));
    let refusal = Refusal {
        code: "TrafficMirrorSourcesPerTargetLimitExceeded".into(),
        said: "no".into(),
        strikes: 1,
        until: at(60),
    };
    memory.refused.insert(refused, refusal);
    let plan = planned(&facts.read(0), &memory, 1);
    assert_eq!(plan.steps.len(), 1);
    assert!(steps(&plan)[0].starts_with("mirror eni-2"));
    assert_eq!(plan.retry_at(), Some(at(60)));
}

#[test]
fn a_full_interface_waits_for_a_slot() {
    let facts = one_mirrored_jewel().change_session("tms-1", |session| {
        // Ours, for a lane that the policy has given up: it goes, but it still stands.
        session.tags = Facts::new().tags(&ObjectKey::Session("eni-1".into(), "old".into()));
    });
    let facts = facts.foreign_session("tms-f", "eni-1", 1).foreign_session("tms-g", "eni-1", 2).read(0);
    assert_eq!(
        waits(&planned(&facts, &nothing_remembered(), 1))[0],
        "session of eni-1 to sta: a free slot on the interface"
    );
}

const THREE_LANES: &str = "\
sensors:
  one: {targets: [{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/one/1'}]}
  two: {targets: [{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/two/1'}]}
  three: {targets: [{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/three/1'}]}
strategies:
  - {name: a, importance: {}, sensor: one, except: [tcp/22, udp/514]}
  - {name: b, importance: {}, sensor: two, except: [udp/514]}
  - {name: c, importance: {}, sensor: three}";

/// What all three want, of which the less important two stand beside somebody else's: there is no slot for the first.
fn crowded() -> (Policy, Facts) {
    let policy = policy_of(THREE_LANES);
    let lane = |name: &str| ObjectKey::Session("eni-1".into(), name.into());
    let mut facts = Facts::new().instance("i-1", &[("mirror", "a+b+c")]).interface("eni-1", "i-1");
    let wanted = decided(&policy, &facts.clone().read(0));
    for (n, spec) in (1..).zip(compiled(&policy, &wanted).filters.into_values()) {
        facts = facts.filter_of(&format!("tmf-{n}"), spec);
    }
    for (n, name) in (1..).zip(["one", "two", "three"]) {
        let arn = format!("arn:aws:x:loadbalancer/net/{name}/1");
        facts = facts.target(&format!("tmt-{n}"), Resource::NetworkLoadBalancer(arn.into()));
    }
    for (number, name, target) in [(200, "two", "tmt-2"), (300, "three", "tmt-3")] {
        let (id, tags) = (format!("tms-{name}"), facts.tags(&lane(name)));
        facts = facts.tagged_session(&id, "eni-1", number, tags).change_session(&id, |it| it.target = target.into());
    }
    (policy, facts.foreign_session("tms-f", "eni-1", 1))
}

#[test]
fn the_least_important_session_goes_at_once_where_a_more_important_one_needs_its_slot() {
    let (policy, facts) = crowded();
    let plan = planned_for(&policy, &facts.read(0), &nothing_remembered(), 1);
    let first = &plan.steps[0];
    assert_eq!(
        (first.step.to_string(), first.why.as_str()),
        ("delete tms-three".into(), "makes room for the session to one, which is wanted more")
    );
    assert!(!steps(&plan).iter().any(|step| step.starts_with("mirror")), "AWS would refuse it: {plan:?}");
    assert_eq!(plan.losing.len(), 1, "it counts");
}

#[test]
fn a_session_without_a_slot_stays_while_the_one_that_needs_it_cannot_be_made() {
    let (policy, facts) = crowded();
    let without_target = facts.clone().without_target("tmt-1").read(0);
    let mut unread = facts.read(0);
    unread.gaps.insert(Kind::Instances, Gap { why: "no".into(), at: at(0) });
    for facts in [without_target, unread] {
        let plan = planned_for(&policy, &facts, &nothing_remembered(), 3600);
        assert!(!steps(&plan).iter().any(|step| step.starts_with("delete")), "{plan:?}");
    }
}

#[test]
fn the_most_important_strategy_comes_first() {
    let facts = one_mirrored_jewel()
        .instance("i-0", &[("mirror", "vault")])
        .interface("eni-0", "i-0")
        .instance("i-zeek", &[])
        .interface("eni-zeek", "i-zeek")
        .target("tmt-2", Resource::NetworkInterface("eni-zeek".into()))
        .without_session("tms-1");
    let steps = steps(&planned(&facts.read(0), &nothing_remembered(), 1));
    assert!(steps[0].starts_with("mirror eni-1") && steps[1].starts_with("mirror eni-0"), "{steps:?}");
}

#[test]
fn ipv6_rules_are_there_only_for_interfaces_with_ipv6() {
    let facts = one_mirrored_jewel().interface_with("eni-1", "i-1", |interface| interface.ipv6 = true);
    let plan = planned(&facts.read(0), &nothing_remembered(), 1);
    assert_eq!(steps(&plan), ["create a filter"], "the session stays on its old filter until the new one is whole");
    assert!(Facts::new().filter("tmf-9").0.filters[&"tmf-9".into()].services.contains(AMAZON_DNS));
}
