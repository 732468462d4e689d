//! Takes wishes for sessions; gives sessions that AWS would accept, changes and removes them. Never stops one because its target went
//! silent, its instance stopped or its interface was detached: neither does AWS. A session goes with its interface, in `interfaces`.
//!
//! | a session                                                 | or                                              |
//! |-----------------------------------------------------------|-------------------------------------------------|
//! | has a source that AWS mirrors, before a target with room  | see `sources`                                   |
//! | is one of 10,000 at most in its account                   | `TrafficMirrorSessionLimitExceeded`             |
//! | is one of three at most on its interface                  | `TrafficMirrorSessionsPerInterfaceLimitExceeded` |
//! | has a number, 1 to 32766, that is free on its interface   | `InvalidParameterValue`                         |
//! | sends 1 to 8500 bytes of a packet, or all                 | `InvalidParameterValue`                         |
//!
//! Which of several errors comes first is not documented.

use mirror_core::ids::{AccountId, FilterId, InterfaceId, SessionId, TargetId};
use mirror_core::inventory::{Resource, Tags};

use super::MirrorFilter;
use crate::error::ApiError;
use crate::listing::Listed;
use crate::quotas::Counted;
use crate::request::{CreateTrafficMirrorSession, ModifyTrafficMirrorSession, SessionField};
use crate::tags;
use crate::world::World;

/// Session numbers, the first to be tried first.
const NUMBERS: std::ops::RangeInclusive<i32> = 1..=32766;

/// Bytes of a packet, after the VXLAN header.
const PACKET_LENGTHS: std::ops::RangeInclusive<i32> = 1..=8500;

/// What AWS fills in when the target is a Network Load Balancer and no length was given.
const PACKET_LENGTH_OF_LOAD_BALANCERS: u32 = 8500;

/// VXLAN network identifiers: 24 bits. The exact bounds are not documented; 0 is refused, which is the harsher reading.
const VNIS: std::ops::RangeInclusive<i32> = 1..=0xff_ffff;

/// A traffic mirror session. It has no state, and does not say when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorSession {
    /// Its id.
    pub id: SessionId,
    /// The account that made it.
    pub owner: AccountId,
    /// The mirrored interface.
    pub interface: InterfaceId,
    /// Where the packets go.
    pub target: TargetId,
    /// Which packets go.
    pub filter: FilterId,
    /// 1 to 32766, unique per interface.
    pub number: u16,
    /// Bytes of each packet; none for all.
    pub packet_length: Option<u32>,
    /// VXLAN network identifier.
    pub vni: u32,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

impl World {
    pub(crate) fn create_session(&mut self, wish: &CreateTrafficMirrorSession) -> Result<MirrorSession, ApiError> {
        let CreateTrafficMirrorSession { interface, target, filter, description, tags, token: _, .. } = wish;
        tags::check(tags)?;
        let number = number_in(wish.number)?;
        let packet_length = wish.packet_length.map(packet_length_in).transpose()?;
        let asked_vni = wish.vni.map(vni_in).transpose()?;
        self.check_source(interface)?;
        self.check_ends(target, filter)?;
        self.check_slot(interface, number)?;
        self.check_room_at(target, interface)?;
        self.check_room_for(Counted::Sessions)?;
        let session = MirrorSession {
            id: self.mint.id("tms").into(),
            owner: self.account.clone(),
            interface: interface.clone(),
            target: target.clone(),
            filter: filter.clone(),
            number,
            packet_length: packet_length.or(self.packet_length_of(target)),
            vni: asked_vni.unwrap_or_else(|| self.free_vni()),
            description: description.clone(),
            tags: tags.clone(),
        };
        self.sessions.insert(session.id.clone(), session.clone());
        Ok(session)
    }

    /// Changes a session in place. That AWS fills in lengths and identifiers here as it does at creation is not documented.
    pub(crate) fn modify_session(&mut self, change: &ModifyTrafficMirrorSession) -> Result<MirrorSession, ApiError> {
        let ModifyTrafficMirrorSession { session: id, target, filter, number, packet_length, vni, description, remove } =
            change;
        let mut session = self.sessions.get(id).ok_or_else(|| MirrorSession::not_found(id))?.clone();
        session.target = target.clone().unwrap_or(session.target);
        session.filter = filter.clone().unwrap_or(session.filter);
        if target.is_some() || filter.is_some() {
            self.check_ends(&session.target, &session.filter)?;
            self.check_room_at(&session.target, &session.interface)?;
        }
        if let Some(number) = number {
            session.number = number_in(*number)?;
            self.check_number_free(&session.interface, session.number, Some(id))?;
        }
        let removed = |field| remove.contains(&field);
        let kept_length = session.packet_length.filter(|_| !removed(SessionField::PacketLength));
        let length = packet_length.map(packet_length_in).transpose()?.or(kept_length);
        session.packet_length = length.or(self.packet_length_of(&session.target));
        match vni.map(vni_in).transpose()? {
            Some(vni) => session.vni = vni,
            None if removed(SessionField::VirtualNetworkId) => session.vni = self.free_vni(),
            None => {}
        }
        let kept_description = session.description.filter(|_| !removed(SessionField::Description));
        session.description = description.clone().or(kept_description);
        self.sessions.insert(id.clone(), session.clone());
        Ok(session)
    }

