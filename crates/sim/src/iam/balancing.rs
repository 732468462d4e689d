//! Takes calls of ELB; gives the load balancers, listeners, rules and target groups on which each must be allowed, as policies see them.
//! Never knows who asks.
//!
//! | action                                             | on what                                    | keys beside the tags            |
//! |----------------------------------------------------|--------------------------------------------|---------------------------------|
//! | `Describe…`                                        | `*`                                        |                                 |
//! | `CreateLoadBalancer`                               | `loadbalancer/<type>/<name>/*`             | Scheme, Subnet, SecurityGroup   |
//! | `SetSubnets`                                       | the load balancer                          | Subnet                          |
//! | `CreateListener`                                   | the load balancer                          | ListenerProtocol                |
//! | `ModifyListener`                                   | the listener                               | ListenerProtocol                |
//! | `CreateTargetGroup`                                | `targetgroup/<name>/*`                     |                                 |
//! | all others                                         | what they name                             |                                 |
//! | `AddTags`, of what is made with tags               | `<what is made>/*`                         | CreateAction                    |
//!
//! Source: "Actions, resources, and condition keys for AWS Elastic Load Balancing V2", Service Authorization Reference; on tags at
//! creation: "Elastic Load Balancing API permissions to tag resources during creation", ELB User Guide.

use mirror_core::inventory::Tags;

use super::context::Context;
use super::resources::Resource;
use crate::elb::{CreateListener, CreateLoadBalancer, ElbRequest, Protocol, Scheme};
use crate::network::SubnetId;
use crate::world::World;

/// The resources on which a request's action must be allowed.
pub(super) fn resources(world: &World, request: &ElbRequest) -> Vec<Resource> {
    use ElbRequest as Q;
    let there = |arn: &str| vec![there(world, arn)];
    match request {
        Q::DescribeLoadBalancers(_)
        | Q::DescribeListeners(_)
        | Q::DescribeRules(_)
        | Q::DescribeTargetGroups(_)
        | Q::DescribeTargetHealth(_)
        | Q::DescribeTags(_)
        | Q::DescribeLoadBalancerAttributes(_) => vec![Resource::any()],
        Q::CreateLoadBalancer(wish) => vec![balancer(world, wish)],
        Q::CreateTargetGroup(wish) => vec![made(world, &format!("targetgroup/{}", wish.name), &wish.tags)],
        Q::SetSubnets(change) => {
            vec![in_subnets(self::there(world, change.load_balancer.as_str()), &change.subnets)]
        }
        Q::CreateListener(wish) => {
            let balancer = self::there(world, wish.load_balancer.as_str()).requested(&wish.tags);
            vec![speaking(balancer, wish.protocol)]
        }
        Q::ModifyListener(change) => vec![speaking(self::there(world, change.listener.as_str()), change.protocol)],
        Q::ModifyLoadBalancerAttributes(change) => there(change.load_balancer.as_str()),
        Q::DeleteLoadBalancer(arn) => there(arn.as_str()),
        Q::DeleteListener(arn) => there(arn.as_str()),
        Q::CreateRule(wish) => there(wish.listener.as_str()),
        Q::DeleteRule(arn) => there(arn.as_str()),
        Q::DeleteTargetGroup(arn) => there(arn.as_str()),
        Q::RegisterTargets(wish) | Q::DeregisterTargets(wish) => there(wish.group.as_str()),
        Q::AddTags(wish) => wish.arns.iter().map(|arn| self::there(world, arn).requested(&wish.tags)).collect(),
        Q::RemoveTags(wish) => {
            let losing = |it: Resource| wish.keys.iter().fold(it, |it, key| it.with("aws:TagKeys", key));
            wish.arns.iter().map(|arn| losing(self::there(world, arn))).collect()
        }
    }
}

/// What a request makes with tags: that needs `AddTags` beside the creation itself.
pub(super) fn tagged_at_creation(world: &World, request: &ElbRequest) -> Option<Resource> {
    use ElbRequest as Q;
    let (made, tags) = match request {
        Q::CreateLoadBalancer(wish) => (balancer(world, wish), &wish.tags),
        Q::CreateListener(wish) => (listener(wish), &wish.tags),
        Q::CreateTargetGroup(wish) => (made(world, &format!("targetgroup/{}", wish.name), &wish.tags), &wish.tags),
        _ => return None,
    };
    let name = request.action().trim_start_matches("elasticloadbalancing:");
    Some(made.with("elasticloadbalancing:CreateAction", name)).filter(|_| !tags.is_empty())
}

/// Something that is there; or is not, and then has no tags that a policy could like.
pub(super) fn there(world: &World, arn: &str) -> Resource {
    let resource = Resource { arn: arn.into(), keys: Context::default() };
    let resource = resource.with("aws:ResourceAccount", arn.split(':').nth(4).unwrap_or_default());
    world.balancing_tags(arn).into_iter().flatten().fold(resource, |resource, (key, value)| {
        resource
            .with(&format!("aws:ResourceTag/{key}"), value)
            .with(&format!("elasticloadbalancing:ResourceTag/{key}"), value)
    })
}

/// Something that the call is about to make, with these tags. Its ARN ends with an id that it does not have yet.
fn made(world: &World, path: &str, tags: &Tags) -> Resource {
    let World { region, account, .. } = world;
    let arn = format!("arn:aws:elasticloadbalancing:{region}:{account}:{path}/*");
    Resource { arn, keys: Context::default() }.requested(tags)
}

fn balancer(world: &World, wish: &CreateLoadBalancer) -> Resource {
    let CreateLoadBalancer { name, kind, scheme, subnets, security_groups, tags } = wish;
    let balancer = made(world, &format!("loadbalancer/{}/{name}", kind.in_arn()), tags);
    let balancer = balancer.with("elasticloadbalancing:Scheme", scheme.unwrap_or(Scheme::InternetFacing).name());
    security_groups
        .iter()
        .fold(in_subnets(balancer, subnets), |it, group| it.with("elasticloadbalancing:SecurityGroup", group))
}

fn listener(wish: &CreateListener) -> Resource {
    let path = wish.load_balancer.as_str().replacen(":loadbalancer/", ":listener/", 1);
    Resource { arn: format!("{path}/*"), keys: Context::default() }.requested(&wish.tags)
}

fn in_subnets(resource: Resource, subnets: &[SubnetId]) -> Resource {
    subnets.iter().fold(resource, |it, subnet| it.with("elasticloadbalancing:Subnet", subnet))
}

fn speaking(resource: Resource, protocol: Option<Protocol>) -> Resource {
    protocol
        .into_iter()
        .fold(resource, |it, protocol| it.with("elasticloadbalancing:ListenerProtocol", protocol.name()))
}
