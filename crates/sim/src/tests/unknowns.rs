//! Takes the switches for what AWS does not say; gives a sentence for each of their settings. Never says which is true.

use super::*;

/// A setting in which one switch is set otherwise.
pub(super) fn where_aws(change: impl FnOnce(&mut Unknowns)) -> Setting {
    let mut setting = setting();
    change(&mut setting.world.unknowns);
    setting
}

pub(super) const INVALID: Verdict = Verdict::Refused("InvalidParameterValue");

pub(super) fn refusal(world: &mut World, request: Request) -> Option<String> {
    world.call(request).err().map(|error| error.code)
}

// Facts: 12-other-settings
#[test]
fn each_alternative_is_another_world_and_has_a_name_of_its_own() {
    let all = Unknowns::each_otherwise();
    for (place, (name, unknowns)) in all.iter().enumerate() {
        assert_ne!(*unknowns, Unknowns::default(), "{name}");
        assert!(all.iter().skip(place + 1).all(|(other, same)| other != name && same != unknowns), "{name}");
    }
}

// Facts: 12-other-settings
#[test]
fn what_the_facts_do_state_holds_however_the_rest_is_set() {
    for (name, unknowns) in Unknowns::each_otherwise() {
        let mut setting = where_aws(|it| *it = unknowns);
        let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
        let change = ModifyTrafficMirrorSession { number: Some(9), ..no_session_change(&made) };
        assert_eq!(call!(setting.world, ModifyTrafficMirrorSession(change)).number, 9, "{name}");
        assert_eq!(setting.sessions()[0].number, 9, "{name}");
        let in_use = Request::DeleteTrafficMirrorFilter(setting.filter.clone());
        assert!(refusal(&mut setting.world, in_use).is_some(), "{name}");
        call!(setting.world, DeleteTrafficMirrorSession(made.id));
        call!(setting.world, DeleteTrafficMirrorFilter(setting.filter));
        call!(setting.world, DeleteTrafficMirrorTarget(setting.target));
    }
}

// Facts: 1.3-ten-rules, 3.1-rule-limit
#[test]
fn ten_rules_are_those_of_a_filter_or_of_each_direction() {
    for (quota, more) in [(RulesQuota::PerFilter, false), (RulesQuota::PerDirection, true)] {
        let Setting { mut world, filter, .. } = where_aws(|it| it.rules_quota = quota);
        for number in 1..=10 {
            call!(world, CreateTrafficMirrorFilterRule(rule(&filter, number)));
        }
        let mut egress = rule(&filter, 1);
        egress.rule.direction = Direction::Egress;
        let code = refusal(&mut world, Request::CreateTrafficMirrorFilterRule(egress));
        assert_eq!(code.is_none(), more, "{quota:?}");
        let eleventh = rule(&filter, 11);
        assert_eq!(refused!(world, CreateTrafficMirrorFilterRule(eleventh)), "TrafficMirrorFilterRuleLimitExceeded");
    }
}

// Facts: 1.3-ten-rules
#[test]
fn a_rule_cannot_be_turned_into_a_direction_that_is_full() {
    let Setting { mut world, filter, .. } = where_aws(|it| it.rules_quota = RulesQuota::PerDirection);
    for number in 1..=10 {
        call!(world, CreateTrafficMirrorFilterRule(rule(&filter, number)));
    }
    let mut egress = rule(&filter, 20);
    egress.rule.direction = Direction::Egress;
    let egress = call!(world, CreateTrafficMirrorFilterRule(egress));
    let turned = ModifyTrafficMirrorFilterRule { direction: Some(Direction::Ingress), ..no_rule_change(&egress) };
    assert_eq!(refused!(world, ModifyTrafficMirrorFilterRule(turned)), "TrafficMirrorFilterRuleLimitExceeded");
}

