//! Takes a fleet that has just been launched; makes of it one that has stood for a while: launched over the last year, running, with
//! some machines stopped. Never lets time pass for it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mirror_core::ids::InstanceId;
use mirror_core::inventory::InstanceState;

use super::dice::Dice;
use crate::fleet::shape::Shape;
use crate::interfaces::AttachmentStatus;
use crate::scaling::Lifecycle;
use crate::world::World;

/// The longest that an instance has been there, in seconds: a year.
const OLDEST: usize = 365 * 86_400;

/// Settles all instances but those that stood before. What was due to happen to them will find that it already has.
pub(super) fn settle(world: &mut World, shape: &Shape, dice: &mut Dice, before: &BTreeSet<InstanceId>) {
    let new: Vec<_> = world.instances.keys().filter(|id| !before.contains(*id)).cloned().collect();
    for id in new {
        let seconds = i64::try_from(dice.below(OLDEST)).unwrap_or_default();
        let launched = world.now().checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(world.now());
        let stands = match world.lifecycle_of(&id) {
            Some(Lifecycle::WarmedPending) => InstanceState::Stopped,
            None if dice.percent(shape.stopped) => InstanceState::Stopped,
            _ => InstanceState::Running,
        };
        world.backdate(&id, launched);
        if let Some(instance) = world.instances.get_mut(&id) {
            instance.state = stands;
        }
        let interfaces: Vec<_> = world.hanging_on(&id).map(|interface| interface.id.clone()).collect();
        for interface in interfaces {
            let attachment = world.interfaces.get_mut(&interface).and_then(|interface| interface.attachment.as_mut());
            if let Some(attachment) = attachment {
                attachment.status = AttachmentStatus::Attached;
                attachment.attached_at = launched;
            }
        }
    }
}
