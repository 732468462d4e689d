//! Takes filters; gives sentences about the sets of packets that they mirror, and about sets taken together.

use proptest::prelude::{ProptestConfig, proptest};

use super::*;

fn set(rules: &[Rule], services: bool) -> PacketSet {
    let services = services.then(|| AMAZON_DNS.to_owned());
    PacketSet::of_filter(rules, &services.into_iter().collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_filters_set_has_just_the_packets_whose_first_rule_accepts(rules in some_rules()) {
        let set = set(&rules, false);
        for packet in universe() {
            assert_eq!(packet.is_in(&set), packet.is_mirrored(&rules), "{packet:?}");
        }
    }

    #[test]
    fn sets_taken_together_have_just_the_packets_that_they_should(one in some_rules(), other in some_rules()) {
        let (a, b) = (set(&one, false), set(&other, false));
        let (union, common, rest) = (a.union(&b).unwrap(), a.intersection(&b).unwrap(), a.difference(&b).unwrap());
        let mut within = true;
        for packet in universe() {
            let (in_a, in_b) = (packet.is_mirrored(&one), packet.is_mirrored(&other));
            assert_eq!(packet.is_in(&union), in_a || in_b);
            assert_eq!(packet.is_in(&common), in_a && in_b);
            assert_eq!(packet.is_in(&rest), in_a && !in_b);
            within &= !in_a || in_b;
        }
        // What is within each other everywhere is so in the universe; ports above 3 and other hosts are not in it.
        assert!(within || !a.is_subset(&b).unwrap());
        assert_eq!(a.is_subset(&b).unwrap(), rest.is_empty());
        assert!(common.is_subset(&a).unwrap() && a.is_subset(&union).unwrap());
    }

    #[test]
    fn the_same_packets_are_the_same_set_whatever_led_there(one in some_rules(), other in some_rules()) {
        let (a, b) = (set(&one, true), set(&other, false));
        let without = |from: &PacketSet, taken: &PacketSet| from.difference(taken).unwrap();
        let (union, common) = (a.union(&b).unwrap(), a.intersection(&b).unwrap());
        assert_eq!(union, b.union(&a).unwrap());
        assert_eq!(common, b.intersection(&a).unwrap());
        assert_eq!(common, without(&a, &without(&a, &b)));
        assert_eq!(without(&union, &b), without(&a, &b));
        let everything = PacketSet::everything();
        assert_eq!(without(&everything, &without(&everything, &a)), a);
        let again = a.blocks().into_iter().rev().fold(PacketSet::resolver_alone(), |set, block| {
            set.union(&PacketSet::of(block)).unwrap()
        });
        assert_eq!(again, a, "boxes in another order");
    }

    #[test]
    fn no_packet_is_in_two_boxes(rules in some_rules()) {
        let blocks = set(&rules, false).blocks();
        for (at, block) in blocks.iter().enumerate() {
            for other in &blocks[at + 1..] {
                let common = PacketSet::of(*block).intersection(&PacketSet::of(*other)).unwrap();
                assert!(common.is_empty(), "{block} and {other}");
            }
        }
    }
}

#[test]
fn a_filter_without_rules_mirrors_nothing_and_its_services_only_the_resolvers_dns() {
    assert!(set(&[], false).is_empty());
    assert_eq!(set(&[], true), PacketSet::resolver_alone());
    let all = ["0.0.0.0/0", "::/0"]
        .map(|any| ["ingress", "egress"].map(|way| filter(&[&format!("accept {way} all {any} * > {any} *")])));
    let all = all.as_flattened().iter().fold(PacketSet::default(), |all, set| all.union(set).unwrap());
    assert!(!all.has_resolver(), "no rule matches it");
    assert_eq!(all.union(&PacketSet::resolver_alone()).unwrap(), PacketSet::everything());
}

#[test]
fn what_is_in_a_set_is_said_box_by_box() {
    let set = filter(&[
        "reject ingress tcp 10.1.0.0/16 * > 0.0.0.0/0 22",
        "accept ingress tcp 10.0.0.0/8 * > 0.0.0.0/0 22",
        "accept egress 1 ::/0 * > 2001:db8::/32 *",
    ]);
    let expected = [
        "arriving IPv4 tcp from 10.0.0.0/16 to any port 22",
        "arriving IPv4 tcp from 10.2.0.0 to 10.255.255.255 to any port 22",
        "leaving IPv6 icmp from any to 2001:db8::/32",
    ];
    assert_eq!(words(&set), expected);
    assert_eq!(words(&set.possible(false)), expected[..2]);
    let other =
        filter(&["reject egress 47 0.0.0.0/0 * > 0.0.0.0/0 *", "accept egress all 0.0.0.0/0 * > 10.0.0.7/32 *"]);
    assert_eq!(
        words(&other),
        [
            "leaving IPv4 protocols 0-46 from any to 10.0.0.7/32",
            "leaving IPv4 protocols 48-255 from any to 10.0.0.7/32"
        ]
    );
}

#[test]
fn a_range_of_ports_is_as_wide_as_it_is_however_it_is_written() {
    let one = filter(&[
        "accept ingress tcp 10.0.0.0/31 * > 0.0.0.0/0 1-2",
        "accept ingress tcp 10.0.0.0/31 * > 0.0.0.0/0 3-9",
    ]);
    assert_eq!(one, filter(&["accept ingress tcp 10.0.0.1/31 * > 0.0.0.0/0 9-1"]));
    assert_eq!(words(&one).len(), 1);
}

#[test]
fn what_aws_does_not_say_is_unknown() {
    let rejected = |texts: &[&str]| PacketSet::of_filter(&rules(texts), &BTreeSet::new());
    let ports_of_icmp = "accept ingress 1 0.0.0.0/0 * > 0.0.0.0/0 8";
    let ports_of_all = "accept ingress all 0.0.0.0/0 8 > 0.0.0.0/0 *";
    let both_versions = "accept ingress all 0.0.0.0/0 * > ::/0 *";
    for text in [ports_of_icmp, ports_of_all, both_versions] {
        assert!(matches!(rejected(&[text]), Err(Unknown::Rule(_))), "{text}");
    }
    let mut two = rules(&["accept ingress all 0.0.0.0/0 * > 0.0.0.0/0 *"; 2]);
    two[1].number = two[0].number;
    assert!(matches!(PacketSet::of_filter(&two, &BTreeSet::new()), Err(Unknown::Rule(_))));
    two[1].direction = Direction::Egress;
    assert!(PacketSet::of_filter(&two, &BTreeSet::new()).is_ok(), "each direction has numbers of its own");
}

#[test]
fn packets_that_a_policy_names_are_those_of_either_end() {
    let named = |text: &str| {
        let strategy = crate::testing::strategy(&format!("{{except: [{text}]}}"));
        PacketSet::named(&strategy.except).unwrap()
    };
    let expected = filter(&[
        "accept ingress tcp 0.0.0.0/0 8200 > 0.0.0.0/0 *",
        "accept ingress tcp 0.0.0.0/0 * > 0.0.0.0/0 8200",
        "accept egress tcp 0.0.0.0/0 8200 > 0.0.0.0/0 *",
        "accept egress tcp 0.0.0.0/0 * > 0.0.0.0/0 8200",
    ]);
    assert_eq!(named("tcp/8200").possible(false), expected);
    let peers = ["accept ingress all 10.9.0.0/16 * > 0.0.0.0/0 *", "accept egress all 0.0.0.0/0 * > 10.9.0.0/16 *"];
    assert_eq!(named("10.9.0.0/16"), filter(&peers));
}
