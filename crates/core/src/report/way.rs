//! Takes an explanation; gives the page that a person reads, step by step, down to where the way ends. Never finds anything out.

use super::explain::{Explanation, InstanceReport, InterfaceReport, LaneReport, SlotReport};
use super::state::State;
use super::text::{Cell, Text, Tone, cell};
use crate::decide::{Offer, Reach, SelectorsSeen, TagSeen, TargetChoice};

/// What stands in place of what is not there.
const NOTHING: &str = "-";

impl Explanation {
    /// For a person.
    pub fn text(&self) -> Text {
        let mut text = Text::default();
        if let Some(InstanceReport { id, name, instance_type, platform, state, auto_scaling_group }) = &self.instance {
            let mut row = vec![cell(Tone::Strong, id)];
            row.extend(name.iter().map(|name| cell(Tone::Strong, name)));
            row.extend([instance_type, &platform.to_string(), &state.to_string()].map(|it| cell(Tone::Plain, it)));
            row.extend(auto_scaling_group.iter().map(|group| cell(Tone::Plain, format!("of group {group}"))));
            text.table(0, &[row]);
            if self.interfaces.is_empty() {
                text.line(0, Tone::Bad, format!("{id}: not mirrored: it is {state} and has no network interface"));
            }
        }
        for interface in &self.interfaces {
            text.gap();
            text.append(interface.text());
        }
        text
    }
}

impl InterfaceReport {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(0, tone(self.state), self.result());
        let row = |name: &str, rest: Vec<Cell>| [vec![cell(Tone::Faint, format!("{name:<10}"))], rest].concat();
        let groups: Vec<&str> = self.security_groups.iter().map(|id| id.as_str()).collect();
        let mut place = format!("{} {} {}", self.zone, self.subnet, self.vpc);
        if !groups.is_empty() {
            place.push_str(&format!(" in {}", groups.join(", ")));
        }
        if let Some(index) = self.device_index {
            place.push_str(&format!(", device {index}"));
        }
        text.table(2, &[row("place", vec![cell(Tone::Plain, place)])]);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (at, tag) in self.evidence.tags.iter().enumerate() {
            rows.push(row(if at == 0 { "tags" } else { "" }, tag_cells(tag)));
        }
        text.table(2, &rows);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (at, seen) in self.evidence.selectors.iter().enumerate() {
            rows.push(row(if at == 0 { "selectors" } else { "" }, selector_cells(seen)));
        }
        text.table(2, &rows);
        let source = match &self.evidence.refusal {
            None => cell(Tone::Good, "it can be a source"),
            Some(reason) => cell(Tone::Bad, reason),
        };
        let mut rows = vec![row("source", vec![source])];
        for (at, said) in self.reasons.iter().enumerate() {
            rows.push(row(if at == 0 { "decided" } else { "" }, vec![cell(Tone::Plain, &said.text)]));
        }
        text.table(2, &rows);
        let taken = format!("{} of {} taken", self.slots.len(), self.slots_allowed);
        let mut rows = vec![row("slots", vec![cell(Tone::Plain, taken)])];
        rows.extend(self.slots.iter().map(|slot| row("", slot_cells(slot))));
        text.table(2, &rows);
        for lane in &self.lanes {
            text.append(lane.text());
        }
        let cost = match self.lanes.len() {
            0 => "nothing".into(),
            _ => format!("{:.2} USD a month at list price", self.cost.monthly_usd),
        };
        text.table(2, &[row("cost", vec![cell(Tone::Plain, cost)])]);
        text
    }

    /// The end of the way, in one line.
    fn result(&self) -> String {
        let id = &self.id;
        let to = |session: fn(&LaneReport) -> String| self.lanes.iter().map(session).collect::<Vec<_>>().join(", and ");
        let said = self.reasons.last().map(|said| said.text.as_str()).unwrap_or_default();
        let last = said.trim_start_matches("not mirrored: ");
        match self.state {
            State::Mirrored | State::Starting => format!("{id}: {}", to(LaneReport::result)),
            State::Unconcerned => format!("{id}: not mirrored: no tag and no selector concerns it"),
            State::Undecided if self.reasons.is_empty() => {
                format!("{id}: undecided: no tag and no selector concerns it, as far as instances could be read")
            }
            State::Ending => format!("{id}: mirrored, and not to be any more: {last}"),
            // A lane's reason names the lane first: "not mirrored to sta: …".
            State::OptedOut | State::NotMirrored if said.starts_with("not mirrored") => format!("{id}: {said}"),
            State::OptedOut | State::NotMirrored => format!("{id}: not mirrored: {last}"),
            State::Covered | State::Undecided => format!("{id}: {last}"),
        }
    }
}

