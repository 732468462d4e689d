//! Takes the switches for what is read back after it was written; gives a sentence for each of their settings. Never says which is
//! true.

use super::unknowns::{INVALID, refusal, where_aws};
use super::*;

// Facts: 4-changes-fill-in, 1.4-removed-length, 1.2-load-balancer-length
#[test]
fn a_session_that_is_moved_to_a_load_balancer_gets_its_packet_length_or_keeps_none() {
    for (fills_in, length) in [(true, Some(8500)), (false, None)] {
        let mut setting = where_aws(|it| it.modify_fills_in = fills_in);
        let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
        let arn = setting.world.add_network_load_balancer("sensor");
        let wish = target_for(Resource::NetworkLoadBalancer(arn));
        let target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
        let moved = ModifyTrafficMirrorSession { target: Some(target), ..no_session_change(&made) };
        assert_eq!(call!(setting.world, ModifyTrafficMirrorSession(moved)).packet_length, length);
        let remove = vec![SessionField::PacketLength];
        let removed = ModifyTrafficMirrorSession { remove, ..no_session_change(&made) };
        assert_eq!(call!(setting.world, ModifyTrafficMirrorSession(removed)).packet_length, Some(8500));
    }
}

// Facts: 4-creations-repeat
#[test]
fn an_answer_to_a_creation_repeats_the_tags_or_leaves_them_out() {
    for repeats in [true, false] {
        let mut setting = where_aws(|it| it.answers_repeat_tags = repeats);
        let tags = tags_of([("owner", "prod")]);
        let said = if repeats { tags.clone() } else { Tags::new() };
        let arn = setting.world.add_network_load_balancer("sensor");
        let filter = CreateTrafficMirrorFilter { tags: tags.clone(), ..CreateTrafficMirrorFilter::default() };
        assert_eq!(call!(setting.world, CreateTrafficMirrorFilter(filter)).tags, said);
        let rule = CreateTrafficMirrorFilterRule { tags: tags.clone(), ..rule(&setting.filter, 1) };
        assert_eq!(call!(setting.world, CreateTrafficMirrorFilterRule(rule)).tags, said);
        let target = target_for(Resource::NetworkLoadBalancer(arn));
        let target = CreateTrafficMirrorTarget { tags: tags.clone(), ..target };
        assert_eq!(call!(setting.world, CreateTrafficMirrorTarget(target)).tags, said);
        let session = CreateTrafficMirrorSession { tags: tags.clone(), ..setting.session(1) };
        assert_eq!(call!(setting.world, CreateTrafficMirrorSession(session)).tags, said);
        let stands = call!(setting.world, DescribeTags(Describe::all().filtered("key", "owner"))).items;
        assert_eq!(stands.len(), 4);
    }
}

// Facts: 4-creations-repeat
#[test]
fn an_answer_to_a_creation_repeats_the_default_length_or_leaves_it_out() {
    for (repeats, said) in [(true, Some(8500)), (false, None)] {
        let mut setting = where_aws(|it| it.answers_repeat_defaults = repeats);
        let arn = setting.world.add_network_load_balancer("sensor");
        let wish = target_for(Resource::NetworkLoadBalancer(arn));
        setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
        assert_eq!(call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).packet_length, said);
        let asked = CreateTrafficMirrorSession { packet_length: Some(100), ..setting.session(2) };
        assert_eq!(call!(setting.world, CreateTrafficMirrorSession(asked)).packet_length, Some(100));
        assert!(setting.sessions().iter().all(|session| session.packet_length.is_some()));
    }
}

// Facts: 1.3-host-bits
#[test]
fn host_bits_of_a_cidr_block_are_cut_off_kept_or_refused() {
    for (host_bits, kept) in
        [(HostBits::CutOff, Some("10.0.0.0/8")), (HostBits::Kept, Some("10.1.2.3/8")), (HostBits::Refused, None)]
    {
        let Setting { mut world, filter, .. } = where_aws(|it| it.host_bits = host_bits);
        let mut wish = rule(&filter, 1);
        wish.rule.source = "10.1.2.3/8".parse().unwrap();
        match world.call(Request::CreateTrafficMirrorFilterRule(wish)) {
            Ok(Response::CreateTrafficMirrorFilterRule(made)) => {
                assert_eq!(Some(made.rule.source.to_string().as_str()), kept);
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!((error.code.as_str(), kept), ("InvalidParameterValue", None)),
        }
        let mut clean = rule(&filter, 2);
        clean.rule.source = "10.0.0.0/8".parse().unwrap();
        call!(world, CreateTrafficMirrorFilterRule(clean));
    }
}

// Facts: 1.3-protocol-minus-one
#[test]
fn all_protocols_have_no_number_or_perhaps_minus_one_as_well() {
    for (numbers, minus_one, zero) in [(vec![], None, Some(Some(0))), (vec![-1, 0], Some(None), Some(None))] {
        let Setting { mut world, filter, .. } = where_aws(|it| it.all_protocols = numbers.iter().copied().collect());
        for (place, (protocol, kept)) in (1..).zip([(-1, minus_one), (0, zero)]) {
            let mut wish = rule(&filter, place);
            wish.rule.protocol = Some(protocol);
            match world.call(Request::CreateTrafficMirrorFilterRule(wish)) {
                Ok(Response::CreateTrafficMirrorFilterRule(made)) => assert_eq!(Some(made.rule.protocol), kept),
                Ok(other) => panic!("{other:?}"),
                Err(error) => assert_eq!((error.code.as_str(), kept), ("InvalidParameterValue", None)),
            }
        }
    }
}

// Facts: 1.3-ports-of-tcp-and-udp
#[test]
fn ports_of_other_protocols_are_kept_or_refused() {
    for (verdict, code) in [(Verdict::Accepted, None), (INVALID, Some("InvalidParameterValue".to_owned()))] {
        for protocol in [None, Some(1)] {
            let Setting { mut world, filter, .. } = where_aws(|it| it.ports_elsewhere = verdict);
            let mut wish = rule(&filter, 1);
            (wish.rule.protocol, wish.rule.source_ports) = (protocol, Some(Ports { from: 1, to: 2 }));
            assert_eq!(refusal(&mut world, Request::CreateTrafficMirrorFilterRule(wish)), code, "{protocol:?}");
        }
    }
}
