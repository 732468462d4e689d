//! Takes load balancers that take mirrored packets; gives sentences about what is known of them when they were read, and when they were
//! not.

use super::*;
use crate::decide::Reason;
use crate::inventory::{Listener, LoadBalancer, Registered, TargetGroup};
use crate::policy::Policy;

const OTHER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/other/1";

fn instance(id: &str) -> Registered {
    Registered::Instance(id.into())
}

/// A mirrored jewel, and a sensor behind the load balancer that it is mirrored to.
fn with_a_sensor() -> Facts {
    one_mirrored_jewel().behind(&[instance("i-sensor"), instance("i-other")])
}

/// One who has seen that once.
fn who_saw_it() -> Memory {
    let facts = with_a_sensor().read(0);
    seen(nothing_remembered(), &walk(&nothing_remembered(), &facts, 0, truth), &[], 0)
}

/// What is asked of ELB in a walk of all that is due, when these are the facts.
fn asked(policy: &Policy, memory: &Memory, facts: &Inventory, hints: &Hints) -> (Vec<Query>, Inventory) {
    let mut walk = Walk::due(policy, memory, hints, at(0));
    let mut asked = Vec::new();
    while let Some(query) = walk.ask() {
        let answer = answer(facts, &query);
        asked.extend((query.kind() == Some(Kind::LoadBalancers)).then(|| query.clone()));
        walk.take(query, answer, &mut Rates::default(), at(0));
    }
    (asked, walk.finish(memory))
}

fn balancers_denied(query: &Query) -> Option<Result<Page, CloudError>> {
    (query.kind() == Some(Kind::LoadBalancers)).then(|| denied(query))
}

#[test]
fn a_load_balancer_costs_two_calls_and_one_for_each_of_its_target_groups() {
    let (asked, inventory) = asked(&policy(), &nothing_remembered(), &with_a_sensor().read(0), &Hints::default());
    let expected = [
        Query::Listeners(NLB.into(), None),
        Query::TargetGroups(NLB.into(), None),
        Query::TargetHealth(NLB.into(), GROUP.into()),
    ];
    assert_eq!(asked, expected, "once, although the policy and a target name it");
    let group = TargetGroup {
        vpc: Some("vpc-1".into()),
        targets: [instance("i-other"), instance("i-sensor")].into(),
        emptied: None,
    };
    let listener = Listener { protocol: "UDP".into(), port: 4789 };
    let balancer = LoadBalancer { listeners: [listener].into(), groups: [(GROUP.into(), group)].into() };
    assert_eq!(inventory.balancers, [(NLB.into(), balancer)].into());
    assert_eq!(inventory.complete_since(), Some(at(0)));
}

#[test]
fn who_was_behind_a_load_balancer_that_is_empty_all_at_once_stays_there_for_ten_minutes() {
    let empty = one_mirrored_jewel().behind(&[]).read(0);
    let members = |memory: &Memory| memory.inventory.balancers[&NLB.into()].groups[&GROUP.into()].targets.len();
    let mut memory = who_saw_it();
    let mut looks = |facts: &Inventory, seconds: i64| {
        memory = seen(memory.clone(), &walk(&memory, facts, seconds, truth), &[], seconds);
        members(&memory)
    };
    let one_left = one_mirrored_jewel().behind(&[instance("i-other")]).read(0);
    assert_eq!(
        [looks(&empty, 60), looks(&empty, 659), looks(&one_left, 660)],
        [2, 2, 1],
        "who is missing among others is gone"
    );
    assert_eq!([looks(&empty, 700), looks(&empty, 1299), looks(&empty, 1300)], [1, 1, 0]);
    let groupless = one_mirrored_jewel().behind(&[]).change_balancer(|balancer| balancer.groups.clear()).read(0);
    let memory = who_saw_it();
    let memory = seen(memory.clone(), &walk(&memory, &groupless, 60, truth), &[], 60);
    assert_eq!(members(&memory), 2, "nor is one believed that has lost its groups");
}

