mod balancers;
mod gateways;
mod short;
mod tags;

use super::*;
use crate::cloud::{Outcome, Step};
use crate::ids::InstanceId;
use crate::inventory::Resource;
use crate::memory::{notice, remember};
use crate::objects::ObjectKey;
use crate::plan::{Plan, Planned};
use crate::testing::cloud::balanced;
use crate::testing::*;
use tags::tagged;

/// What a cloud answers that has just these facts, in pages of one item.
fn answer(facts: &Inventory, query: &Query) -> Result<Page, CloudError> {
    fn page<T: Clone>(items: impl Iterator<Item = T>, token: &Option<String>, wrap: fn(Vec<T>) -> Items) -> Page {
        let skip: usize = token.as_ref().map_or(0, |token| token.parse().unwrap());
        let all: Vec<T> = items.collect();
        let next = (skip + 1 < all.len()).then(|| (skip + 1).to_string());
        Page { items: wrap(all.into_iter().skip(skip).take(1).collect()), next }
    }
    if let Some(items) = balanced(facts, query) {
        return Ok(Page { items, next: None });
    }
    Ok(match query {
        Query::Identity => Page { items: Items::Identity(ACCOUNT.into()), next: None },
        Query::List(Kind::Instances, token) => page(facts.instances.values().cloned(), token, Items::Instances),
        Query::List(Kind::Interfaces, token) => page(facts.interfaces.values().cloned(), token, Items::Interfaces),
        Query::List(Kind::Tagged, _) => panic!("only tags by one key are asked for"),
        Query::Tagged(key, token) => tagged(facts, key, token.as_deref()),
        Query::List(Kind::Targets, token) => page(facts.targets.values().cloned(), token, Items::Targets),
        Query::List(Kind::Filters, token) => page(facts.filters.values().cloned(), token, Items::Filters),
        Query::List(Kind::Sessions, token) => page(facts.sessions.values().cloned(), token, Items::Sessions),
        other => panic!("{other:?} is answered before, or is no list"),
    })
}

/// A walk at that second through everything; `lie` may put another answer in place of the true one.
fn walk(
    memory: &Memory,
    facts: &Inventory,
    seconds: i64,
    lie: impl Fn(&Query) -> Option<Result<Page, CloudError>>,
) -> Inventory {
    let everything = Hints { kinds: Kind::ALL.into(), ..Hints::default() };
    let mut walk = Walk::due(&policy(), memory, &everything, at(seconds));
    while let Some(query) = walk.ask() {
        let answer = lie(&query).unwrap_or_else(|| answer(facts, &query));
        walk.take(query, answer, &mut Rates::default(), at(seconds));
    }
    walk.finish(memory)
}

fn truth(_: &Query) -> Option<Result<Page, CloudError>> {
    None
}

fn denied(query: &Query) -> Result<Page, CloudError> {
    Err(CloudError::answered(query.action(), "UnauthorizedOperation", "no", 403))
}

/// One who has seen this and then done that.
fn seen(memory: Memory, inventory: &Inventory, done: &[Done], seconds: i64) -> Memory {
    remember(notice(memory, inventory.clone()), &Plan::default(), done, at(seconds))
}

fn done(step: Step, key: ObjectKey, outcome: Outcome, seconds: i64) -> Done {
    let planned = Planned { step, key, incarnation: "eni-attach-eni-1".into(), rank: 0, why: String::new() };
    Done { planned, at: at(seconds), result: Ok(outcome) }
}

fn the_session() -> ObjectKey {
    ObjectKey::Session("eni-1".into(), "sta".into())
}

/// One who has just created the session `tms-1`, at that second.
fn just_created(seconds: i64) -> (Memory, Inventory) {
    let without = one_mirrored_jewel().without_session("tms-1").read(0);
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &without, 0, truth), &[], 0);
    let step = match &planned(&memory.inventory, &memory, 1).steps[..] {
        [planned] => planned.step.clone(),
        other => panic!("{other:?}"),
    };
    let created = done(step, the_session(), Outcome::Session("tms-1".into()), seconds);
    let inventory = Inventory::clone(&memory.inventory);
    (seen(memory, &inventory, &[created], seconds), without)
}

#[test]
fn pages_add_up_to_everything_there_is() {
    let facts = one_mirrored_jewel().interface("eni-2", "i-1").instance("i-2", &[]).read(0);
    let inventory = walk(&nothing_remembered(), &facts, 5, truth);
    assert_eq!(inventory.complete_since(), Some(at(5)));
    assert_eq!(inventory.interfaces, facts.interfaces);
    assert_eq!(inventory.instances, facts.instances);
    assert_eq!(inventory.ours, facts.ours);
}

