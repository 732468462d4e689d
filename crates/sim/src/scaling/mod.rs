//! Takes how many instances there shall be; launches them, puts others in the place of those that die, and moves them all to another
//! template when it is told to. Never asks whether that is wise: it is here to make a fleet that changes.
//!
//! ```text
//!                 ┌── launch ──┐         warm pool: Warmed:Pending → Warmed:Stopped
//!  desired > size │            │ scale out ──────────────────────────── start ┘ │
//!                 ↓            ↓                                                │ reuse
//!              Pending → InService ── desired < size, unhealthy, refresh ── Terminating
//! ```
//!
//! Those names are the group's: EC2 says `pending`, `running`, `stopped` of the same instances. Groups have an API of their own, which
//! is not simulated: whoever builds a world calls the functions in here, and the instances are launched and ended as by any client.
//!
//! Sources: Amazon EC2 Auto Scaling User Guide, "Instance lifecycle", "Health checks for instances", "Default termination policy",
//! "How an instance refresh works", "Warm pools", "Tag Auto Scaling groups and instances".

mod launching;
mod looking;
mod refreshing;
mod standing;
mod telling;
mod warming;

use jiff::SignedDuration;
use mirror_core::inventory::Tags;

pub use self::refreshing::InstanceRefresh;
pub(crate) use self::standing::Group;
pub use self::standing::Lifecycle;
pub use self::warming::{PoolState, WarmPool};
use crate::network::SubnetId;
use crate::request::RunInstances;
use crate::security_groups::SecurityGroupId;

/// An auto scaling group, as it is wished for.
#[derive(Clone, Debug)]
pub struct ScalingGroup {
    /// Its name.
    pub name: String,
    /// Where its instances go: to the zone that has the fewest of them, there to the subnet that has.
    pub subnets: Vec<SubnetId>,
    /// The first version of its launch template. Its subnet, counts and token are the group's to say.
    pub template: RunInstances,
    /// Security groups of its instances' primary interfaces.
    pub security_groups: Vec<SecurityGroupId>,
    /// Tags of its instances, beside the template's and the group's own.
    pub tags: Tags,
    /// The fewest instances that can be desired.
    pub min: usize,
    /// How many instances it keeps.
    pub desired: usize,
    /// The most instances that can be desired.
    pub max: usize,
    /// Instances that wait until they are needed.
    pub warm_pool: Option<WarmPool>,
    /// It replaces its oldest instance every so often, at most once a second; with none, never.
    pub replaces_every: Option<SignedDuration>,
}

impl ScalingGroup {
    /// A group of so many instances, which can shrink to none and grow to twice as many.
    pub fn of(name: &str, desired: usize, template: RunInstances, subnets: &[SubnetId]) -> Self {
        Self {
            name: name.into(),
            subnets: subnets.to_vec(),
            template,
            security_groups: Vec::new(),
            tags: Tags::new(),
            min: 0,
            desired,
            max: desired.saturating_mul(2),
            warm_pool: None,
            replaces_every: None,
        }
    }

    /// With instances that come and go: the oldest is replaced every so often.
    #[must_use]
    pub fn replacing_every(self, pause: SignedDuration) -> Self {
        Self { replaces_every: Some(pause), ..self }
    }

    /// With instances that wait until they are needed.
    #[must_use]
    pub fn with_warm_pool(self, pool: WarmPool) -> Self {
        Self { warm_pool: Some(pool), ..self }
    }
}