#[test]
fn without_a_load_balancer_nothing_is_asked_and_nothing_is_missing() {
    let policy = policy_of(
        "sensors: {sta: {targets: [{networkInterface: eni-zeek}]}}\nstrategies: [{name: jewel, importance: {}}]",
    );
    let (asked, inventory) = asked(&policy, &nothing_remembered(), &Facts::new().read(0), &Hints::default());
    assert_eq!((asked, inventory.complete_since()), (Vec::new(), Some(at(0))));
}

#[test]
fn a_load_balancer_of_another_account_or_region_is_not_asked_about_and_no_gap() {
    let elsewhere = [NLB.replace("111122223333", "444455556666"), NLB.replace("eu-west-1", "eu-west-2")];
    for arn in elsewhere {
        let policy = policy_of(&format!(
            "sensors: {{sta: {{targets: [{{networkLoadBalancer: '{arn}'}}]}}}}\nstrategies: [{{name: jewel, importance: {{}}}}]"
        ));
        let (asked, inventory) = asked(&policy, &nothing_remembered(), &Facts::new().read(0), &Hints::default());
        assert_eq!((asked, inventory.complete_since()), (Vec::new(), Some(at(0))), "{arn}");
    }
}

#[test]
fn what_is_behind_anybodys_mirror_target_is_found_as_soon_as_the_target_is() {
    let memory = who_saw_it();
    let mut facts = with_a_sensor().target("tmt-2", Resource::NetworkLoadBalancer(OTHER.into()));
    facts.0.targets.get_mut(&"tmt-2".into()).unwrap().tags.clear();
    let only_targets = Hints { kinds: [Kind::Targets].into(), ..Hints::default() };
    let (asked, inventory) = asked(&policy(), &memory, &facts.read(0), &only_targets);
    assert!(asked.contains(&Query::TargetGroups(OTHER.into(), None)), "{asked:?}");
    assert!(inventory.balancers.contains_key(&OTHER.into()) && inventory.is_complete(Kind::LoadBalancers));
}

#[test]
fn another_load_balancer_in_the_policy_is_unknown_until_it_is_read() {
    let memory = who_saw_it();
    let mut other = policy();
    other.sensors.get_mut("sta").unwrap().targets = vec![to_resource(Resource::NetworkLoadBalancer(OTHER.into()))];
    let unanswered = Walk::due(&other, &memory, &Hints::default(), at(1)).finish(&memory);
    let said = &unanswered.gaps[&Kind::LoadBalancers].why;
    assert_eq!(*said, format!("DescribeTargetGroups: {OTHER} has not been read yet"));
    let (asked, inventory) = asked(&other, &memory, &with_a_sensor().read(0), &Hints::default());
    assert_eq!(asked.len(), 5, "all of them: {asked:?}");
    assert!(inventory.is_complete(Kind::LoadBalancers));
}

#[test]
fn who_may_not_read_load_balancers_is_told_every_permission_that_he_lacks_and_what_was_known_stays() {
    let nobody = one_mirrored_jewel().behind(&[]).read(60);
    let inventory = walk(&who_saw_it(), &nobody, 60, balancers_denied);
    assert_eq!(
        inventory.gaps[&Kind::LoadBalancers].why,
        "DescribeListeners: UnauthorizedOperation: no; DescribeTargetGroups: UnauthorizedOperation: no"
    );
    assert_eq!(inventory.read[&Kind::LoadBalancers], at(0));
    assert_eq!(inventory.balancers[&NLB.into()].groups[&GROUP.into()].targets.len(), 2);
}

#[test]
fn a_target_group_that_cannot_be_read_leaves_everything_as_it_was() {
    let deaf = with_a_sensor().deaf().read(60);
    let refuse = |query: &Query| matches!(query, Query::TargetHealth(..)).then(|| denied(query));
    let inventory = walk(&who_saw_it(), &deaf, 60, refuse);
    assert!(!inventory.is_complete(Kind::LoadBalancers) && !inventory.is_deaf(&NLB.into()));
    assert_eq!(inventory.balancers, who_saw_it().inventory.balancers);
}