#[test]
fn a_kind_is_asked_for_with_just_as_many_calls_as_it_has_pages() {
    let facts = one_mirrored_jewel().instance("i-2", &[]).instance("i-3", &[]).read(0);
    let mut walk = Walk::due(&policy(), &nothing_remembered(), &Hints::default(), at(0));
    let mut asked = Vec::new();
    while let Some(query) = walk.ask() {
        asked.push(query.action());
        let answer = answer(&facts, &query);
        walk.take(query, answer, &mut Rates::default(), at(0));
    }
    let instances = asked.iter().filter(|action| **action == "DescribeInstances").count();
    assert_eq!((instances, asked.len()), (3, 11), "{asked:?}");
}

#[test]
fn nothing_is_asked_again_before_it_is_due() {
    let facts = one_mirrored_jewel().read(0);
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &facts, 0, truth), &[], 0);
    assert_eq!(Walk::due(&policy(), &memory, &Hints::default(), at(59)).ask(), None);
    assert_eq!(Hints::resync(&memory, SignedDuration::from_secs(60), at(59)), Hints::default());
    assert_eq!(Hints::resync(&memory, SignedDuration::from_secs(60), at(60)).kinds.len(), Kind::ALL.len());
}

#[test]
fn a_failed_read_is_a_gap_and_what_was_known_stays() {
    let facts = one_mirrored_jewel().read(0);
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &facts, 0, truth), &[], 0);
    let refuse = |query: &Query| matches!(query, Query::List(Kind::Sessions, _)).then(|| denied(query));
    let inventory = walk(&memory, &facts, 60, refuse);
    assert!(inventory.gaps.contains_key(&Kind::Sessions));
    assert_eq!(inventory.sessions.len(), 1);
    assert_eq!(inventory.read[&Kind::Sessions], at(0));
    assert_eq!(inventory.read[&Kind::Interfaces], at(60));
}

#[test]
fn a_list_that_breaks_off_in_the_middle_is_a_gap() {
    let facts = one_mirrored_jewel().instance("i-2", &[]).read(0);
    let second_page = |query: &Query| matches!(query, Query::List(Kind::Instances, Some(_))).then(|| denied(query));
    let inventory = walk(&nothing_remembered(), &facts, 0, second_page);
    assert!(!inventory.is_complete(Kind::Instances));
    assert!(inventory.instances.is_empty(), "half a list is no list");
}

#[test]
fn a_page_that_leads_back_to_itself_is_a_gap_and_no_endless_walk() {
    let facts = one_mirrored_jewel().read(0);
    let circle = |query: &Query| match query {
        Query::List(Kind::Instances, _) => {
            Some(Ok(Page { items: Items::Instances(vec![]), next: Some("again".into()) }))
        }
        _ => None,
    };
    assert!(walk(&nothing_remembered(), &facts, 0, circle).gaps.contains_key(&Kind::Instances));
}

#[test]
fn pages_that_lead_in_a_circle_are_a_gap() {
    let facts = one_mirrored_jewel().read(0);
    let circle = |query: &Query| match query {
        Query::List(Kind::Instances, token) => {
            let next = if token.as_deref() == Some("a") { "b" } else { "a" };
            Some(Ok(Page { items: Items::Instances(vec![]), next: Some(next.into()) }))
        }
        _ => None,
    };
    assert!(walk(&nothing_remembered(), &facts, 0, circle).gaps.contains_key(&Kind::Instances));
}

#[test]
fn a_page_that_is_throttled_is_asked_for_again_and_the_list_goes_on() {
    let facts = one_mirrored_jewel().instance("i-2", &[]).read(0);
    let throttled = std::cell::Cell::new(false);
    let once = |query: &Query| match query {
        Query::List(Kind::Instances, Some(_)) if !throttled.replace(true) => {
            Some(Err(CloudError::answered(query.action(), "RequestLimitExceeded", "too many", 503)))
        }
        _ => None,
    };
    assert_eq!(walk(&nothing_remembered(), &facts, 0, once).instances.len(), 2);
}

#[test]
fn the_answer_to_another_question_is_a_gap() {
    let facts = one_mirrored_jewel().read(0);
    let other = |query: &Query| match query {
        Query::List(Kind::Sessions, _) => Some(Ok(Page { items: Items::Targets(vec![]), next: None })),
        _ => None,
    };
    assert!(walk(&nothing_remembered(), &facts, 0, other).gaps.contains_key(&Kind::Sessions));
}

#[test]
fn without_credentials_one_error_says_it_and_nothing_else_is_asked() {
    let mut walk = Walk::due(&policy(), &nothing_remembered(), &Hints::default(), at(0));
    let query = walk.ask().unwrap();
    let answer = denied(&query);
    assert_eq!(walk.take(query, answer, &mut Rates::default(), at(0)), Some(Class::Denied));
    assert_eq!(walk.ask(), None);
    assert!(walk.finish(&nothing_remembered()).identity_gap.is_some());
}

