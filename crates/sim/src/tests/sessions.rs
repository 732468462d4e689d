//! Takes sessions; gives sentences about which AWS accepts, and when one goes. Never asks what they mirror.

use super::*;

/// A setting whose target is a Network Load Balancer.
fn before_a_load_balancer() -> Setting {
    let mut setting = setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(target_for(Resource::NetworkLoadBalancer(arn)))).id;
    setting
}

// Facts: 1.4-tags-at-creation, 3-at-once
#[test]
fn a_session_is_tagged_as_it_is_created() {
    let mut setting = setting();
    let wish = CreateTrafficMirrorSession { tags: tags_of([("owner", "prod")]), ..setting.session(1) };
    let made = call!(setting.world, CreateTrafficMirrorSession(wish));
    assert_eq!(made.tags, tags_of([("owner", "prod")]));
    assert_eq!(setting.sessions(), [made]);
}

// Facts: 1.4-number-range, 1.4-number-once-on-an-interface, 3.1-invalid-value
#[test]
fn a_session_number_is_unique_on_its_interface_and_within_range() {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    for number in [1, 0, -1, 32767] {
        let code = refused!(setting.world, CreateTrafficMirrorSession(setting.session(number)));
        assert_eq!(code, "InvalidParameterValue", "{number}");
    }
    call!(setting.world, CreateTrafficMirrorSession(setting.session(32766)));
}

// Facts: 1.4-three-sessions, 3.1-interface-limit
#[test]
fn an_interface_has_three_sessions_at_most() {
    let mut setting = setting();
    for number in 1..=3 {
        call!(setting.world, CreateTrafficMirrorSession(setting.session(number)));
    }
    let code = refused!(setting.world, CreateTrafficMirrorSession(setting.session(4)));
    assert_eq!(code, "TrafficMirrorSessionsPerInterfaceLimitExceeded");
}

// Facts: 3.1-session-without-interface, 3.1-session-without-target, 3.1-session-without-filter, 3.1-session-not-found
#[test]
fn everything_that_a_session_names_must_be_there() {
    let mut setting = setting();
    let wish = setting.session(1);
    for (wrong, code) in [
        (
            CreateTrafficMirrorSession { interface: "eni-0".into(), ..wish.clone() },
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (
            CreateTrafficMirrorSession { target: "tmt-0".into(), ..wish.clone() },
            "InvalidTrafficMirrorTargetId.NotFound",
        ),
        (
            CreateTrafficMirrorSession { filter: "tmf-0".into(), ..wish.clone() },
            "InvalidTrafficMirrorFilterId.NotFound",
        ),
    ] {
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wrong)), code);
    }
    let code = refused!(setting.world, DeleteTrafficMirrorSession("tms-0".into()));
    assert_eq!(code, "InvalidTrafficMirrorSessionId.NotFound");
}

// Facts: 1.1-plain-interface, 1.1-refused-until-attached, 1.1-refusal-names-the-interface, 3.1-not-supported
#[test]
fn a_source_is_a_plain_interface_attached_to_an_instance() {
    let mut setting = setting();
    let loose = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    let subnet = setting.network.subnets[0].clone();
    let of_aws = setting.world.add_requester_managed_interface(&subnet, "network_load_balancer").unwrap();
    let new = instance().launch(&mut setting.world).unwrap();
    let attaching = primary_interface(&mut setting.world, &new);
    for interface in [loose, of_aws, attaching] {
        let wish = CreateTrafficMirrorSession { interface: interface.clone(), ..setting.session(1) };
        let error = setting.world.call(Request::CreateTrafficMirrorSession(wish)).unwrap_err();
        assert_eq!(error.code, "NetworkInterfaceNotSupported");
        assert_eq!(error.message, format!("{interface} must be attached to a supported instance"));
    }
}

// Facts: 1.4-vni-omitted
#[test]
fn an_omitted_network_identifier_is_random_and_unique() {
    let mut setting = setting();
    let first = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let second = call!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
    assert_ne!(first.vni, second.vni);
    assert!((1..=0xff_ffff).contains(&first.vni));
}

