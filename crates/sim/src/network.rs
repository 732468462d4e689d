//! Takes CIDR blocks; gives zones, VPCs and subnets, and the addresses in them. Never routes a packet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::ids::{AccountId, Region, VpcId, Zone};
use mirror_core::inventory::Tags;

use crate::accounts::Owned;
use crate::error::ApiError;
use crate::listing::Listed;
use crate::world::World;

/// IPv6 addresses that one call gives: as many as the largest instances have on an interface. Source: "IP addresses per network
/// interface per instance type", Amazon EC2 User Guide. What a smaller type has is not simulated.
const MOST_IPV6_ADDRESSES: i32 = 50;

/// A subnet's id: `subnet-…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubnetId(Arc<str>);

impl<S: AsRef<str>> From<S> for SubnetId {
    fn from(id: S) -> Self {
        Self(Arc::from(id.as_ref()))
    }
}

impl fmt::Display for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An Availability Zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailabilityZone {
    /// Its name, such as `eu-west-1a`: in the older Regions another zone in another account, but not in here.
    pub name: Zone,
    /// Its id, such as `euw1-az1`: the same in all accounts.
    pub id: String,
    /// Its Region.
    pub region: Region,
}

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its IPv4 block.
    pub cidr: Ipv4Net,
    /// Its IPv6 block.
    pub ipv6_cidr: Option<Ipv6Net>,
    /// Whether it is where things go for which no subnet is named.
    pub is_default: bool,
    /// Tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its zone.
    pub zone: Zone,
    /// Its IPv4 block; none in an IPv6-only subnet.
    pub cidr: Option<Ipv4Net>,
    /// Its IPv6 block, a /64.
    pub ipv6_cidr: Option<Ipv6Net>,
    /// Whether it is its zone's subnet for things for which no subnet is named.
    pub is_default: bool,
    /// Tags.
    pub tags: Tags,
    pub(crate) used: BTreeSet<Ipv4Addr>,
    /// The first addresses of the prefixes that are taken, each a /28.
    pub(crate) prefixes: BTreeSet<Ipv4Addr>,
    pub(crate) last_ipv6_prefix: u32,
    last: Option<u32>,
    last_ipv6: u64,
}

impl Subnet {
    /// How many IPv4 addresses are free. AWS keeps the first four and the last. Source: "Subnet CIDR blocks", Amazon VPC User Guide.
    pub fn available_addresses(&self) -> usize {
        let Some((first, last)) = self.bounds() else { return 0 };
        ((last + 1).saturating_sub(first) as usize).saturating_sub(self.used.len() + self.addresses_in_prefixes())
    }

    /// How many interfaces it has room for.
    pub(crate) fn room(&self) -> usize {
        if self.cidr.is_some() { self.available_addresses() } else { usize::MAX }
    }

    /// Whether an address is in its blocks.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.cidr.is_some_and(|block| block.contains(&address)),
            IpAddr::V6(address) => self.ipv6_cidr.is_some_and(|block| block.contains(&address)),
        }
    }

    /// The next free address after the one that was given last, so that one that was given back rests for a while.
    pub(crate) fn take_address(&mut self) -> Result<Ipv4Addr, ApiError> {
        let (first, last) = self.bounds().ok_or_else(|| insufficient_addresses(&self.id))?;
        let from = self.last.map_or(first, |given| given + 1);
        let free = (from..=last).chain(first..from).map(Ipv4Addr::from).find(|address| self.is_free(*address));
        let address = free.ok_or_else(|| insufficient_addresses(&self.id))?;
        self.used.insert(address);
        self.last = Some(address.into());
        Ok(address)
    }

    pub(crate) fn give_back(&mut self, address: Ipv4Addr) {
        self.used.remove(&address);
    }

    /// Whether so many IPv6 addresses can be had here: none at all, or a few where there is a block.
    pub(crate) fn check_ipv6(&self, count: i32) -> Result<(), ApiError> {
        if !(0..=MOST_IPV6_ADDRESSES).contains(&count) {
            return Err(ApiError::invalid_value(format!(
                "Ipv6AddressCount must be between 0 and {MOST_IPV6_ADDRESSES}"
            )));
        }
        if count > 0 && self.ipv6_cidr.is_none() {
            return Err(ApiError::invalid_value(format!("The subnet '{}' has no IPv6 CIDR block", self.id)));
        }
        Ok(())
    }

    /// So many new IPv6 addresses. There are 2^64 of them: none is given twice.
    pub(crate) fn take_ipv6_addresses(&mut self, count: i32) -> Result<Vec<Ipv6Addr>, ApiError> {
        self.check_ipv6(count)?;
        let Some(cidr) = self.ipv6_cidr else { return Ok(Vec::new()) };
        let addresses = (0..count).map(|_| {
            self.last_ipv6 += 1;
            Ipv6Addr::from(u128::from(cidr.network()) + u128::from(self.last_ipv6))
        });
        Ok(addresses.collect())
    }

    /// The first and the last IPv4 address that can be had.
    pub(crate) fn bounds(&self) -> Option<(u32, u32)> {
        let block = self.cidr?;
        Some((u32::from(block.network()).saturating_add(4), u32::from(block.broadcast()).saturating_sub(1)))
    }
}

