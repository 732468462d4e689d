//! Takes a step; gives what AWS says it has left, by one call. Never sends anything that the step does not say.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    ResourceType, Tag, TagSpecification, TrafficMirrorPortRangeRequest, TrafficMirrorSessionField,
};
use mirror_core::cloud::{Action, ClientToken, CloudError, Outcome, PacketLength, SessionChange, Step};
use mirror_core::ids::{FilterId, SessionId};
use mirror_core::inventory::{PortRange, Resource, Rule, Tags};

use crate::Sdk;
use crate::errors::{Unreadable, unsendable};
use crate::fields::given;

type Answer = Result<Outcome, CloudError>;

pub(crate) async fn apply(sdk: &Sdk, step: &Step) -> Answer {
    let action = step.action();
    match step {
        Step::CreateFilter { token, tags } => create_filter(sdk, action, token, tags).await,
        Step::CreateRule { token, filter, rule } => create_rule(sdk, action, token, filter, rule).await,
        Step::AddServices { filter, services } => add_services(sdk, action, filter, services).await,
        Step::CreateTarget { token, resource, tags } => create_target(sdk, action, token, resource, tags).await,
        Step::CreateSession { token, interface, target, filter, number, packet_length, vni, tags } => {
            let request = sdk.steps.create_traffic_mirror_session().client_token(&token.0);
            let request = request.network_interface_id(interface.as_str()).session_number((*number).into());
            let request = request.traffic_mirror_target_id(target.as_str()).traffic_mirror_filter_id(filter.as_str());
            let request = request.set_packet_length(packet_length.map(i32::from));
            let request = request.virtual_network_id(signed(action, *vni)?);
            let request = request.tag_specifications(tagged(ResourceType::TrafficMirrorSession, tags));
            let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
            let made = answer.traffic_mirror_session.and_then(|made| made.traffic_mirror_session_id);
            made_id(action, "trafficMirrorSessionId", made).map(|id| Outcome::Session(id.into()))
        }
        Step::ModifySession { session, change } => modify_session(sdk, action, session, change).await,
        Step::DeleteSession { session } => {
            let request = sdk.steps.delete_traffic_mirror_session().traffic_mirror_session_id(session.as_str());
            request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
        }
        Step::DeleteRule { filter: _, rule } => {
            let request = sdk.steps.delete_traffic_mirror_filter_rule().traffic_mirror_filter_rule_id(rule.as_str());
            request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
        }
        Step::DeleteFilter { filter } => {
            let request = sdk.steps.delete_traffic_mirror_filter().traffic_mirror_filter_id(filter.as_str());
            request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
        }
        Step::DeleteTarget { target } => {
            let request = sdk.steps.delete_traffic_mirror_target().traffic_mirror_target_id(target.as_str());
            request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
        }
        Step::TagSession { session, tags } => {
            let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
            let request = sdk.steps.create_tags().resources(session.as_str()).set_tags(Some(tags.collect()));
            request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
        }
    }
}

async fn create_filter(sdk: &Sdk, action: Action, token: &ClientToken, tags: &Tags) -> Answer {
    let request = sdk.steps.create_traffic_mirror_filter().client_token(&token.0);
    let request = request.tag_specifications(tagged(ResourceType::TrafficMirrorFilter, tags));
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let made = answer.traffic_mirror_filter.and_then(|made| made.traffic_mirror_filter_id);
    made_id(action, "trafficMirrorFilterId", made).map(|id| Outcome::Filter(id.into()))
}

