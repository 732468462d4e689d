//! Takes a VPC; adds auto scaling groups to it, a few of them with a warm pool. Never adds the nodes of a cluster.

use super::dice::Dice;
use super::machines::{instance_type, tags};
use super::networks::Site;
use crate::error::ApiError;
use crate::fleet::instance;
use crate::fleet::shape::Shape;
use crate::scaling::{ScalingGroup, WarmPool};
use crate::world::World;

/// What groups are for, and how often.
const ROLES: [(usize, &str); 3] = [(45, "web"), (40, "app"), (15, "batch")];

/// Adds groups with so many instances together; gives their names.
pub(super) fn add(
    world: &mut World,
    shape: &Shape,
    dice: &mut Dice,
    site: &Site,
    count: usize,
) -> Result<Vec<String>, ApiError> {
    let (mut left, mut names) = (count, Vec::new());
    while left > 0 {
        let role = dice.weighted(&ROLES).unwrap_or("web");
        let size = size(shape, dice, left);
        left -= size;
        let name = format!("{}-{}-{role}-{}", site.environment, site.number, names.len() + 1);
        let template = instance().of_type(instance_type(shape, dice)).template();
        // Some of them wait: they are part of the fleet all the same.
        let warm = if dice.percent(shape.warmed) { size / 4 } else { 0 };
        let group = ScalingGroup {
            security_groups: site.guard(role),
            tags: tags(shape, dice, site, role, None),
            max: size.saturating_mul(2),
            warm_pool: (warm > 0).then(|| WarmPool::up_to(size)),
            ..ScalingGroup::of(&name, size - warm, template, site.subnets("private"))
        };
        world.add_scaling_group(group)?;
        names.push(name);
    }
    Ok(names)
}

/// How many instances a group has: from one to twice the average, and no more than there are left.
pub(super) fn size(shape: &Shape, dice: &mut Dice, left: usize) -> usize {
    (1 + dice.below(shape.group_size.saturating_mul(2))).min(left)
}