#[test]
fn what_was_just_created_stands_until_a_read_shows_it() {
    let (memory, without) = just_created(10);
    for seconds in [5, 11, 40] {
        let inventory = walk(&memory, &without, seconds, truth);
        assert!(inventory.sessions.contains_key(&"tms-1".into()), "a read at {seconds}");
        assert!(planned(&inventory, &memory, seconds).steps.is_empty(), "it is not made again");
    }
}

#[test]
fn a_read_in_the_moment_of_a_write_says_nothing_of_it() {
    let (memory, without) = just_created(10);
    let other = one_mirrored_jewel().change_session("tms-1", |session| session.number = 7).read(0);
    let number = |seconds| walk(&memory, &other, seconds, truth).sessions[&"tms-1".into()].number;
    assert_eq!([10, 11].map(number), [100, 7]);
    let mut missed = memory;
    for seconds in [10, 11] {
        missed = seen(missed.clone(), &walk(&missed, &without, seconds, truth), &[], seconds);
    }
    let stands = |seconds| !walk(&missed, &without, seconds, truth).sessions.is_empty();
    assert_eq!([40, 41].map(stands), [true, false], "it was not missed before 11");
}

#[test]
fn a_round_that_reads_nothing_forgets_no_write() {
    let (memory, without) = just_created(10);
    let memory = seen(memory.clone(), &walk(&memory, &without, 60, truth), &[], 60);
    let nothing = Walk::due(&policy(), &memory, &Hints::default(), at(61)).finish(&memory);
    let memory = seen(memory, &nothing, &[], 61);
    assert_eq!(walk(&memory, &without, 70, truth).sessions.len(), 1);
}

#[test]
fn a_change_is_remembered_until_a_read_shows_it_and_missed_anew_after_one_that_is_behind() {
    let facts = one_mirrored_jewel();
    let (with, without) = (facts.clone().read(0), facts.clone().without_session("tms-1").read(0));
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &with, 0, truth), &[], 0);
    let change = crate::cloud::SessionChange { vni: Some(9), ..Default::default() };
    let step = Step::ModifySession { session: "tms-1".into(), change };
    let inventory = Inventory::clone(&memory.inventory);
    let mut memory = seen(memory, &inventory, &[done(step, the_session(), Outcome::Done, 10)], 10);
    for (seconds, shown) in [(60, &without), (70, &with), (100, &without)] {
        let inventory = walk(&memory, shown, seconds, truth);
        assert_eq!(inventory.sessions[&"tms-1".into()].vni, Some(9), "at {seconds}");
        memory = seen(memory, &inventory, &[], seconds);
    }
    let changed = facts.change_session("tms-1", |session| session.vni = Some(9)).read(0);
    let memory = seen(memory.clone(), &walk(&memory, &changed, 110, truth), &[], 110);
    assert!(memory.written.is_empty(), "{:?}", memory.written);
}

#[test]
fn what_two_reads_a_settle_time_apart_do_not_show_is_gone_and_made_again_with_another_token() {
    let (memory, without) = just_created(10);
    let first = walk(&memory, &without, 60, truth);
    let memory = seen(memory, &first, &[], 60);
    let early = walk(&memory, &without, 89, truth);
    assert!(early.sessions.contains_key(&"tms-1".into()));
    let second = walk(&memory, &without, 90, truth);
    assert!(second.sessions.is_empty());
    let memory = seen(memory, &second, &[], 90);
    let plan = planned(&second, &memory, 90);
    assert_eq!(plan.steps.len(), 1, "{plan:?}");
    assert_eq!(plan.steps[0].incarnation, "tms-1");
}

#[test]
fn what_somebody_deletes_is_made_again_once_that_has_settled() {
    let facts = one_mirrored_jewel();
    let with = facts.clone().read(0);
    let without = facts.without_session("tms-1").read(0);
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &with, 0, truth), &[], 0);
    let missing = walk(&memory, &without, 60, truth);
    let memory = seen(memory, &missing, &[], 60);
    assert!(planned(&missing, &memory, 61).steps.is_empty(), "one read may be behind");
    assert_eq!(memory.settled_at(policy().settle).collect::<Vec<_>>(), [at(90)]);
    let settled = walk(&memory, &without, 90, truth);
    let memory = seen(memory, &settled, &[], 90);
    assert_eq!(planned(&settled, &memory, 90).steps[0].incarnation, "tms-1");
    assert_eq!(Walk::due(&policy(), &memory, &Hints::default(), at(91)).ask(), None, "it is read for that once");
}

