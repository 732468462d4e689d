//! Takes packets as a policy names them, such as `tcp/2049` or `10.0.0.0/8`; gives the set of them. Never asks who wants them.

use ipnet::IpNet;

use super::block::{addresses, ports};
use super::{Block, PacketSet, Plane, Span, Unknown};
use crate::inventory::Direction;
use crate::policy::Except;

impl PacketSet {
    /// All packets that are named: those to and from a peer, at ports that either end serves. The resolver's DNS is not among them: a
    /// network service takes that, or none of it.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes.
    pub fn named<'a>(packets: impl IntoIterator<Item = &'a Except>) -> Result<Self, Unknown> {
        let mut all = Self::default();
        for block in packets.into_iter().flat_map(blocks) {
            all = all.union(&Self::of(block))?;
        }
        Ok(all)
    }
}

fn blocks(packets: &Except) -> Vec<Block> {
    let Except { peer, ports: named } = packets;
    let versions =
        Plane::ALL.into_iter().filter(|plane| peer.is_none_or(|it| matches!(it, IpNet::V6(_)) == plane.ipv6));
    let mut blocks = Vec::new();
    for plane in versions {
        let mut block = Block::whole(plane);
        if let Some(peer) = peer {
            match plane.direction {
                Direction::Ingress => block.sources = addresses(*peer),
                Direction::Egress => block.destinations = addresses(*peer),
            }
        }
        if let Some(named) = named {
            block.protocols = Span::one(named.protocol);
        }
        let range = named.and_then(|named| named.range);
        blocks.push(Block { source_ports: ports(range), ..block });
        blocks.push(Block { destination_ports: ports(range), ..block });
    }
    blocks
}
