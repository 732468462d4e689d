//! Takes a policy and where it is followed; gives the statements that grant exactly that. Never looks at what stands there.

use std::collections::BTreeSet;

use super::Whereabouts;
use super::document::{Document, Statement, literal};
use crate::cloud::actions;
use crate::inventory::{Kind, Part, Resource};
use crate::ownership::{KEY_TAG, OWNER_TAG, PROOF_TAG};
use crate::policy::{Policy, Way};

const FILTERS: &str = "traffic-mirror-filter/*";
const RULES: &str = "traffic-mirror-filter-rule/*";
const TARGETS: &str = "traffic-mirror-target/*";
const SESSIONS: &str = "traffic-mirror-session/*";

/// What takes these roles on. Source: "AssumeRole", AWS STS API Reference.
pub(super) fn assume(roles: &BTreeSet<&str>) -> Document {
    let roles = roles.iter().map(|role| literal(role));
    Document::of(vec![Statement::allow("TakeOnRoles", ["sts:AssumeRole"], roles)])
}

/// What follows a policy there.
pub(super) fn follow(policy: &Policy, there: &Whereabouts, adopt: bool) -> Document {
    let mut statements = look(policy, there);
    statements.extend(make(policy, there));
    statements.extend(mirror(policy, there));
    statements.extend(change(policy, there));
    statements.extend(adopt.then(|| take_over(policy, there)));
    Document::of(statements)
}

/// Lists can be granted whole alone. Who one is, one may always ask: GetCallerIdentity needs no permission.
///
/// Load balancers may be looked at whatever the policy names: not it alone decides which, but every mirror target that stands, that of the
/// policy before and those of other people too. Were that denied, nothing new would begin as long as one of them leads to a load balancer.
fn look(policy: &Policy, there: &Whereabouts) -> Vec<Statement> {
    let always = Kind::ALL.into_iter().filter(|kind| *kind != Kind::LoadBalancers && !kind.is_by_need());
    let mut lists: BTreeSet<String> = always.flat_map(reads).collect();
    lists.extend(policy.needs().into_iter().flat_map(finds).map(|action| (*action).to_owned()));
    let behind: BTreeSet<String> = reads(Kind::LoadBalancers).into_iter().collect();
    let lists = lists.difference(&behind).cloned().collect();
    let look = |sid: &str, actions: Vec<String>| {
        let look = Statement::allow(sid, actions, ["*".to_owned()]);
        match &there.region {
            Some(region) => look.only_if("StringEquals", "aws:RequestedRegion", [region.as_str()]),
            None => look,
        }
    };
    vec![look("List", lists), look("LookBehindTargets", behind.into_iter().collect())]
}

/// What reads a kind that every policy needs, each action with its API.
fn reads(kind: Kind) -> Vec<String> {
    let api = match kind {
        Kind::Tagged => "tag",
        Kind::LoadBalancers | Kind::Directory => "elasticloadbalancing",
        Kind::Instances
        | Kind::Interfaces
        | Kind::Subnets
        | Kind::GroupRules
        | Kind::Targets
        | Kind::Filters
        | Kind::Sessions => "ec2",
    };
    actions(kind).iter().map(|action| format!("{api}:{action}")).collect()
}

/// What reads what only some policies need. Source for `wafv2`: "Actions defined by AWS WAF V2", Service Authorization Reference: what a web
/// ACL protects is granted for the web ACL.
fn finds(part: Part) -> &'static [&'static str] {
    match part {
        Part::Subnets => &["ec2:DescribeSubnets"],
        Part::GroupRules => &["ec2:DescribeSecurityGroupRules"],
        Part::Balancers | Part::Classic => &["elasticloadbalancing:DescribeLoadBalancers"],
        Part::BalancerTags => &["tag:GetResources"],
        Part::WebAcls => &["wafv2:ListWebACLs", "wafv2:ListResourcesForWebACL"],
    }
}

