//! Takes tags and selectors; gives sentences about whom they choose.

use super::*;

const SENSORS: &str = "sensors: {sta: {targets: [{existing: tmt-1}]}}";

/// The strategies that choose `eni-1`, and all that is said of it.
fn chosen(strategies: &str, facts: Facts) -> (Vec<String>, Vec<String>) {
    let policy = policy_of(&format!("{SENSORS}\nstrategies: {strategies}"));
    let inventory = facts.read(0);
    let considered = [Considered::new(&policy, &inventory, &inventory.interfaces[&"eni-1".into()], at(0))];
    let lessons = Lessons::default();
    let eligibility = Eligibility::new(&policy, &inventory, &lessons);
    let chosen = super::super::chosen(&policy, &inventory, &eligibility, &considered, at(0), &mut Vec::new());
    let names = chosen[0].wishes.keys().map(|rank| policy.strategies[*rank].name.clone());
    (names.collect(), chosen[0].reasons.iter().map(ToString::to_string).collect())
}

/// An interface of an instance in a subnet of a VPC, with these values of the tag `mirror`.
fn tagged(interface: Option<&str>, instance: Option<&str>, subnet: Option<&str>, vpc: Option<&str>) -> Facts {
    let tags = |value: Option<&str>| value.map(|value| tags_of(&[("mirror", value)])).unwrap_or_default();
    let facts = Facts::new().instance("i-1", &[]).interface_with("eni-1", "i-1", |it| it.tags = tags(interface));
    let mut facts = facts.change_instance("i-1", |it| it.tags = tags(instance));
    facts.0.tagged.subnets.insert("subnet-1".into(), tags(subnet));
    facts.0.tagged.vpcs.insert("vpc-1".into(), tags(vpc));
    facts
}

const BY_TAG: &str = "[{name: jewel, importance: {}}, {name: vault, importance: {}}]";

#[test]
fn the_nearest_of_interface_instance_subnet_and_vpc_decides() {
    for (facts, expected) in [
        (tagged(Some("jewel"), Some("off"), Some("off"), Some("off")), vec!["jewel"]),
        (tagged(None, Some("jewel"), Some("off"), Some("off")), vec!["jewel"]),
        (tagged(None, None, Some("jewel"), Some("off")), vec!["jewel"]),
        (tagged(None, None, None, Some("jewel+vault")), vec!["jewel", "vault"]),
        (tagged(None, Some("off"), None, Some("jewel")), vec![]),
        (tagged(None, Some("vault"), None, Some("jewel")), vec!["vault"]),
    ] {
        assert_eq!(chosen(BY_TAG, facts).0, expected);
    }
}

#[test]
fn where_a_tag_was_found_is_said() {
    assert_eq!(chosen(BY_TAG, tagged(None, None, Some("jewel"), None)).1, ["jewel: tag mirror=jewel on the subnet"]);
    assert_eq!(chosen(BY_TAG, tagged(None, None, None, Some("off"))).1, ["opted out by tag mirror=off on the VPC"]);
}

fn until(time: &str) -> Facts {
    let tags = tags_of(&[("mirror", "jewel"), ("mirror-until", time)]);
    tagged(None, None, None, Some("vault")).change_instance("i-1", |it| it.tags = tags)
}

#[test]
fn a_choice_ends_when_the_tag_beside_it_says_and_the_next_one_counts() {
    assert_eq!(chosen(BY_TAG, until("2126-12-31T00:00:00Z")).0, ["jewel"]);
    let (strategies, reasons) = chosen(BY_TAG, until("2026-12-31T00:00:00Z"));
    assert_eq!(strategies, ["vault"]);
    assert_eq!(reasons[0], "the tag mirror=jewel on the instance has expired at 2026-12-31T00:00:00Z");
}

#[test]
fn a_time_that_nobody_can_read_ends_nothing_and_is_reported() {
    let (strategies, reasons) = chosen(BY_TAG, until("next year"));
    assert_eq!(strategies, ["jewel"]);
    assert!(reasons[0].starts_with("the tag mirror-until=next year on the instance says no time"), "{reasons:?}");
}

#[test]
fn an_unknown_word_in_a_tag_is_answered_with_the_nearest_strategy_and_the_others_count() {
    let (strategies, reasons) = chosen(BY_TAG, tagged(None, Some("jewell + vault"), None, None));
    assert_eq!(strategies, ["vault"]);
    assert!(reasons[0].ends_with("did you mean `jewel`?"), "{reasons:?}");
    assert!(chosen(BY_TAG, tagged(None, Some("zzz"), None, None)).1[0].ends_with("no strategy of the policy"));
}

#[test]
fn off_beside_a_strategy_does_not_opt_out_and_is_reported() {
    let (strategies, reasons) = chosen(BY_TAG, tagged(None, Some("off+jewel"), None, None));
    assert_eq!(strategies, ["jewel"]);
    assert!(reasons[0].contains("opts out and chooses at once"), "{reasons:?}");
}

#[test]
fn off_beats_a_selector_only_where_the_strategy_allows_opting_out() {
    let selected = |opt_out: &str| format!("[{{name: jewel, importance: {{select: {{}}}}{opt_out}}}]");
    let off = || tagged(None, Some("off"), None, None);
    assert_eq!(chosen(&selected(""), off()).0, ["jewel"], "forbidden unless told otherwise");
    assert_eq!(chosen(&selected(", optOut: forbidden"), off()).0, ["jewel"]);
    assert!(chosen(&selected(", optOut: allowed"), off()).0.is_empty());
    assert_eq!(chosen(&selected(", optOut: allowed"), tagged(None, None, None, None)).0, ["jewel"]);
}

#[test]
fn jump_boxes_belong_to_the_jewels_and_say_why() {
    let strategies = "[{name: jewel, importance: {select: {tags: {tier: swift}}, jumpBoxes: {tags: {role: bastion}}}}]";
    let facts = |role| Facts::new().instance("i-1", &[("role", role)]).interface("eni-1", "i-1");
    assert_eq!(chosen(strategies, facts("bastion")).1, ["jewel: it leads there as a jump box"]);
    assert!(chosen(strategies, facts("web")).0.is_empty());
}

#[test]
fn a_strategy_may_want_primary_interfaces_only() {
    let strategies = "[{name: jewel, importance: {}, interfaces: primary}]";
    let facts = |index| {
        Facts::new().instance("i-1", &[("mirror", "jewel")]).interface_with("eni-1", "i-1", |interface| {
            interface.attachment.as_mut().unwrap().device_index = index;
        })
    };
    assert_eq!(chosen(strategies, facts(0)).0, ["jewel"]);
    let (strategies, reasons) = chosen(strategies, facts(1));
    assert!(strategies.is_empty());
    assert_eq!(reasons.last().unwrap(), "jewel: wants primary interfaces only, and this is another");
}