// Facts: 1.4-vni-24-bits
#[test]
fn the_bounds_of_network_identifiers_are_as_they_are_set() {
    for (vnis, vni, refused) in [
        (1..=0xff_ffff, 0, true),
        (0..=0xff_ffff, 0, false),
        (1..=0xff_ffff, 1 << 24, true),
        (1..=0x100_0000, 1 << 24, false),
        (1..=0x100_0000, (1 << 24) + 1, true),
        (0..=0xff_ffff, -1, true),
    ] {
        let mut setting = where_aws(|it| it.vnis = vnis.clone());
        let wish = CreateTrafficMirrorSession { vni: Some(vni), ..setting.session(1) };
        let code = refusal(&mut setting.world, Request::CreateTrafficMirrorSession(wish));
        assert_eq!(code.is_some(), refused, "{vni} in {vnis:?}");
    }
}

// Facts: 1.4-vni-again
#[test]
fn a_network_identifier_is_used_twice_or_refused() {
    for (verdict, code) in [(Verdict::Accepted, None), (INVALID, Some("InvalidParameterValue".to_owned()))] {
        let mut setting = where_aws(|it| it.duplicate_vni = verdict);
        let session =
            |setting: &Setting, number| CreateTrafficMirrorSession { vni: Some(7), ..setting.session(number) };
        let first = call!(setting.world, CreateTrafficMirrorSession(session(&setting, 1)));
        let second = Request::CreateTrafficMirrorSession(session(&setting, 2));
        assert_eq!(refusal(&mut setting.world, second), code);
        let same = ModifyTrafficMirrorSession { vni: Some(7), ..no_session_change(&first) };
        assert_eq!(call!(setting.world, ModifyTrafficMirrorSession(same)).vni, 7);
    }
}

// Facts: 1.4-number-once-on-an-interface
#[test]
fn a_session_number_is_used_twice_or_refused_with_some_code() {
    for (verdict, code) in [
        (Verdict::Accepted, None),
        (INVALID, Some("InvalidParameterValue".to_owned())),
        (Verdict::Refused("Another"), Some("Another".to_owned())),
    ] {
        let mut setting = where_aws(|it| it.duplicate_session_number = verdict);
        call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
        let other = call!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
        let again = Request::CreateTrafficMirrorSession(setting.session(1));
        assert_eq!(refusal(&mut setting.world, again), code);
        let change = ModifyTrafficMirrorSession { number: Some(1), ..no_session_change(&other) };
        assert_eq!(refusal(&mut setting.world, Request::ModifyTrafficMirrorSession(change)), code);
    }
}

