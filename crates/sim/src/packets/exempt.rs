//! Takes a flow; says whether AWS treats it apart: never mirrors it, or only on request. Never looks at a filter.
//!
//! | traffic            | is recognised by                                                     | mirrored                      |
//! |--------------------|----------------------------------------------------------------------|-------------------------------|
//! | instance metadata  | 169.254.169.254, fd00:ec2::254                                       | never                         |
//! | NTP                | UDP 123                                                              | never                         |
//! | DHCP               | UDP 67 and 68, DHCPv6 546 and 547                                    | never                         |
//! | Windows activation | 169.254.169.250 and .251, TCP 1688                                   | never                         |
//! | Amazon DNS         | port 53 of 169.254.169.253, fd00:ec2::253, or the VPC's base plus 2  | by the service `amazon-dns`   |
//!
//! Sources: Traffic Mirroring guide, "Limitations", for what is never mirrored; for the addresses "Amazon DNS server" and "DHCP option
//! sets", Amazon VPC User Guide, "Access instance metadata" and "Windows activation", Amazon EC2 User Guide. Whether NTP is meant of
//! all servers or only of Amazon's is not said: here of all, which is the harsher reading.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Flow;
use crate::network::Vpc;

const TCP: u8 = 6;
const UDP: u8 = 17;
const METADATA: [IpAddr; 2] = [link_local(254), amazon(0x254)];
const RESOLVERS: [IpAddr; 2] = [link_local(253), amazon(0x253)];
const ACTIVATION: [IpAddr; 2] = [link_local(250), link_local(251)];

/// How AWS treats a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// By the filters' rules.
    Ordinary,
    /// By the filters' network services.
    AmazonDns,
    /// Never mirrored.
    Exempt,
}

pub(super) fn treatment(flow: &Flow, vpc: Option<&Vpc>) -> Treatment {
    let resolves = |address: IpAddr, port| port == Some(53) && is_resolver(address, vpc);
    let ends = [(flow.source, flow.source_port), (flow.destination, flow.destination_port)];
    if is_exempt(flow) {
        Treatment::Exempt
    } else if [TCP, UDP].contains(&flow.protocol) && ends.iter().any(|(address, port)| resolves(*address, *port)) {
        Treatment::AmazonDns
    } else {
        Treatment::Ordinary
    }
}

fn is_exempt(flow: &Flow) -> bool {
    let ends = [flow.source, flow.destination];
    let ports = [flow.source_port, flow.destination_port].map(Option::unwrap_or_default);
    let goes_to = |addresses: [IpAddr; 2]| ends.iter().any(|end| addresses.contains(end));
    let metadata = goes_to(METADATA);
    let ntp = flow.protocol == UDP && ports.contains(&123);
    let dhcp =
        flow.protocol == UDP && [[67, 68], [546, 547]].iter().any(|pair| ports.iter().all(|port| pair.contains(port)));
    let activation = flow.protocol == TCP && ports.contains(&1688) && goes_to(ACTIVATION);
    metadata || ntp || dhcp || activation
}

fn is_resolver(address: IpAddr, vpc: Option<&Vpc>) -> bool {
    let base_plus_two = |vpc: &Vpc| u32::from(vpc.cidr.network()).checked_add(2).map(|base| IpAddr::V4(base.into()));
    RESOLVERS.contains(&address) || vpc.and_then(base_plus_two) == Some(address)
}

const fn link_local(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, last))
}

const fn amazon(last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, last))
}
