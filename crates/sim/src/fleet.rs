//! Takes a world; fills it: with a network, with single instances for tests, or with a whole fleet that changes by itself. Never fills
//! it in any way that an account could not be in.

mod demo;
mod doors;
mod generate;
mod shape;

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::ids::{InstanceId, VpcId, Zone};

pub use self::demo::{Demo, demo};
pub use self::doors::doors;
pub use self::generate::{Generated, generate};
pub use self::shape::Shape;
use crate::error::ApiError;
use crate::network::SubnetId;
use crate::platforms::Platform;
use crate::request::{CreateNetworkInterface, RunInstances};
use crate::spot::SpotOptions;
use crate::world::World;

/// A VPC with a subnet in each zone.
#[derive(Clone, Debug)]
pub struct Network {
    /// The VPC.
    pub vpc: VpcId,
    /// Its subnets, in the order of the zones.
    pub subnets: Vec<SubnetId>,
}

/// Adds a dual-stack VPC with a subnet in each zone, each with room for 16,000 interfaces, and makes it the default.
pub fn network(world: &mut World) -> Network {
    let vpc = world.add_vpc(Ipv4Net::new_assert([10, 0, 0, 0].into(), 16), Some(ipv6_block(0, 56)));
    let zones: Vec<Zone> = world.zones().cloned().collect();
    let place = |(zone, third): (&Zone, u8)| {
        let block = Ipv4Net::new_assert([10, 0, third * 64, 0].into(), 18);
        world.add_subnet(&vpc, zone, block, Some(ipv6_block(third.into(), 64)))
    };
    let subnets = zones.iter().zip(0..).map(place).collect();
    world.make_default(&vpc);
    Network { vpc, subnets }
}

/// A part of the block that is set aside for documentation. Source: RFC 3849.
fn ipv6_block(number: u16, prefix_length: u8) -> Ipv6Net {
    Ipv6Net::new_assert([0x2001, 0xdb8, 0, number, 0, 0, 0, 0].into(), prefix_length)
}

/// An instance to be launched, in the default subnet unless told otherwise.
#[derive(Clone, Debug)]
pub struct NewInstance {
    wish: RunInstances,
    more_interfaces: i32,
}

/// Begins a sentence such as `instance().tagged("role", "web").dual_stack().launch(&mut world)`.
pub fn instance() -> NewInstance {
    NewInstance {
        wish: RunInstances {
            image: "ami-0123456789abcdef0".into(),
            instance_type: "m5.large".into(),
            min_count: 1,
            max_count: 1,
            ..RunInstances::default()
        },
        more_interfaces: 0,
    }
}

impl NewInstance {
    /// In this subnet.
    #[must_use]
    pub fn in_subnet(mut self, subnet: &SubnetId) -> Self {
        self.wish.subnet = Some(subnet.clone());
        self
    }

    /// Of this type.
    #[must_use]
    pub fn of_type(mut self, instance_type: &str) -> Self {
        self.wish.instance_type = instance_type.into();
        self
    }

    /// From an image with these platform details, such as `Windows BYOL`; of Linux if there is none.
    #[must_use]
    pub fn on_platform(mut self, details: &str) -> Self {
        self.wish.image = Platform::image(details).unwrap_or(self.wish.image);
        self
    }

    /// As a spot instance.
    #[must_use]
    pub fn spot(mut self, options: SpotOptions) -> Self {
        self.wish.spot = Some(options);
        self
    }

    /// With this tag.
    #[must_use]
    pub fn tagged(mut self, key: &str, value: &str) -> Self {
        self.wish.instance_tags.insert(key.into(), value.into());
        self
    }

    /// With an IPv6 address on its primary interface.
    #[must_use]
    pub fn dual_stack(mut self) -> Self {
        self.wish.ipv6_addresses = 1;
        self
    }

    /// With one interface more, which goes when the instance is terminated.
    #[must_use]
    pub fn with_another_interface(mut self) -> Self {
        self.more_interfaces += 1;
        self
    }

    /// What a launch template would say of it: more interfaces, which templates have and this world's have not, are left out.
    pub fn template(self) -> RunInstances {
        self.wish
    }

    /// Launches it: pending now, running two seconds later.
    ///
    /// # Errors
    ///
    /// As `RunInstances` and `CreateNetworkInterface`.
    pub fn launch(self, world: &mut World) -> Result<InstanceId, ApiError> {
        let launched = world.run_instances(&self.wish)?.into_iter().next();
        let instance = launched.ok_or_else(|| ApiError::invalid_value("nothing was launched"))?.instance;
        for index in 1..=self.more_interfaces {
            let wish = CreateNetworkInterface::in_subnet(&instance.subnet);
            let interface = world.create_network_interface(&wish)?;
            world.attach(&interface.id, &instance.id, index, true)?;
        }
        Ok(instance.id)
    }
}
