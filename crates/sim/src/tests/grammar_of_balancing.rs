//! Takes a world and dice; gives the lines and the words of the grammar that are about ELB, the tagging API and WAF. Never makes a call.

use super::dice::Dice;
use super::grammar::{pick, standing};
use super::*;

/// Every action of these APIs, as IAM writes it. Words that begin with `lb-` are in here, the others in [`grammar`](super::grammar).
#[rustfmt::skip]
pub(super) const GRAMMAR: &[(&str, usize, &str)] = &[
    ("elasticloadbalancing:DescribeLoadBalancers", 3, "LoadBalancerArns.member.1??=lb-balancer Names.member.1??=lb-name pages"),
    ("elasticloadbalancing:DescribeListeners", 2, "LoadBalancerArn=lb-balancer ListenerArns.member.1??=lb-listener pages"),
    ("elasticloadbalancing:DescribeRules", 2, "ListenerArn=lb-listener pages"),
    ("elasticloadbalancing:DescribeTargetGroups", 2, "LoadBalancerArn??=lb-balancer TargetGroupArns.member.1??=lb-group pages"),
    ("elasticloadbalancing:DescribeTargetHealth", 2, "TargetGroupArn=lb-group Targets.member.1.Id??=lb-target"),
    ("elasticloadbalancing:DescribeTags", 1, "ResourceArns.member.1=lb-tagged ResourceArns.member.2??=lb-tagged"),
    ("elasticloadbalancing:DescribeLoadBalancerAttributes", 1, "LoadBalancerArn=lb-balancer"),
    ("elasticloadbalancing:ModifyLoadBalancerAttributes", 5, "LoadBalancerArn=lb-balancer lb-attribute"),
    ("elasticloadbalancing:CreateLoadBalancer", 6, "Name=lb-name lb-type Scheme?=lb-scheme lb-subnets lb-tag"),
    ("elasticloadbalancing:SetSubnets", 3, "LoadBalancerArn=lb-balancer lb-subnets"),
    ("elasticloadbalancing:DeleteLoadBalancer", 2, "LoadBalancerArn=lb-balancer"),
    ("elasticloadbalancing:CreateListener", 10, "LoadBalancerArn=lb-balancer lb-listening DefaultActions.member.1.Type=lb-forward DefaultActions.member.1.TargetGroupArn=lb-group lb-tag"),
    ("elasticloadbalancing:ModifyListener", 5, "ListenerArn=lb-listener Port?=lb-port DefaultActions.member.1.Type=lb-forward DefaultActions.member.1.TargetGroupArn=lb-group"),
    ("elasticloadbalancing:DeleteListener", 2, "ListenerArn=lb-listener"),
    ("elasticloadbalancing:CreateRule", 12, "ListenerArn=lb-http-listener Priority=rule-number Conditions.member.1.Field=lb-field Conditions.member.1.Values.member.1=text Actions.member.1.Type=lb-forward Actions.member.1.TargetGroupArn=lb-http-group"),
    ("elasticloadbalancing:DeleteRule", 3, "RuleArn=lb-rule"),
    ("elasticloadbalancing:CreateTargetGroup", 8, "Name=lb-name lb-grouped lb-tag"),
    ("elasticloadbalancing:DeleteTargetGroup", 3, "TargetGroupArn=lb-group"),
    ("elasticloadbalancing:RegisterTargets", 8, "TargetGroupArn=lb-group Targets.member.1.Id=lb-target Targets.member.1.Port??=lb-port"),
    ("elasticloadbalancing:DeregisterTargets", 4, "TargetGroupArn=lb-group Targets.member.1.Id=lb-target"),
    ("elasticloadbalancing:AddTags", 8, "ResourceArns.member.1=lb-tagged ResourceArns.member.2??=lb-tagged Tags.member.1.Key=key Tags.member.1.Value?=text"),
    ("elasticloadbalancing:RemoveTags", 6, "ResourceArns.member.1=lb-tagged TagKeys.member.1=key"),
    ("tag:GetResources", 4, "TagFilters.1.Key?=key TagFilters.1.Values??=text ResourceTypeFilters.1??=lb-resource-type ResourceARNList.1??=lb-tagged resources-pages"),
    ("elb:DescribeLoadBalancers", 2, "LoadBalancerNames.member.1??=lb-classic pages"),
    ("elb:DescribeTags", 1, "LoadBalancerNames.member.1=lb-classic"),
    ("elb:CreateLoadBalancer", 6, "LoadBalancerName=lb-name lb-classic-listener lb-subnets Scheme??=lb-scheme SecurityGroups.member.1??=group lb-tag"),
    ("elb:DeleteLoadBalancer", 2, "LoadBalancerName=lb-classic"),
    ("elb:RegisterInstancesWithLoadBalancer", 6, "LoadBalancerName=lb-classic Instances.member.1.InstanceId=instance"),
    ("elb:DeregisterInstancesFromLoadBalancer", 4, "LoadBalancerName=lb-classic Instances.member.1.InstanceId=instance"),
    ("wafv2:ListWebACLs", 2, "Scope=lb-scope lb-limit"),
    ("wafv2:ListResourcesForWebACL", 2, "WebACLArn=lb-web-acl ResourceType??=lb-guarded"),
    ("wafv2:GetWebACLForResource", 2, "ResourceArn=lb-application"),
    ("wafv2:CreateWebACL", 3, "Name=lb-name Scope=lb-scope DefaultAction.Allow=text VisibilityConfig.MetricName=text"),
    ("wafv2:AssociateWebACL", 6, "WebACLArn=lb-web-acl ResourceArn=lb-application"),
    ("wafv2:DisassociateWebACL", 3, "ResourceArn=lb-application"),
];

