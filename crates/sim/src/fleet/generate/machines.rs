//! Takes a VPC; launches single machines in it: the ones that people name. Never puts one into a group.

use mirror_core::ids::InstanceId;
use mirror_core::inventory::Tags;

use super::dice::Dice;
use super::networks::Site;
use crate::error::ApiError;
use crate::fleet::shape::Shape;
use crate::fleet::{NewInstance, instance};
use crate::world::World;

/// What machines are for, how often, and in which tier of subnets they are.
const ROLES: [(usize, &(&str, &str)); 7] = [
    (26, &("web", "private")),
    (34, &("app", "private")),
    (16, &("batch", "private")),
    (9, &("db", "data")),
    (6, &("cache", "data")),
    (7, &("monitor", "private")),
    (2, &("bastion", "public")),
];

/// Types that can be mirrored. Source of both lists: Traffic Mirroring guide (2026), "Supported instance types".
const SUPPORTED: [(usize, &str); 12] = [
    (22, "m5.large"),
    (14, "t3.medium"),
    (12, "c5.xlarge"),
    (11, "r5.large"),
    (10, "m6i.xlarge"),
    (9, "m6g.large"),
    (6, "c6g.xlarge"),
    (5, "r6i.2xlarge"),
    (4, "m7i.large"),
    (3, "i3.large"),
    (2, "m5.metal"),
    (2, "g4dn.xlarge"),
];

/// Types that cannot.
const UNSUPPORTED: [(usize, &str); 6] =
    [(40, "t2.micro"), (16, "m8g.large"), (12, "c7gn.large"), (20, "r3.large"), (7, "i7ie.large"), (5, "c8g.xlarge")];

const TEAMS: [(usize, &str); 6] =
    [(30, "payments"), (25, "search"), (20, "platform"), (12, "data"), (8, "identity"), (5, "security")];

/// Adds so many single machines.
pub(super) fn add(
    world: &mut World,
    shape: &Shape,
    dice: &mut Dice,
    site: &Site,
    count: usize,
) -> Result<(), ApiError> {
    for index in 1..=count {
        let Some((role, tier)) = dice.weighted(&ROLES) else { return Ok(()) };
        let subnets = site.subnets(tier);
        let Some(subnet) = subnets.get(dice.below(subnets.len())) else { return Ok(()) };
        let mut new = instance().in_subnet(subnet).of_type(instance_type(shape, dice));
        let is_tagged = !dice.percent(shape.untagged);
        if is_tagged {
            new = tagged(new, tags(shape, dice, site, role, Some(index)));
        }
        if site.has_ipv6 && dice.percent(70) {
            new = new.dual_stack();
        }
        if dice.percent(shape.second_interfaces) {
            new = new.with_another_interface();
        }
        let launched = new.launch(world)?;
        let interfaces: Vec<_> = world.hanging_on(&launched).map(|interface| interface.id.clone()).collect();
        for interface in interfaces {
            world.set_security_groups(&interface, &site.guard(role))?;
        }
        if is_tagged && dice.percent(shape.stacked) {
            stack(world, site, role, index, &launched);
        }
    }
    Ok(())
}

/// Tags a machine as CloudFormation does that has made it; whoever launches cannot. Source: "Resource tag", AWS CloudFormation
/// Template Reference. What a stack's id ends with is any unique text.
fn stack(world: &mut World, site: &Site, role: &str, index: usize, launched: &InstanceId) {
    let (name, end) = (format!("{}-{}-{role}", site.environment, site.number), &site.vpc);
    let id = format!("arn:aws:cloudformation:{}:{}:stack/{name}/{end}", world.region, world.account);
    let tags = [("stack-name", name), ("stack-id", id), ("logical-id", format!("{role}{index}"))];
    if let Some(instance) = world.instances.get_mut(launched) {
        instance.tags.extend(tags.map(|(key, value)| (format!("aws:cloudformation:{key}"), value)));
    }
}

pub(super) fn instance_type(shape: &Shape, dice: &mut Dice) -> &'static str {
    let list: &[_] = if dice.percent(shape.unsupported) { &UNSUPPORTED } else { &SUPPORTED };
    dice.weighted(list).unwrap_or("m5.large")
}

/// Tags as people set them: some always, some by the few who care. A number makes a name of its own.
pub(super) fn tags(shape: &Shape, dice: &mut Dice, site: &Site, role: &str, number: Option<usize>) -> Tags {
    let environment = site.environment;
    let name = number.map_or_else(|| format!("{environment}-{role}"), |it| format!("{environment}-{role}-{it}"));
    let mut tags = Tags::from([("Name", name), ("role", role.into()), ("env", environment.into())].map(owned));
    if dice.percent(85)
        && let Some(team) = dice.weighted(&TEAMS)
    {
        tags.extend([owned(("team", team.to_owned()))]);
    }
    if dice.percent(40) {
        tags.extend([owned(("cost-center", format!("cc-{}", 1000 + dice.below(60))))]);
    }
    // What holds data is precious wherever it is; of the rest, what somebody has thought of in production.
    if role == "db" || (environment == "prod" && dice.percent(shape.jewels)) {
        tags.extend([owned(("mirror", "crown-jewel".to_owned()))]);
    }
    tags
}

fn owned((key, value): (&str, String)) -> (String, String) {
    (key.into(), value)
}

fn tagged(new: NewInstance, tags: Tags) -> NewInstance {
    tags.iter().fold(new, |new, (key, value)| new.tagged(key, value))
}