impl World {
    /// Adds a VPC.
    pub fn add_vpc(&mut self, cidr: Ipv4Net, ipv6_cidr: Option<Ipv6Net>) -> VpcId {
        let id = VpcId::from(self.mint.id("vpc"));
        let owner = self.account.clone();
        let vpc = Vpc { id: id.clone(), owner, cidr, ipv6_cidr, is_default: false, tags: Tags::new() };
        self.vpcs.insert(id.clone(), vpc);
        self.add_default_network_acl(&id, ipv6_cidr.is_some());
        id
    }

    /// Adds a subnet. Its blocks must be inside the VPC's, and its zone one of the Region's: nobody checks.
    pub fn add_subnet(&mut self, vpc: &VpcId, zone: &Zone, cidr: Ipv4Net, ipv6_cidr: Option<Ipv6Net>) -> SubnetId {
        self.insert_subnet(vpc, zone, Some(cidr), ipv6_cidr)
    }

    /// Adds a subnet in which there are IPv6 addresses only.
    pub fn add_ipv6_only_subnet(&mut self, vpc: &VpcId, zone: &Zone, ipv6_cidr: Ipv6Net) -> SubnetId {
        self.insert_subnet(vpc, zone, None, Some(ipv6_cidr))
    }

    fn insert_subnet(
        &mut self,
        vpc: &VpcId,
        zone: &Zone,
        cidr: Option<Ipv4Net>,
        ipv6_cidr: Option<Ipv6Net>,
    ) -> SubnetId {
        let id = SubnetId::from(self.mint.id("subnet"));
        let subnet = Subnet {
            id: id.clone(),
            owner: self.account.clone(),
            vpc: vpc.clone(),
            zone: zone.clone(),
            cidr,
            ipv6_cidr,
            is_default: false,
            tags: Tags::new(),
            used: BTreeSet::new(),
            prefixes: BTreeSet::new(),
            last_ipv6_prefix: 0,
            last: None,
            // AWS keeps the first four of these as well.
            last_ipv6: 3,
        };
        self.subnets.insert(id.clone(), subnet);
        self.stand_before_new(vpc, &id);
        id
    }

    /// Makes a VPC and its subnets the account's default: where an instance goes for which no subnet is named.
    pub fn make_default(&mut self, vpc: &VpcId) {
        let Self { account, vpcs, subnets, .. } = self;
        for candidate in vpcs.values_mut().filter(|candidate| candidate.owner == *account) {
            candidate.is_default = candidate.id == *vpc;
        }
        for subnet in subnets.values_mut().filter(|subnet| subnet.owner == *account) {
            subnet.is_default = subnet.vpc == *vpc;
        }
    }