/// What is made has our tag from its first moment, and gets no tag later.
fn make(policy: &Policy, there: &Whereabouts) -> Vec<Statement> {
    let kinds = [("Filter", FILTERS), ("Target", TARGETS), ("Session", SESSIONS)];
    let makes_targets = resources(policy).any(|resource| can_be_made(resource, there));
    let kinds: Vec<_> = kinds.into_iter().filter(|(kind, _)| makes_targets || *kind != "Target").collect();
    let create = |(kind, all): &(&str, &str)| {
        let action = format!("ec2:CreateTrafficMirror{kind}");
        Statement::allow(&format!("Make{kind}s"), [action], [there.arn(all)]).only_if(
            "StringEquals",
            &format!("aws:RequestTag/{OWNER_TAG}"),
            [&policy.owner],
        )
    };
    let mut statements: Vec<Statement> = kinds.iter().map(create).collect();
    let named: BTreeSet<String> = resources(policy).filter_map(|resource| named(resource, there)).collect();
    if !named.is_empty() {
        statements.push(Statement::allow("MakeTargetsOfThese", ["ec2:CreateTrafficMirrorTarget"], named));
    }
    let makers = kinds.iter().map(|(kind, _)| format!("CreateTrafficMirror{kind}"));
    // Source: "Grant permission to tag Amazon EC2 resources during creation", Amazon EC2 User Guide.
    let tag = Statement::allow("TagWhatIsMade", ["ec2:CreateTags"], kinds.iter().map(|(_, all)| there.arn(all)));
    let tag = tag.only_if("StringEquals", "ec2:CreateAction", makers);
    statements.push(with_our_tags(tag, policy));
    statements
}

/// What a session leads from, through, and to. Where the policy names what receives, and somebody else has a target for that, sessions use
/// it; no condition can say of a target what it sends to, so that any may be used then: it is not changed by that.
fn mirror(policy: &Policy, there: &Whereabouts) -> Vec<Statement> {
    const CREATE: &str = "ec2:CreateTrafficMirrorSession";
    const MODIFY: &str = "ec2:ModifyTrafficMirrorSession";
    // An interface in a subnet of ours may be another account's, and one of ours in another's VPC.
    let interfaces = Statement::allow("MirrorInterfaces", [CREATE], [there.arn_of_anybody("network-interface/*")]);
    let interfaces = if policy.vpcs.is_empty() {
        interfaces
    } else {
        let vpcs = policy.vpcs.iter().map(|id| there.arn_of_anybody(&format!("vpc/{}", literal(id.as_str()))));
        interfaces.only_if("ArnLike", "ec2:Vpc", vpcs)
    };
    let filters = Statement::allow("UseOurFilters", [CREATE, MODIFY], [there.arn(FILTERS)]);
    let mut statements = vec![interfaces, ours(filters, policy)];
    if resources(policy).next().is_some() {
        statements.push(Statement::allow("UseTargets", [CREATE, MODIFY], [there.arn_of_anybody(TARGETS)]));
        return statements;
    }
    let existing: BTreeSet<String> = ways(policy)
        .filter_map(|way| match way {
            Way::Existing(id) => Some(there.arn_of_anybody(&format!("traffic-mirror-target/{}", literal(id.as_str())))),
            Way::Resource(_) | Way::Tagged(_) => None,
        })
        .collect();
    if !existing.is_empty() {
        statements.push(Statement::allow("UseNamedTargets", [CREATE, MODIFY], existing));
    }
    let tagged: BTreeSet<_> =
        ways(policy).filter_map(|way| if let Way::Tagged(tags) = way { Some(tags) } else { None }).collect();
    for (number, tags) in (1..).zip(tagged) {
        let sid = format!("UseTaggedTargets{number}");
        let all = Statement::allow(&sid, [CREATE, MODIFY], [there.arn_of_anybody(TARGETS)]);
        statements.push(tags.iter().fold(all, |it, (key, value)| {
            it.only_if("StringEquals", &format!("aws:ResourceTag/{key}"), [literal(value)])
        }));
    }
    statements
}

