//! Takes the most tangled filters that we know; gives sentences about how many boxes they take, and what happens beyond that.

use super::*;

/// Ten rules of one direction and protocol in which each network and range of ports overlaps all others on every side, accepts and
/// rejects in turn: the more of them are cut by the more others, the more boxes there are.
fn tangled(alternate: bool, reversed: bool) -> Vec<Rule> {
    let texts: Vec<String> = (0..10_u32)
        .map(|n| {
            let action = if alternate && n % 2 == 1 { "reject" } else { "accept" };
            let (deep, flat) = (2 * n + 8, if reversed { 26 - 2 * n } else { 2 * n + 8 });
            let ranges = (1000 * n, 1000 * n + 9_500, 60_000 - 1000 * n, 65_000 - 300 * n);
            format!(
                "{action} ingress tcp 10.0.0.0/{deep} {}-{} > 10.0.0.0/{flat} {}-{}",
                ranges.0, ranges.1, ranges.2, ranges.3
            )
        })
        .collect();
    rules(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_most_tangled_filters_take_a_tenth_of_the_boxes_that_are_allowed() {
    let mut most = 0;
    for (alternate, reversed) in [(false, false), (false, true), (true, false), (true, true)] {
        for backwards in [false, true] {
            let mut rules = tangled(alternate, reversed);
            if backwards {
                rules.iter_mut().for_each(|rule| rule.number = 10 - rule.number);
            }
            let set = PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap();
            most = most.max(set.blocks().len());
        }
    }
    assert!((500..MOST_BOXES / 10).contains(&most), "{most} boxes");
}

/// Ten rules of one direction, IP version and protocol, with nested networks at both ends and any ports: all that can cut each other.
fn cutting_rules() -> impl Strategy<Value = Vec<Rule>> {
    let network = || (8_u8..=32).prop_map(|length| format!("10.170.170.170/{length}").parse().unwrap());
    let range = || (0..=u16::MAX, 0..=u16::MAX).prop_map(|(from, to)| Some(PortRange { from, to }));
    let rule = (anything::<bool>(), network(), network(), range(), range());
    proptest::collection::vec(rule, 10).prop_map(|rules| {
        let of = |(number, (accepts, source, destination, source_ports, destination_ports))| Rule {
            action: if accepts { RuleAction::Accept } else { RuleAction::Reject },
            direction: Direction::Ingress,
            number,
            protocol: Some(6),
            source,
            destination,
            source_ports,
            destination_ports,
        };
        (1..).zip(rules).map(of).collect()
    })
}

proptest::proptest! {
    #[test]
    fn nor_do_those_that_chance_finds(rules in cutting_rules()) {
        let boxes = PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap().blocks().len();
        assert!(boxes < MOST_BOXES / 10, "{boxes} boxes");
    }
}

#[test]
fn what_takes_more_boxes_than_that_is_unknown_and_never_wrong() {
    // Four hundred hosts that no two share a network or a range of ports: every one cuts all others.
    let host = |n: u32| Block {
        sources: Span::one(7 * n),
        destinations: Span::one(11 * (401 - n)),
        source_ports: Span::one(n),
        ..Block::whole(Plane::ALL[0])
    };
    let column: PacketSet = (0..400).fold(PacketSet::default(), |set, n| {
        let block = Block { protocols: Span::one(6_u8), ..host(n) };
        set.union(&PacketSet::of(block)).unwrap()
    });
    assert_eq!(column.blocks().len(), 400);
    let row = (0..400).fold(PacketSet::default(), |set, n| {
        let block = Block { destination_ports: Span::one(2_u32 * n), ..Block::whole(Plane::ALL[0]) };
        set.union(&PacketSet::of(Block { protocols: Span::one(6_u8), ..block })).unwrap()
    });
    assert_eq!(column.intersection(&row), Err(Unknown::TooManyBoxes));
    assert_eq!(column.is_subset(&row), Err(Unknown::TooManyBoxes));
    assert!(Unknown::TooManyBoxes.to_string().contains("50000"));
}
