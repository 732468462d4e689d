//! Takes policies that are each broken in one place; gives what is said of each.

use super::*;

/// What is said of the good policy when this is written in place of that.
fn said(what: &str, instead: &str) -> String {
    assert!(GOOD.contains(what), "{what}");
    mistakes(&GOOD.replacen(what, instead, 1)).join("\n")
}

/// What is said of the good policy with this at its end.
fn said_at_the_end(more: &str) -> String {
    mistakes(&format!("{GOOD}{more}\n")).join("\n")
}

const STRATEGY: &str = "  - name: crown-jewel\n";
const NLB: &str =
    "networkLoadBalancer: arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/0123456789abcdef";

#[test]
fn a_sensor_says_what_is_wrong_with_its_targets() {
    assert_eq!(
        said(NLB, "networkLoadBalancer: arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1"),
        "p.yaml:7:30: networkLoadBalancer is `arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1`: write the ARN of one, \
         `arn:…:loadbalancer/net/…`"
    );
    assert_eq!(
        said(NLB, "existing: tmt-1\n      - existing: tmt-1"),
        "p.yaml:8:9: sensor `sta` has this target twice: write it once, with all its zones"
    );
    assert_eq!(
        said(NLB, "tags: {}"),
        "p.yaml:7:9: tags is empty: write the tags of the mirror targets, or every target would be meant"
    );
    assert_eq!(
        said(NLB, "zones: [eu-west-1a]"),
        "p.yaml:7:9: a target is exactly one of `existing`, `networkInterface`, `networkLoadBalancer`, \
         `gatewayLoadBalancerEndpoint` and `tags`"
    );
    assert_eq!(
        said("    targets:", "    vni: 16777216\n    targets:"),
        "p.yaml:6:10: vni 16777216 is out of range: write 1 to 16777215"
    );
}

#[test]
fn a_strategy_says_what_is_wrong_with_it() {
    let with = |option: &str| said(STRATEGY, &format!("{STRATEGY}    {option}\n"));
    assert_eq!(
        with("packetLength: 20"),
        "p.yaml:10:19: packetLength is 20: write 55 to 8500, or leave it out for whole packets"
    );
    assert_eq!(with("before: lunch"), "p.yaml:10:13: before is `lunch`: write `foreign`, or leave it out");
    assert_eq!(with("optOut: forbiden"), "p.yaml:10:13: `optOut` is `forbiden`: did you mean `forbidden`?");
    assert_eq!(with("interfaces: first"), "p.yaml:10:17: `interfaces` is `first`: write one of `all`, `primary`");
    assert_eq!(
        with("except: [tcp/2049, tpc/22]"),
        "p.yaml:10:24: except `tpc/22` is neither ports nor a network: write `tcp/2049`, `udp/137-138`, `icmp` or `10.9.0.0/16`"
    );
    assert_eq!(
        with("except: [tcp/1, tcp/3, tcp/5]"),
        "p.yaml:9:11: except of strategy `crown-jewel` takes 14 rules of the 10 that AWS allows in a filter: a network takes 2, \
         ports take 4; write fewer, or wider ones"
    );
    assert_eq!(
        said("name: crown-jewel", "name: 'off'"),
        "p.yaml:9:11: a strategy cannot be called `off`: as a tag it opts out"
    );
    assert_eq!(
        said(STRATEGY, "  - {name: crown-jewel, importance: {}}\n  - name: crown-jewel\n"),
        "p.yaml:10:11: strategy `crown-jewel` is there twice: write another name"
    );
}

#[test]
fn a_selector_says_what_is_wrong_with_it() {
    let with = |selector: &str| said("{tags: {tier: swift}}", selector);
    assert_eq!(with("{vpcs: [subnet-1]}"), "p.yaml:10:34: vpcs is `subnet-1`: write an id that begins with `vpc-`");
    assert_eq!(with("{tags: {tier: []}}"), "p.yaml:10:40: tag `tier` has no value to match: write one, or `*` for any");
    assert_eq!(with("{platform: windoze}"), "p.yaml:10:37: `platform` is `windoze`: did you mean `windows`?");
    assert_eq!(
        with("{not: {securityGroups: [vpc-1]}}"),
        "p.yaml:10:50: securityGroups is `vpc-1`: write an id that begins with `sg-`"
    );
    assert_eq!(with("{tag: {tier: swift}}"), "p.yaml:10:27: unknown field `tag`: did you mean `tags`?");
}