async fn create_rule(sdk: &Sdk, action: Action, token: &ClientToken, filter: &FilterId, rule: &Rule) -> Answer {
    let Rule { action: verdict, direction, number, protocol, source, destination, source_ports, destination_ports } =
        rule;
    let request = sdk.steps.create_traffic_mirror_filter_rule().client_token(&token.0);
    let request = request.traffic_mirror_filter_id(filter.as_str()).rule_number((*number).into());
    // The names that core prints are the ones that AWS reads.
    let request = request.traffic_direction(direction.to_string().as_str().into());
    let request = request.rule_action(verdict.to_string().as_str().into());
    // Every protocol is said by silence. Source: Traffic Mirroring guide, "Protocol: All".
    let request = request.set_protocol(protocol.map(i32::from));
    let request = request.source_cidr_block(source.to_string()).destination_cidr_block(destination.to_string());
    let request = request.set_source_port_range(source_ports.map(ports));
    let request = request.set_destination_port_range(destination_ports.map(ports));
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let made = answer.traffic_mirror_filter_rule.and_then(|made| made.traffic_mirror_filter_rule_id);
    made_id(action, "trafficMirrorFilterRuleId", made).map(|id| Outcome::Rule(id.into()))
}

async fn add_services(sdk: &Sdk, action: Action, filter: &FilterId, services: &BTreeSet<String>) -> Answer {
    let services = services.iter().map(|name| name.as_str().into()).collect();
    let request = sdk.steps.modify_traffic_mirror_filter_network_services().set_add_network_services(Some(services));
    let request = request.traffic_mirror_filter_id(filter.as_str());
    request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
}

async fn create_target(sdk: &Sdk, action: Action, token: &ClientToken, resource: &Resource, tags: &Tags) -> Answer {
    let request = sdk.steps.create_traffic_mirror_target().client_token(&token.0);
    let request = request.tag_specifications(tagged(ResourceType::TrafficMirrorTarget, tags));
    let request = match resource {
        Resource::NetworkInterface(id) => request.network_interface_id(id.as_str()),
        Resource::NetworkLoadBalancer(arn) => request.network_load_balancer_arn(arn.as_str()),
        Resource::GatewayLoadBalancerEndpoint(id) => request.gateway_load_balancer_endpoint_id(id.as_str()),
    };
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let made = answer.traffic_mirror_target.and_then(|made| made.traffic_mirror_target_id);
    made_id(action, "trafficMirrorTargetId", made).map(|id| Outcome::Target(id.into()))
}

async fn modify_session(sdk: &Sdk, action: Action, session: &SessionId, change: &SessionChange) -> Answer {
    let SessionChange { target, filter, number, packet_length, vni } = change;
    let request = sdk.steps.modify_traffic_mirror_session().traffic_mirror_session_id(session.as_str());
    let request = request.set_traffic_mirror_target_id(target.as_ref().map(|id| id.as_str().into()));
    let request = request.set_traffic_mirror_filter_id(filter.as_ref().map(|id| id.as_str().into()));
    let request = request.set_session_number(number.map(i32::from));
    let request = match packet_length {
        None => request,
        Some(PacketLength::Whole) => request.remove_fields(TrafficMirrorSessionField::PacketLength),
        Some(PacketLength::Bytes(bytes)) => request.packet_length((*bytes).into()),
    };
    let request = request.set_virtual_network_id(vni.map(|vni| signed(action, vni)).transpose()?);
    request.send().await.map(|_| Outcome::Done).map_err(|error| sdk.failed(action, error))
}

/// The id of what was made: without it the answer says nothing.
fn made_id(action: Action, field: &str, id: Option<String>) -> Result<String, CloudError> {
    given(id).ok_or_else(|| Unreadable::new(format!("no `{field}`")).of(action))
}

/// Tags that are there from the first moment: tagged later, an object would be a stranger's if we died in between.
fn tagged(kind: ResourceType, tags: &Tags) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

fn ports(PortRange { from, to }: PortRange) -> TrafficMirrorPortRangeRequest {
    TrafficMirrorPortRangeRequest::builder().from_port(from.into()).to_port(to.into()).build()
}

/// The API's integers have a sign.
fn signed(action: Action, vni: u32) -> Result<i32, CloudError> {
    i32::try_from(vni).map_err(|_| unsendable(action, &format!("VNI `{vni}` is larger than any that the API can say")))
}