/// What has our tag, and that alone. Targets too where this policy makes none: one before it may have.
fn change(policy: &Policy, there: &Whereabouts) -> Vec<Statement> {
    let sessions = ["ec2:ModifyTrafficMirrorSession", "ec2:DeleteTrafficMirrorSession"];
    let rules = ["ec2:CreateTrafficMirrorFilterRule", "ec2:DeleteTrafficMirrorFilterRule"];
    let filters = ["ec2:ModifyTrafficMirrorFilterNetworkServices", "ec2:DeleteTrafficMirrorFilter"];
    vec![
        ours(Statement::allow("ChangeOurSessions", sessions, [there.arn(SESSIONS)]), policy),
        ours(Statement::allow("ChangeOurFilters", rules.into_iter().chain(filters), [there.arn(FILTERS)]), policy),
        ours(Statement::allow("DeleteOurTargets", ["ec2:DeleteTrafficMirrorTarget"], [there.arn(TARGETS)]), policy),
        // AWS asks for the filter and for the rule, and a rule has no tags.
        Statement::allow("RulesOfOurFilters", rules, [there.arn(RULES)]),
    ]
}

/// Tags on sessions that stand: other people's, for ours need none. So none of our tags can be asked for; only another owner's is refused.
fn take_over(policy: &Policy, there: &Whereabouts) -> Statement {
    let adopt = Statement::allow("AdoptOtherPeoplesSessions", ["ec2:CreateTags"], [there.arn(SESSIONS)]);
    let adopt = adopt.only_if("StringEqualsIfExists", &format!("aws:ResourceTag/{OWNER_TAG}"), [&policy.owner]);
    with_our_tags(adopt, policy)
}

/// The same, on what has our tag.
fn ours(statement: Statement, policy: &Policy) -> Statement {
    statement.only_if("StringEquals", &format!("aws:ResourceTag/{OWNER_TAG}"), [&policy.owner])
}

/// The same, with our tags and no others.
fn with_our_tags(statement: Statement, policy: &Policy) -> Statement {
    let statement = statement.only_if("StringEquals", &format!("aws:RequestTag/{OWNER_TAG}"), [&policy.owner]);
    statement.only_if("ForAllValues:StringEquals", "aws:TagKeys", [OWNER_TAG, KEY_TAG, PROOF_TAG])
}

fn ways(policy: &Policy) -> impl Iterator<Item = &Way> {
    policy.sensors.values().flat_map(|sensor| &sensor.targets).map(|target| &target.to)
}

fn resources(policy: &Policy) -> impl Iterator<Item = &Resource> {
    ways(policy).filter_map(|way| match way {
        Way::Resource(resource) => Some(resource),
        Way::Existing(_) | Way::Tagged(_) => None,
    })
}

/// Whether a target for it may be made there. Source: "Resource types defined by Elastic Load Balancing V2", Service Authorization
/// Reference: Region and account are in the ARN; of the others nothing says where they are.
fn can_be_made(resource: &Resource, there: &Whereabouts) -> bool {
    let Resource::NetworkLoadBalancer(arn) = resource else { return true };
    match arn.as_str().split(':').collect::<Vec<_>>().as_slice() {
        [_, _, _, region, account, ..] => {
            there.region.as_ref().is_none_or(|it| it.as_str() == *region)
                && there.account.as_ref().is_none_or(|it| it.as_str() == *account)
        }
        _ => true,
    }
}

/// The ARN of what AWS wants permission for beside the target: an interface or an endpoint, and no load balancer.
fn named(resource: &Resource, there: &Whereabouts) -> Option<String> {
    let (kind, id) = match resource {
        Resource::NetworkInterface(id) => ("network-interface", id.as_str()),
        Resource::GatewayLoadBalancerEndpoint(id) => ("vpc-endpoint", id.as_str()),
        Resource::NetworkLoadBalancer(_) => return None,
    };
    Some(there.arn_of_anybody(&format!("{kind}/{}", literal(id))))
}
