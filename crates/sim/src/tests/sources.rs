//! Takes instances of all types; gives sentences about whose interfaces AWS mirrors, and how many of them to one target. Never mirrors
//! a packet.

use serde_json::Value;

use super::*;

const FAMILIES: &str = include_str!("../../data/supported-instance-families.json");

/// The names in one list of the data.
fn families(list: &str) -> Vec<String> {
    let data: Value = serde_json::from_str(FAMILIES).unwrap();
    data[list].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// What AWS answers to a session on an instance of this type.
fn mirrored(setting: &mut Setting, instance_type: &str) -> Result<Response, ApiError> {
    let id = running(&mut setting.world, instance().of_type(instance_type));
    let interface = primary_interface(&mut setting.world, &id);
    let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
    setting.world.call(Request::CreateTrafficMirrorSession(wish))
}

/// An interface of another instance that runs.
fn another(setting: &mut Setting) -> InterfaceId {
    let id = running(&mut setting.world, instance());
    primary_interface(&mut setting.world, &id)
}

/// A setting whose target is an interface of an instance of this type.
fn before_an_instance(instance_type: &str) -> Setting {
    let mut setting = setting();
    let sensor = running(&mut setting.world, instance().of_type(instance_type));
    let sensor = primary_interface(&mut setting.world, &sensor);
    let wish = target_for(Resource::NetworkInterface(sensor));
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    setting
}

/// Fills the target of a setting with so many sources, and gives the answer to one more.
fn one_more_than(setting: &mut Setting, sources: usize) -> ApiError {
    for _ in 0..sources {
        let interface = another(setting);
        let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
        call!(setting.world, CreateTrafficMirrorSession(wish));
    }
    let interface = another(setting);
    let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
    setting.world.call(Request::CreateTrafficMirrorSession(wish)).unwrap_err()
}

// Facts: 1.1-virtualized-families
#[test]
fn every_virtualized_family_of_the_guide_can_be_mirrored() {
    let mut setting = setting();
    let listed = families("virtualized_families");
    assert!(listed.len() > 100, "{}", listed.len());
    for family in listed {
        assert!(mirrored(&mut setting, &format!("{family}.large")).is_ok(), "{family}");
    }
}

// Facts: 1.1-bare-metal-families
#[test]
fn bare_metal_can_be_mirrored_only_where_the_guide_lists_it() {
    let mut setting = setting();
    let listed = families("bare_metal_families");
    assert_eq!(listed.len(), 23);
    for family in listed {
        assert!(mirrored(&mut setting, &format!("{family}.metal")).is_ok(), "{family}");
    }
    for unlisted in ["m6i.metal", "c7i.metal-24xl", "i3en.metal", "m5n.metal"] {
        assert_eq!(mirrored(&mut setting, unlisted).unwrap_err().code, "NetworkInterfaceNotSupported", "{unlisted}");
    }
}

// Facts: 1.1-unlisted-families, 1.1-refusal-names-the-interface, 3.1-not-supported
#[test]
fn a_family_that_the_guide_does_not_list_cannot_be_mirrored() {
    let mut setting = setting();
    let unlisted = families("in_botocore_1.44.5_enum_but_not_listed");
    assert!(unlisted.contains(&"t2".into()) && unlisted.contains(&"c7gn".into()));
    for family in unlisted {
        let error = mirrored(&mut setting, &format!("{family}.large")).unwrap_err();
        assert_eq!(error.code, "NetworkInterfaceNotSupported", "{family}");
        assert!(error.message.ends_with("must be attached to a supported instance"), "{}", error.message);
        assert_eq!(error.status, 400);
    }
    for nonsense in ["", "m5", "m99.large", ".metal"] {
        assert_eq!(mirrored(&mut setting, nonsense).unwrap_err().code, "NetworkInterfaceNotSupported", "{nonsense}");
    }
}

// Facts: 2-sources-of-an-interface, 3.1-sources-limit
#[test]
fn an_interface_receives_from_ten_sources_at_most() {
    let error = one_more_than(&mut before_an_instance("m5.large"), 10);
    assert_eq!(error.code, "TrafficMirrorSourcesPerTargetLimitExceeded");
    assert_eq!(error.message, "Sources per interface-target limit reached (11)");
}

// Facts: 2-sources-of-a-large-interface
#[test]
fn an_interface_of_one_of_the_largest_instances_receives_from_a_hundred_sources_at_most() {
    for largest in ["m5.24xlarge", "c5.18xlarge", "p4d.24xlarge"] {
        let error = one_more_than(&mut before_an_instance(largest), 100);
        assert_eq!(error.message, "Sources per interface-target limit reached (101)", "{largest}");
    }
}

// Facts: 2-sources-of-an-interface
#[test]
fn an_interface_without_an_instance_receives_from_ten_sources_at_most() {
    let mut setting = setting();
    let loose = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    let wish = target_for(Resource::NetworkInterface(loose));
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    assert_eq!(one_more_than(&mut setting, 10).code, "TrafficMirrorSourcesPerTargetLimitExceeded");
}

// Facts: 2-sources-not-sessions
#[test]
fn what_is_counted_before_an_interface_are_sources_and_not_sessions() {
    let mut setting = before_an_instance("m5.large");
    setting.world.quotas.sources_per_interface_target = 1;
    for number in 1..=3 {
        call!(setting.world, CreateTrafficMirrorSession(setting.session(number)));
    }
    assert_eq!(one_more_than(&mut setting, 0).code, "TrafficMirrorSourcesPerTargetLimitExceeded");
}

// Facts: 2-sources-of-an-interface
#[test]
fn a_source_that_has_left_makes_room_for_another() {
    let mut setting = before_an_instance("m5.large");
    setting.world.quotas.sources_per_interface_target = 1;
    let first = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    call!(setting.world, DeleteTrafficMirrorSession(first.id));
    setting.interface = another(&mut setting);
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
}

// Facts: 2-sources-of-an-interface, 1.4-target-changes
#[test]
fn a_session_cannot_be_moved_to_an_interface_that_is_full() {
    let mut setting = before_an_instance("m5.large");
    setting.world.quotas.sources_per_interface_target = 1;
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let full = setting.target.clone();
    let endpoint = Resource::GatewayLoadBalancerEndpoint(setting.world.add_gateway_load_balancer_endpoint());
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
    setting.interface = another(&mut setting);
    let elsewhere = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let change = ModifyTrafficMirrorSession { target: Some(full), ..no_session_change(&elsewhere) };
    let code = refused!(setting.world, ModifyTrafficMirrorSession(change));
    assert_eq!(code, "TrafficMirrorSourcesPerTargetLimitExceeded");
    assert!(setting.sessions().contains(&elsewhere));
}

// Facts: 1.2-load-balancer-sources, 1.2-endpoint-sources, 2-sessions-of-an-endpoint
#[test]
fn load_balancers_and_endpoints_receive_from_any_number_of_sources() {
    let mut setting = setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    let load_balancer = target_for(Resource::NetworkLoadBalancer(arn));
    let load_balancer = call!(setting.world, CreateTrafficMirrorTarget(load_balancer)).id;
    for target in [setting.target.clone(), load_balancer] {
        for _ in 0..101 {
            let wish = CreateTrafficMirrorSession {
                interface: another(&mut setting),
                target: target.clone(),
                ..setting.session(1)
            };
            call!(setting.world, CreateTrafficMirrorSession(wish));
        }
    }
}