// Facts: 3.2-tag-filters
#[test]
fn mirror_objects_are_found_by_their_tags_or_the_filter_is_refused() {
    for (verdict, found) in [(Verdict::Accepted, true), (INVALID, false)] {
        let mut setting = where_aws(|it| it.tag_filters = verdict);
        let wish = CreateTrafficMirrorSession { tags: tags_of([("owner", "prod")]), ..setting.session(1) };
        let made = call!(setting.world, CreateTrafficMirrorSession(wish));
        call!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
        let by_tag = Describe::all().filtered("tag:owner", "prod").filtered("tag-key", "owner");
        match setting.world.call(Request::DescribeTrafficMirrorSessions(by_tag)) {
            Ok(Response::DescribeTrafficMirrorSessions(page)) => assert_eq!((page.items, found), (vec![made], true)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!((error.code.as_str(), found), ("InvalidParameterValue", false)),
        }
        let others = [
            Request::DescribeTrafficMirrorFilters(Describe::all().filtered("tag:owner", "prod")),
            Request::DescribeTrafficMirrorTargets(Describe::all().filtered("tag-key", "owner")),
            Request::DescribeTrafficMirrorFilterRules(DescribeTrafficMirrorFilterRules {
                filter: None,
                rules: Describe::all().filtered("tag:owner", "prod"),
            }),
        ];
        for asked in others {
            assert_eq!(setting.world.call(asked.clone()).is_ok(), found, "{asked:?}");
        }
    }
}

// Facts: 1.1-trunk-branch-efa, 1.1-other-managed-interfaces
#[test]
fn trunk_branch_and_efa_interfaces_are_sources_or_refused() {
    for verdict in [Verdict::Accepted, Verdict::Refused("NetworkInterfaceNotSupported")] {
        for special in ["trunk", "branch", "efa", "efa-only", "lambda"] {
            let mut setting = where_aws(|it| it.special_source = verdict);
            setting.world.interface_mut(&setting.interface).unwrap().interface_type = special.into();
            let wish = Request::CreateTrafficMirrorSession(setting.session(1));
            let accepted = refusal(&mut setting.world, wish).is_none();
            assert_eq!(accepted, verdict == Verdict::Accepted && special != "lambda", "{special}");
        }
    }
}

// Facts: 3-stopped-source
#[test]
fn an_interface_of_a_stopped_instance_is_a_source_or_refused() {
    let refused = Verdict::Refused("NetworkInterfaceNotSupported");
    for (verdict, code) in [(Verdict::Accepted, None), (refused, Some("NetworkInterfaceNotSupported".to_owned()))] {
        let mut setting = where_aws(|it| it.stopped_source = verdict);
        call!(setting.world, StopInstances(vec![setting.instance.clone()]));
        pass(&mut setting.world, 3);
        let wish = Request::CreateTrafficMirrorSession(setting.session(1));
        assert_eq!(refusal(&mut setting.world, wish), code);
    }
}

// Facts: 3-filter-with-rules
#[test]
fn a_filter_takes_its_rules_with_it_or_stays_until_they_are_gone() {
    let refused = Verdict::Refused("TrafficMirrorFilterInUse");
    for (verdict, code) in [(Verdict::Accepted, None), (refused, Some("TrafficMirrorFilterInUse".to_owned()))] {
        let Setting { mut world, filter, .. } = where_aws(|it| it.filter_with_rules = verdict);
        let made = call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
        let delete = Request::DeleteTrafficMirrorFilter(filter);
        assert_eq!(refusal(&mut world, delete.clone()), code);
        if code.is_some() {
            call!(world, DeleteTrafficMirrorFilterRule(made.id));
            assert_eq!(refusal(&mut world, delete), None);
        }
    }
}

// Facts: 3.1-filter-in-use
#[test]
fn a_filter_in_use_is_refused_with_either_code() {
    for code in ["TrafficMirrorFilterInUse", "InvalidTrafficMirrorFilter.InUse"] {
        let mut setting = where_aws(|it| it.filter_in_use = code);
        call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
        assert_eq!(refused!(setting.world, DeleteTrafficMirrorFilter(setting.filter.clone())), code);
    }
}

// Facts: 3.1-target-without-interface
#[test]
fn a_target_without_its_interface_is_refused_with_either_code() {
    for code in ["InvalidNetworkInterfaceID.NotFound", "InvalidTrafficMirrorTarget"] {
        let mut world = where_aws(|it| it.missing_target_interface = code).world;
        let wish = target_for(Resource::NetworkInterface("eni-0".into()));
        assert_eq!(refused!(world, CreateTrafficMirrorTarget(wish)), code);
    }
}

// Facts: 3.1-filter-not-found, 3.1-rule-not-found, 3.1-session-not-found, 3.1-target-not-found, 3.1-target-in-use
#[test]
fn codes_are_those_on_the_wire_or_those_that_are_documented() {
    for (codes, expected) in [
        (
            Codes::AsSeen,
            [
                "InvalidTrafficMirrorFilterId.NotFound",
                "InvalidTrafficMirrorFilterRuleId.NotFound",
                "InvalidTrafficMirrorSessionId.NotFound",
                "InvalidTrafficMirrorTargetId.NotFound",
                "TrafficMirrorTargetInUse",
            ],
        ),
        (
            Codes::AsDocumented,
            [
                "InvalidTrafficMirrorFilterNotFound",
                "InvalidTrafficMirrorFilterRuleNotFound",
                "InvalidTrafficMirrorSessionNotFound",
                "InvalidTrafficMirrorTargetNoFound",
                "TrafficMirrorTargetInUseException",
            ],
        ),
    ] {
        let mut setting = where_aws(|it| it.codes = codes);
        let wish = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
        call!(setting.world, CreateTrafficMirrorSession(wish));
        let given = [
            refused!(setting.world, DeleteTrafficMirrorFilter("tmf-0".into())),
            refused!(setting.world, DeleteTrafficMirrorFilterRule("tmfr-0".into())),
            refused!(setting.world, DeleteTrafficMirrorSession("tms-0".into())),
            refused!(setting.world, DeleteTrafficMirrorTarget("tmt-0".into())),
            refused!(setting.world, DeleteTrafficMirrorTarget(setting.target.clone())),
        ];
        assert_eq!(given, expected);
        let wish = CreateTrafficMirrorSession { target: "tmt-0".into(), token: token("u"), ..setting.session(2) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wish)), expected[3]);
    }
}

