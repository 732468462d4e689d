//! Takes calls that are made twice, or only tried; gives sentences about what has happened then. Never makes a call without reason.

use super::*;

// Facts: 3.2-same-token
#[test]
fn the_same_token_and_parameters_make_one_session() {
    let mut setting = setting();
    let wish = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    let first = call!(setting.world, CreateTrafficMirrorSession(wish.clone()));
    assert_eq!(call!(setting.world, CreateTrafficMirrorSession(wish)), first);
    assert_eq!(setting.sessions(), [first]);
}

// Facts: 3.1-token-mismatch
#[test]
fn the_same_token_with_other_parameters_is_refused() {
    let mut setting = setting();
    let wish = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    call!(setting.world, CreateTrafficMirrorSession(wish.clone()));
    let other = CreateTrafficMirrorSession { number: 2, ..wish };
    assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(other)), "IdempotentParameterMismatch");
}

// Facts: 3.2-token-memory
#[test]
fn a_token_answers_with_an_object_that_has_been_deleted_since() {
    let mut setting = setting();
    let wish = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    let first = call!(setting.world, CreateTrafficMirrorSession(wish.clone()));
    call!(setting.world, DeleteTrafficMirrorSession(first.id.clone()));
    assert_eq!(call!(setting.world, CreateTrafficMirrorSession(wish)), first);
    assert_eq!(setting.sessions(), []);
}

// Facts: 3.2-failed-call
#[test]
fn a_call_that_failed_does_not_use_its_token_up() {
    let mut setting = setting();
    let wrong = CreateTrafficMirrorSession { token: token("t"), ..setting.session(0) };
    assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wrong)), "InvalidParameterValue");
    let right = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    call!(setting.world, CreateTrafficMirrorSession(right));
}

// Facts: 3.2-token-of-an-action
#[test]
fn actions_do_not_share_tokens() {
    let mut setting = setting();
    let filter = CreateTrafficMirrorFilter { token: token("t"), ..CreateTrafficMirrorFilter::default() };
    call!(setting.world, CreateTrafficMirrorFilter(filter));
    let session = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    call!(setting.world, CreateTrafficMirrorSession(session));
}

// Facts: 3.2-token-form
#[test]
fn a_token_has_at_most_64_ascii_characters() {
    let mut world = empty_world();
    for text in ["é".into(), "t".repeat(65)] {
        let wish = CreateTrafficMirrorFilter { token: token(&text), ..CreateTrafficMirrorFilter::default() };
        assert_eq!(refused!(world, CreateTrafficMirrorFilter(wish)), "InvalidClientToken");
    }
}

// Facts: 3.1-dry-run
#[test]
fn a_dry_run_changes_nothing_and_says_so_with_status_412() {
    let mut setting = setting();
    let wish = Request::CreateTrafficMirrorSession(setting.session(1));
    let error = setting.world.call(Request::DryRun(Box::new(wish))).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("DryRunOperation", 412));
    assert_eq!(setting.sessions(), []);
}

#[test]
fn the_same_seed_and_calls_give_the_same_world() {
    let played = |seed| {
        let mut world = World::new("123456789012".into(), "eu-west-1".into(), seed, Time::UNIX_EPOCH);
        fleet::demo(&mut world, 20).unwrap();
        pass(&mut world, 90);
        format!("{world:?}")
    };
    assert_eq!(played(1), played(1));
    assert_ne!(played(1), played(2));
}

#[test]
fn a_long_wait_is_the_same_as_many_short_ones() {
    let fleet = || {
        let mut world = empty_world();
        fleet::demo(&mut world, 20).unwrap();
        world
    };
    let (mut long, mut short) = (fleet(), fleet());
    pass(&mut long, 120);
    (0..120).for_each(|_| pass(&mut short, 1));
    assert_eq!(format!("{long:?}"), format!("{short:?}"));
}

#[test]
fn time_does_not_go_back() {
    let mut world = empty_world();
    pass(&mut world, 10);
    world.advance(Time::UNIX_EPOCH);
    assert_eq!(world.now(), Time::UNIX_EPOCH + SignedDuration::from_secs(10));
}
