//! Takes other people's sessions on an interface; says what they take from ours. Never guesses: a filter that cannot be seen takes
//! nothing.

use crate::ids::FilterId;
use crate::inventory::{Inventory, Resource, Session};
use crate::limits::MAX_PACKET_LENGTH;
use crate::packets::PacketSet;
use crate::policy::{Sensor, Way};

use super::Capture;

/// The packets that a filter takes, as far as it is to be seen and AWS says what it means.
pub(super) fn taken(inventory: &Inventory, filter: &FilterId) -> Option<PacketSet> {
    let filter = inventory.filters.get(filter)?;
    PacketSet::of_filter(filter.rules.values(), &filter.services).ok()
}

/// Whether what a session sends does for ours: at least as much of each packet, to one of the sensor's own targets, or to what one of
/// them sends to.
pub(super) fn covers(inventory: &Inventory, session: &Session, sensor: &Sensor, capture: &Capture) -> bool {
    let wanted = u32::from(capture.packet_length.unwrap_or(MAX_PACKET_LENGTH));
    session.packet_length.is_none_or(|bytes| bytes >= wanted) && sends_to(inventory, session, sensor)
}

/// Whether a session sends to one of the sensor's own targets, or to what one of them sends to.
pub(crate) fn sends_to(inventory: &Inventory, session: &Session, sensor: &Sensor) -> bool {
    let resource = |id| inventory.targets.get(id).map(|target| &target.resource);
    let reached: Option<&Resource> = resource(&session.target);
    sensor.targets.iter().any(|target| match &target.to {
        Way::Existing(id) => *id == session.target || (reached.is_some() && resource(id) == reached),
        Way::Resource(named) => reached == Some(named),
        Way::Tagged(tags) => inventory.targets.get(&session.target).is_some_and(|target| target.carries(tags)),
    })
}
