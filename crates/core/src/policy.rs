//! Takes nothing; gives the wish: what a policy says once it is known to make sense. Never reads files.

mod parse;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::parse::{Mistake, PolicyError, parse};
use crate::ids::TargetId;
use crate::inventory::{Resource, Tags};

/// A policy without contradictions: every name in it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Marks everything that we create: two owners never touch each other's objects.
    pub owner: String,
    /// The key of the tag that chooses strategies.
    pub tag_key: String,
    /// Where mirrored packets go, by name.
    pub sensors: BTreeMap<String, Sensor>,
    /// What is mirrored and why, the most important first.
    pub strategies: Vec<Strategy>,
    /// How long evidence must have held before something is removed for it.
    pub settle: SignedDuration,
    /// The part of AWS's request rate that we use: above 0, at most 1.
    pub api_share: f64,
}

impl Policy {
    /// The strategy of that name.
    pub fn strategy(&self, name: &str) -> Option<&Strategy> {
        self.strategies.iter().find(|strategy| strategy.name == name)
    }

    /// The place of a lane among the lanes: 0 for the one whose strategy comes first.
    pub fn lane_rank(&self, sensor: &str) -> usize {
        let mut seen: Vec<&str> = Vec::new();
        for strategy in &self.strategies {
            if strategy.sensor == sensor {
                break;
            }
            if !seen.contains(&strategy.sensor.as_str()) {
                seen.push(&strategy.sensor);
            }
        }
        seen.len()
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
pub enum SensorTarget {
    /// A mirror target that someone made.
    Existing(TargetId),
    /// A resource; its mirror target is made if nobody has made one.
    Resource(Resource),
}

/// Who is mirrored, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    /// Its name: what the tag says.
    pub name: String,
    /// The sensor that takes its packets: a key of [`Policy::sensors`].
    pub sensor: String,
    /// Who.
    pub choice: Choice,
}

/// How a strategy chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Crown jewels: what is tagged with the strategy's name, and what the selector matches. Everything is captured.
    Importance {
        /// Whom it chooses beside those tagged; none is nobody.
        select: Option<Selector>,
    },
}

/// Matches an interface by the tags that count for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// All of these must be there; none at all matches everything.
    pub tags: Tags,
}

impl Selector {
    /// Whether all tags of the selector are found, each on the nearest of `tags` that has its key.
    pub fn matches(&self, nearest_first: &[&Tags]) -> bool {
        self.tags.iter().all(|(key, value)| nearest_first.iter().find_map(|tags| tags.get(key)) == Some(value))
    }
}