/// Makes a session with a token, removes it, lets so many seconds pass and makes it again; gives the ids of both.
fn made_twice(setting: &mut Setting, seconds: i64) -> [SessionId; 2] {
    let wish = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    let first = call!(setting.world, CreateTrafficMirrorSession(wish.clone())).id;
    call!(setting.world, DeleteTrafficMirrorSession(first.clone()));
    pass(&mut setting.world, seconds);
    [first, call!(setting.world, CreateTrafficMirrorSession(wish)).id]
}

// Facts: 3.2-token-memory
#[test]
fn a_token_is_remembered_for_ever_for_a_time_or_until_its_object_is_gone() {
    let minute = TokenMemory::For(SignedDuration::from_mins(1));
    for (memory, seconds, remembered) in [
        (TokenMemory::ForEver, 1_000_000, true),
        (minute, 59, true),
        (minute, 60, false),
        (TokenMemory::UntilGone, 0, false),
    ] {
        let mut setting = where_aws(|it| it.tokens = memory);
        let [first, second] = made_twice(&mut setting, seconds);
        assert_eq!(first == second, remembered, "{memory:?} after {seconds} s");
        assert_eq!(setting.sessions().is_empty(), remembered);
    }
}

// Facts: 3.2-token-memory, 3.2-tokens-of-creations
#[test]
fn a_token_whose_object_stands_is_remembered_until_it_is_gone_whatever_it_made() {
    let mut setting = where_aws(|it| it.tokens = TokenMemory::UntilGone);
    let arn = setting.world.add_network_load_balancer("sensor");
    let filter = CreateTrafficMirrorFilter { token: token("t"), ..CreateTrafficMirrorFilter::default() };
    let rule = CreateTrafficMirrorFilterRule { token: token("t"), ..rule(&setting.filter, 1) };
    let target =
        CreateTrafficMirrorTarget { token: token("t"), ..target_for(Resource::NetworkLoadBalancer(arn.clone())) };
    let session = CreateTrafficMirrorSession { token: token("t"), ..setting.session(1) };
    let loose = CreateNetworkInterface { token: token("t"), ..loose_interface(&setting.network) };
    for request in [
        Request::CreateTrafficMirrorFilter(filter),
        Request::CreateTrafficMirrorFilterRule(rule),
        Request::CreateTrafficMirrorTarget(target),
        Request::CreateTrafficMirrorSession(session),
        Request::CreateNetworkInterface(loose),
    ] {
        let first = setting.world.call(request.clone()).unwrap();
        pass(&mut setting.world, 1_000_000);
        assert_eq!(setting.world.call(request).unwrap(), first);
    }
}

// Facts: 2-per-region
#[test]
fn a_quota_counts_one_region_or_all() {
    for elsewhere in [0, 1] {
        let standing = Standing { sessions: elsewhere, targets: elsewhere, filters: elsewhere };
        let mut setting = where_aws(|it| it.quota_scope = QuotaScope::AllRegions(standing));
        setting.world.quotas = Quotas { sessions: 1, targets: 2, filters: 2, ..Quotas::default() };
        let arn = setting.world.add_network_load_balancer("sensor");
        for (request, code) in [
            (Request::CreateTrafficMirrorSession(setting.session(1)), "TrafficMirrorSessionLimitExceeded"),
            (
                Request::CreateTrafficMirrorTarget(target_for(Resource::NetworkLoadBalancer(arn))),
                "TrafficMirrorTargetLimitExceeded",
            ),
            (
                Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default()),
                "TrafficMirrorFilterLimitExceeded",
            ),
        ] {
            let expected = (elsewhere == 1).then(|| code.to_owned());
            assert_eq!(refusal(&mut setting.world, request), expected);
        }
    }
}
