//! Takes the policies of docs/examples and a small fleet; gives sentences about whom each mirrors, and where to.

use super::*;
use crate::inventory::{NetworkInterface, Platform};
use crate::policy::parse;

macro_rules! example {
    ($name:literal) => {
        parse($name, include_str!(concat!("../../../../../docs/examples/", $name))).unwrap()
    };
}

const GROUP: &str = "aws:autoscaling:groupName";

/// Two jewels, their jump box, web servers, databases, a domain controller, an edge host: each in zone a unless told otherwise.
fn fleet() -> Facts {
    let in_zone = |zone: &str| {
        let zone = zone.into();
        move |interface: &mut NetworkInterface| interface.zone = zone
    };
    let second = |interface: &mut NetworkInterface| interface.attachment.as_mut().unwrap().device_index = 1;
    Facts::new()
        .instance("i-swift", &[("tier", "swift"), ("record", "yes")])
        .interface("eni-swift", "i-swift")
        .instance("i-vault", &[("tier", "swift"), ("mirror", "off")])
        .interface_with("eni-vault", "i-vault", in_zone("eu-west-1b"))
        .instance("i-bastion", &[("role", "bastion")])
        .interface("eni-bastion", "i-bastion")
        .instance("i-web", &[("role", "web")])
        .interface("eni-web", "i-web")
        .interface_with("eni-web-2", "i-web", second)
        .instance("i-web-off", &[("role", "web"), ("mirror", "off")])
        .interface("eni-web-off", "i-web-off")
        .instance("i-tagged", &[("mirror", "crown-jewel"), ("security/mirror", "crown-jewel")])
        .interface_with("eni-tagged", "i-tagged", in_zone("eu-west-1c"))
        .instance("i-elsewhere", &[("mirror", "crown-jewel")])
        .interface_with("eni-elsewhere", "i-elsewhere", |it| it.vpc = "vpc-0a1b2c3d4e5f60718".into())
        .instance("i-dc", &[("role", "dc-1")])
        .change_instance("i-dc", |it| it.platform = Platform::Windows)
        .interface("eni-dc", "i-dc")
        .instance("i-db", &[(GROUP, "orders-db-blue"), ("env", "prod")])
        .interface("eni-db", "i-db")
        .instance("i-db-test", &[(GROUP, "orders-db-green"), ("env", "dev-7")])
        .interface("eni-db-test", "i-db-test")
        .instance("i-edge", &[])
        .change_instance("i-edge", |it| it.instance_type = "c5.large".into())
        .interface_with("eni-edge", "i-edge", |it| it.subnet = "subnet-0ed9e0000000000aa".into())
}

/// The interfaces that are mirrored, each with the lanes that it has.
fn mirrored(policy: &Policy, facts: Facts) -> Vec<String> {
    let decisions = decided(policy, &facts.read(0));
    let lanes = |decision: &Decision| decision.lanes.keys().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let with_lanes = decisions.interfaces.iter().filter(|(_, decision)| !decision.lanes.is_empty());
    with_lanes.map(|(id, decision)| format!("{id} to {}", lanes(decision))).collect()
}

/// The wish for an interface's session in the lane `sta`.
fn wish(policy: &Policy, facts: Facts, interface: &str) -> LaneWish {
    decided(policy, &facts.read(0)).interfaces[&interface.into()].lanes[&"sta".into()].clone()
}

fn said(policy: &Policy, facts: Facts, interface: &str) -> Vec<String> {
    decided(policy, &facts.read(0)).interfaces[&interface.into()].reasons.iter().map(ToString::to_string).collect()
}

#[test]
fn one_tag_and_one_sensor_are_a_policy() {
    let policy = example!("one-tag-one-sensor.yaml");
    assert_eq!(mirrored(&policy, fleet()), ["eni-elsewhere to sta", "eni-tagged to sta"]);
}

#[test]
fn jewels_are_mirrored_with_their_jump_boxes_whoever_opts_out() {
    let policy = example!("jewels-and-jump-boxes.yaml");
    let expected =
        ["eni-bastion to sta", "eni-elsewhere to sta", "eni-swift to sta", "eni-tagged to sta", "eni-vault to sta"];
    assert_eq!(mirrored(&policy, fleet()), expected);
    assert!(said(&policy, fleet(), "eni-vault").iter().any(|reason| reason.contains("does not allow the opting out")));
}

#[test]
fn selectors_say_who_by_platform_group_tag_subnet_zone_and_type() {
    let policy = example!("selectors.yaml");
    assert_eq!(mirrored(&policy, fleet()), ["eni-db to sta", "eni-dc to sta", "eni-edge to sta"]);
    for (interface, strategy) in [("eni-db", "databases"), ("eni-dc", "windows-domain"), ("eni-edge", "edge")] {
        assert_eq!(said(&policy, fleet(), interface), [format!("{strategy}: its selector matches")]);
    }
}