impl LaneReport {
    fn result(&self) -> String {
        let Self { lane, session, next, .. } = self;
        match (session, next.first()) {
            (Some(session), None) => format!("mirrored to {lane} by {session}"),
            (Some(session), Some(next)) => format!("mirrored to {lane} by {session} ({next})"),
            (None, Some(next)) => format!("to be mirrored to {lane}: {next}"),
            (None, None) => format!("to be mirrored to {lane}"),
        }
    }

    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(2, Tone::Strong, format!("lane {}", self.lane));
        let row = |name: &str, rest: Vec<Cell>| [vec![cell(Tone::Faint, format!("{name:<8}"))], rest].concat();
        let session = self.session.as_ref().map_or(NOTHING, |session| session.as_str());
        let numbers = format!("number {}, VNI {}", self.number, self.vni);
        let mut rows = vec![row("session", vec![cell(Tone::Plain, session), cell(Tone::Plain, numbers)])];
        rows.extend(self.next.iter().map(|next| row("next", vec![cell(Tone::Change, next)])));
        text.table(4, &rows);
        let rows: Vec<_> = self
            .targets
            .iter()
            .enumerate()
            .map(|(at, offer)| row(if at == 0 { "targets" } else { "" }, self.offer_cells(offer)))
            .collect();
        text.table(4, &rows);
        text.table(4, &[row("", vec![cell(Tone::Faint, &self.target_why)])]);
        let captures = |(at, words)| row(if at == 0 { "packets" } else { "" }, vec![cell(Tone::Plain, words)]);
        text.table(4, &self.captures.iter().enumerate().map(captures).collect::<Vec<_>>());
        let more = |(at, more)| row(if at == 0 { "and more" } else { "" }, vec![cell(Tone::Change, more)]);
        text.table(4, &self.captures_more.iter().enumerate().map(more).collect::<Vec<_>>());
        let rule = |(at, rule): (usize, &super::rules::RuleReport)| {
            let cells = vec![cell(Tone::Plain, &rule.rule), cell(Tone::Faint, &rule.purpose)];
            row(if at == 0 { "rules" } else { "" }, cells)
        };
        text.table(4, &self.rules.iter().enumerate().map(rule).collect::<Vec<_>>());
        text
    }

    fn offer_cells(&self, offer: &Offer) -> Vec<Cell> {
        let chosen = offer.choice == self.target;
        let tone = if chosen { Tone::Good } else { Tone::Plain };
        let id = match &offer.choice {
            TargetChoice::Made(id) => id.to_string(),
            TargetChoice::ToMake(_) => "to be made".into(),
        };
        let reach = match offer.reach {
            Reach::SameZone => "same zone",
            Reach::AllZones => "all zones",
            Reach::OtherZone => "another zone",
        };
        let used = match offer.load.most {
            Some(most) => format!("{} of {most} sources", offer.load.used),
            None if offer.load.used == 1 => "1 source".into(),
            None => format!("{} sources", offer.load.used),
        };
        let state = match (offer.load.gone, offer.load.is_full()) {
            (true, _) => " (gone)",
            (false, true) => " (full)",
            (false, false) => "",
        };
        let mark = if chosen { "->" } else { "" };
        let used = format!("{used}{state}");
        [mark, &id, reach, &used, offer.resource.as_str()].map(|words| cell(tone, words)).into()
    }
}

fn tag_cells(TagSeen { place, value, until, counts }: &TagSeen) -> Vec<Cell> {
    let tone = if *counts { Tone::Good } else { Tone::Faint };
    let mut words = value.clone().unwrap_or_else(|| NOTHING.into());
    if let Some(until) = until {
        words.push_str(&format!(" until {until}"));
    }
    if *counts {
        words.push_str("  (counts)");
    }
    vec![cell(tone, place), cell(tone, words)]
}

fn selector_cells(SelectorsSeen { strategy, selectors }: &SelectorsSeen) -> Vec<Cell> {
    let said = |(name, matches): &(String, Option<bool>)| match matches {
        None => format!("no {name}"),
        Some(true) => format!("{name} matches"),
        Some(false) => format!("{name} does not match"),
    };
    let matched = selectors.iter().any(|(_, matches)| *matches == Some(true));
    let tone = if matched { Tone::Good } else { Tone::Faint };
    [cell(tone, strategy)].into_iter().chain(selectors.iter().map(|it| cell(tone, said(it)))).collect()
}

fn slot_cells(SlotReport { session, number, lane, account, target, filter }: &SlotReport) -> Vec<Cell> {
    let (tone, whose) = match lane {
        Some(lane) => (Tone::Plain, format!("ours, for {lane}")),
        None => (Tone::Change, format!("somebody else's in {account}")),
    };
    let way = format!("to {target} through {filter}");
    [number.to_string(), session.to_string(), whose, way].map(|words| cell(tone, words)).into()
}

/// The colour of a state.
pub(super) fn tone(state: State) -> Tone {
    match state {
        State::Mirrored | State::Covered => Tone::Good,
        State::Starting | State::Ending | State::Undecided => Tone::Change,
        State::OptedOut | State::NotMirrored => Tone::Bad,
        State::Unconcerned => Tone::Faint,
    }
}
