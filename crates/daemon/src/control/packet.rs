//! Takes a packet at an interface of an embedded cloud; says which session mirrors it, or why none does. Never sends one.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::State;
use mirror_core::ids::{InterfaceId, SessionId, TargetId};
use mirror_core::inventory::Direction;
use mirror_sim::{Content, Flow, MirroredPacket, NotMirrored, Packet};
use serde::{Deserialize, Serialize};

use super::{Answer, Control, Refusal, answered, said};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wish {
    interface: InterfaceId,
    direction: Direction,
    content: ContentWish,
    /// Bytes.
    #[serde(default = "usual_length")]
    length: u32,
    /// Whether it answers a packet that went the other way just before.
    #[serde(default)]
    answers: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum ContentWish {
    Arp,
    Ip { protocol: u8, source: IpAddr, destination: IpAddr, source_port: Option<u16>, destination_port: Option<u16> },
}

/// A packet of an Ethernet that is full.
fn usual_length() -> u32 {
    1500
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Judgement {
    Mirrored { session: SessionId, target: TargetId, virtual_network_id: u32, length: u32 },
    NotMirrored { why: &'static str, session: Option<SessionId> },
}

pub(super) async fn judge(State(control): State<Control>, body: Bytes) -> Answer {
    let packet = packet(said(&body)?)?;
    let judged = control.embedded.now().world().mirrored(&packet);
    answered(&match judged {
        Ok(MirroredPacket { session, target, vni, length }) => {
            Judgement::Mirrored { session, target, virtual_network_id: vni, length }
        }
        Err(not) => not_mirrored(not),
    })
}

fn packet(wish: Wish) -> Result<Packet, Refusal> {
    let Wish { interface, direction, content, length, answers } = wish;
    let content = match content {
        ContentWish::Arp => Content::Arp,
        ContentWish::Ip { source, destination, .. } if source.is_ipv4() != destination.is_ipv4() => {
            return Err(Refusal::wrong("`source` and `destination` are of different IP versions"));
        }
        ContentWish::Ip { protocol, source, destination, source_port, destination_port } => {
            Content::Ip(Flow { protocol, source, destination, source_port, destination_port })
        }
    };
    Ok(Packet { interface, direction, content, length, answers })
}

fn not_mirrored(not: NotMirrored) -> Judgement {
    let (why, session) = match not {
        NotMirrored::NoInterface => ("the interface does not exist", None),
        NotMirrored::Exempt => ("AWS never mirrors ARP, DHCP, instance metadata, NTP and Windows activation", None),
        NotMirrored::NotAttached => ("the interface is not attached to an instance", None),
        NotMirrored::NotRunning => ("the instance does not run", None),
        NotMirrored::SecurityGroup => ("no security group of the interface lets it in", None),
        NotMirrored::NetworkAcl => ("the network ACL of the subnet drops it", None),
        NotMirrored::NoSession => ("the interface has no session", None),
        NotMirrored::NotAccepted => ("no session's filter accepts it", None),
        NotMirrored::TargetGone(id) => ("the resource of the session's target does not exist any more", Some(id)),
        NotMirrored::TargetSilent(id) => ("nobody is there to receive it from the session", Some(id)),
        NotMirrored::TargetUnshared(id) => {
            ("the target of the session is another account's, which no longer shares it", Some(id))
        }
        NotMirrored::TargetUnreachable(id) => {
            ("a security group or network ACL stands between source and sensor", Some(id))
        }
    };
    Judgement::NotMirrored { why, session }
}