// Facts: 1.4-vni-24-bits
#[test]
fn a_network_identifier_has_24_bits() {
    let mut setting = setting();
    for vni in [0, 1 << 24] {
        let wrong = CreateTrafficMirrorSession { vni: Some(vni), ..setting.session(1) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wrong)), "InvalidParameterValue");
    }
}

// Facts: 1.2-load-balancer-length, 1.4-length-omitted, 1.4-length-at-most-8500
#[test]
fn an_omitted_packet_length_is_8500_before_a_load_balancer_and_stays_away_elsewhere() {
    let mut setting = setting();
    assert_eq!(call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).packet_length, None);
    let mut setting = before_a_load_balancer();
    assert_eq!(call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).packet_length, Some(8500));
    let headers = CreateTrafficMirrorSession { packet_length: Some(100), ..setting.session(2) };
    assert_eq!(call!(setting.world, CreateTrafficMirrorSession(headers)).packet_length, Some(100));
    for length in [0, 8501] {
        let wrong = CreateTrafficMirrorSession { packet_length: Some(length), ..setting.session(3) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wrong)), "InvalidParameterValue");
    }
}

// Facts: 1.4-filter-changes, 1.4-number-changes, 1.4-vni-changes, 1.4-removed-length
#[test]
fn a_session_is_changed_in_place() {
    let mut setting = before_a_load_balancer();
    let wish = CreateTrafficMirrorSession { packet_length: Some(100), ..setting.session(1) };
    let made = call!(setting.world, CreateTrafficMirrorSession(wish));
    let other = call!(setting.world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let change = ModifyTrafficMirrorSession {
        filter: Some(other.clone()),
        number: Some(7),
        vni: Some(4242),
        remove: vec![SessionField::PacketLength],
        ..no_session_change(&made)
    };
    let now = call!(setting.world, ModifyTrafficMirrorSession(change));
    let wanted = MirrorSession { filter: other, number: 7, vni: 4242, packet_length: Some(8500), ..made };
    assert_eq!(now, wanted);
    assert_eq!(setting.sessions(), [wanted]);
}

#[test]
fn a_change_that_would_make_a_wrong_session_changes_nothing() {
    let mut setting = setting();
    let first = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let second = call!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
    for (wrong, code) in [
        (ModifyTrafficMirrorSession { number: Some(1), ..no_session_change(&second) }, "InvalidParameterValue"),
        (
            ModifyTrafficMirrorSession { target: Some("tmt-0".into()), ..no_session_change(&second) },
            "InvalidTrafficMirrorTargetId.NotFound",
        ),
    ] {
        assert_eq!(refused!(setting.world, ModifyTrafficMirrorSession(wrong)), code);
    }
    let mut stand = setting.sessions();
    stand.sort_by_key(|session| session.number);
    assert_eq!(stand, [first, second]);
}

// Facts: 3-deleted-on-termination
#[test]
fn a_session_dies_with_its_interface() {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    call!(setting.world, TerminateInstances(vec![setting.instance.clone()]));
    assert_eq!(setting.sessions().len(), 1);
    pass(&mut setting.world, 3);
    assert_eq!(setting.sessions(), []);
}

// Facts: 3-stopped
#[test]
fn a_session_stays_when_its_instance_is_stopped() {
    let mut setting = setting();
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    call!(setting.world, StopInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3);
    assert_eq!(setting.sessions(), [made]);
}

// Facts: 3-detached
#[test]
fn a_session_stays_when_its_interface_is_detached() {
    let mut setting = setting();
    let id = running(&mut setting.world, instance().with_another_interface());
    let second = seen(&mut setting.world, &id).interfaces.remove(1);
    let wish = CreateTrafficMirrorSession { interface: second.id, ..setting.session(1) };
    let made = call!(setting.world, CreateTrafficMirrorSession(wish));
    setting.world.call(Request::DetachNetworkInterface(second.attachment.unwrap().id)).unwrap();
    pass(&mut setting.world, 3);
    assert_eq!(setting.sessions(), [made]);
}
