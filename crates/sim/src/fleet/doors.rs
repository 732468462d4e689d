//! Takes a demo fleet; gives it doors: security groups for what each role serves, and a load balancer in front of web servers, with a web
//! ACL before it. Never creates a mirror object.

use std::collections::BTreeMap;

use mirror_core::ids::{InstanceId, LoadBalancerArn};
use mirror_core::inventory::{Direction, InstanceState, Tags};

use super::Demo;
use crate::elb::{
    CreateListener, CreateLoadBalancer, CreateTargetGroup, ElbRequest, ElbResponse, HealthCheckWish, LoadBalancerType,
    OfTargets, Protocol, Scheme, TargetType, TargetWish,
};
use crate::error::ApiError;
use crate::request::{Describe, Request};
use crate::response::Response;
use crate::security_groups::{GroupRule, Peer, SecurityGroupId};
use crate::waf::{AssociateWebAcl, WafRequest};
use crate::world::World;

/// What each role serves over TCP, and to whom: everybody, or another role.
const SERVED: [(&str, &[u16], Option<&str>); 4] =
    [("web", &[80, 443], None), ("app", &[8443], Some("web")), ("db", &[5432], Some("app")), ("bastion", &[22], None)];

/// So many web servers are behind the load balancer.
const BEHIND: usize = 3;

/// Puts every instance of the fleet that has a role into a security group of that role, and some web servers behind the load balancer
/// `edge`, which the web ACL `shield` protects. Gives its ARN.
///
/// # Errors
///
/// When the fleet is not one that [`super::demo`] has made.
pub fn doors(world: &mut World, demo: &Demo) -> Result<LoadBalancerArn, ApiError> {
    let groups: BTreeMap<&str, SecurityGroupId> =
        SERVED.iter().map(|(role, ..)| (*role, world.add_security_group(&demo.network.vpc, role))).collect();
    for (role, ports, from) in SERVED {
        let anybody = Peer::Block(ipnet::IpNet::V4(ipnet::Ipv4Net::default()));
        let peer = from.and_then(|from| groups.get(from)).map_or(anybody, |group| Peer::Group(group.clone()));
        let Some(group) = groups.get(role) else { continue };
        for port in ports {
            let rule = GroupRule::all(Direction::Ingress, peer.clone()).of_protocol(6).on_ports(*port, *port);
            world.add_group_rule(group, rule)?;
        }
    }
    let mut web: Vec<InstanceId> = Vec::new();
    let Response::DescribeInstances(page) = world.call(Request::DescribeInstances(Describe::all()))? else {
        return Ok(demo.sensor.clone());
    };
    for detail in page.items {
        let role = detail.instance.tags.get("role").map(String::as_str).unwrap_or_default();
        let Some(group) = groups.get(role) else { continue };
        for interface in &detail.interfaces {
            world.set_security_groups(&interface.id, std::slice::from_ref(group))?;
        }
        let running = detail.instance.state == InstanceState::Running;
        if role == "web" && running && web.len() < BEHIND {
            web.push(detail.instance.id.clone());
        }
    }
    edge(world, demo, &web)
}

fn edge(world: &mut World, demo: &Demo, web: &[InstanceId]) -> Result<LoadBalancerArn, ApiError> {
    let edge = world.create_load_balancer(&CreateLoadBalancer {
        name: "edge".into(),
        kind: LoadBalancerType::Application,
        scheme: Some(Scheme::InternetFacing),
        subnets: demo.network.subnets.clone(),
        security_groups: Vec::new(),
        tags: [("tier".to_owned(), "edge".to_owned())].into(),
    })?;
    world.finish_provisioning(&edge.arn);
    let group = Request::Elb(ElbRequest::CreateTargetGroup(CreateTargetGroup {
        name: "web".into(),
        kind: TargetType::Instance,
        protocol: Some(Protocol::Http),
        port: Some(80),
        vpc: Some(demo.network.vpc.clone()),
        health_check: HealthCheckWish::default(),
        tags: Tags::new(),
    }));
    let Response::Elb(ElbResponse::CreateTargetGroup(made)) = world.call(group)? else { return Ok(edge.arn) };
    let group = made.group.arn;
    world.call(Request::Elb(ElbRequest::CreateListener(CreateListener {
        load_balancer: edge.arn.clone(),
        protocol: Some(Protocol::Http),
        port: Some(80),
        forwards_to: vec![group.clone()],
        tags: Tags::new(),
    })))?;
    let targets = web.iter().map(|id| TargetWish { id: id.to_string(), port: None, zone: None }).collect();
    world.call(Request::Elb(ElbRequest::RegisterTargets(OfTargets { group, targets })))?;
    let shield = world.add_web_acl("shield");
    world
        .call(Request::Waf(WafRequest::AssociateWebACL(AssociateWebAcl { acl: shield, resource: edge.arn.clone() })))?;
    Ok(edge.arn)
}
