//! Takes a world and dice; wishes other things of its auto scaling groups, as whoever builds a world does between the calls of clients.
//! Never makes a call.

use super::dice::Dice;
use super::*;

/// The account that launches into a subnet of the first one's.
const PARTICIPANT: &str = "210987654321";

/// Groups that there are at most, and instances of each that are desired: the world must not grow without end.
const MOST_GROUPS: usize = 4;
const MOST_DESIRED: usize = 5;

/// Changes what is wished of a group, of whichever account, or adds one.
pub(super) fn stir(world: &mut World, dice: &mut Dice) {
    let known: Vec<_> = world.groups.keys().cloned().collect();
    if known.len() < MOST_GROUPS {
        return add(world, dice);
    }
    let (account, name) = &known[dice.below(known.len())];
    // What is refused (a size beyond the limits, a second refresh) changes nothing.
    let _told = world.acting_for(account, |world| match dice.below(5) {
        0 | 1 => world.set_desired_capacity(name, dice.below(MOST_DESIRED + 1)),
        2 => {
            let template = instance().of_type(dice.among(&["m5.large", "t3.micro", "t2.micro"])).template();
            world.set_launch_template(name, template)
        }
        3 => world.start_instance_refresh(name, refresh(dice)),
        _ => world.set_warm_pool(name, (!dice.one_in(3)).then(|| pool(dice))),
    });
}

fn refresh(dice: &mut Dice) -> InstanceRefresh {
    InstanceRefresh {
        min_healthy_percentage: dice.among(&[0, 50, 100]),
        warmup: SignedDuration::from_secs(dice.among(&[0, 5, 60])),
    }
}

fn pool(dice: &mut Dice) -> WarmPool {
    WarmPool {
        state: dice.among(&[PoolState::Stopped, PoolState::Running]),
        min_size: dice.below(2),
        reuses_on_scale_in: dice.one_in(2),
        ..WarmPool::up_to(dice.below(MOST_DESIRED))
    }
}

fn add(world: &mut World, dice: &mut Dice) {
    let own = world.account.clone();
    // The last group is the participant's, so that there always is one.
    let account = if world.groups.len() == MOST_GROUPS - 1 { PARTICIPANT.into() } else { own.clone() };
    let subnets = if account == own {
        world.subnets.values().filter(|subnet| subnet.is_default).map(|subnet| subnet.id.clone()).collect()
    } else {
        vec![shared_subnet(world, &account)]
    };
    // Names are free in one account whatever they are in another.
    let name = format!("group-{}", world.groups.keys().filter(|(owner, _)| *owner == account).count());
    let group = ScalingGroup::of(&name, dice.below(3), instance().template(), &subnets);
    world.acting_for(&account, |world| {
        world.add_scaling_group(ScalingGroup { max: MOST_DESIRED, ..group }).unwrap();
    });
}

/// The subnet that another account launches into. It is in no default VPC: those are not shared.
fn shared_subnet(world: &mut World, with: &AccountId) -> SubnetId {
    if let Some(id) = world.subnets.keys().find(|id| world.shares.has_subnet(id, with)) {
        return id.clone();
    }
    let vpc = world.add_vpc("10.9.0.0/16".parse().unwrap(), None);
    let zone = world.zones().next().unwrap().clone();
    let subnet = world.add_subnet(&vpc, &zone, "10.9.0.0/20".parse().unwrap(), None);
    world.share_subnet(&subnet, with).unwrap();
    subnet
}