#[test]
fn a_walk_that_ends_early_knows_nothing_of_what_it_has_not_asked() {
    let facts = with_a_sensor().deaf().read(0);
    let mut walk = Walk::due(&policy(), &nothing_remembered(), &Hints::default(), at(0));
    while let Some(query) = walk.ask().filter(|query| !matches!(query, Query::TargetHealth(..))) {
        let answer = answer(&facts, &query);
        walk.take(query, answer, &mut Rates::default(), at(0));
    }
    let inventory = walk.finish(&nothing_remembered());
    assert!(!inventory.is_complete(Kind::LoadBalancers) && inventory.balancers.is_empty());
}

#[test]
fn a_load_balancer_that_is_not_there_has_no_listener_and_nobody_behind_it_and_is_no_gap() {
    let gone = |query: &Query| {
        let code = match query {
            Query::Listeners(..) | Query::TargetGroups(..) => "LoadBalancerNotFound",
            _ => return None,
        };
        Some(Err(CloudError::answered(query.action(), code, "no", 400)))
    };
    let inventory = walk(&nothing_remembered(), &with_a_sensor().read(60), 60, gone);
    assert_eq!(inventory.balancers, [(NLB.into(), LoadBalancer::default())].into());
    assert!(inventory.is_deaf(&NLB.into()) && inventory.complete_since() == Some(at(60)));
}

#[test]
fn a_target_group_that_goes_between_two_calls_has_nobody_in_it() {
    let gone = |query: &Query| {
        matches!(query, Query::TargetHealth(..))
            .then(|| Err(CloudError::answered(query.action(), "TargetGroupNotFound", "no", 400)))
    };
    let inventory = walk(&nothing_remembered(), &with_a_sensor().read(60), 60, gone);
    assert!(inventory.is_complete(Kind::LoadBalancers));
    assert!(inventory.balancers[&NLB.into()].groups[&GROUP.into()].targets.is_empty());
}

#[test]
fn target_groups_go_on_on_the_next_page_and_pages_that_lead_in_a_circle_are_a_gap() {
    let pages = |circle: bool| {
        move |query: &Query| {
            let (groups, next) = match query {
                Query::TargetGroups(_, None) => (vec![(GROUP.into(), TargetGroup::default())], Some("2")),
                Query::TargetGroups(_, Some(_)) => {
                    (vec![("two".into(), TargetGroup::default())], circle.then_some("2"))
                }
                _ => return None,
            };
            Some(Ok(Page { items: Items::TargetGroups(groups), next: next.map(str::to_owned) }))
        }
    };
    let facts = with_a_sensor().read(0);
    let inventory = walk(&nothing_remembered(), &facts, 0, pages(false));
    let groups: Vec<_> = inventory.balancers[&NLB.into()].groups.values().map(|it| it.targets.len()).collect();
    assert_eq!((groups, inventory.is_complete(Kind::LoadBalancers)), (vec![2, 0], true));
    let inventory = walk(&nothing_remembered(), &facts, 0, pages(true));
    assert!(inventory.gaps[&Kind::LoadBalancers].why.contains("leads back"));
}

#[test]
fn while_nobody_knows_who_is_behind_the_sensor_nothing_new_is_mirrored_and_what_stands_stays() {
    let facts = with_a_sensor().instance("i-2", &[("mirror", "crown-jewel")]).interface("eni-2", "i-2").read(0);
    let unread = walk(&nothing_remembered(), &facts, 0, balancers_denied);
    let memory = seen(nothing_remembered(), &unread, &[], 0);
    let plan = planned(&unread, &memory, 0);
    assert_eq!(steps(&plan), Vec::<String>::new());
    let waiting: Vec<String> = plan.waiting.iter().map(|it| format!("{} waits for {}", it.what, it.on)).collect();
    let wait = "a complete list of what is behind load balancers";
    assert!(matches!(&waiting[..], [only] if only.contains("mirror: ") && only.ends_with(wait)), "{waiting:?}");
    let read = walk(&memory, &facts, 30, truth);
    let memory = seen(memory, &read, &[], 30);
    assert_eq!(planned(&read, &memory, 30).steps.len(), 1, "and then it begins");
}

