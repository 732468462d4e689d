//! Takes policies with mistakes; gives sentences about what is said of them.

mod any_text;
mod broken;
mod whole;

use jiff::SignedDuration;

use crate::policy::{Choice, parse};

const GOOD: &str = "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors:
  sta:
    targets:
      - networkLoadBalancer: arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/0123456789abcdef
strategies:
  - name: crown-jewel
    importance: {select: {tags: {tier: swift}}}
";

fn mistakes(text: &str) -> Vec<String> {
    parse("p.yaml", text).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

#[test]
fn a_policy_says_what_it_says_and_the_rest_has_defaults() {
    let policy = parse("p.yaml", GOOD).unwrap();
    assert_eq!(policy.tag_key, "mirror");
    assert_eq!(policy.settle, SignedDuration::from_secs(30));
    assert_eq!(policy.limits.api_share, 0.5);
    assert_eq!(policy.strategies[0].sensor, "sta", "the only sensor need not be named");
    let Choice::Importance { select, .. } = &policy.strategies[0].choice else { panic!("another choice") };
    assert_eq!(select.as_ref().unwrap().tags["tier"][0].to_string(), "swift");
}

#[test]
fn a_syntax_error_has_its_line_and_column() {
    let found = mistakes(&GOOD.replace("{select:", "[select:"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("p.yaml:10:"), "{found:?}");
}

#[test]
fn a_value_of_the_wrong_kind_has_its_line_and_column() {
    assert_eq!(
        mistakes(&GOOD.replace("owner: prod", "owner: [prod]")),
        ["p.yaml:3:8: `owner` is a list: write one value"]
    );
}

#[test]
fn an_unknown_field_is_answered_with_the_nearest_known_one() {
    let found = mistakes(&GOOD.replace("owner:", "ownr:"));
    assert_eq!(found, ["p.yaml:3:1: unknown field `ownr`: did you mean `owner`?"]);
}

#[test]
fn an_unknown_field_hides_no_other_mistake() {
    let text =
        GOOD.replace("owner:", "ownr:").replace("importance:", "packet_length: 1\n    except: [nfs]\n    importance:");
    let found = mistakes(&(text + "settle: soon\n"));
    let places: Vec<&str> = found.iter().map(|it| it.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["p.yaml:3:1", "p.yaml:10:5", "p.yaml:11:14", "p.yaml:13:9"], "{found:?}");
}

#[test]
fn a_field_that_stands_too_far_out_is_told_where_it_belongs() {
    let found = mistakes(&format!("{GOOD}    tags: {{tier: swift}}\nvpcs: [vpc-1]\n"));
    assert_eq!(
        found,
        [
            "p.yaml:11:5: unknown field `tags`: it belongs into `importance.jumpBoxes` or `importance.select`",
            "p.yaml:12:1: unknown field `vpcs`: it belongs into `scope`",
        ]
    );
}

#[test]
fn a_missing_field_is_named() {
    let found = mistakes(&GOOD.replace("owner: prod\n", ""));
    assert!(found[0].contains("owner"), "{found:?}");
}

#[test]
fn semantic_mistakes_are_reported_all_at_once_each_with_its_place() {
    let text = GOOD
        .replace("owner: prod", "owner: 'prod team'\nsettle: soon\nlimits: {apiShare: 150%}")
        .replace("vpc-mirror/v1", "vpc-mirror/v2")
        .replace("importance", "sensor: stta\n    importance");
    assert_eq!(
        mistakes(&text),
        [
            "p.yaml:1:13: apiVersion is `vpc-mirror/v2`: write `vpc-mirror/v1`",
            "p.yaml:3:8: owner `prod team` is not a name: write 1 to 63 letters, digits, `-`, `_` or `.`",
            "p.yaml:4:9: settle is `soon`: write a duration from 1s to 5m, such as `30s`",
            "p.yaml:5:20: apiShare is `150%`: write more than 0% and at most 100%, such as `10%`",
            "p.yaml:12:13: unknown sensor `stta`: did you mean `sta`?",
        ]
    );
}

#[test]
fn a_target_names_exactly_one_thing_of_the_right_kind() {
    let two = GOOD.replace("- networkLoadBalancer:", "- existing: tmt-1\n        networkLoadBalancer:");
    assert!(mistakes(&two)[0].starts_with("p.yaml:7:9: a target is exactly one of"), "{:?}", mistakes(&two));
    let wrong = GOOD.replace("networkLoadBalancer: arn:", "networkInterface: arn:");
    assert!(mistakes(&wrong)[0].contains("begins with `eni-`"), "{:?}", mistakes(&wrong));
}

#[test]
fn a_strategy_must_name_its_sensor_where_there_are_two() {
    let text = GOOD.replace("strategies:", "  zeek: {targets: [{existing: tmt-1}]}\nstrategies:");
    assert_eq!(mistakes(&text), ["p.yaml:10:11: strategy `crown-jewel` has no sensor: write one of `sta`, `zeek`"]);
}

#[test]
fn an_empty_file_is_refused() {
    assert_eq!(mistakes(""), ["p.yaml:1:1: the policy is empty: write fields: `{name: value}`, or a line for each"]);
}
