//! Takes a subnet; gives blocks of addresses in it, and single addresses that somebody has chosen. Never gives out what is in a block
//! that is taken: its addresses are their host's to give, and AWS lists none of them.
//!
//! ```text
//!  10.0.0.0/26   ....AAAAAAAAAAAA ················ ················ (BBBBBBBBBBBBBBBB)
//!                │   single addresses, upwards     /28 blocks, downwards; the last holds an address that AWS keeps
//! ```
//!
//! Source: "Prefix delegation for Amazon EC2 network interfaces", Amazon EC2 User Guide.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::error::ApiError;
use crate::network::{Subnet, insufficient_addresses};

/// The length of a delegated IPv4 prefix. Source: as above.
pub(crate) const IPV4_PREFIX: u8 = 28;

/// The length of a delegated IPv6 prefix. Source: as above.
pub(crate) const IPV6_PREFIX: u8 = 80;

/// Addresses in an IPv4 prefix.
const SIZE: u32 = 1 << (32 - IPV4_PREFIX);

impl Subnet {
    /// An address that somebody has chosen.
    pub(crate) fn take_this_address(&mut self, address: Ipv4Addr) -> Result<(), ApiError> {
        let (first, last) = self.bounds().unwrap_or((1, 0));
        if !(first..=last).contains(&address.into()) {
            let message = format!("Address {address} does not fall within the subnet's address range");
            return Err(ApiError::invalid_value(message));
        }
        if !self.is_free(address) {
            return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
        }
        self.used.insert(address);
        Ok(())
    }

    pub(crate) fn is_free(&self, address: Ipv4Addr) -> bool {
        !self.used.contains(&address) && !self.prefixes.contains(&block_of(address))
    }

    /// The highest block that is free: single addresses are given from the other end, so that blocks stay whole for as long as can be.
    pub(crate) fn take_ipv4_prefix(&mut self) -> Result<Ipv4Net, ApiError> {
        let (first, last) = self.bounds().unwrap_or((1, 0));
        let blocks = (first.div_ceil(SIZE)..last / SIZE).rev().map(|number| Ipv4Addr::from(number * SIZE));
        let free = blocks.into_iter().find(|start| self.is_free_block(*start));
        let start = free.ok_or_else(|| self.insufficient_blocks())?;
        self.prefixes.insert(start);
        Ok(Ipv4Net::new_assert(start, IPV4_PREFIX))
    }

    /// A block that somebody has chosen.
    pub(crate) fn take_this_prefix(&mut self, prefix: Ipv4Net) -> Result<(), ApiError> {
        let (first, last) = self.bounds().unwrap_or((1, 0));
        let (start, end) = (u32::from(prefix.network()), u32::from(prefix.broadcast()));
        if prefix.prefix_len() != IPV4_PREFIX || prefix.trunc() != prefix || start < first || end > last {
            return Err(ApiError::invalid_value(format!("{prefix} is not a /{IPV4_PREFIX} prefix of the subnet")));
        }
        if !self.is_free_block(prefix.network()) {
            return Err(self.insufficient_blocks());
        }
        self.prefixes.insert(prefix.network());
        Ok(())
    }

    fn is_free_block(&self, start: Ipv4Addr) -> bool {
        let end = Ipv4Addr::from(u32::from(start).saturating_add(SIZE - 1));
        !self.prefixes.contains(&start) && self.used.range(start..=end).next().is_none()
    }

    fn insufficient_blocks(&self) -> ApiError {
        let message = format!("The subnet '{}' does not have enough free cidr blocks to satisfy the request.", self.id);
        ApiError::new("InsufficientCidrBlocks", message)
    }

    pub(crate) fn give_prefix_back(&mut self, prefix: Ipv4Net) {
        self.prefixes.remove(&prefix.network());
    }

    /// The next block from the second on: single addresses are given from the first. None is given twice.
    pub(crate) fn take_ipv6_prefix(&mut self) -> Result<Ipv6Net, ApiError> {
        let no_block = || ApiError::invalid_value(format!("The subnet '{}' has no IPv6 CIDR block", self.id));
        let block = self.ipv6_cidr.ok_or_else(no_block)?;
        self.last_ipv6_prefix += 1;
        let start = u128::from(block.network()) + (u128::from(self.last_ipv6_prefix) << (128 - IPV6_PREFIX));
        let prefix = Ipv6Net::new_assert(start.into(), IPV6_PREFIX);
        if block.contains(&prefix) { Ok(prefix) } else { Err(insufficient_addresses(&self.id)) }
    }

    /// How many addresses its blocks hold.
    pub(crate) fn addresses_in_prefixes(&self) -> usize {
        self.prefixes.len() * SIZE as usize
    }
}

/// The start of the block that an address would be in.
fn block_of(address: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(address) / SIZE * SIZE)
}
