//! Takes calls of ELB's first API and of WAF; gives what each must be allowed to do with what, as policies see it. Never knows who asks.
//!
//! | action                                    | on what                                          | beside                                    |
//! |-------------------------------------------|--------------------------------------------------|-------------------------------------------|
//! | `elasticloadbalancing:Describe…`          | `*`                                              |                                           |
//! | ELB's other actions                       | `loadbalancer/<name>`                            | `AddTags`, of what is made with tags      |
//! | `wafv2:ListWebACLs`                       | `*`                                              |                                           |
//! | `wafv2:CreateWebACL`                      | `regional/webacl/<name>/*`                       |                                           |
//! | `wafv2:ListResourcesForWebACL`            | the web ACL                                      |                                           |
//! | `wafv2:GetWebACLForResource`              | the load balancer                                | `wafv2:GetWebACL` on what guards it       |
//! | `wafv2:AssociateWebACL`                   | the web ACL, the load balancer                   | `elasticloadbalancing:SetWebAcl`          |
//! | `wafv2:DisassociateWebACL`                | the load balancer                                | `elasticloadbalancing:SetWebAcl`          |
//!
//! Sources: "Actions, resources, and condition keys for AWS Elastic Load Balancing" and "… for AWS WAF V2", Service Authorization
//! Reference; botocore `wafv2/2019-07-29`, `GetWebACLForResource`.

use super::context::Context;
use super::resources::Resource;
use crate::classic::{ClassicRequest, CreateClassicLoadBalancer};
use crate::elb::Scheme;
use crate::waf::WafRequest;
use crate::world::World;

/// Of ELB's first API.
pub(super) fn of_classic(world: &World, request: &ClassicRequest) -> Vec<Resource> {
    use ClassicRequest as Q;
    match request {
        Q::DescribeLoadBalancers(_) | Q::DescribeTags(_) => vec![Resource::any()],
        Q::CreateLoadBalancer(wish) => vec![made(world, wish)],
        Q::DeleteLoadBalancer(name) => vec![classic(world, name)],
        Q::RegisterInstancesWithLoadBalancer(wish) | Q::DeregisterInstancesFromLoadBalancer(wish) => {
            vec![classic(world, &wish.name)]
        }
    }
}

/// What a request makes with tags: that needs `AddTags` beside the creation itself.
pub(super) fn tagged_at_creation(world: &World, request: &ClassicRequest) -> Option<Resource> {
    let ClassicRequest::CreateLoadBalancer(wish) = request else { return None };
    let made = made(world, wish).with("elasticloadbalancing:CreateAction", "CreateLoadBalancer");
    Some(made).filter(|_| !wish.tags.is_empty())
}

/// Of WAF: the resources of the action itself.
pub(super) fn of_waf(world: &World, request: &WafRequest) -> Vec<Resource> {
    use WafRequest as Q;
    match request {
        Q::ListWebACLs(_) => vec![Resource::any()],
        Q::CreateWebACL(wish) => {
            let World { region, account, .. } = world;
            vec![named(&format!("arn:aws:wafv2:{region}:{account}:regional/webacl/{}/*", wish.name))]
        }
        Q::ListResourcesForWebACL(asked) => vec![named(&asked.acl.to_string())],
        Q::GetWebACLForResource(arn) | Q::DisassociateWebACL(arn) => vec![balancer(world, arn.as_str())],
        Q::AssociateWebACL(wish) => vec![named(&wish.acl.to_string()), balancer(world, wish.resource.as_str())],
    }
}

/// Of WAF: what it needs beside, with the action.
pub(super) fn beside_waf(world: &World, request: &WafRequest) -> Option<(&'static str, Resource)> {
    use WafRequest as Q;
    const SET: &str = "elasticloadbalancing:SetWebAcl";
    match request {
        Q::GetWebACLForResource(arn) => {
            let acl = world.web_acl_for(arn).ok().flatten()?;
            Some(("wafv2:GetWebACL", named(&acl.arn.to_string())))
        }
        Q::AssociateWebACL(wish) => Some((SET, balancer(world, wish.resource.as_str()))),
        Q::DisassociateWebACL(arn) => Some((SET, balancer(world, arn.as_str()))),
        Q::ListWebACLs(_) | Q::CreateWebACL(_) | Q::ListResourcesForWebACL(_) => None,
    }
}

/// Something that has this ARN, if it is there.
fn named(arn: &str) -> Resource {
    let resource = Resource { arn: arn.into(), keys: Context::default() };
    resource.with("aws:ResourceAccount", arn.split(':').nth(4).unwrap_or_default())
}

fn balancer(world: &World, arn: &str) -> Resource {
    super::balancing::there(world, arn)
}

fn classic(world: &World, name: &str) -> Resource {
    let tags = world.classic(name).map(|balancer| balancer.tags.clone()).unwrap_or_default();
    tags.iter().fold(named(world.classic_arn(name).as_str()), |resource, (key, value)| {
        resource
            .with(&format!("aws:ResourceTag/{key}"), value)
            .with(&format!("elasticloadbalancing:ResourceTag/{key}"), value)
    })
}

fn made(world: &World, wish: &CreateClassicLoadBalancer) -> Resource {
    let CreateClassicLoadBalancer { name, subnets, security_groups, scheme, tags, .. } = wish;
    let resource = Resource { arn: world.classic_arn(name).as_str().into(), keys: Context::default() }.requested(tags);
    let resource = resource.with("elasticloadbalancing:Scheme", scheme.unwrap_or(Scheme::InternetFacing).name());
    let resource = subnets.iter().fold(resource, |it, subnet| it.with("elasticloadbalancing:Subnet", subnet));
    security_groups.iter().fold(resource, |it, group| it.with("elasticloadbalancing:SecurityGroup", group))
}
