//! Takes numbers and texts at their bounds; gives sentences about the last that AWS takes and the first that it does not. Never asks
//! what they mean.

use super::*;

/// What AWS answers to a session with this packet length, new or changed.
fn answers(setting: &mut Setting, length: i32) -> [bool; 2] {
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let change = ModifyTrafficMirrorSession { packet_length: Some(length), ..no_session_change(&made) };
    let changed = setting.world.call(Request::ModifyTrafficMirrorSession(change));
    call!(setting.world, DeleteTrafficMirrorSession(made.id));
    let wish = CreateTrafficMirrorSession { packet_length: Some(length), ..setting.session(2) };
    let created = setting.world.call(Request::CreateTrafficMirrorSession(wish));
    [changed, created].map(|answer| match answer {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code, "InvalidParameterValue");
            false
        }
    })
}

// Facts: 1.4-length-at-least-35, 1.4-length-at-most-8500
#[test]
fn a_packet_length_is_between_35_and_8500() {
    for (length, accepted) in [(-1, false), (0, false), (34, false), (35, true), (8500, true), (8501, false)] {
        assert_eq!(answers(&mut setting(), length), [accepted; 2], "{length}");
    }
}

// Facts: 1.4-length-at-least-55-for-ipv6
#[test]
fn a_packet_length_is_at_least_55_where_there_is_ipv6() {
    for (length, accepted) in [(35, false), (54, false), (55, true), (8500, true)] {
        let mut setting = setting();
        let wish = AssignIpv6Addresses { interface: setting.interface.clone(), count: 1, prefix_count: 0 };
        setting.world.call(Request::AssignIpv6Addresses(wish)).unwrap();
        assert_eq!(answers(&mut setting, length), [accepted; 2], "{length}");
    }
}

/// The code with which a filter is refused that is made with these tags, and one that is given them later.
fn refusals(tags: &Tags) -> [Option<String>; 2] {
    let Setting { mut world, filter, .. } = setting();
    let made = CreateTrafficMirrorFilter { tags: tags.clone(), ..CreateTrafficMirrorFilter::default() };
    let later = CreateTags { resources: vec![filter.to_string()], tags: tags.clone() };
    [Request::CreateTrafficMirrorFilter(made), Request::CreateTags(later)]
        .map(|request| world.call(request).err().map(|error| error.code))
}

// Facts: 3.2-tag-key-length
#[test]
fn the_key_of_a_tag_has_1_to_127_characters() {
    let invalid = [Some("InvalidParameterValue".to_owned()), Some("InvalidParameterValue".to_owned())];
    assert_eq!(refusals(&tags_of([("", "v")])), invalid);
    assert_eq!(refusals(&tags_of([("ä".repeat(127).as_str(), "v")])), [None, None]);
    assert_eq!(refusals(&tags_of([("k".repeat(128).as_str(), "v")])), invalid);
}

// Facts: 3.2-tag-value-length
#[test]
fn the_value_of_a_tag_has_256_characters_at_most() {
    let invalid = [Some("InvalidParameterValue".to_owned()), Some("InvalidParameterValue".to_owned())];
    assert_eq!(refusals(&tags_of([("k", "")])), [None, None]);
    assert_eq!(refusals(&tags_of([("k", "ä".repeat(256).as_str())])), [None, None]);
    assert_eq!(refusals(&tags_of([("k", "v".repeat(257).as_str())])), invalid);
}

// Facts: 3.2-fifty-tags
#[test]
fn fifty_tags_are_taken_and_one_more_is_not() {
    let tags = |count: u8| (0..count).map(|n| (n.to_string(), String::new())).collect::<Tags>();
    assert_eq!(refusals(&tags(50)), [None, None]);
    let exceeded = Some("TagLimitExceeded".to_owned());
    assert_eq!(refusals(&tags(51)), [exceeded.clone(), exceeded]);
}

// Facts: 3.2-reserved-tags
#[test]
fn nothing_is_made_with_tags_that_are_awss() {
    let mut setting = setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    let tags = tags_of([("aws:cloudformation:stack-name", "mine")]);
    let filter = CreateTrafficMirrorFilter { tags: tags.clone(), ..CreateTrafficMirrorFilter::default() };
    let target = target_for(Resource::NetworkLoadBalancer(arn));
    for request in [
        Request::CreateTrafficMirrorFilter(filter),
        Request::CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule {
            tags: tags.clone(),
            ..rule(&setting.filter, 1)
        }),
        Request::CreateTrafficMirrorTarget(CreateTrafficMirrorTarget { tags: tags.clone(), ..target }),
        Request::CreateTrafficMirrorSession(CreateTrafficMirrorSession { tags, ..setting.session(1) }),
    ] {
        let code = setting.world.call(request.clone()).unwrap_err().code;
        assert_eq!(code, "InvalidParameterValue", "{}", request.action());
    }
}

// Facts: 6-tags-of-a-thousand
#[test]
fn one_call_tags_a_thousand_resources_at_most() {
    let Setting { mut world, filter, .. } = setting();
    let on = |count| CreateTags { resources: vec![filter.to_string(); count], tags: tags_of([("k", "v")]) };
    world.call(Request::CreateTags(on(1000))).unwrap();
    assert_eq!(refused!(world, CreateTags(on(1001))), "InvalidParameterValue");
}
