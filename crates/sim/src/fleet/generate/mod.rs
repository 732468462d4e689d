//! Takes a shape and a seed; gives a fleet of any size, as it stands on an ordinary day: launched over the last year, most of it running.
//! Never creates a mirror object, and never lets time pass.
//!
//! ```text
//!  shape ─ environments (prod, staging, dev) ─ VPCs of up to 8,000 instances ─ scaling groups ─ EKS nodes ─ single machines
//!                                              └ subnets, security groups, what AWS services put there
//! ```
//!
//! The same shape and seed in the same world give the same fleet; the ids are the world's.

mod dice;
mod groups;
mod machines;
mod networks;
mod nodes;
mod settling;

use mirror_core::ids::{LoadBalancerArn, VpcId};

use self::dice::Dice;
use self::networks::Site;
use super::shape::Shape;
use crate::error::ApiError;
use crate::world::World;

/// Most instances in a VPC. With four interfaces each, and as many again for groups that double, they find room in its 65,536
/// addresses.
const MOST_IN_A_VPC: usize = 8_000;

/// Environments, each with its part of the instances in percent; the last gets the rest.
const ENVIRONMENTS: [(&str, usize); 3] = [("prod", 60), ("staging", 20), ("dev", 100)];

/// What a generated fleet runs in.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The VPCs.
    pub vpcs: Vec<VpcId>,
    /// The names of the auto scaling groups.
    pub groups: Vec<String>,
    /// A load balancer that a sensor could stand behind.
    pub sensor: LoadBalancerArn,
}

/// How many instances of which kind go into a VPC.
#[derive(Clone, Copy, Debug)]
struct Crew {
    scaled: usize,
    nodes: usize,
    single: usize,
}

/// Adds a fleet of this shape, which belongs to the account that acts. All of it stands at once: instances run or are stopped, interfaces are attached.
///
/// # Errors
///
/// As `RunInstances`; part of the fleet may stand then. There are addresses for every shape.
pub fn generate(world: &mut World, shape: &Shape, seed: u64) -> Result<Generated, ApiError> {
    let mut dice = Dice::new(seed);
    let sensor = world.add_network_load_balancer("sensor");
    let (mut vpcs, mut groups) = (Vec::new(), Vec::new());
    let before: std::collections::BTreeSet<_> = world.instances.keys().cloned().collect();
    let mut left = shape.instances;
    for (environment, part) in ENVIRONMENTS {
        let mut here = (shape.instances * part).div_ceil(100).min(left);
        left -= here;
        while here > 0 {
            let size = here.min(MOST_IN_A_VPC);
            here -= size;
            let site = Site::new(world, shape, &mut dice, environment, vpcs.len(), size)?;
            groups.extend(populate(world, shape, &mut dice, &site, size)?);
            vpcs.push(site.vpc);
        }
    }
    settling::settle(world, shape, &mut dice, &before);
    Ok(Generated { vpcs, groups, sensor })
}

/// Fills a VPC with so many instances; gives the names of its groups.
fn populate(
    world: &mut World,
    shape: &Shape,
    dice: &mut Dice,
    site: &Site,
    size: usize,
) -> Result<Vec<String>, ApiError> {
    let of = |percent: u8| size * usize::from(percent.min(100)) / 100;
    let scaled = of(shape.scaled);
    let nodes = of(shape.nodes).min(size - scaled);
    let crew = Crew { scaled, nodes, single: size - scaled - nodes };
    let mut groups = groups::add(world, shape, dice, site, crew.scaled)?;
    groups.extend(nodes::add(world, shape, dice, site, crew.nodes)?);
    machines::add(world, shape, dice, site, crew.single)?;
    Ok(groups)
}
