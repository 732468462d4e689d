//! Takes policies; holds the documents to what each of them names, and to nothing else.

use super::*;
use crate::cloud::actions;
use crate::inventory::Kind;
use crate::policy::parse;

const SENSOR: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/0123456789abcdef";

/// A policy with this scope, whose sensor has these targets.
fn policy(scope: &str, targets: &str) -> Policy {
    let text = format!(
        "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: prod\n{scope}sensors:\n  sta: {{targets: [{targets}]}}\n\
         strategies:\n  - {{name: crown-jewel, importance: {{}}}}\n"
    );
    parse("policy.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn document(scope: &str, targets: &str) -> Document {
    grants(&policy(scope, targets), false).remove(0).document
}

fn statement<'a>(document: &'a Document, sid: &str) -> &'a Statement {
    document.statement.iter().find(|it| it.sid == sid).unwrap_or_else(|| panic!("no {sid} in {document:#?}"))
}

fn sids(document: &Document) -> Vec<&str> {
    document.statement.iter().map(|it| it.sid.as_str()).collect()
}

#[test]
fn a_document_is_written_as_iam_reads_it_and_the_same_each_time() {
    let policy = policy("", &format!("{{networkLoadBalancer: '{SENSOR}'}}"));
    let [once, again] = [0, 1].map(|_| serde_json::to_string(&grants(&policy, true)).unwrap());
    assert_eq!(once, again);
    assert!(
        once.starts_with(
            r#"[{"role":null,"region":null,"document":{"Version":"2012-10-17","Statement":[{"Sid":"List","#
        )
    );
    let made = r#"{"Sid":"MakeSessions","Effect":"Allow","Action":["ec2:CreateTrafficMirrorSession"],"Resource":["arn:*:ec2:*:*:traffic-mirror-session/*"],"Condition":{"StringEquals":{"aws:RequestTag/vpc-mirror/owner":["prod"]}}}"#;
    assert!(once.contains(made), "{once}");
}

#[test]
fn a_document_fits_into_one_managed_policy() {
    // Source: "IAM and AWS STS quotas", IAM User Guide: 6,144 characters, white space apart.
    let names: Vec<_> = (0..8).map(|number| format!("{{networkInterface: eni-{number:017x}}}")).collect();
    let policy = policy("scope: {vpcs: [vpc-0a1b2c3d]}\n", &names.join(", "));
    assert!(serde_json::to_string(&grants(&policy, true).remove(0).document).unwrap().len() < 6144);
}

#[test]
fn each_place_has_its_document_and_the_credentials_at_hand_take_on_its_roles_and_no_others() {
    let scope = "\
scope:
  accounts:
    - {region: eu-west-1}
    - {region: eu-west-1, roleArn: arn:aws:iam::444455556666:role/mirror}
    - {region: us-east-1, roleArn: arn:aws:iam::444455556666:role/mirror}
    - {region: cn-north-1, roleArn: arn:aws-cn:iam::777788889999:role/ops/mirror}
";
    let grants = grants(&policy(scope, "{existing: tmt-0123456789abcdef0}"), false);
    let at = |grant: &Grant| (grant.role.clone(), grant.region.clone().map(|it| it.to_string()));
    let (mirror, china) = ("arn:aws:iam::444455556666:role/mirror", "arn:aws-cn:iam::777788889999:role/ops/mirror");
    let place = |role: &str, region: &str| (Some(role.to_owned()), Some(region.to_owned()));
    assert_eq!(
        grants.iter().map(at).collect::<Vec<_>>(),
        [
            (None, None),
            (None, Some("eu-west-1".into())),
            place(mirror, "eu-west-1"),
            place(mirror, "us-east-1"),
            place(china, "cn-north-1")
        ]
    );
    let taken_on = &grants[0].document.statement;
    assert_eq!((taken_on.len(), &taken_on[0].action), (1, &vec!["sts:AssumeRole".to_owned()]));
    assert_eq!(taken_on[0].resource, [china, mirror]);
    let sessions = |grant: &Grant| statement(&grant.document, "ChangeOurSessions").resource.clone();
    assert_eq!(sessions(&grants[1]), ["arn:aws:ec2:eu-west-1:*:traffic-mirror-session/*"]);
    assert_eq!(sessions(&grants[4]), ["arn:aws-cn:ec2:cn-north-1:777788889999:traffic-mirror-session/*"]);
    let list = statement(&grants[3].document, "List");
    assert_eq!(list.condition["StringEquals"]["aws:RequestedRegion"], ["us-east-1"]);
}

