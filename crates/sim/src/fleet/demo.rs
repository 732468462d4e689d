//! Takes a world and a number; gives a fleet of so many instances, as a small company might run it, that changes by itself. Never
//! creates a mirror object: those are for vpc-mirror to make.

use jiff::SignedDuration;
use mirror_core::ids::LoadBalancerArn;
use mirror_core::inventory::Tags;

use super::{Network, instance, network};
use crate::elb::{CreateLoadBalancer, LoadBalancerType, Scheme};
use crate::error::ApiError;
use crate::scaling::ScalingGroup;
use crate::world::World;

/// How often the auto scaling group replaces its oldest instance.
const REPLACES_EVERY: SignedDuration = SignedDuration::from_secs(8);

/// What each ten instances do, and which of them are crown jewels: the databases, half of the rest.
const ROLES: [(&str, bool); 10] = [
    ("web", true),
    ("web", false),
    ("web", true),
    ("web", false),
    ("app", false),
    ("app", true),
    ("app", false),
    ("db", true),
    ("db", true),
    ("bastion", false),
];

/// What the demo fleet runs in.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The VPC and its subnets.
    pub network: Network,
    /// The load balancer in front of the sensor.
    pub sensor: LoadBalancerArn,
    /// The name of the auto scaling group, whose instances come and go.
    pub group: String,
}

/// Adds a fleet: a VPC over three zones, the sensor's load balancer, and so many instances, of which a tenth, and at least one, belong
/// to an auto scaling group. About half are tagged `mirror=crown-jewel`; some have a second interface, some an IPv6 address. They are
/// pending: two seconds later they run.
///
/// # Errors
///
/// The subnets have no room for so many: 49,000 fit.
pub fn demo(world: &mut World, instances: usize) -> Result<Demo, ApiError> {
    let network = network(world);
    let sensor = sensor(world, &network)?;
    let scaled = (instances / 10).max(1);
    let subnets = network.subnets.iter().cycle();
    let roles = ROLES.iter().cycle();
    for (index, (subnet, (role, jewel))) in (1..=instances.saturating_sub(scaled)).zip(subnets.zip(roles)) {
        let mut new = instance().in_subnet(subnet).tagged("role", role).tagged("Name", &format!("{role}-{index}"));
        if *jewel {
            new = new.tagged("mirror", "crown-jewel");
        }
        if index.is_multiple_of(7) {
            new = new.with_another_interface();
        }
        if index.is_multiple_of(5) {
            new = new.dual_stack();
        }
        new.launch(world)?;
    }
    let group = String::from("web-fleet");
    world.add_scaling_group(web_fleet(&group, &network, scaled))?;
    Ok(Demo { network, sensor, group })
}

/// A Network Load Balancer in every zone, which has been there for a while.
fn sensor(world: &mut World, network: &Network) -> Result<LoadBalancerArn, ApiError> {
    let made = world.create_load_balancer(&CreateLoadBalancer {
        name: "sensor".into(),
        kind: LoadBalancerType::Network,
        scheme: Some(Scheme::Internal),
        subnets: network.subnets.clone(),
        security_groups: Vec::new(),
        tags: Tags::new(),
    })?;
    world.finish_provisioning(&made.arn);
    world.add_mirror_listener(&made.arn);
    Ok(made.arn)
}

fn web_fleet(name: &str, network: &Network, desired: usize) -> ScalingGroup {
    let tags = [("role", "web"), ("Name", name), ("mirror", "crown-jewel")];
    let tags = tags.map(|(key, value)| (key.into(), value.into())).into_iter().collect::<Tags>();
    let group = ScalingGroup::of(name, desired, instance().template(), &network.subnets);
    ScalingGroup { tags, ..group.replacing_every(REPLACES_EVERY) }
}
