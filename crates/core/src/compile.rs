//! Takes decisions; gives the mirror objects that they amount to, fully specified. Never looks at what stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::decide::{Capture, Decision, Decisions, Fits, LaneWish, Reason, TargetChoice, widen};
use crate::digest::digest;
use crate::ids::{FilterKey, InterfaceId, Lane, ResourceId, TargetId};
use crate::inventory::{AMAZON_DNS, Rule, Tags};
use crate::limits::RULES_PER_FILTER;
use crate::pairs;
use crate::policy::{Policy, Way};
use crate::ruleset::Fitted;

/// Everything that is to stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// The owner of all of it.
    pub owner: String,
    /// How long evidence against what stands must have held.
    pub settle: SignedDuration,
    /// How many interfaces may become sources in an hour; none is any number.
    pub new_sources_per_hour: Option<u32>,
    /// The part of our sessions that may lose packets in an hour: 0 to 1.
    pub max_losses: f64,
    /// Whether nothing is to be done about it.
    pub paused: bool,
    /// Filters, by the digest of what they mirror.
    pub filters: BTreeMap<FilterKey, FilterSpec>,
    /// Resources whose targets may stand: those that the policy names.
    pub targets: BTreeSet<ResourceId>,
    /// Targets that may stand whatever they send to, since the policy names themselves.
    pub existing: BTreeSet<TargetId>,
    /// Tags of which a target that carries all of a set may stand likewise.
    pub tagged: BTreeSet<Tags>,
    /// Sessions.
    #[serde(with = "pairs")]
    pub sessions: BTreeMap<(InterfaceId, Lane), SessionSpec>,
    /// Interfaces of which it is not known what is wanted: what stands there, stays.
    pub doubtful: BTreeSet<InterfaceId>,
    /// Sessions that are wanted, and have no slot beside those that are wanted more.
    pub crowded_out: BTreeSet<(InterfaceId, Lane)>,
}

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterSpec {
    /// Its rules.
    pub rules: BTreeSet<Rule>,
    /// Its network services.
    pub services: BTreeSet<String>,
}

impl FilterSpec {
    /// What it is named by: the digest of what it mirrors. A filter is never changed; one that is to mirror something else is another.
    pub fn key(&self) -> FilterKey {
        let rules: Vec<String> = self.rules.iter().map(Rule::to_string).collect();
        let parts = rules.iter().map(String::as_str).chain(self.services.iter().map(String::as_str));
        digest(parts).into()
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSpec {
    /// Where its packets go.
    pub target: TargetChoice,
    /// Which packets go.
    pub filter: FilterKey,
    /// Its number.
    pub number: u16,
    /// Bytes of each packet that it sends; none is all.
    pub packet_length: Option<u16>,
    /// Its VXLAN network identifier.
    pub vni: u32,
    /// The place of the strategy that wants it most: 0 comes first.
    pub rank: usize,
    /// Why, for a person.
    pub why: String,
}

/// Compiles. `fits` is what deciding has found out.
pub fn compile(policy: &Policy, decisions: &Decisions, fits: &mut Fits) -> Desired {
    let mut desired = Desired {
        owner: policy.owner.clone(),
        settle: policy.settle,
        new_sources_per_hour: policy.limits.new_sources_per_hour,
        max_losses: policy.limits.max_losses,
        paused: policy.paused,
        filters: BTreeMap::new(),
        targets: BTreeSet::new(),
        existing: BTreeSet::new(),
        tagged: BTreeSet::new(),
        sessions: BTreeMap::new(),
        doubtful: BTreeSet::new(),
        crowded_out: BTreeSet::new(),
    };
    for target in policy.sensors.values().flat_map(|sensor| &sensor.targets) {
        match &target.to {
            Way::Existing(id) => _ = desired.existing.insert(id.clone()),
            Way::Resource(resource) => _ = desired.targets.insert(resource.id()),
            Way::Tagged(tags) => _ = desired.tagged.insert(tags.clone()),
        }
    }
    // Few filters serve many sessions, which share their captures: each is compiled once. Two captures that are equal give the same filter.
    let mut compiled: BTreeMap<(*const Capture, bool), Option<Filter>> = BTreeMap::new();
    for (interface, decision) in &decisions.interfaces {
        if decision.doubt {
            desired.doubtful.insert(interface.clone());
        }
        for reason in &decision.reasons {
            if let Reason::NoSlot { lane, .. } = reason {
                desired.crowded_out.insert((interface.clone(), lane.into()));
            }
        }
        for (lane, wish) in &decision.lanes {
            let filter = compiled.entry((Arc::as_ptr(&wish.capture), wish.ipv6)).or_insert_with(|| {
                let fitted = fits.fitted(&wish.capture, wish.ipv6, widen(policy));
                fitted.map(|fitted| Filter::of(&wish.capture, &fitted))
            });
            let Some(filter) = filter else {
                // Whoever decided has seen it fit: what is not understood here loses nothing.
                desired.doubtful.insert(interface.clone());
                continue;
            };
            let session = session(decision, wish, filter);
            desired.sessions.insert((interface.clone(), lane.clone()), session);
        }
    }
    desired.filters = compiled.into_values().flatten().map(|filter| (filter.key, filter.spec)).collect();
    desired
}

/// The filter of a capture.
struct Filter {
    key: FilterKey,
    spec: FilterSpec,
    /// What it mirrors beyond the capture, for a person.
    widened: Vec<String>,
}

impl Filter {
    /// No rule can express DNS to the Amazon resolver: that is a network service.
    fn of(capture: &Capture, fitted: &Fitted) -> Self {
        let Fitted { rules, added } = fitted;
        let services = capture.wants_resolver().then(|| AMAZON_DNS.to_owned()).into_iter().collect();
        let spec = FilterSpec { rules: rules.clone(), services };
        // What lanes before this one take is gone, whatever this filter says of it.
        let widened = if capture.behind.is_empty() { added.words() } else { Vec::new() };
        let said =
            |it: String| format!("mirrored beside it, for AWS allows {RULES_PER_FILTER} rules in a filter: {it}");
        Self { key: spec.key(), spec, widened: widened.into_iter().map(said).collect() }
    }
}

fn session(decision: &Decision, wish: &LaneWish, filter: &Filter) -> SessionSpec {
    let LaneWish { rank, target, number, vni, ipv6: _, capture } = wish;
    let why = decision.reasons.iter().map(ToString::to_string);
    let why: Vec<String> = why.chain(filter.widened.iter().cloned()).collect();
    SessionSpec {
        packet_length: capture.packet_length,
        target: target.clone(),
        filter: filter.key.clone(),
        number: *number,
        vni: *vni,
        rank: *rank,
        why: why.join("; "),
    }
}

#[cfg(test)]
mod tests;
