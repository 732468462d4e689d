//! Takes the parameters of an action of the ELB API, in the query protocol; gives its request. Never asks the world.
//!
//! Lists are `Names.member.1=…`. Source: botocore `elbv2/2015-12-01`, protocol `query`.

use mirror_core::inventory::Tags;

use super::super::params::Params;
use crate::elb::{
    AddTags, CreateListener, CreateLoadBalancer, CreateRule, CreateTargetGroup, DescribeListeners,
    DescribeLoadBalancers, DescribeRules, DescribeTargetGroups, ElbRequest, HealthCheckWish, LoadBalancerType,
    ModifyListener, ModifyLoadBalancerAttributes, OfTargets, Pages, Protocol, RemoveTags, Scheme, SetSubnets,
    TargetGroupArn, TargetType, TargetWish,
};
use crate::error::ApiError;

/// What a listener may say without any effect on the simulated world: nothing in it is encrypted.
const WITHOUT_EFFECT_ON_LISTENERS: &[&str] = &["AlpnPolicy", "Certificates", "MutualAuthentication", "SslPolicy"];

/// The request that the parameters make. Errors have ELB's codes: it has one for all that is wrong with parameters.
pub(in crate::wire) fn request(params: Params) -> Result<ElbRequest, ApiError> {
    of_elb(params, read)
}

/// What is read with ELB's codes.
pub(super) fn of_elb<T>(params: Params, read: impl FnOnce(Params) -> Result<T, ApiError>) -> Result<T, ApiError> {
    params.check_characters().and_then(|()| read(params)).map_err(|error| match error.code.as_str() {
        "MissingParameter" | "InvalidParameterValue" | "UnknownParameter" => {
            ApiError { code: "ValidationError".into(), ..error }
        }
        _ => error,
    })
}

/// The action; its version has been looked at.
pub(super) fn action_of(params: &mut Params) -> Result<String, ApiError> {
    let missing = || ApiError::new("MissingAction", "The request is missing an action or a required parameter.");
    params.ignore(&["Version"]);
    params.optional("Action").ok_or_else(missing)
}

fn read(mut params: Params) -> Result<ElbRequest, ApiError> {
    let action = action_of(&mut params)?;
    let unknown =
        || ApiError::new("InvalidAction", format!("Could not find operation {action} for version 2015-12-01"));
    let request = match described(&action, &mut params)? {
        Some(request) => request,
        None => changed(&action, &mut params)?.ok_or_else(unknown)?,
    };
    params.finish()?;
    Ok(request)
}

/// The request of an action that reads; none if this is none.
fn described(action: &str, params: &mut Params) -> Result<Option<ElbRequest>, ApiError> {
    Ok(Some(match action {
        "DescribeLoadBalancers" => ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers {
            arns: params.ids("LoadBalancerArns.member"),
            names: params.list("Names.member"),
            pages: pages(params)?,
        }),
        "DescribeListeners" => ElbRequest::DescribeListeners(DescribeListeners {
            load_balancer: params.optional_id("LoadBalancerArn"),
            arns: params.ids("ListenerArns.member"),
            pages: pages(params)?,
        }),
        "DescribeRules" => ElbRequest::DescribeRules(DescribeRules {
            listener: params.optional_id("ListenerArn"),
            arns: params.ids("RuleArns.member"),
            pages: pages(params)?,
        }),
        "DescribeTargetGroups" => ElbRequest::DescribeTargetGroups(DescribeTargetGroups {
            load_balancer: params.optional_id("LoadBalancerArn"),
            arns: params.ids("TargetGroupArns.member"),
            names: params.list("Names.member"),
            pages: pages(params)?,
        }),
        "DescribeTargetHealth" => {
            params.ignore(&["Include"]);
            ElbRequest::DescribeTargetHealth(of_targets(params)?)
        }
        "DescribeTags" => ElbRequest::DescribeTags(texts(params, "ResourceArns.member")?),
        "DescribeLoadBalancerAttributes" => ElbRequest::DescribeLoadBalancerAttributes(params.id("LoadBalancerArn")?),
        _ => return Ok(None),
    }))
}