#[test]
fn a_session_that_a_read_only_missed_is_not_made_again() {
    let facts = one_mirrored_jewel();
    let (with, without) = (facts.clone().read(0), facts.without_session("tms-1").read(0));
    let mut memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &with, 0, truth), &[], 0);
    for (seconds, shown) in [(60, &without), (120, &with), (180, &without)] {
        let inventory = walk(&memory, shown, seconds, truth);
        memory = seen(memory, &inventory, &[], seconds);
        assert!(planned(&inventory, &memory, seconds).steps.is_empty(), "at {seconds}");
    }
}

#[test]
fn what_we_removed_stays_removed_although_a_read_still_shows_it() {
    let with = one_mirrored_jewel().read(0);
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &with, 0, truth), &[], 0);
    let step = Step::DeleteSession { session: "tms-1".into() };
    let inventory = Inventory::clone(&memory.inventory);
    let memory = seen(memory, &inventory, &[done(step, the_session(), Outcome::Done, 10)], 10);
    let behind = walk(&memory, &with, 60, truth);
    assert!(behind.sessions.is_empty());
    let plan = planned(&behind, &memory, 60);
    assert_eq!(plan.steps[0].incarnation, "tms-1", "wanted again, it is another one at once");
    let shown = |seconds| walk(&memory, &with, seconds, truth).sessions.len();
    assert_eq!([309, 310].map(shown), [0, 1], "in the end the reads are right");
}

#[test]
fn what_aws_says_is_not_there_to_be_removed_stands_while_lists_show_it() {
    let with = one_mirrored_jewel().read(0);
    let memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &with, 0, truth), &[], 0);
    let step = Step::DeleteSession { session: "tms-1".into() };
    let not_there = CloudError::answered(step.action(), "InvalidTrafficMirrorSessionId.NotFound", "no", 400);
    let refused = Done { result: Err(not_there), ..done(step, the_session(), Outcome::Done, 10) };
    let inventory = Inventory::clone(&memory.inventory);
    let memory = seen(memory, &inventory, &[refused], 10);
    let inventory = walk(&memory, &with, 60, truth);
    assert_eq!(inventory.sessions.len(), 1, "or it would be made once more");
    assert_eq!(planned(&inventory, &memory, 60).steps, [], "it is wanted, and it stands");
}

#[test]
fn a_filter_is_remembered_with_its_rules_while_no_read_shows_them() {
    let bare = Facts::new().instance("i-1", &[("mirror", "crown-jewel")]).interface("eni-1", "i-1");
    let bare = bare.target("tmt-1", Resource::NetworkLoadBalancer(NLB.into())).read(0);
    let mut memory = seen(nothing_remembered(), &walk(&nothing_remembered(), &bare, 0, truth), &[], 0);
    for seconds in 1..4 {
        let plan = planned(&memory.inventory, &memory, seconds);
        let done: Vec<Done> = plan.steps.iter().map(|planned| succeed(planned, seconds)).collect();
        let inventory = Inventory::clone(&memory.inventory);
        memory = seen(memory, &inventory, &done, seconds);
        let inventory = Walk::due(&policy(), &memory, &Hints::default(), at(seconds)).finish(&memory);
        memory = notice(memory, inventory);
    }
    assert!(memory.inventory.ours.sessions.contains_key(&(("eni-1").into(), "sta".into())), "{memory:#?}");
}

/// A step that AWS has carried out, with ids of its own.
fn succeed(planned: &Planned, seconds: i64) -> Done {
    let outcome = match &planned.step {
        Step::CreateFilter { .. } => Outcome::Filter("tmf-1".into()),
        Step::CreateRule { rule, .. } => Outcome::Rule(format!("tmfr-{}", rule.direction).into()),
        Step::CreateSession { .. } => Outcome::Session("tms-1".into()),
        Step::AddServices { .. } => Outcome::Done,
        other => panic!("{other}"),
    };
    Done { planned: planned.clone(), at: at(seconds), result: Ok(outcome) }
}

#[test]
fn an_instance_that_two_pages_show_is_one_instance() {
    let facts = one_mirrored_jewel().read(0);
    let twice = |query: &Query| match query {
        Query::List(Kind::Instances, token) => {
            let item = facts.instances.values().next().unwrap().clone();
            Some(Ok(Page { items: Items::Instances(vec![item]), next: token.is_none().then(|| "2".into()) }))
        }
        _ => None,
    };
    let inventory = walk(&nothing_remembered(), &facts, 0, twice);
    assert_eq!(inventory.instances.keys().collect::<Vec<_>>(), [&InstanceId::from("i-1")]);
}