#[test]
fn limits_and_the_rest_say_what_is_wrong_with_them() {
    for (more, expected) in [
        (
            "limits: {maxSessions: 20000}",
            "p.yaml:11:23: maxSessions is 20000: AWS allows 10000 in an account, write no more",
        ),
        ("limits: {maxMonthlyUsd: -1}", "p.yaml:11:25: maxMonthlyUsd is -1: write a sum of US dollars, such as `2500`"),
        (
            "limits: {maxLosses: 10}",
            "p.yaml:11:21: maxLosses is `10`: write at least 0% and at most 100%, such as `10%`",
        ),
        (
            "limits: {apiShare: 0%}",
            "p.yaml:11:20: apiShare is `0%`: write more than 0% and at most 100%, such as `10%`",
        ),
        (
            "limits: {newSourcesPerHour: 0}",
            "p.yaml:11:29: newSourcesPerHour is 0: write 1 or more, or `paused: true` for none",
        ),
        ("scope: {vpcs: [vpc-1, eni-1]}", "p.yaml:11:23: vpcs is `eni-1`: write an id that begins with `vpc-`"),
        (
            "scope: {accounts: []}",
            "p.yaml:11:19: accounts is empty: name an account and Region, or leave it out for those at hand",
        ),
        (
            "instanceTypes: {supported: [m8g], unsupported: [m8g]}",
            "p.yaml:11:49: `m8g` is supported and unsupported: write it in one place",
        ),
        (
            "tagKey: 'aws:mirror'",
            "p.yaml:11:9: tagKey must have 1 to 128 characters and not begin with `aws:`: write `mirror`",
        ),
        ("pause: true", "p.yaml:11:1: unknown field `pause`: did you mean `paused`?"),
        ("owner: twice", "p.yaml:11:1: `owner` is there twice: write it once"),
    ] {
        assert_eq!(said_at_the_end(more), expected);
    }
}

#[test]
fn an_account_says_what_is_wrong_with_it() {
    const ROLE: &str = "roleArn: 'arn:aws:iam::111122223333:role/a'";
    let with = |accounts: &str| said_at_the_end(&format!("scope:\n  accounts:\n{accounts}"));
    for region in ["eu-west-1b", "Frankfurt", "eu-west", "eu-1"] {
        let expected = format!("p.yaml:13:16: region is `{region}`: write the code of a Region, such as `eu-west-1`");
        assert_eq!(with(&format!("    - {{region: {region}}}")), expected);
    }
    for arn in [
        "vpc-mirror",
        "arn:aws:iam::1111:role/a",
        "arn:aws:iam::111122223333:user/a",
        "arn:aws:iam::111122223333:role/",
    ] {
        let expected =
            format!("p.yaml:13:36: roleArn is `{arn}`: write the ARN of a role, `arn:aws:iam::111122223333:role/…`");
        assert_eq!(with(&format!("    - {{region: eu-west-1, roleArn: '{arn}'}}")), expected);
    }
    assert_eq!(
        with(&format!("    - {{region: eu-west-1, {ROLE}, externalId: x}}")),
        "p.yaml:13:84: externalId must have 2 to 1224 letters, digits or `_+=,.@:/-`"
    );
    assert_eq!(
        with("    - {region: eu-west-1, externalId: xy}"),
        "p.yaml:13:39: externalId is said to nobody: write `roleArn` beside it, or leave it out"
    );
    let twice =
        format!("    - {{region: eu-west-1, {ROLE}}}\n    - {{region: eu-west-1, {}}}", ROLE.replace("/a", "/b"));
    assert_eq!(with(&twice), "p.yaml:14:7: eu-west-1 of 111122223333 is there already, in line 13: write it once");
    assert_eq!(
        with("    - {region: eu-west-1}\n    - {region: us-east-1}\n    - {region: eu-west-1}"),
        "p.yaml:15:7: eu-west-1 without a role is there already, in line 13: write it once"
    );
}