#[test]
fn who_was_behind_the_sensor_is_no_source_until_it_is_read_that_he_is_not() {
    let jewel = |facts: Facts| facts.change_instance("i-1", |it| it.tags = tags_of(&[("mirror", "crown-jewel")]));
    let facts = jewel(one_mirrored_jewel().without_session("tms-1").behind(&[instance("i-1")]));
    let first = walk(&nothing_remembered(), &facts.clone().read(0), 0, truth);
    let memory = seen(nothing_remembered(), &first, &[], 0);
    let left = facts.behind(&[instance("i-2")]).read(60);
    let refused = |inventory: &Inventory| {
        let reasons = &decisions(inventory).interfaces[&"eni-1".into()].reasons;
        reasons.iter().any(|reason| matches!(reason, Reason::BehindLoadBalancer { .. }))
    };
    let unread = walk(&memory, &left, 60, balancers_denied);
    assert!(refused(&unread));
    let memory = seen(memory, &unread, &[], 60);
    assert!(!refused(&walk(&memory, &left, 90, truth)));
}

const EDGE: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/edge/1";
const EDGE_GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/edge/1";

/// A machine that is registered with a load balancer that the policy names as a junction.
fn behind_a_junction() -> (Policy, Facts) {
    let policy = policy_of(&format!(
        "sensors: {{sta: {{targets: [{{networkLoadBalancer: '{NLB}'}}]}}}}\n\
         strategies: [{{name: edge, junction: {{loadBalancers: [{{name: edge}}]}}}}]"
    ));
    let mut facts = one_mirrored_jewel();
    let targets = facts.0.instances.keys().map(|id| Registered::Instance(id.clone())).collect();
    let group = TargetGroup { vpc: Some("vpc-1".into()), targets, emptied: None };
    let balancer = LoadBalancer { groups: [(EDGE_GROUP.into(), group)].into(), ..LoadBalancer::default() };
    facts.0.directory.balancers.insert(EDGE.into());
    facts.0.balancers.insert(EDGE.into(), balancer);
    (policy, facts)
}

#[test]
fn a_list_of_load_balancers_that_is_empty_all_at_once_takes_nobody_out_of_a_junction_for_ten_minutes() {
    let (policy, facts) = behind_a_junction();
    let facts = facts.read(0);
    let none = |query: &Query| {
        matches!(query, Query::Balancers(_)).then(|| Ok(Page { items: Items::LoadBalancers(Vec::new()), next: None }))
    };
    let not_found = |query: &Query| {
        let gone = || Err(CloudError::answered(query.action(), "LoadBalancerNotFound", "no", 400));
        matches!(query, Query::TargetGroups(arn, _) if arn.as_str() == EDGE).then(gone)
    };
    let mut memory = nothing_remembered();
    let mut looks = |seconds: i64, lies: &dyn Fn(&Query) -> Option<Result<Page, CloudError>>| {
        let mut walk =
            Walk::due(&policy, &memory, &Hints::resync(&memory, SignedDuration::ZERO, at(seconds)), at(seconds));
        while let Some(query) = walk.ask() {
            let answer = lies(&query).unwrap_or_else(|| answer(&facts, &query));
            walk.take(query, answer, &mut Rates::default(), at(seconds));
        }
        memory = seen(memory.clone(), &walk.finish(&memory), &[], seconds);
        let wanted = crate::testing::decided(&policy, &memory.inventory).interfaces;
        wanted.values().filter(|decision| !decision.lanes.is_empty()).count()
    };
    assert_eq!(looks(0, &|_| None), 1);
    assert_eq!(
        [looks(60, &none), looks(100, &not_found), looks(160, &none)],
        [1, 1, 1],
        "two lies one after the other"
    );
    assert_eq!(looks(200, &|_| None), 1);
    assert_eq!(
        [looks(300, &none), looks(899, &none), looks(900, &none)],
        [1, 1, 0],
        "what is so for ten minutes is so"
    );
}