#[test]
fn backups_and_file_servers_are_excepted() {
    let policy = example!("except-backups.yaml");
    let except: Vec<String> = wish(&policy, fleet(), "eni-swift").capture.wishes["crown-jewel"]
        .except
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(except, ["tcp/2049", "10.9.0.0/16"]);
}

#[test]
fn of_web_servers_headers_do_and_teams_may_opt_out() {
    let policy = example!("headers-only.yaml");
    let expected =
        ["eni-elsewhere to sta", "eni-swift to sta", "eni-tagged to sta", "eni-vault to sta", "eni-web to sta"];
    assert_eq!(mirrored(&policy, fleet()), expected);
    assert_eq!(wish(&policy, fleet(), "eni-web").capture.packet_length, Some(128));
    assert_eq!(wish(&policy, fleet(), "eni-swift").capture.packet_length, None);
}

#[test]
fn each_zone_has_its_sensor_and_the_third_goes_to_the_load_balancer() {
    let policy = example!("a-sensor-in-each-zone.yaml");
    let facts = ["a", "b"].iter().fold(fleet(), |facts, zone| {
        let (interface, instance) = (format!("eni-0{zone}000000000000000"), format!("i-zeek-{zone}"));
        let place = format!("eu-west-1{zone}").into();
        facts.instance(&instance, &[]).interface_with(&interface, &instance, |it| it.zone = place)
    });
    let facts = facts.change_instance("i-swift", |it| _ = it.tags.insert("mirror".into(), "crown-jewel".into()));
    let decisions = decided(&policy, &facts.read(0));
    let target = |interface: &str| match &decisions.interfaces[&interface.into()].lanes[&"zeek".into()].target {
        TargetChoice::ToMake(resource) => resource.id().to_string(),
        TargetChoice::Made(target) => target.to_string(),
    };
    assert_eq!(target("eni-swift"), "eni-0a000000000000000");
    assert_eq!(target("eni-vault"), "eni-0b000000000000000");
    assert!(target("eni-tagged").starts_with("arn:aws:elasticloadbalancing:"));
}

#[test]
fn two_sensors_are_two_sessions_where_the_first_leaves_something() {
    let policy = example!("two-sensors.yaml");
    let both = mirrored(&policy, fleet());
    assert!(both.contains(&"eni-swift to archive and sta".into()), "{both:?}");
    assert!(both.contains(&"eni-vault to sta".into()), "{both:?}");
    let decisions = decided(&policy, &fleet().read(0));
    let lanes = &decisions.interfaces[&"eni-swift".into()].lanes;
    let left = lanes[&"archive".into()].capture.packets(true).unwrap();
    assert_eq!(left, crate::packets::PacketSet::named([&crate::policy::Except::read("udp/514").unwrap()]).unwrap());
    assert!(lanes[&"sta".into()].number < lanes[&"archive".into()].number);
}

#[test]
fn shared_targets_are_found_by_id_and_tags_and_the_tag_key_is_the_policys() {
    let policy = example!("a-shared-target.yaml");
    let mut facts = fleet().target("tmt-0123456789abcdef0", Resource::NetworkLoadBalancer(NLB.into()));
    let shared = |facts: &mut Facts, id: &str, tags| {
        let target = facts.0.targets.get_mut(&id.into()).unwrap();
        (target.owner, target.tags) = ("444455556666".into(), tags);
    };
    shared(&mut facts, "tmt-0123456789abcdef0", tags_of(&[]));
    let mut facts = facts.target("tmt-2", Resource::NetworkLoadBalancer("arn:other".into()));
    shared(&mut facts, "tmt-2", tags_of(&[("sensor", "sta"), ("stage", "prod")]));
    assert_eq!(mirrored(&policy, facts.clone()), ["eni-tagged to sta"]);
    // Zone c: the one that names another zone comes after the one that names none.
    assert_eq!(wish(&policy, facts, "eni-tagged").target, TargetChoice::Made("tmt-2".into()));
}

#[test]
fn what_is_in_another_vpc_is_out_of_scope() {
    let policy = example!("one-vpc.yaml");
    assert_eq!(mirrored(&policy, fleet()), ["eni-elsewhere to sta"]);
    assert!(said(&policy, fleet(), "eni-tagged").last().unwrap().contains("not in the policy's scope"));
}

