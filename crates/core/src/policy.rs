//! Takes nothing; gives the wish: what a policy says once it is known to make sense. Never reads files.
//!
//! ```text
//!  text ─tree→ nodes with places ─shape→ nodes that fit the schema ─decode→ file ─check→ Policy
//!                                    ↑                                    │
//!                                    └───── schema (and the reference) ───┘
//! ```

mod check;
mod choice;
mod decode;
mod except;
mod file;
mod mistake;
mod place;
mod sample_key;
mod schema;
mod selector;
mod shape;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::check::parse;
pub use self::choice::{Balancers, Choice, DataPath, Expect, Junction, Sample, Stratum, WebAcl};
pub use self::except::{Except, Ports};
pub use self::mistake::{Mistake, PolicyError, nearest};
pub use self::place::{Place, Role};
pub use self::sample_key::{SampleKey, TooShort};
pub use self::schema::{reference, schema};
pub use self::selector::{Pattern, Selector, Subject};
use crate::Time;
use crate::ids::{Lane, TargetId, VpcId, Zone};
use crate::inventory::{Part, Resource, Tags};

/// A policy without contradictions: every name in it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Marks everything that we create: two owners never touch each other's objects.
    pub owner: String,
    /// The key of the tag that chooses strategies.
    pub tag_key: String,
    /// The accounts and Regions in which anything is wanted, each once; empty is those at hand.
    pub places: Vec<Place>,
    /// The VPCs in which anything is wanted; empty is all.
    pub vpcs: BTreeSet<VpcId>,
    /// Where mirrored packets go, by name.
    pub sensors: BTreeMap<String, Sensor>,
    /// What is mirrored and why, the most important first; the extras last.
    pub strategies: Vec<Strategy>,
    /// What the policy knows better than our list of instance types that AWS mirrors.
    pub instance_types: InstanceTypes,
    /// How much.
    pub limits: Limits,
    /// How long evidence must have held before something is removed for it.
    pub settle: SignedDuration,
    /// Losses that may happen though they are more than the limits allow: the digests that held ones were shown with, and until when.
    pub approve: BTreeMap<String, Time>,
    /// Whether nothing is to be applied.
    pub paused: bool,
    /// What makes samples unpredictable. It comes from elsewhere than the policy, and is never written anywhere.
    #[serde(skip)]
    pub sample_key: Option<SampleKey>,
    /// Whether it is to be told which other ways lead to crown jewels. Only whoever reports asks: nothing is decided by it.
    #[serde(skip)]
    pub looks_for_ways_in: bool,
}

impl Policy {
    /// The strategy of that name.
    pub fn strategy(&self, name: &str) -> Option<&Strategy> {
        self.strategies.iter().find(|strategy| strategy.name == name)
    }

    /// The same policy where nothing is wanted any more: what stands is removed, targets included, as slowly as this policy allows.
    pub fn wanting_nothing(&self) -> Self {
        Self { sensors: BTreeMap::new(), strategies: Vec::new(), ..self.clone() }
    }

    /// What has to be read for it beside what every policy needs.
    pub fn needs(&self) -> BTreeSet<Part> {
        let mut needs: BTreeSet<Part> = self.strategies.iter().flat_map(|strategy| strategy.choice.needs()).collect();
        if self.looks_for_ways_in {
            needs.insert(Part::GroupRules);
        }
        needs
    }

    /// The place of a lane among the lanes: 0 for the one whose strategy comes first. Extras that were split off come behind all others.
    pub fn lane_rank(&self, lane: &Lane) -> usize {
        let mut seen: Vec<&str> = Vec::new();
        for strategy in &self.strategies {
            if !seen.contains(&strategy.sensor.as_str()) {
                seen.push(&strategy.sensor);
            }
        }
        let rank = seen.iter().position(|sensor| *sensor == lane.sensor()).unwrap_or(seen.len());
        if lane.is_extras() { rank + seen.len() } else { rank }
    }
}

/// Something that takes mirrored packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensor {
    /// Where it takes them; at least one.
    pub targets: Vec<SensorTarget>,
    /// The VXLAN network identifier of its packets; none is one per VPC.
    pub vni: Option<u32>,
}

/// A way to a sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorTarget {
    /// Where it leads.
    pub to: Way,
    /// The zones that it serves before others; empty is where its resource is.
    pub zones: BTreeSet<Zone>,
}

/// Where a way to a sensor leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// To a mirror target that someone made.
    Existing(TargetId),
    /// To a resource; its mirror target is made if nobody has made one.
    Resource(Resource),
    /// To every mirror target that carries all of these tags, whoever made it.
    Tagged(Tags),
}

/// Who is mirrored, what of it, and where to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    /// Its name: what the tag says.
    pub name: String,
    /// Where it is written: line and column of the policy, from 1.
    pub at: (u64, u64),
    /// The sensor that takes its packets: a key of [`Policy::sensors`].
    pub sensor: String,
    /// Who.
    pub choice: Choice,
    /// Only these, at whichever end; none is everything, or what the choice says.
    pub ports: Option<BTreeSet<Ports>>,
    /// What is not captured.
    pub except: BTreeSet<Except>,
    /// How many bytes of each packet are captured; none is all.
    pub packet_length: Option<u16>,
    /// Which interfaces of an instance.
    pub interfaces: Interfaces,
    /// Whether a tag may opt out of being selected.
    pub opt_out: OptOut,
    /// Whether our session may come before other people's on the same interface, and so take packets from theirs.
    pub before_foreign: bool,
}

/// Which interfaces of an instance are mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interfaces {
    /// Every one.
    #[default]
    All,
    /// The one that it was launched with: device index 0.
    Primary,
}

/// Whether a tag may opt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OptOut {
    /// It may.
    Allowed,
    /// It may not: whoever may tag must not be able to blind us quietly.
    Forbidden,
}

/// What a policy knows of instance types, or of whole families, better than our list does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceTypes {
    /// AWS mirrors them.
    pub supported: BTreeSet<String>,
    /// AWS does not.
    pub unsupported: BTreeSet<String>,
}

/// How much may stand, change and be called: per account and Region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Sessions of ours; none is as many as AWS allows.
    pub max_sessions: Option<u32>,
    /// What our sessions may cost in a month of 730 hours, in US dollars at list price; none is any sum.
    pub max_monthly_usd: Option<f64>,
    /// The part of our sessions whose packets may be lost in an hour without anybody's approval: 0 to 1. Nothing is held to it yet.
    pub max_losses: f64,
    /// Interfaces that may become sources in an hour; none is any number.
    pub new_sources_per_hour: Option<u32>,
    /// The part of AWS's request rate that we use: above 0, at most 1.
    pub api_share: f64,
    /// Whether a filter that cannot hold what is asked may mirror packets of busy services beside it.
    pub widen_over_busy_ports: bool,
}

impl Default for Limits {
    /// Half of the request rate, for the other half is everybody else's; a tenth of the sessions may be lost in an hour.
    fn default() -> Self {
        Self {
            max_sessions: None,
            max_monthly_usd: None,
            max_losses: 0.1,
            new_sources_per_hour: None,
            api_share: 0.5,
            widen_over_busy_ports: false,
        }
    }
}
