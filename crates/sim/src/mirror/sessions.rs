//! Takes wishes for sessions; gives sessions that AWS would accept, changes and removes them. Never stops one because its target went
//! silent, its instance stopped or its interface was detached: neither does AWS. A session goes with its interface, in `interfaces`.
//!
//! | a session                                                 | or                                              |
//! |-----------------------------------------------------------|-------------------------------------------------|
//! | has a source that AWS mirrors, before a target with room  | see `sources`                                   |
//! | is one of 10,000 at most in its account                   | `TrafficMirrorSessionLimitExceeded`             |
//! | is one of three at most on its interface                  | `TrafficMirrorSessionsPerInterfaceLimitExceeded` |
//! | has a number, 1 to 32766, that is free on its interface   | `InvalidParameterValue`, or as the world says   |
//! | sends 35 (IPv6: 55) to 8500 bytes of a packet, or all      | `InvalidParameterValue`                         |
//!
//! Which of several errors comes first is not documented.

use mirror_core::ids::{AccountId, FilterId, InterfaceId, SessionId, TargetId};
use mirror_core::inventory::{Resource, Tags};

use crate::accounts::Owned;
use crate::error::ApiError;
use crate::index::SessionBy;
use crate::listing::Listed;
use crate::quotas::Counted;
use crate::request::{CreateTrafficMirrorSession, ModifyTrafficMirrorSession, SessionField};
use crate::tags;
use crate::world::World;

/// Session numbers, the first to be tried first.
const NUMBERS: std::ops::RangeInclusive<i32> = 1..=32766;

/// The most bytes of a packet, after the VXLAN header.
const LONGEST_PACKET: i32 = 8500;

/// The fewest bytes of an IPv4 packet. The model says 1, the guide, which is newer, 35.
const SHORTEST_IPV4_PACKET: i32 = 35;

/// The fewest bytes of an IPv6 packet, from an interface that has such an address.
const SHORTEST_IPV6_PACKET: i32 = 55;

