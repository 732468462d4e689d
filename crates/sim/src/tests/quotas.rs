//! Takes an account that is full; gives sentences about what AWS answers to one more. Never fills it to ten thousand: the numbers are
//! looked at, and made small.

use super::*;

// Facts: 1.3-ten-rules, 1.4-three-sessions, 2-sessions-of-an-account, 2-targets-of-an-account, 2-filters-of-an-account
// Facts: 2-sources-of-an-interface, 2-sources-of-a-large-interface
#[test]
fn the_quotas_are_those_of_the_guide() {
    let Quotas {
        sessions,
        targets,
        filters,
        rules_per_filter,
        sessions_per_interface,
        sources_per_interface_target,
        sources_per_large_interface_target,
    } = empty_world().quotas;
    assert_eq!((sessions, targets, filters), (10_000, 10_000, 10_000));
    assert_eq!((rules_per_filter, sessions_per_interface), (10, 3));
    assert_eq!((sources_per_interface_target, sources_per_large_interface_target), (10, 100));
}

// Facts: 2-filters-of-an-account, 3.1-filter-limit
#[test]
fn an_account_that_is_full_of_filters_gets_no_more() {
    let mut world = empty_world();
    world.quotas.filters = 1;
    let first = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let one_more = CreateTrafficMirrorFilter::default();
    assert_eq!(refused!(world, CreateTrafficMirrorFilter(one_more)), "TrafficMirrorFilterLimitExceeded");
    call!(world, DeleteTrafficMirrorFilter(first));
    call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default()));
}

// Facts: 2-targets-of-an-account, 3.1-target-limit
#[test]
fn an_account_that_is_full_of_targets_gets_no_more() {
    let mut setting = setting();
    setting.world.quotas.targets = 1;
    let arn = setting.world.add_network_load_balancer("sensor");
    let wish = target_for(Resource::NetworkLoadBalancer(arn));
    let code = refused!(setting.world, CreateTrafficMirrorTarget(wish.clone()));
    assert_eq!(code, "TrafficMirrorTargetLimitExceeded");
    call!(setting.world, DeleteTrafficMirrorTarget(setting.target.clone()));
    call!(setting.world, CreateTrafficMirrorTarget(wish));
}

// Facts: 2-sessions-of-an-account, 3.1-session-limit
#[test]
fn an_account_that_is_full_of_sessions_gets_no_more() {
    let mut setting = setting();
    setting.world.quotas.sessions = 1;
    let first = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let code = refused!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
    assert_eq!(code, "TrafficMirrorSessionLimitExceeded");
    assert_eq!(setting.sessions(), std::slice::from_ref(&first));
    call!(setting.world, DeleteTrafficMirrorSession(first.id));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
}

// Facts: 2-changes-need-no-room
#[test]
fn a_full_account_can_still_change_what_it_has() {
    let mut setting = setting();
    setting.world.quotas.sessions = 1;
    let first = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let change = ModifyTrafficMirrorSession { number: Some(9), ..no_session_change(&first) };
    assert_eq!(call!(setting.world, ModifyTrafficMirrorSession(change)).number, 9);
}