/// The request of an action that changes something; none if there is no such action.
fn changed(action: &str, params: &mut Params) -> Result<Option<ElbRequest>, ApiError> {
    Ok(Some(match action {
        "ModifyLoadBalancerAttributes" => ElbRequest::ModifyLoadBalancerAttributes(ModifyLoadBalancerAttributes {
            load_balancer: params.id("LoadBalancerArn")?,
            attributes: structures(params, "Attributes.member", key_and_value)?,
        }),
        "CreateLoadBalancer" => ElbRequest::CreateLoadBalancer(create_load_balancer(params)?),
        "SetSubnets" => ElbRequest::SetSubnets(SetSubnets {
            load_balancer: params.id("LoadBalancerArn")?,
            subnets: params.ids("Subnets.member"),
        }),
        "DeleteLoadBalancer" => ElbRequest::DeleteLoadBalancer(params.id("LoadBalancerArn")?),
        "CreateListener" => ElbRequest::CreateListener(create_listener(params)?),
        "ModifyListener" => ElbRequest::ModifyListener(modify_listener(params)?),
        "DeleteListener" => ElbRequest::DeleteListener(params.id("ListenerArn")?),
        "CreateRule" => ElbRequest::CreateRule(CreateRule {
            listener: params.id("ListenerArn")?,
            priority: params.required_number("Priority")?,
            conditions: structures(params, "Conditions.member", condition)?,
            forwards_to: some(params, "Actions.member", actions)?,
        }),
        "DeleteRule" => ElbRequest::DeleteRule(params.id("RuleArn")?),
        "CreateTargetGroup" => ElbRequest::CreateTargetGroup(create_target_group(params)?),
        "DeleteTargetGroup" => ElbRequest::DeleteTargetGroup(params.id("TargetGroupArn")?),
        "RegisterTargets" => ElbRequest::RegisterTargets(of_some_targets(params)?),
        "DeregisterTargets" => ElbRequest::DeregisterTargets(of_some_targets(params)?),
        "AddTags" => ElbRequest::AddTags(add_tags(params)?),
        "RemoveTags" => ElbRequest::RemoveTags(RemoveTags {
            arns: texts(params, "ResourceArns.member")?,
            keys: texts(params, "TagKeys.member")?,
        }),
        _ => return Ok(None),
    }))
}

pub(super) fn pages(params: &mut Params) -> Result<Pages, ApiError> {
    Ok(Pages { size: params.number("PageSize")?, marker: params.optional("Marker") })
}

fn create_load_balancer(params: &mut Params) -> Result<CreateLoadBalancer, ApiError> {
    let mapped = params.structures("SubnetMappings.member", |mapping| mapping.id("SubnetId"))?;
    // An address family changes no call that is simulated.
    params.ignore(&["IpAddressType"]);
    Ok(CreateLoadBalancer {
        name: params.required("Name")?,
        kind: params.parsed("Type", LoadBalancerType::named)?.unwrap_or(LoadBalancerType::Application),
        scheme: params.parsed("Scheme", Scheme::named)?,
        subnets: params.ids("Subnets.member").into_iter().chain(mapped).collect(),
        security_groups: params.ids("SecurityGroups.member"),
        tags: key_values(params)?,
    })
}

fn create_listener(params: &mut Params) -> Result<CreateListener, ApiError> {
    params.ignore(WITHOUT_EFFECT_ON_LISTENERS);
    Ok(CreateListener {
        load_balancer: params.id("LoadBalancerArn")?,
        protocol: params.parsed("Protocol", Protocol::named)?,
        port: params.number("Port")?,
        forwards_to: some(params, "DefaultActions.member", actions)?,
        tags: key_values(params)?,
    })
}

fn modify_listener(params: &mut Params) -> Result<ModifyListener, ApiError> {
    params.ignore(WITHOUT_EFFECT_ON_LISTENERS);
    Ok(ModifyListener {
        listener: params.id("ListenerArn")?,
        protocol: params.parsed("Protocol", Protocol::named)?,
        port: params.number("Port")?,
        forwards_to: Some(actions(params, "DefaultActions.member")?).filter(|groups| !groups.is_empty()),
    })
}

fn create_target_group(params: &mut Params) -> Result<CreateTargetGroup, ApiError> {
    params.ignore(&["IpAddressType", "Matcher", "ProtocolVersion"]);
    let checked = params.flag("HealthCheckEnabled")?;
    let kind = params.parsed("TargetType", TargetType::named)?.unwrap_or(TargetType::Instance);
    if checked && kind == TargetType::Lambda {
        return Err(ApiError::invalid_value("Health checks of functions are not simulated"));
    }
    Ok(CreateTargetGroup {
        name: params.required("Name")?,
        kind,
        protocol: params.parsed("Protocol", Protocol::named)?,
        port: params.number("Port")?,
        vpc: params.optional_id("VpcId"),
        health_check: HealthCheckWish {
            protocol: params.parsed("HealthCheckProtocol", Protocol::named)?,
            port: params.optional("HealthCheckPort"),
            path: params.optional("HealthCheckPath"),
            interval: params.number("HealthCheckIntervalSeconds")?,
            timeout: params.number("HealthCheckTimeoutSeconds")?,
            healthy_threshold: params.number("HealthyThresholdCount")?,
            unhealthy_threshold: params.number("UnhealthyThresholdCount")?,
        },
        tags: key_values(params)?,
    })
}