/// What AWS fills in when the target is a Network Load Balancer and no length was given.
const PACKET_LENGTH_OF_LOAD_BALANCERS: u32 = 8500;

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
        let asked_vni = wish.vni.map(|vni| self.checked_vni(vni, None)).transpose()?;
        self.check_source(interface)?;
        let packet_length = wish.packet_length.map(|length| self.checked_length(length, interface)).transpose()?;
        self.target(target)?;
        self.own(&self.filters, filter)?;
        self.check_slot(interface, number)?;
        self.check_room_at(target, interface, None)?;
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
        Ok(self.session_said(session, wish))
    }

    /// Changes a session in place. What is removed is set to the default, as in a new session.
    pub(crate) fn modify_session(&mut self, change: &ModifyTrafficMirrorSession) -> Result<MirrorSession, ApiError> {
        let ModifyTrafficMirrorSession { session: id, target, filter, number, packet_length, vni, description, remove } =
            change;
        let mut session = self.own(&self.sessions, id)?.clone();
        // What is not changed is not looked at: the target may be gone, or no longer shared, since the session was made.
        if let Some(target) = target {
            self.target(target)?;
            self.check_room_at(target, &session.interface, Some(id))?;
            session.target = target.clone();
        }
        if let Some(filter) = filter {
            self.own(&self.filters, filter)?;
            session.filter = filter.clone();
        }
        if let Some(number) = number {
            session.number = number_in(*number)?;
            self.check_number_free(&session.interface, session.number, Some(id))?;
        }
        let removed = |field| remove.contains(&field);
        let kept_length = session.packet_length.filter(|_| !removed(SessionField::PacketLength));
        let asked_length = packet_length.map(|length| self.checked_length(length, &session.interface)).transpose()?;
        let fills_in = self.unknowns.modify_fills_in || removed(SessionField::PacketLength);
        let default_length = self.packet_length_of(&session.target).filter(|_| fills_in);
        session.packet_length = asked_length.or(kept_length).or(default_length);
        match vni.map(|vni| self.checked_vni(vni, Some(id))).transpose()? {
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
        self.own(&self.sessions, id)?;
        self.sessions.remove(id);
        Ok(id.clone())
    }

    fn check_slot(&self, interface: &InterfaceId, number: u16) -> Result<(), ApiError> {
        self.check_number_free(interface, number, None)?;
        let most = self.quotas.sessions_per_interface;
        if self.sessions.found(&SessionBy::Interface(interface.clone())).count() >= most {
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
        let collides = |other: &&MirrorSession| other.number == number && Some(&other.id) != itself;
        self.sessions.found(&SessionBy::Interface(interface.clone())).find(collides).map_or(Ok(()), |other| {
            let message = || {
                format!("Session number {number} is already used on {interface} by {}", self.name_of(other, &other.id))
            };
            self.unknowns.duplicate_session_number.or_refused(message)
        })
    }

    fn checked_vni(&self, vni: i32, itself: Option<&SessionId>) -> Result<u32, ApiError> {
        let range = &self.unknowns.vnis;
        let vni = u32::try_from(vni).ok().filter(|_| range.contains(&vni)).ok_or_else(|| {
            let (first, last) = (range.start(), range.end());
            ApiError::invalid_value(format!("VirtualNetworkId must be between {first} and {last}"))
        })?;
        self.own_sessions_with(vni).find(|other| Some(&other.id) != itself).map_or(Ok(vni), |other| {
            let message = || format!("VirtualNetworkId {vni} is already used by {}", other.id);
            self.unknowns.duplicate_vni.or_refused(message).map(|()| vni)
        })
    }

    fn checked_length(&self, length: i32, interface: &InterfaceId) -> Result<u32, ApiError> {
        let dual_stack = self.interfaces.get(interface).is_some_and(|interface| !interface.ipv6_addresses.is_empty());
        let shortest = if dual_stack { SHORTEST_IPV6_PACKET } else { SHORTEST_IPV4_PACKET };
        let length = u32::try_from(length).ok().filter(|_| (shortest..=LONGEST_PACKET).contains(&length));
        length.ok_or_else(|| {
            ApiError::invalid_value(format!("PacketLength must be between {shortest} and {LONGEST_PACKET}"))
        })
    }

    fn packet_length_of(&self, target: &TargetId) -> Option<u32> {
        let to_load_balancer =
            self.targets.get(target).is_some_and(|target| matches!(target.resource, Resource::NetworkLoadBalancer(_)));
        to_load_balancer.then_some(PACKET_LENGTH_OF_LOAD_BALANCERS)
    }

    /// The sessions of the account that acts with this identifier.
    fn own_sessions_with(&self, vni: u32) -> impl Iterator<Item = &MirrorSession> {
        self.sessions.found(&SessionBy::Vni(vni)).filter(|session| self.owns(*session))
    }

    /// A random identifier that no session of the account has.
    fn free_vni(&mut self) -> u32 {
        loop {
            let vni = self.mint.vni();
            if self.own_sessions_with(vni).next().is_none() {
                return vni;
            }
        }
    }
}

fn number_in(number: i32) -> Result<u16, ApiError> {
    let number = u16::try_from(number).ok().filter(|number| NUMBERS.contains(&i32::from(*number)));
    number.ok_or_else(|| ApiError::invalid_value("SessionNumber must be between 1 and 32766"))
}

impl Owned for MirrorSession {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
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

    /// The owner of a target sees the sessions that use it, whoever made them.
    fn shared(&self, world: &World) -> Option<Self> {
        let target = world.targets.get(&self.target).filter(|target| world.owns(*target));
        target.map(|_| Self { tags: world.tags_of_another(&self.tags), ..self.clone() })
    }

    fn not_found(id: &SessionId) -> ApiError {
        let message = format!("The traffic mirror session '{id}' does not exist");
        ApiError::new("InvalidTrafficMirrorSessionId.NotFound", message)
    }
}
