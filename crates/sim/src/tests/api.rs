//! Takes an API around a small world; gives sentences about what its clients meet. Never waits: time is told.

use mirror_core::cloud::{Class, Cloud, Query};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::*;
use crate::api::{Came, Effect, Fault, Lag, Odds, Rates, Turn};
use crate::wire;

fn around(world: World) -> Api {
    Api::new(world, 3)
}

fn us() -> Caller {
    Caller::simulated("123456789012".into())
}

fn result(api: &mut Api, request: Request) -> Result<Response, ApiError> {
    match api.call(&us(), request).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

fn code(api: &mut Api, request: Request) -> String {
    result(api, request).unwrap_err().code
}

fn new_filter() -> Request {
    Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())
}

fn made(api: &mut Api) -> FilterId {
    match result(api, new_filter()) {
        Ok(Response::CreateTrafficMirrorFilter(made)) => made.id,
        other => panic!("{other:?}"),
    }
}

fn page(api: &mut Api, asked: Describe<FilterId>) -> Page<MirrorFilter> {
    match result(api, Request::DescribeTrafficMirrorFilters(asked)) {
        Ok(Response::DescribeTrafficMirrorFilters(page)) => page,
        other => panic!("{other:?}"),
    }
}

fn filters(api: &mut Api) -> usize {
    page(api, Describe::all()).items.len()
}

/// All filters, page by page.
fn walked(api: &mut Api) -> Vec<FilterId> {
    let mut ids = Vec::new();
    let mut token = None;
    loop {
        let page = page(api, Describe::page(7, token));
        ids.extend(page.items.into_iter().map(|filter| filter.id));
        token = page.next;
        if token.is_none() {
            return ids;
        }
    }
}

fn wait(api: &mut Api, seconds: i64) {
    api.advance(api.world().now() + SignedDuration::from_secs(seconds));
}

#[test]
fn with_nothing_switched_on_an_answer_is_the_worlds_own() {
    let (mut world, mut api) = (setting().world, around(setting().world));
    for request in [new_filter(), Request::GetCallerIdentity, Request::DescribeInstances(Describe::all())] {
        assert_eq!(result(&mut api, request.clone()), world.call(request));
    }
}

// Facts: 6-changes, 3.1-rate
#[test]
fn changes_have_fifty_tokens_and_five_more_each_second() {
    let mut api = around(empty_world());
    api.limit_rates(Some(Rates::documented()));
    (0..50).for_each(|_| drop(made(&mut api)));
    let error = result(&mut api, new_filter()).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("RequestLimitExceeded", 503));
    wait(&mut api, 1);
    (0..5).for_each(|_| drop(made(&mut api)));
    assert_eq!(code(&mut api, new_filter()), "RequestLimitExceeded");
}

#[test]
fn when_others_use_half_of_the_rate_half_of_it_is_left() {
    let mut api = around(empty_world());
    api.limit_rates(Some(Rates::documented().shared(50)));
    (0..25).for_each(|_| drop(made(&mut api)));
    assert_eq!(code(&mut api, new_filter()), "RequestLimitExceeded");
    wait(&mut api, 2);
    (0..5).for_each(|_| drop(made(&mut api)));
    assert_eq!(code(&mut api, new_filter()), "RequestLimitExceeded");
}

// Facts: 6-reads, 6-unbounded-reads
#[test]
fn a_list_of_any_length_has_a_smaller_bucket_than_its_pages() {
    let mut api = around(empty_world());
    api.limit_rates(Some(Rates::documented()));
    let answered = |api: &mut Api, asked: Describe<InstanceId>| {
        (0..200).take_while(|_| result(api, Request::DescribeInstances(asked.clone())).is_ok()).count()
    };
    assert_eq!(answered(&mut api, Describe::all()), 50);
    assert_eq!(answered(&mut api, Describe::page(1000, None)), 100);
}