fn of_targets(params: &mut Params) -> Result<OfTargets, ApiError> {
    let target = |target: &mut Params| {
        let zone = target.optional_id("AvailabilityZone");
        Ok(TargetWish { id: target.required("Id")?, port: target.number("Port")?, zone })
    };
    Ok(OfTargets { group: params.id("TargetGroupArn")?, targets: params.structures("Targets.member", target)? })
}

/// Targets to be changed: without any there is nothing to do.
fn of_some_targets(params: &mut Params) -> Result<OfTargets, ApiError> {
    let wish = of_targets(params)?;
    if wish.targets.is_empty() { Err(params.missing("Targets")) } else { Ok(wish) }
}

fn add_tags(params: &mut Params) -> Result<AddTags, ApiError> {
    let wish = AddTags { arns: texts(params, "ResourceArns.member")?, tags: key_values(params)? };
    if wish.tags.is_empty() { Err(params.missing("Tags")) } else { Ok(wish) }
}

/// A list that is required, and so names something. Source: botocore, `required`; the service refuses what the model calls that even of
/// clients that do not look at it.
pub(super) fn some<T>(
    params: &mut Params,
    name: &str,
    read: impl Fn(&mut Params, &str) -> Result<Vec<T>, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let found = read(params, name)?;
    if found.is_empty() { Err(params.missing(name.trim_end_matches(".member"))) } else { Ok(found) }
}

pub(super) fn texts(params: &mut Params, name: &str) -> Result<Vec<String>, ApiError> {
    some(params, name, |params, name| Ok(params.list(name)))
}

fn structures<T>(
    params: &mut Params,
    name: &str,
    read: impl Fn(&mut Params) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    some(params, name, |params, name| params.structures(name, &read))
}

/// The target groups of actions that forward. Others lead to no target, and are not simulated.
fn actions(params: &mut Params, name: &str) -> Result<Vec<TargetGroupArn>, ApiError> {
    let weighted = |group: &mut Params| {
        group.ignore(&["Weight"]);
        group.id::<TargetGroupArn>("TargetGroupArn")
    };
    let forward = |forward: &mut Params| {
        forward.ignore(&["TargetGroupStickinessConfig"]);
        forward.structures("TargetGroups.member", weighted)
    };
    let action = |action: &mut Params| {
        action.ignore(&["Order"]);
        action.required_parsed("Type", |kind| (kind == "forward").then_some(()))?;
        let one = action.optional_id::<TargetGroupArn>("TargetGroupArn");
        let many = action.structure("ForwardConfig", forward)?.unwrap_or_default();
        // Clients may send the same group in both ways.
        let others: Vec<_> = many.into_iter().filter(|group| one.as_ref() != Some(group)).collect();
        Ok(one.into_iter().chain(others).collect::<Vec<_>>())
    };
    Ok(params.structures(name, action)?.concat())
}

/// `Field` and `Values`: how clients could always say it. Source: botocore, `RuleCondition`.
fn condition(condition: &mut Params) -> Result<(String, Vec<String>), ApiError> {
    let field = condition.required("Field")?;
    let values = |config: &mut Params| Ok(config.list("Values.member"));
    let mut found = condition.list("Values.member");
    for config in ["HostHeaderConfig", "PathPatternConfig", "SourceIpConfig", "HttpRequestMethodConfig"] {
        found.extend(condition.structure(config, values)?.unwrap_or_default());
    }
    Ok((field, found))
}

fn key_and_value(params: &mut Params) -> Result<(String, String), ApiError> {
    Ok((params.required("Key")?, params.optional("Value").unwrap_or_default()))
}

pub(super) fn key_values(params: &mut Params) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for (key, value) in params.structures("Tags.member", key_and_value)? {
        if tags.insert(key.clone(), value).is_some() {
            return Err(ApiError::new("DuplicateTagKeys", format!("The tag key '{key}' is there twice")));
        }
    }
    Ok(tags)
}