/// Few, so that a name that is drawn is often there already, and what has names never becomes many.
const NAMES: &[&str] = &["sensor", "web", "api", "a", "b", "c", "d", "e", "f", "-x", "a b"];

/// What a word says alone.
pub(super) fn group(world: &World, word: &str, dice: &mut Dice, add: &mut impl FnMut(&str, &str)) {
    match word {
        "lb-attribute" => {
            let keys = ["load_balancing.cross_zone.enabled", "deletion_protection.enabled", "colour"];
            add("Attributes.member.1.Key", dice.among(&keys));
            add("Attributes.member.1.Value", dice.among(&["true", "false", "false", "1"]));
        }
        "lb-type" => add("Type", dice.among(&["application", "application", "network", "network", "gateway"])),
        "lb-subnets" => {
            // Those of one VPC mostly, as there is no load balancer in two.
            let vpc = standing(world, "vpc", dice).filter(|_| !dice.one_in(10));
            let near = world.subnets.values().filter(|it| vpc.as_ref().is_none_or(|vpc| it.vpc.as_str() == vpc));
            for (place, subnet) in (1..=dice.among(&[3, 3, 2, 1])).zip(near) {
                add(&format!("Subnets.member.{place}"), &subnet.id.to_string());
            }
        }
        "lb-listening" => {
            add("Protocol", dice.among(&["HTTP", "HTTP", "UDP", "TCP_UDP", "TCP"]));
            add("Port", dice.among(&["80", "4789", "4789", "8080", "81", "82", "0"]));
        }
        "lb-grouped" => {
            let kind = dice.among(&["instance", "instance", "instance", "ip", "alb", "lambda"]);
            add("TargetType", kind);
            if kind != "lambda" {
                add("Protocol", dice.among(&["HTTP", "HTTP", "TCP", "UDP", "TCP_UDP", "GENEVE"]));
                add("Port", dice.among(&["80", "4789", "6081", "0"]));
                add("VpcId", &standing(world, "vpc", dice).unwrap_or_default());
                add("HealthCheckProtocol", dice.among(&["TCP", "HTTP", "TCP", "UDP"]));
            }
        }
        "lb-classic-listener" => {
            add("Listeners.member.1.Protocol", dice.among(&["HTTP", "TCP", "ssl", "UDP"]));
            add("Listeners.member.1.LoadBalancerPort", dice.among(&["80", "443", "0"]));
            add("Listeners.member.1.InstancePort", dice.among(&["80", "8080", "65536"]));
        }
        "lb-limit" => {
            if !dice.one_in(3) {
                add("Limit", dice.among(&["1", "2", "5", "100", "101"]));
            }
        }
        "lb-tag" => {
            if dice.one_in(3) {
                add("Tags.member.1.Key", dice.among(&["role", "Name", "aws:x"]));
                add("Tags.member.1.Value", dice.among(&["web", ""]));
            }
        }
        other => panic!("the grammar has no word {other}"),
    }
}

/// What a word behind a `=` stands for; none if there is no such thing.
pub(super) fn value(world: &World, word: &str, dice: &mut Dice) -> Option<String> {
    let listeners = || world.load_balancers.values().flat_map(|balancer| balancer.listeners.values());
    Some(match word {
        "lb-name" => dice.among(NAMES).into(),
        "lb-scheme" => dice.among(&["internal", "internet-facing"]).into(),
        "lb-forward" => "forward".into(),
        "lb-field" => "path-pattern".into(),
        "lb-port" => dice.among(&["80", "4789", "8080", "65536"]).into(),
        "lb-resource-type" => {
            dice.among(&["ec2", "ec2:instance", "elasticloadbalancing", "ec2:traffic-mirror-filter", "x"]).into()
        }
        thing if dice.one_in(25) => format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:{thing}/none"),
        "lb-classic" => return pick(world.classics.values().map(|balancer| &balancer.name), dice),
        "lb-scope" => dice.among(&["REGIONAL", "REGIONAL", "REGIONAL", "CLOUDFRONT"]).into(),
        "lb-guarded" => dice.among(&["APPLICATION_LOAD_BALANCER", "API_GATEWAY", "X"]).into(),
        "lb-web-acl" => return pick(world.web_acls.keys(), dice),
        "lb-application" => {
            let application = |it: &&LoadBalancer| it.kind == LoadBalancerType::Application;
            return pick(world.load_balancers.values().filter(application).map(|it| &it.arn), dice);
        }
        "lb-balancer" => return pick(world.load_balancers.keys(), dice),
        "lb-group" => return pick(world.target_groups.keys(), dice),
        "lb-listener" => return pick(listeners().map(|listener| &listener.arn), dice),
        // What takes rules and what they lead to are few among all that there is: a rule that nobody makes nobody deletes either.
        "lb-http-listener" => {
            let http = listeners().filter(|listener| listener.protocol == Some(Protocol::Http));
            return pick(http.map(|listener| &listener.arn), dice);
        }
        "lb-http-group" => {
            let http = world.target_groups.values().filter(|group| group.protocol == Some(Protocol::Http));
            return pick(http.map(|group| &group.arn), dice);
        }
        "lb-rule" => return pick(listeners().flat_map(|listener| listener.rules.values()).map(|rule| &rule.arn), dice),
        "lb-tagged" => {
            let kind = dice.among(&["lb-balancer", "lb-balancer", "lb-group", "lb-listener"]);
            return value(world, kind, dice);
        }
        "lb-target" => match dice.below(8) {
            0 => "10.0.0.9".into(),
            1 => return value(world, "lb-balancer", dice),
            _ => return standing(world, "instance", dice),
        },
        other => panic!("the grammar has no word {other}"),
    })
}
