//! Takes a packet; says which session mirrors it, or why none does. Never counts bandwidth: an instance that is out of it is not
//! simulated.

use mirror_core::inventory::{Direction, InstanceState};

use super::exempt::{Treatment, treatment};
use super::filtering::accepts;
use super::{Content, Flow, MirroredPacket, NotMirrored, Packet};
use crate::index::SessionBy;
use crate::interfaces::NetworkInterface;
use crate::mirror::MirrorSession;
use crate::world::World;

impl World {
    /// What becomes of a packet: the one copy that there is of it, whosever session makes it.
    ///
    /// Sessions are tried by ascending number; the first whose filter accepts the packet takes it, and if its target receives nothing,
    /// no other one gets it. That a filter which rejects a packet leaves it to the next session follows from "the first session with a
    /// matching filter mirrors the packet".
    ///
    /// # Errors
    ///
    /// Why no sensor sees it: the first reason that applies.
    pub fn mirrored(&self, packet: &Packet) -> Result<MirroredPacket, NotMirrored> {
        let source = self.interfaces.get(&packet.interface).ok_or(NotMirrored::NoInterface)?;
        let Content::Ip(flow) = packet.content else { return Err(NotMirrored::Exempt) };
        let treatment = treatment(&flow, self.vpcs.get(&source.vpc));
        if treatment == Treatment::Exempt {
            return Err(NotMirrored::Exempt);
        }
        self.check_carries_packets(source)?;
        if packet.direction == Direction::Ingress {
            // Outgoing packets are copied before the security groups look at them.
            self.dropped_on_the_way_in(source, &flow, packet.answers).map_or(Ok(()), Err)?;
        }
        let session = self.first_session(packet, &flow, treatment)?;
        self.copied(session, source, packet.length, &flow)
    }

    fn check_carries_packets(&self, source: &NetworkInterface) -> Result<(), NotMirrored> {
        let host = source.attached_instance().and_then(|host| self.instances.get(host));
        match host.ok_or(NotMirrored::NotAttached)?.state {
            InstanceState::Running => Ok(()),
            _ => Err(NotMirrored::NotRunning),
        }
    }

    fn first_session(&self, packet: &Packet, flow: &Flow, treatment: Treatment) -> Result<&MirrorSession, NotMirrored> {
        let mut sessions: Vec<_> = self.sessions.found(&SessionBy::Interface(packet.interface.clone())).collect();
        if sessions.is_empty() {
            return Err(NotMirrored::NoSession);
        }
        sessions.sort_by_key(|session| (session.number, &session.id));
        let takes = |session: &&MirrorSession| {
            let filter = self.filters.get(&session.filter);
            filter.is_some_and(|filter| accepts(filter, packet.direction, flow, treatment))
        };
        sessions.into_iter().find(takes).ok_or(NotMirrored::NotAccepted)
    }

    /// The copy that a session makes: no longer than the session and the target allow.
    fn copied(
        &self,
        session: &MirrorSession,
        source: &NetworkInterface,
        length: u32,
        flow: &Flow,
    ) -> Result<MirroredPacket, NotMirrored> {
        let gone = || NotMirrored::TargetGone(session.id.clone());
        let target = self.targets.get(&session.target).ok_or_else(gone)?;
        let shared = session.owner == target.owner || self.shares.has_target(&target.id, &session.owner);
        if !shared && !self.unknowns.unshared_target_receives {
            return Err(NotMirrored::TargetUnshared(session.id.clone()));
        }
        let most = self.most_received(&session.id, source, &target.resource, flow.source)?;
        Ok(MirroredPacket {
            session: session.id.clone(),
            target: target.id.clone(),
            vni: session.vni,
            length: [session.packet_length, most].into_iter().flatten().fold(length, u32::min),
        })
    }
}