#[test]
fn each_place_makes_only_the_targets_that_are_its_own() {
    let policy = example!("several-accounts.yaml");
    let places: Vec<_> = policy.places.iter().map(|place| (place.region.as_str(), place.account())).collect();
    let expected = [("eu-west-1", None), ("eu-central-1", None), ("eu-west-1", Some("444455556666".into()))];
    assert_eq!(places, expected);
    let to = |facts: Facts| wish(&policy, facts, "eni-tagged").target;
    let load_balancer = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/0123456789abcdef";
    assert_eq!(to(fleet()), TargetChoice::ToMake(Resource::NetworkLoadBalancer(load_balancer.into())));
    let mut elsewhere = fleet();
    elsewhere.0.account = Some("444455556666".into());
    assert!(
        said(&policy, elsewhere.clone(), "eni-tagged").last().unwrap().contains("no target of sensor"),
        "not its own"
    );
    let shared = elsewhere.target("tmt-0123456789abcdef0", Resource::NetworkLoadBalancer(load_balancer.into()));
    assert_eq!(to(shared), TargetChoice::Made("tmt-0123456789abcdef0".into()), "shared with it");
}

#[test]
fn beside_another_product_only_the_jewels_come_first() {
    let policy = example!("beside-another-product.yaml");
    let facts = fleet().foreign_session("tms-f1", "eni-swift", 5000).foreign_session("tms-f2", "eni-web", 5000);
    assert_eq!(wish(&policy, facts.clone(), "eni-swift").number, 100);
    assert_eq!(wish(&policy, facts, "eni-web").number, 5100);
}

#[test]
fn what_the_budget_does_not_pay_goes_without_the_least_important_first() {
    let policy = example!("a-budget.yaml");
    let facts = fleet().change_instance("i-tagged", |it| it.tags = tags_of(&[("role", "web")]));
    let facts = facts.change_instance("i-elsewhere", |it| it.tags = tags_of(&[]));
    assert_eq!(mirrored(&policy, facts.clone()), ["eni-swift to sta", "eni-tagged to sta", "eni-vault to sta"]);
    assert!(said(&policy, facts, "eni-web").last().unwrap().contains("over limits.maxMonthlyUsd, 33"));
}

#[test]
fn a_staged_rollout_wants_everything_and_says_how_fast() {
    let policy = example!("a-staged-rollout.yaml");
    let wanted = mirrored(&policy, fleet());
    assert_eq!(wanted.len(), 11, "{wanted:?}");
    assert!(wanted.contains(&"eni-vault to sta".into()) && !wanted.contains(&"eni-web-off to sta".into()));
    let crate::policy::Limits { new_sources_per_hour, api_share, .. } = policy.limits;
    assert_eq!((policy.paused, new_sources_per_hour, api_share), (true, Some(100), 0.25));
}

#[test]
fn what_the_policy_knows_of_instance_types_counts_and_of_a_type_before_its_family() {
    let policy = example!("newer-instance-types.yaml");
    for (instance_type, expected) in [("m8g.large", true), ("m8g.metal-24xl", false), ("c5.large", false)] {
        let facts = fleet().change_instance("i-tagged", |it| it.instance_type = instance_type.into());
        assert_eq!(mirrored(&policy, facts).contains(&"eni-tagged to sta".into()), expected, "{instance_type}");
    }
}

#[test]
fn all_strategies_and_the_extras_share_the_sessions_of_one_fleet() {
    let policy = example!("all-strategies.yaml");
    let key = crate::policy::SampleKey::new(b"sixteen bytes or so").unwrap();
    let policy = Policy { sample_key: Some(key), ..policy };
    let facts = fleet().change_instance("i-swift", |it| _ = it.tags.insert("app".into(), "vault".into()));
    let decisions = decided(&policy, &facts.read(0));
    let by = |interface: &str| {
        let lanes = &decisions.interfaces[&interface.into()].lanes;
        lanes.values().flat_map(|wish| wish.capture.wishes.keys().cloned()).collect::<Vec<_>>()
    };
    for (interface, strategies) in [
        ("eni-swift", &["crown-jewel", "dns", "windows-protocols-on-linux"][..]),
        ("eni-bastion", &["crown-jewel", "dns"]),
        ("eni-web", &["front-doors", "dns", "windows-protocols-on-linux"]),
    ] {
        let found = by(interface);
        assert!(strategies.iter().all(|strategy| found.contains(&(*strategy).to_owned())), "{interface}: {found:?}");
    }
    let drawn = decisions.interfaces.values().flat_map(|decision| &decision.reasons);
    assert!(drawn.filter(|reason| matches!(reason, Reason::Drawn { .. })).count() >= 3);
    let said: Vec<&str> = decisions.blind.iter().map(|blind| blind.what.as_str()).collect();
    assert!(said.contains(&"there is no load balancer called edge in this account and Region"), "{said:?}");
}
