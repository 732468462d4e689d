//! Takes what no call of a client can do; does it to an embedded cloud: what AWS does by itself, and what is done through APIs that are
//! not simulated. Never does what a call can: that is what the other door is for, with its rates and faults.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use mirror_core::ids::{AccountId, InstanceId, LoadBalancerArn, TargetId};
use mirror_core::inventory::Tags;
use mirror_sim::{ApiError, Describe, EksNode, PodAddresses, Request, Response, SubnetId, World, fleet};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Control, Refusal, answered, check_account, first_account, said};

/// One act.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Act {
    /// Adds a Network Load Balancer with a UDP listener on port 4789.
    AddNetworkLoadBalancer { name: String },
    /// Takes that listener off: mirroring to it stops, and no call shows it.
    RemoveMirrorListener { load_balancer: String },
    /// Adds a Gateway Load Balancer endpoint.
    AddGatewayLoadBalancerEndpoint {},
    /// Adds an interface that a service of AWS made for itself.
    AddRequesterManagedInterface { subnet: String, interface_type: String },
    /// AWS terminates instances: retired hardware. Nobody calls, so that no rate and no fault is met.
    TerminateInstances { instances: Vec<String> },
    /// AWS takes a spot instance back: it is warned now, and interrupted two minutes later.
    InterruptSpotInstance { instance: String },
    /// A managed node group launches a node.
    AddEksNode { cluster: String, subnet: String, instance_type: String },
    /// So many pods run on a node now: interfaces and addresses come and go with them.
    SetPods { node: String, pods: usize, from: AddressesFrom },
    /// Gives an account a default VPC with a subnet in each zone, as every new one has. Source: "Default VPCs", Amazon VPC User Guide.
    AddDefaultVpc { account: AccountId },
    /// Shares a target of an account with another one, as RAM does.
    ShareTarget {
        target: String,
        #[serde(default = "first_account")]
        account: AccountId,
        with: AccountId,
    },
    /// Ends such a share.
    UnshareTarget {
        target: String,
        #[serde(default = "first_account")]
        account: AccountId,
        with: AccountId,
    },
}

/// Where the addresses of pods come from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum AddressesFrom {
    /// Secondary addresses of the node's interfaces.
    SecondaryAddresses,
    /// Prefixes of sixteen IPv4 addresses.
    Ipv4Prefixes,
    /// Prefixes of IPv6 addresses.
    Ipv6Prefixes,
}

pub(super) async fn act(State(control): State<Control>, body: Bytes) -> Answer {
    let act = said(&body)?;
    let mut api = control.embedded.now();
    answered(&done(api.world_mut(), act)?)
}

fn done(world: &mut World, act: Act) -> Result<Value, Refusal> {
    Ok(match act {
        Act::AddNetworkLoadBalancer { name } => json!({ "made": world.add_network_load_balancer(&name).as_str() }),
        Act::RemoveMirrorListener { load_balancer } => {
            let arn = LoadBalancerArn::from(&load_balancer);
            if !world.has_mirror_listener(&arn) {
                let error = format!("there is no load balancer `{load_balancer}` with a UDP listener on port 4789");
                return Err(Refusal::new(StatusCode::NOT_FOUND, error));
            }
            world.remove_mirror_listener(&arn);
            json!({ "removed": load_balancer })
        }
        Act::AddGatewayLoadBalancerEndpoint {} => {
            json!({ "made": world.add_gateway_load_balancer_endpoint().as_str() })
        }
        Act::AddRequesterManagedInterface { subnet, interface_type } => {
            let made = world.add_requester_managed_interface(&SubnetId::from(&subnet), &interface_type);
            json!({ "made": made.map_err(refused)?.as_str() })
        }
        Act::TerminateInstances { instances } => {
            let ids = instances.iter().map(InstanceId::from).collect();
            world.call(Request::TerminateInstances(ids)).map_err(refused)?;
            json!({ "terminated": instances })
        }
        Act::InterruptSpotInstance { instance } => {
            world.interrupt_spot(&InstanceId::from(&instance)).map_err(refused)?;
            json!({ "interrupted": instance })
        }
        Act::AddEksNode { cluster, subnet, instance_type } => {
            let node = EksNode { cluster, subnet: SubnetId::from(&subnet), instance_type, tags: Tags::new() };
            json!({ "made": world.add_eks_node(&node).map_err(refused)?.as_str() })
        }
        Act::SetPods { node, pods, from } => {
            let from = match from {
                AddressesFrom::SecondaryAddresses => PodAddresses::Secondary,
                AddressesFrom::Ipv4Prefixes => PodAddresses::Ipv4Prefix,
                AddressesFrom::Ipv6Prefixes => PodAddresses::Ipv6Prefix,
            };
            world.set_pods(&InstanceId::from(&node), pods, from).map_err(refused)?;
            json!({ "pods": pods })
        }
        Act::AddDefaultVpc { account } => {
            check_account("account", &account)?;
            if has_default_vpc(world, &account) {
                return Err(Refusal::wrong(format!("{account} has a default VPC")));
            }
            json!({ "made": world.acting_for(&account, fleet::network).vpc.as_str() })
        }
        Act::ShareTarget { target, account, with } => {
            check_account("with", &with)?;
            let id = TargetId::from(&target);
            world.acting_for(&account, |world| world.share_target(&id, &with)).map_err(refused)?;
            json!({ "shared": target })
        }
        Act::UnshareTarget { target, account, with } => {
            let id = TargetId::from(&target);
            world.acting_for(&account, |world| world.unshare_target(&id, &with)).map_err(refused)?;
            json!({ "unshared": target })
        }
    })
}

fn has_default_vpc(world: &mut World, account: &AccountId) -> bool {
    let asked = Request::DescribeVpcs(Describe::all().filtered("is-default", "true"));
    matches!(world.call_as(account, asked), Ok(Response::DescribeVpcs(page)) if !page.items.is_empty())
}

fn refused(error: ApiError) -> Refusal {
    Refusal::wrong(error.to_string())
}