    pub(crate) fn delete_session(&mut self, id: &SessionId) -> Result<SessionId, ApiError> {
        self.sessions.remove(id).ok_or_else(|| MirrorSession::not_found(id))?;
        Ok(id.clone())
    }

    fn check_ends(&self, target: &TargetId, filter: &FilterId) -> Result<(), ApiError> {
        self.target(target)?;
        if self.filters.contains_key(filter) { Ok(()) } else { Err(MirrorFilter::not_found(filter)) }
    }

    fn check_slot(&self, interface: &InterfaceId, number: u16) -> Result<(), ApiError> {
        self.check_number_free(interface, number, None)?;
        let most = self.quotas.sessions_per_interface;
        if self.sessions.values().filter(|session| session.interface == *interface).count() >= most {
            let message = format!("The maximum of {most} sessions on {interface} has been reached");
            return Err(ApiError::new("TrafficMirrorSessionsPerInterfaceLimitExceeded", message));
        }
        Ok(())
    }

    fn check_number_free(
        &self,
        interface: &InterfaceId,
        number: u16,
        itself: Option<&SessionId>,
    ) -> Result<(), ApiError> {
        let collides = |other: &&MirrorSession| {
            other.interface == *interface && other.number == number && Some(&other.id) != itself
        };
        self.sessions.values().find(collides).map_or(Ok(()), |other| {
            Err(ApiError::invalid_value(format!(
                "Session number {number} is already used on {interface} by {}",
                other.id
            )))
        })
    }

    fn packet_length_of(&self, target: &TargetId) -> Option<u32> {
        let to_load_balancer =
            self.targets.get(target).is_some_and(|target| matches!(target.resource, Resource::NetworkLoadBalancer(_)));
        to_load_balancer.then_some(PACKET_LENGTH_OF_LOAD_BALANCERS)
    }

    /// A random identifier that no session of the account has.
    fn free_vni(&mut self) -> u32 {
        loop {
            let vni = self.mint.vni();
            if self.sessions.values().all(|session| session.vni != vni) {
                return vni;
            }
        }
    }
}

fn number_in(number: i32) -> Result<u16, ApiError> {
    let number = u16::try_from(number).ok().filter(|number| NUMBERS.contains(&i32::from(*number)));
    number.ok_or_else(|| ApiError::invalid_value("SessionNumber must be between 1 and 32766"))
}

fn packet_length_in(length: i32) -> Result<u32, ApiError> {
    let length = u32::try_from(length).ok().filter(|_| PACKET_LENGTHS.contains(&length));
    length.ok_or_else(|| ApiError::invalid_value("PacketLength must be between 1 and 8500"))
}

fn vni_in(vni: i32) -> Result<u32, ApiError> {
    let vni = u32::try_from(vni).ok().filter(|_| VNIS.contains(&vni));
    vni.ok_or_else(|| ApiError::invalid_value("VirtualNetworkId must be between 1 and 16777215"))
}

impl Listed for MirrorSession {
    type Id = SessionId;
    const KIND: &str = "traffic-mirror-session";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "description", "network-interface-id", "owner-id", "packet-length", "session-number", "traffic-mirror-filter-id",
        "traffic-mirror-session-id", "traffic-mirror-target-id", "virtual-network-id",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "network-interface-id" => self.interface.to_string(),
            "owner-id" => self.owner.to_string(),
            "packet-length" => return self.packet_length.iter().map(ToString::to_string).collect(),
            "session-number" => self.number.to_string(),
            "traffic-mirror-filter-id" => self.filter.to_string(),
            "traffic-mirror-session-id" => self.id.to_string(),
            "traffic-mirror-target-id" => self.target.to_string(),
            "virtual-network-id" => self.vni.to_string(),
            _ => return self.description.iter().cloned().collect(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &SessionId) -> ApiError {
        let message = format!("The traffic mirror session '{id}' does not exist");
        ApiError::new("InvalidTrafficMirrorSessionId.NotFound", message)
    }
}
