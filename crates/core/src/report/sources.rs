//! Takes all of a round; gives every interface with where it is and why, and lists the opt-outs and the tags that name nothing. Never
//! decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::explain::Seen;
use super::gaps;
use super::plan::{head, not_seen};
use super::state::{Said, State, name, standing, state};
use super::text::{Text, Tone, cell};
use super::way::tone;
use crate::decide::{Decision, Place, Reason};
use crate::ids::{AccountId, InstanceId, InterfaceId, Lane, Region, SessionId, Zone};
use crate::policy::nearest;

/// Every interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sources {
    /// Whose sessions.
    pub owner: String,
    /// The account; none while it is not known.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Region,
    /// The interfaces that were asked for: all, or those with one reason.
    pub interfaces: Vec<Source>,
    /// How many of all interfaces are where.
    pub counts: BTreeMap<State, usize>,
    /// How many of all interfaces have each reason.
    pub reasons: BTreeMap<String, usize>,
    /// Every interface that a tag opts out.
    pub opt_outs: Vec<OptOut>,
    /// The tags that name no strategy.
    pub unknown_values: Vec<UnknownValue>,
    /// What could not be seen.
    pub not_seen: Vec<String>,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Its id.
    pub interface: InterfaceId,
    /// Its instance.
    pub instance: Option<InstanceId>,
    /// Its Availability Zone.
    pub zone: Zone,
    /// Where it is.
    pub state: State,
    /// The sessions that are wanted.
    pub lanes: Vec<SourceLane>,
    /// Why, in the order in which it was decided.
    pub reasons: Vec<Said>,
}

/// A session that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceLane {
    /// The lane.
    pub lane: Lane,
    /// The session that stands for it.
    pub session: Option<SessionId>,
    /// The VXLAN network identifier of its packets.
    pub vni: u32,
}

/// An interface that a tag opts out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptOut {
    /// The interface.
    pub interface: InterfaceId,
    /// Its instance.
    pub instance: Option<InstanceId>,
    /// Where the tag was found.
    pub place: Place,
    /// The strategies that mirror it nevertheless, since they do not allow it.
    pub forbidden_by: Vec<String>,
}

/// A tag's value that names no strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownValue {
    /// The value.
    pub value: String,
    /// What it was probably meant to be.
    pub meant: Option<String>,
    /// The interfaces that it counts for.
    pub interfaces: BTreeSet<InterfaceId>,
}

/// Lists every interface, or those that have a reason of that name.
///
/// # Errors
///
/// When no interface has that reason: the nearest name of those that some have, or all of them.
pub fn sources(seen: Seen<'_>, reason: Option<&str>) -> Result<Sources, String> {
    let Seen { policy, inventory, decisions, .. } = seen;
    let mut all: Vec<Source> = inventory.interfaces.values().map(|it| source(seen, &it.id)).collect();
    let (mut counts, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    for source in &all {
        *counts.entry(source.state).or_default() += 1;
        let names: BTreeSet<&str> = source.reasons.iter().map(|said| name(&said.reason)).collect();
        names.into_iter().for_each(|name| *reasons.entry(name.to_owned()).or_default() += 1);
    }
    if let Some(asked) = reason {
        let asked = camel(asked);
        if !reasons.contains_key(&asked) {
            return Err(no_such_reason(&asked, &reasons));
        }
        all.retain(|source| source.reasons.iter().any(|said| name(&said.reason) == asked));
    }
    let mut unknown: BTreeMap<(String, Option<String>), BTreeSet<InterfaceId>> = BTreeMap::new();
    for (id, decision) in &decisions.interfaces {
        for reason in &decision.reasons {
            if let Reason::UnknownStrategy { value, meant, .. } = reason {
                unknown.entry((value.clone(), meant.clone())).or_default().insert(id.clone());
            }
        }
    }
    let unknown = unknown.into_iter().map(|((value, meant), interfaces)| UnknownValue { value, meant, interfaces });
    Ok(Sources {
        owner: policy.owner.clone(),
        account: inventory.account.clone(),
        region: inventory.region.clone(),
        interfaces: all,
        counts,
        reasons,
        opt_outs: decisions.interfaces.iter().filter_map(|(id, decision)| opt_out(id, decision)).collect(),
        unknown_values: unknown.collect(),
        not_seen: gaps(inventory),
    })
}

/// `opted-out` is `optedOut`.
fn camel(asked: &str) -> String {
    let mut words = asked.split(['-', '_', ' ']);
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        text.chars().chain(initial).chain(letters).collect()
    })
}

fn no_such_reason(asked: &str, known: &BTreeMap<String, usize>) -> String {
    let all = known.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(asked, known.keys().map(String::as_str)) {
        Some(near) => format!("no interface has the reason `{asked}`: did you mean `{near}`?"),
        None if known.is_empty() => format!("no interface has the reason `{asked}`, nor any other"),
        None => format!("no interface has the reason `{asked}`: those that some have are {all}"),
    }
}