    /// The zones of the Region.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.keys()
    }

    /// Where an instance goes for which no subnet is named: the first zone's default subnet. AWS chooses the zone as it likes.
    pub(crate) fn default_subnet(&self) -> Option<&Subnet> {
        self.subnets.values().filter(|subnet| subnet.is_default && self.owns(*subnet)).min_by_key(|subnet| &subnet.zone)
    }

    pub(crate) fn subnet_mut(&mut self, id: &SubnetId) -> Result<&mut Subnet, ApiError> {
        self.subnets.get_mut(id).ok_or_else(|| Subnet::not_found(id))
    }
}

/// Three zones: as many as most Regions have.
pub(crate) fn zones_of(region: &Region) -> BTreeMap<Zone, AvailabilityZone> {
    let short = ["north", "south", "east", "west", "central"]
        .iter()
        .zip(["n", "s", "e", "w", "c"])
        .fold(region.as_str().replace('-', ""), |name, (long, short)| name.replace(long, short));
    ["a", "b", "c"]
        .iter()
        .zip(1..)
        .map(|(letter, number)| {
            let name = Zone::from(format!("{region}{letter}"));
            (name.clone(), AvailabilityZone { name, id: format!("{short}-az{number}"), region: region.clone() })
        })
        .collect()
}

pub(crate) fn insufficient_addresses(subnet: &SubnetId) -> ApiError {
    let message = format!("There are not enough free addresses in subnet '{subnet}' to satisfy the requested number.");
    ApiError::new("InsufficientFreeAddressesInSubnet", message)
}

static NO_TAGS: Tags = Tags::new();

impl Owned for AvailabilityZone {
    fn owner(&self) -> Option<&AccountId> {
        None
    }
}

impl Listed for AvailabilityZone {
    type Id = Zone;
    const KIND: &str = "availability-zone";
    const FILTERS: &[&str] = &["zone-name", "zone-id", "region-name", "state"];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "zone-name" => self.name.to_string(),
            "zone-id" => self.id.clone(),
            "region-name" => self.region.to_string(),
            _ => "available".into(),
        }]
    }

    fn tags(&self) -> &Tags {
        &NO_TAGS
    }

    fn not_found(id: &Zone) -> ApiError {
        ApiError::invalid_value(format!("Invalid availability zone: [{id}]"))
    }
}

impl Owned for Vpc {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for Vpc {
    type Id = VpcId;
    const KIND: &str = "vpc";
    const FILTERS: &[&str] = &["vpc-id", "owner-id", "cidr", "is-default", "state", "tag-key", "tag:"];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "vpc-id" => self.id.to_string(),
            "owner-id" => self.owner.to_string(),
            "cidr" => self.cidr.to_string(),
            "is-default" => self.is_default.to_string(),
            _ => "available".into(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    /// As its subnets are, without its tags: those are the owner's alone.
    fn shared(&self, world: &World) -> Option<Self> {
        let takes_part = |subnet: &Subnet| subnet.vpc == self.id && subnet.shared(world).is_some();
        world.subnets.values().any(takes_part).then(|| Self { tags: Tags::new(), ..self.clone() })
    }

    fn not_found(id: &VpcId) -> ApiError {
        ApiError::new("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist"))
    }
}

impl Owned for Subnet {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for Subnet {
    type Id = SubnetId;
    const KIND: &str = "subnet";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "subnet-id", "owner-id", "vpc-id", "availability-zone", "cidr-block", "default-for-az", "state", "tag-key", "tag:",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "subnet-id" => self.id.to_string(),
            "owner-id" => self.owner.to_string(),
            "vpc-id" => self.vpc.to_string(),
            "availability-zone" => self.zone.to_string(),
            "cidr-block" => return self.cidr.iter().map(ToString::to_string).collect(),
            "default-for-az" => self.is_default.to_string(),
            _ => "available".into(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Without its tags: those are the owner's alone.
    fn shared(&self, world: &World) -> Option<Self> {
        let is_shared = world.shares.has_subnet(&self.id, &world.account);
        is_shared.then(|| Self { tags: Tags::new(), ..self.clone() })
    }

    fn not_found(id: &SubnetId) -> ApiError {
        ApiError::new("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist"))
    }
}
