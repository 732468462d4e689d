//! Takes the parameters of a traffic mirror action; gives its request. Never knows anything else of EC2.

use mirror_core::ids::{EndpointId, FilterId, InterfaceId, LoadBalancerArn, RuleId, SessionId, TargetId};
use mirror_core::inventory::{Direction, Resource, RuleAction};

use super::{describe, tags, token};
use crate::error::ApiError;
use crate::request::{
    CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession, CreateTrafficMirrorTarget,
    DescribeTrafficMirrorFilterRules, ModifyTrafficMirrorFilterNetworkServices, ModifyTrafficMirrorFilterRule,
    ModifyTrafficMirrorSession, Ports, Request, RuleField, RuleWish, SessionField,
};
use crate::wire::params::Params;

/// The request of an action; none if this is no traffic mirror action.
#[rustfmt::skip]
pub(super) fn request(action: &str, params: &mut Params) -> Result<Option<Request>, ApiError> {
    use Request as Q;
    Ok(Some(match action {
        "CreateTrafficMirrorFilter" => Q::CreateTrafficMirrorFilter(create_filter(params)?),
        "DescribeTrafficMirrorFilters" => Q::DescribeTrafficMirrorFilters(describe(params, "TrafficMirrorFilterId")?),
        "ModifyTrafficMirrorFilterNetworkServices" => Q::ModifyTrafficMirrorFilterNetworkServices(services(params)?),
        "DeleteTrafficMirrorFilter" => Q::DeleteTrafficMirrorFilter(params.id::<FilterId>("TrafficMirrorFilterId")?),
        "CreateTrafficMirrorFilterRule" => Q::CreateTrafficMirrorFilterRule(create_rule(params)?),
        "DescribeTrafficMirrorFilterRules" => Q::DescribeTrafficMirrorFilterRules(describe_rules(params)?),
        "ModifyTrafficMirrorFilterRule" => Q::ModifyTrafficMirrorFilterRule(modify_rule(params)?),
        "DeleteTrafficMirrorFilterRule" => Q::DeleteTrafficMirrorFilterRule(params.id::<RuleId>("TrafficMirrorFilterRuleId")?),
        "CreateTrafficMirrorTarget" => Q::CreateTrafficMirrorTarget(create_target(params)?),
        "DescribeTrafficMirrorTargets" => Q::DescribeTrafficMirrorTargets(describe(params, "TrafficMirrorTargetId")?),
        "DeleteTrafficMirrorTarget" => Q::DeleteTrafficMirrorTarget(params.id::<TargetId>("TrafficMirrorTargetId")?),
        "CreateTrafficMirrorSession" => Q::CreateTrafficMirrorSession(create_session(params)?),
        "DescribeTrafficMirrorSessions" => Q::DescribeTrafficMirrorSessions(describe(params, "TrafficMirrorSessionId")?),
        "ModifyTrafficMirrorSession" => Q::ModifyTrafficMirrorSession(modify_session(params)?),
        "DeleteTrafficMirrorSession" => Q::DeleteTrafficMirrorSession(params.id::<SessionId>("TrafficMirrorSessionId")?),
        _ => return Ok(None),
    }))
}

fn create_filter(params: &mut Params) -> Result<CreateTrafficMirrorFilter, ApiError> {
    Ok(CreateTrafficMirrorFilter {
        description: params.optional("Description"),
        tags: tags(params, "traffic-mirror-filter")?,
        token: token(params),
    })
}

fn services(params: &mut Params) -> Result<ModifyTrafficMirrorFilterNetworkServices, ApiError> {
    Ok(ModifyTrafficMirrorFilterNetworkServices {
        filter: params.id("TrafficMirrorFilterId")?,
        add: params.list("AddNetworkService").into_iter().collect(),
        remove: params.list("RemoveNetworkService").into_iter().collect(),
    })
}

fn create_rule(params: &mut Params) -> Result<CreateTrafficMirrorFilterRule, ApiError> {
    Ok(CreateTrafficMirrorFilterRule {
        filter: params.id("TrafficMirrorFilterId")?,
        rule: RuleWish {
            direction: params.required_parsed("TrafficDirection", direction)?,
            number: params.required_number("RuleNumber")?,
            action: params.required_parsed("RuleAction", rule_action)?,
            protocol: params.number("Protocol")?,
            destination: params.required_parsed("DestinationCidrBlock", |cidr| cidr.parse().ok())?,
            source: params.required_parsed("SourceCidrBlock", |cidr| cidr.parse().ok())?,
            source_ports: params.structure("SourcePortRange", ports)?,
            destination_ports: params.structure("DestinationPortRange", ports)?,
        },
        description: params.optional("Description"),
        tags: tags(params, "traffic-mirror-filter-rule")?,
        token: token(params),
    })
}

fn describe_rules(params: &mut Params) -> Result<DescribeTrafficMirrorFilterRules, ApiError> {
    Ok(DescribeTrafficMirrorFilterRules {
        filter: params.optional_id("TrafficMirrorFilterId"),
        rules: describe(params, "TrafficMirrorFilterRuleId")?,
    })
}