fn source(seen: Seen<'_>, id: &InterfaceId) -> Source {
    let Seen { inventory, decisions, .. } = seen;
    let decision = decisions.interfaces.get(id);
    let interface = inventory.interfaces.get(id);
    let lane = |(lane, wish): (&Lane, &crate::decide::LaneWish)| SourceLane {
        lane: lane.clone(),
        session: standing(inventory, id, lane),
        vni: wish.vni,
    };
    Source {
        interface: id.clone(),
        instance: interface.and_then(|it| it.attachment.as_ref()?.instance.clone()),
        zone: interface.map_or_else(|| "".into(), |it| it.zone.clone()),
        state: state(inventory, id, decision),
        lanes: decision.into_iter().flat_map(|decision| &decision.lanes).map(lane).collect(),
        reasons: decision.into_iter().flat_map(|decision| &decision.reasons).map(Said::from).collect(),
    }
}

fn opt_out(id: &InterfaceId, decision: &Decision) -> Option<OptOut> {
    let place = decision.reasons.iter().find_map(|reason| match reason {
        Reason::OptedOut { place, .. } => Some(*place),
        _ => None,
    })?;
    let forbids = |reason: &Reason| match reason {
        Reason::OptOutForbidden { strategy, .. } => Some(strategy.clone()),
        _ => None,
    };
    let forbidden_by = decision.reasons.iter().filter_map(forbids).collect();
    Some(OptOut { interface: id.clone(), instance: decision.instance.clone(), place, forbidden_by })
}

impl Sources {
    /// For a person.
    pub fn text(&self) -> Text {
        let mut text = head(&self.owner, self.account.as_ref(), &self.region);
        text.gap();
        let title = ["INTERFACE", "INSTANCE", "ZONE", "STATE", "SESSIONS", "WHY"];
        let mut rows = vec![title.map(|name| cell(Tone::Faint, name)).to_vec()];
        for Source { interface, instance, zone, state, lanes, reasons } in &self.interfaces {
            let sessions: Vec<String> = lanes
                .iter()
                .map(|SourceLane { lane, session, vni }| match session {
                    Some(session) => format!("{lane} {session} VNI {vni}"),
                    None => format!("{lane} - VNI {vni}"),
                })
                .collect();
            let sessions = if sessions.is_empty() { "-".into() } else { sessions.join(", ") };
            let why = match reasons.is_empty() {
                true => "no tag and no selector concerns it".into(),
                false => reasons.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("; "),
            };
            let instance = instance.as_ref().map_or("-", |id| id.as_str());
            rows.push(vec![
                cell(Tone::Plain, interface),
                cell(Tone::Plain, instance),
                cell(Tone::Plain, zone),
                cell(tone(*state), state),
                cell(Tone::Plain, sessions),
                cell(Tone::Plain, why),
            ]);
        }
        text.table(0, &rows);
        self.opted_out(&mut text);
        if !self.unknown_values.is_empty() {
            text.gap();
            text.line(0, Tone::Strong, "tags that name no strategy");
        }
        let rows: Vec<_> = self.unknown_values.iter().map(UnknownValue::row).collect();
        text.table(2, &rows);
        text.append(not_seen(&self.not_seen));
        text.gap();
        let counts = self.counts.iter().map(|(state, count)| vec![cell(tone(*state), state), cell(Tone::Plain, count)]);
        text.table(0, &counts.collect::<Vec<_>>());
        text
    }

    fn opted_out(&self, text: &mut Text) {
        text.gap();
        let forbidden = self.opt_outs.iter().filter(|it| !it.forbidden_by.is_empty()).count();
        let count = self.opt_outs.len();
        text.line(0, Tone::Strong, format!("{count} opt out by tag, {forbidden} of them in vain"));
        let row = |OptOut { interface, instance, place, forbidden_by }: &OptOut| {
            let instance = instance.as_ref().map_or("-", |id| id.as_str());
            let vain = match forbidden_by.is_empty() {
                true => cell(Tone::Bad, "not mirrored"),
                false => cell(Tone::Good, format!("mirrored: {} forbids it", forbidden_by.join(", "))),
            };
            vec![cell(Tone::Plain, interface), cell(Tone::Plain, instance), cell(Tone::Plain, place), vain]
        };
        text.table(2, &self.opt_outs.iter().map(row).collect::<Vec<_>>());
    }
}

impl UnknownValue {
    fn row(&self) -> Vec<super::text::Cell> {
        let Self { value, meant, interfaces } = self;
        let ids = interfaces.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
        let meant = meant.as_ref().map_or(String::new(), |meant| format!("did you mean `{meant}`?"));
        vec![cell(Tone::Bad, value), cell(Tone::Plain, meant), cell(Tone::Faint, ids)]
    }
}