#[test]
fn a_region_is_in_its_partition_and_one_of_which_nobody_knows_in_any() {
    let partitions = ["eu-west-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "eu-isoe-west-1", "eusc-de-east-1"];
    assert_eq!(
        partitions.map(|region| partition(&Region::from(region))),
        ["aws", "aws-us-gov", "aws-cn", "*", "*", "*"]
    );
}

#[test]
fn whatever_the_policy_names_load_balancers_may_be_looked_behind_and_every_list_read() {
    for targets in ["{networkInterface: eni-1}", "{gatewayLoadBalancerEndpoint: vpce-1}", "{existing: tmt-1}"] {
        let document = document("", targets);
        let granted: Vec<_> = document.statement[..2].iter().flat_map(|it| &it.action).map(String::as_str).collect();
        let always = Kind::ALL.into_iter().filter(|kind| !kind.is_by_need());
        let read: Vec<_> = always.flat_map(actions).copied().collect();
        assert_eq!(granted.len(), read.len());
        assert!(read.iter().all(|read| granted.iter().any(|it| it.rsplit(':').next() == Some(read))), "{granted:?}");
        let behind = &statement(&document, "LookBehindTargets").action;
        assert!(behind.iter().all(|action| action.starts_with("elasticloadbalancing:Describe")), "{behind:?}");
    }
}

#[test]
fn sources_are_bound_to_the_vpcs_that_the_policy_names() {
    let bound = document("scope: {vpcs: [vpc-1, vpc-2]}\n", "{networkInterface: eni-1}");
    let vpcs = &statement(&bound, "MirrorInterfaces").condition["ArnLike"]["ec2:Vpc"];
    assert_eq!(*vpcs, ["arn:*:ec2:*:*:vpc/vpc-1", "arn:*:ec2:*:*:vpc/vpc-2"]);
    assert!(statement(&document("", "{networkInterface: eni-1}"), "MirrorInterfaces").condition.is_empty());
}

#[test]
fn targets_are_made_of_what_the_policy_names_and_of_nothing_else() {
    let made = document("", "{networkInterface: eni-1}, {gatewayLoadBalancerEndpoint: vpce-1}");
    let of = ["arn:*:ec2:*:*:network-interface/eni-1", "arn:*:ec2:*:*:vpc-endpoint/vpce-1"];
    assert_eq!(statement(&made, "MakeTargetsOfThese").resource, of);
    let elsewhere = "scope: {accounts: [{region: eu-central-1}]}\n";
    let none = document(elsewhere, &format!("{{networkLoadBalancer: '{SENSOR}'}}"));
    assert!(!sids(&none).contains(&"MakeTargets"), "the load balancer is in another Region");
    assert!(sids(&none).contains(&"UseTargets"), "somebody may share a target for it");
}

#[test]
fn other_peoples_targets_are_used_as_the_policy_names_them_and_none_is_made() {
    let document = self::document("", "{existing: tmt-1}, {tags: {team: net, tier: '${x}'}}");
    assert_eq!(statement(&document, "UseNamedTargets").resource, ["arn:*:ec2:*:*:traffic-mirror-target/tmt-1"]);
    let tagged = &statement(&document, "UseTaggedTargets1").condition["StringEquals"];
    assert_eq!(tagged["aws:ResourceTag/team"], ["net"]);
    assert_eq!(tagged["aws:ResourceTag/tier"], ["${$}{x}"], "a text, and no variable");
    let wild = self::document("", "{existing: 'tmt-*'}, {existing: 'tmt-?'}");
    let one = "arn:*:ec2:*:*:traffic-mirror-target/tmt-";
    assert_eq!(statement(&wild, "UseNamedTargets").resource, [format!("{one}${{*}}"), format!("{one}${{?}}")]);
    assert!(!sids(&document).iter().any(|sid| ["UseTargets", "MakeTargets"].contains(sid)));
}

#[test]
fn whatever_is_changed_or_deleted_has_the_owners_tag_and_taking_over_is_said_apart() {
    let policy = policy("", "{networkInterface: eni-1}");
    let (without, with) = (grants(&policy, false).remove(0).document, grants(&policy, true).remove(0).document);
    assert_eq!(with.statement[..without.statement.len()], without.statement[..]);
    assert_eq!(sids(&with).last(), Some(&"AdoptOtherPeoplesSessions"));
    for Statement { sid, action, condition, .. } in &without.statement {
        let changes =
            action.iter().any(|it| it.contains(":Modify") || it.contains(":Delete") || it.contains("CreateTags"));
        // A rule has no tags, and a target that is used is not changed.
        if changes && sid != "RulesOfOurFilters" && sid != "UseTargets" {
            let tags = ["aws:ResourceTag/vpc-mirror/owner", "aws:RequestTag/vpc-mirror/owner"];
            assert!(
                tags.iter().any(|tag| condition["StringEquals"].get(*tag).is_some_and(|it| *it == ["prod"])),
                "{sid}"
            );
        }
    }
}