// Facts: 6-old-reads
#[test]
fn a_read_may_be_as_old_as_the_lag_and_no_older() {
    let mut api = around(empty_world());
    api.lag(Some(Lag::up_to(SignedDuration::from_secs(10))));
    made(&mut api);
    let seen: Vec<_> = (0..9).map(|_| (wait(&mut api, 1), filters(&mut api)).1).collect();
    assert!(seen.contains(&0) && seen.contains(&1), "{seen:?}");
    wait(&mut api, 2);
    assert!((0..20).all(|_| filters(&mut api) == 1));
}

#[test]
fn whoever_sees_his_own_writes_sees_them_at_once() {
    let mut api = around(empty_world());
    let lag = Lag::up_to(SignedDuration::from_secs(60));
    api.lag(Some(Lag { own_writes_are_seen: true, ..lag }));
    made(&mut api);
    assert!((0..20).all(|_| filters(&mut api) == 1));
}

// Facts: 6-unknown-at-first
#[test]
fn an_id_that_was_just_given_may_be_said_not_to_exist() {
    let mut api = around(empty_world());
    api.lag(Some(Lag::up_to(SignedDuration::from_secs(60))));
    let filter = made(&mut api);
    assert_eq!(code(&mut api, Request::DeleteTrafficMirrorFilter(filter)), "InvalidTrafficMirrorFilterId.NotFound");
}

#[test]
fn the_past_is_as_it_was_and_looking_at_it_changes_nothing() {
    let Setting { mut world, interface, .. } = setting();
    world.remember(SignedDuration::from_secs(60));
    let then = world.now();
    let before = world.clone();
    pass(&mut world, 1);
    let subnets: Vec<_> = before.subnets.keys().cloned().collect();
    let group = ScalingGroup::of("g", 3, crate::fleet::instance().template(), &subnets);
    world.add_scaling_group(group.replacing_every(SignedDuration::from_secs(2))).unwrap();
    let tags = CreateTags { resources: vec![interface.to_string()], tags: tags_of([("a", "b")]) };
    world.call(Request::CreateTags(tags)).unwrap();
    pass(&mut world, 20);
    let now = (world.instances.len(), world.interfaces.values().cloned().collect::<Vec<_>>());
    let (instances, interfaces) =
        world.as_of(then, |world| (world.instances.values().cloned().collect::<Vec<_>>(), world.interfaces.clone()));
    assert!(instances.iter().eq(before.instances.values()));
    assert!(interfaces.values().eq(before.interfaces.values()));
    assert_eq!((world.instances.len(), world.interfaces.values().cloned().collect::<Vec<_>>()), now);
    assert!(world.interfaces.remembered() > 0);
    pass(&mut world, 0);
    world.remember(SignedDuration::ZERO);
    pass(&mut world, 0);
    assert_eq!(world.interfaces.remembered(), 0);
}

#[test]
fn an_item_may_be_on_two_pages_or_on_none() {
    let mut api = around(empty_world());
    (0..30).for_each(|_| drop(made(&mut api)));
    let whole = Lag { stale: Odds::NEVER, ..Lag::up_to(SignedDuration::ZERO) };
    api.lag(Some(Lag { doubled: Odds::ALWAYS, ..whole }));
    let mut ids = walked(&mut api);
    assert!(ids.len() > 30);
    ids.dedup();
    assert_eq!(ids.len(), 30);
    api.lag(Some(Lag { missing: Odds::ALWAYS, ..whole }));
    assert_eq!(walked(&mut api).len(), 26);
}

// Facts: 3.1-server-errors, 3.1-unauthorized
#[test]
fn the_first_fault_that_fits_wins() {
    let mut api = around(empty_world());
    let error = |code: &str| Effect::Error(ApiError::new(code, "").with_status(500));
    api.add_fault(Fault::new(error("InternalError")).on("Create*").by_turns(Turn::Nth(2)));
    api.add_fault(Fault::new(Effect::Denied).on("Create*").by_turns(Turn::EveryNth(2)));
    let codes: Vec<_> =
        (0..5).map(|_| result(&mut api, new_filter()).map_or_else(|error| error.code, |_| String::new())).collect();
    assert_eq!(codes, ["", "InternalError", "UnauthorizedOperation", "", "UnauthorizedOperation"]);
}