fn modify_rule(params: &mut Params) -> Result<ModifyTrafficMirrorFilterRule, ApiError> {
    Ok(ModifyTrafficMirrorFilterRule {
        rule: params.id("TrafficMirrorFilterRuleId")?,
        direction: params.parsed("TrafficDirection", direction)?,
        number: params.number("RuleNumber")?,
        action: params.parsed("RuleAction", rule_action)?,
        protocol: params.number("Protocol")?,
        source: params.parsed("SourceCidrBlock", |cidr| cidr.parse().ok())?,
        destination: params.parsed("DestinationCidrBlock", |cidr| cidr.parse().ok())?,
        source_ports: params.structure("SourcePortRange", ports)?,
        destination_ports: params.structure("DestinationPortRange", ports)?,
        description: params.optional("Description"),
        remove: removed(params, rule_field)?,
    })
}

fn create_target(params: &mut Params) -> Result<CreateTrafficMirrorTarget, ApiError> {
    Ok(CreateTrafficMirrorTarget {
        resource: resource(params)?,
        description: params.optional("Description"),
        tags: tags(params, "traffic-mirror-target")?,
        token: token(params),
    })
}

/// What a target sends to: one of three parameters, and only one.
fn resource(params: &mut Params) -> Result<Resource, ApiError> {
    let interface = params.optional_id::<InterfaceId>("NetworkInterfaceId");
    let load_balancer = params.optional_id::<LoadBalancerArn>("NetworkLoadBalancerArn");
    let endpoint = params.optional_id::<EndpointId>("GatewayLoadBalancerEndpointId");
    match (interface, load_balancer, endpoint) {
        (Some(id), None, None) => Ok(Resource::NetworkInterface(id)),
        (None, Some(arn), None) => Ok(Resource::NetworkLoadBalancer(arn)),
        (None, None, Some(id)) => Ok(Resource::GatewayLoadBalancerEndpoint(id)),
        (None, None, None) => Err(params.missing("NetworkInterfaceId")),
        _ => Err(ApiError::invalid_combination(
            "Specify one of NetworkInterfaceId, NetworkLoadBalancerArn and GatewayLoadBalancerEndpointId",
        )),
    }
}

fn create_session(params: &mut Params) -> Result<CreateTrafficMirrorSession, ApiError> {
    Ok(CreateTrafficMirrorSession {
        interface: params.id("NetworkInterfaceId")?,
        target: params.id("TrafficMirrorTargetId")?,
        filter: params.id("TrafficMirrorFilterId")?,
        number: params.required_number("SessionNumber")?,
        packet_length: params.number("PacketLength")?,
        vni: params.number("VirtualNetworkId")?,
        description: params.optional("Description"),
        tags: tags(params, "traffic-mirror-session")?,
        token: token(params),
    })
}

fn modify_session(params: &mut Params) -> Result<ModifyTrafficMirrorSession, ApiError> {
    Ok(ModifyTrafficMirrorSession {
        session: params.id("TrafficMirrorSessionId")?,
        target: params.optional_id("TrafficMirrorTargetId"),
        filter: params.optional_id("TrafficMirrorFilterId"),
        number: params.number("SessionNumber")?,
        packet_length: params.number("PacketLength")?,
        vni: params.number("VirtualNetworkId")?,
        description: params.optional("Description"),
        remove: removed(params, session_field)?,
    })
}

fn ports(params: &mut Params) -> Result<Ports, ApiError> {
    Ok(Ports { from: params.required_number("FromPort")?, to: params.required_number("ToPort")? })
}

fn direction(value: &str) -> Option<Direction> {
    [Direction::Ingress, Direction::Egress].into_iter().find(|direction| direction.to_string() == value)
}

fn rule_action(value: &str) -> Option<RuleAction> {
    [RuleAction::Accept, RuleAction::Reject].into_iter().find(|action| action.to_string() == value)
}

/// The fields that a change removes.
fn removed<T>(params: &mut Params, field: fn(&str) -> Option<T>) -> Result<Vec<T>, ApiError> {
    let invalid = |name: &str| ApiError::invalid_value(format!("Value ({name}) for parameter RemoveField is invalid."));
    params.list("RemoveField").iter().map(|name| field(name).ok_or_else(|| invalid(name))).collect()
}

fn rule_field(name: &str) -> Option<RuleField> {
    Some(match name {
        "destination-port-range" => RuleField::DestinationPortRange,
        "source-port-range" => RuleField::SourcePortRange,
        "protocol" => RuleField::Protocol,
        "description" => RuleField::Description,
        _ => return None,
    })
}

fn session_field(name: &str) -> Option<SessionField> {
    Some(match name {
        "packet-length" => SessionField::PacketLength,
        "description" => SessionField::Description,
        "virtual-network-id" => SessionField::VirtualNetworkId,
        _ => return None,
    })
}
