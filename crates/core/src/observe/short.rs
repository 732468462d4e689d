//! Takes a list that was read to its last page; says whether it is too short to be true, and what of it is known all the same. Never takes
//! what is missing from such a list for gone.

use std::mem::take;

use crate::Time;
use crate::inventory::{Gap, Inventory, Kind};
use crate::memory::{BELIEVED, Memory, later};

/// Why a list is not believed. Tags by another key say nothing of how many there must be by this one.
pub(super) fn doubt(memory: &Memory, seen: &Inventory, kind: Kind, tag_key: &str, read: Time) -> Option<Gap> {
    let known = &memory.inventory;
    if kind == Kind::Tagged && known.tagged_by != tag_key {
        return None;
    }
    let (items, most) = (seen.items(kind), memory.sizes.too_short(kind, seen.items(kind))?);
    let believed = later(known.short.get(&kind).copied().unwrap_or(read), BELIEVED);
    let why = format!("{items} {kind} are listed where there were {most}: believed if it is so until {believed:.0}");
    (read < believed).then_some(Gap { why, at: read })
}

/// Shows what is to be known of a list that is not believed.
pub(super) fn show(inventory: &mut Inventory, seen: &mut Inventory, kind: Kind, gap: Gap) {
    inventory.short.entry(kind).or_insert(gap.at);
    inventory.gaps.insert(kind, gap);
    match kind {
        Kind::Instances => inventory.instances = take(&mut seen.instances),
        Kind::Interfaces => inventory.interfaces = take(&mut seen.interfaces),
        Kind::Tagged
        | Kind::Subnets
        | Kind::GroupRules
        | Kind::Targets
        | Kind::Directory
        | Kind::LoadBalancers
        | Kind::Filters
        | Kind::Sessions => {}
    }
}