#[test]
fn a_fault_that_is_ended_leaves_the_others_and_their_numbers() {
    let mut api = around(empty_world());
    let first = api.add_fault(Fault::new(Effect::LostBefore));
    let second = api.add_fault(Fault::new(Effect::Denied));
    assert!(api.end_fault(first) && !api.end_fault(first));
    assert_eq!(code(&mut api, new_filter()), "UnauthorizedOperation");
    api.end_faults();
    made(&mut api);
    assert!(api.add_fault(Fault::new(Effect::Denied)) > second);
}

#[test]
fn a_fault_can_be_one_callers_and_of_one_time() {
    let mut api = around(empty_world());
    let soon = Time::UNIX_EPOCH + SignedDuration::from_secs(5);
    api.add_fault(Fault::new(Effect::LostBefore).of(us()).between(soon, Time::MAX));
    made(&mut api);
    wait(&mut api, 5);
    assert_eq!(api.call(&us(), new_filter()).came, Came::Nothing);
    let other = Caller::new("123456789012".into(), "user/alice");
    assert!(matches!(api.call(&other, new_filter()).came, Came::Whole(Ok(_))));
}

#[test]
fn a_lost_answer_hides_whether_the_call_took_effect() {
    for (effect, stands) in [(Effect::LostBefore, 0), (Effect::LostAfter, 1)] {
        let mut api = around(empty_world());
        api.add_fault(Fault::new(effect).on("Create*"));
        assert_eq!(api.call(&us(), new_filter()).came, Came::Nothing);
        assert_eq!(filters(&mut api), stands);
    }
}

#[test]
fn a_page_can_be_short_skip_end_too_early_or_be_empty() {
    for (effect, walks) in
        [(Effect::ShortPage(5), 30), (Effect::SkippingPage(6), 26), (Effect::CutPage(3), 3), (Effect::EmptyList, 0)]
    {
        let mut api = around(empty_world());
        (0..30).for_each(|_| drop(made(&mut api)));
        api.add_fault(Fault::new(effect.clone()).on("Describe*"));
        assert_eq!(walked(&mut api).len(), walks, "{effect:?}");
    }
}

#[test]
fn another_account_may_answer() {
    let mut api = around(empty_world());
    made(&mut api);
    api.add_fault(Fault::new(Effect::AnotherAccount("999999999999".into())));
    assert_eq!(filters(&mut api), 0);
    let Ok(Response::GetCallerIdentity(identity)) = result(&mut api, Request::GetCallerIdentity) else { panic!() };
    assert_eq!(identity.account.as_str(), "999999999999");
}

#[test]
fn an_answer_takes_its_time() {
    let mut api = around(empty_world());
    let [short, long] = [1, 3].map(SignedDuration::from_secs);
    api.take_time(short, long);
    assert!((0..50).all(|_| (short..=long).contains(&api.call(&us(), new_filter()).took)));
    api.add_fault(Fault::new(Effect::Latency(SignedDuration::from_secs(9))));
    assert!(api.call(&us(), new_filter()).took >= SignedDuration::from_secs(10));
}

// Facts: 3.1-unauthorized
#[test]
fn both_doors_meet_lost_and_broken_answers() {
    for (effect, code, class) in [
        (Effect::LostAfter, "Timeout", Class::Retry),
        (Effect::Cut(40), "UnreadableAnswer", Class::Bug),
        (Effect::Denied, "UnauthorizedOperation", Class::Denied),
    ] {
        let mut api = around(empty_world());
        api.add_fault(Fault::new(effect.clone()));
        let request = http::request(Some(http::SIGNED), "Action=DescribeVpcs&Version=2016-11-15");
        let reply = wire::answer(&mut api, &request).reply;
        match effect {
            Effect::LostAfter => assert!(reply.is_none()),
            Effect::Cut(at) => assert_eq!(reply.unwrap().body().len(), at),
            _ => assert_eq!(reply.unwrap().status(), 403),
        }
        let door = Door::through(Arc::new(Mutex::new(api)), us());
        let read = pin!(door.read(&Query::Identity)).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Err(error)) = read else { panic!("{read:?}") };
        assert_eq!((error.code.as_str(), error.class), (code, class));
    }
}
