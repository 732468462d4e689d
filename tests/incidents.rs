//! Incidents of others, each by its name: takes the daemon's own loop, on virtual time, to where they were; says that it comes out of
//! it as it should. Storms may meet all of this too; here nobody has to look for it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "storms use the rest of it")]
mod simulation;
mod support;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mirror_core::ids::SessionId;
use mirror_sim::api::Effect;
use mirror_sim::fleet::instance;
use mirror_sim::{MirrorSession, Request, Response, RunInstances};
use simulation::converged::Wish;
use simulation::listed;
use simulation::stage::{Event, Stage};
use simulation::storm::{Setting, Storm};

/// So many crown jewels, of which nothing is mirrored yet, and so many processes. Nothing fails by itself.
fn stage(jewels: usize, leaders: usize) -> Stage {
    let leaders = vec![SignedDuration::ZERO; leaders];
    let calm = Setting { lost: 0, lag: SignedDuration::ZERO, happenings: 0, faults: false, ..Setting::default() };
    Storm::new(1, &Setting { jewels, leaders, ..calm }).stage(false)
}

/// Goes on until everything has to be as it should, and demands that it is.
fn converges(stage: &mut Stage) {
    stage.goes_on_for(SignedDuration::from_mins(20));
    assert_eq!(stage.rests(10), Vec::<String>::new());
}

fn sessions(stage: &Stage) -> Vec<MirrorSession> {
    listed::sessions(&mut stage.api.lock().unwrap())
}

fn ids(stage: &Stage) -> BTreeSet<SessionId> {
    sessions(stage).into_iter().map(|session| session.id).collect()
}

fn call(stage: &Stage, request: Request) -> Response {
    stage.api.lock().unwrap().world_mut().call(request).unwrap_or_else(|error| panic!("{error}"))
}

/// external-dns: a source that looked empty made it delete every record.
#[test]
fn a_source_that_looks_empty_for_hours_deletes_nothing() {
    for list in ["DescribeNetworkInterfaces", "DescribeInstances", "tag:GetResources", "Describe*", "*"] {
        let mut stage = stage(20, 1);
        converges(&mut stage);
        let before = ids(&stage);
        stage.fails(Effect::EmptyList, list);
        stage.goes_on_for(SignedDuration::from_hours(6));
        assert_eq!(ids(&stage), before, "while {list} is empty");
        stage.calms_down();
        converges(&mut stage);
        assert_eq!(ids(&stage), before, "after {list} was empty");
    }
}

/// aws-samples/aws-vpc-traffic-mirroring-source-automation: of each reservation only the first instance was mirrored.
#[test]
fn of_a_batch_that_is_launched_together_all_are_mirrored() {
    let mut stage = stage(1, 1);
    converges(&mut stage);
    let subnet = listed::interfaces(&mut stage.api.lock().unwrap()).remove(0).subnet;
    let one = instance().in_subnet(&subnet).tagged("mirror", "crown-jewel").template();
    call(&stage, Request::RunInstances(RunInstances { min_count: 20, max_count: 20, ..one }));
    converges(&mut stage);
    let sources: BTreeSet<_> = sessions(&stage).into_iter().map(|session| session.interface).collect();
    assert_eq!((sources.len(), sessions(&stage).len()), (21, 21));
}

/// arkime/aws-aio: what its record called configured was never made again.
#[test]
fn a_session_that_is_deleted_by_hand_is_made_again_each_time() {
    let mut stage = stage(3, 1);
    converges(&mut stage);
    for _ in 0..2 {
        let before = ids(&stage);
        for id in &before {
            call(&stage, Request::DeleteTrafficMirrorSession(id.clone()));
        }
        converges(&mut stage);
        let after = ids(&stage);
        assert!(after.len() == 3 && after.is_disjoint(&before), "{after:?}");
    }
}

/// DynamoDB's DNS, October 2025: an enactor that was late applied an old plan over a newer one.
#[test]
fn an_executor_that_was_late_never_applies_its_old_plan_over_a_newer_one() {
    let mins = SignedDuration::from_mins;
    let sensor = |stage: &Stage, which: usize| stage.people().sensors.get(which).cloned();
    // For each moment of the quarter of a minute in which the old policy is carried out.
    for moment in 0..120 {
        let mut stage = stage(3, 2);
        converges(&mut stage);
        let wish = |which| Wish { owner: "prod", jewels: sensor(&stage, which), vaults: None };
        let late = SignedDuration::from_secs(25) + SignedDuration::from_millis(125) * moment;
        for leader in [0, 1] {
            stage.at(SignedDuration::ZERO, Event::Follows(leader, wish(1)));
            stage.at(mins(2), Event::Follows(leader, wish(0)));
        }
        stage.at(late, Event::Pauses(0, mins(30)));
        stage.goes_on_for(mins(40));
        assert_eq!(stage.wrong(), Vec::<String>::new(), "late {late:#} after the old policy");
    }
}
