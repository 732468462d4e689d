//! Takes all of a round; gives what each strategy covers, what that costs beside mirroring everything, and what nobody sees. Never decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::explain::Seen;
use super::gaps;
use super::plan::{Amount, head, not_seen};
use super::state::name;
use super::text::{Cell, Text, Tone, cell};
use crate::decide::{Blind, Drawn, WayIn, candidates, detection, strata, ways_in};
use crate::ids::{AccountId, InterfaceId, Region};
use crate::policy::Choice;

/// So many hosts somebody may touch, for whom the chance of being seen is told.
const TOUCHED: [usize; 4] = [1, 2, 5, 10];

/// What is covered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Whose sessions.
    pub owner: String,
    /// The account; none while it is not known.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Region,
    /// Each strategy, the most important first, the extras last.
    pub strategies: Vec<StrategyCoverage>,
    /// All sessions that are wanted.
    pub total: Amount,
    /// What it would be to mirror whatever can be mirrored.
    pub everything: Amount,
    /// Each stratum of each sample.
    pub strata: Vec<StratumCoverage>,
    /// What is wanted and nobody sees, or what the policy names and nobody has.
    pub blind: Vec<Blind>,
    /// The ways to crown jewels that security groups allow and nobody watches.
    pub ways_in: Vec<WayIn>,
    /// Interfaces that are chosen and not mirrored, by reason.
    pub not_mirrored: BTreeMap<String, BTreeSet<InterfaceId>>,
    /// What could not be seen.
    pub not_seen: Vec<String>,
}

/// A strategy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrategyCoverage {
    /// Its name.
    pub strategy: String,
    /// How it chooses, as the policy writes it.
    pub kind: &'static str,
    /// The interfaces that it chooses.
    pub chosen: usize,
    /// Those of which it gets what it wants.
    pub mirrored: usize,
    /// The most rules of a filter that it has a part in.
    pub rules: usize,
    /// The different filters that it has a part in.
    pub filters: usize,
    /// The sessions that it has a part in.
    pub sessions: usize,
    /// What those cost of which it is the most important part: of all strategies together that is the whole.
    pub cost: Amount,
}

/// A stratum of a sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StratumCoverage {
    /// The strategy.
    pub strategy: String,
    /// What the stratum is called.
    pub stratum: String,
    /// How many hosts are in it.
    pub hosts: usize,
    /// How many of them are drawn.
    pub drawn: usize,
    /// How likely whoever touches so many of them meets one that is drawn: 0 to 1.
    pub met: BTreeMap<usize, f64>,
}

/// Tells what is covered.
pub fn coverage(seen: Seen<'_>) -> Coverage {
    let Seen { policy, inventory, lessons, now, decisions, desired, .. } = seen;
    let strategies = policy.strategies.iter().map(|strategy| {
        let name = strategy.name.as_str();
        let (mut chosen, mut mirrored) = (BTreeSet::new(), BTreeSet::new());
        let (mut filters, mut rules, mut sessions, mut own) = (BTreeSet::new(), 0, 0, 0);
        for (id, decision) in &decisions.interfaces {
            if decision.choosers().contains(name) {
                chosen.insert(id);
            }
            for (lane, wish) in decision.lanes.iter().filter(|(_, wish)| wish.capture.wishes.contains_key(name)) {
                mirrored.insert(id);
                sessions += 1;
                let first = policy.strategies.get(wish.rank).is_some_and(|first| first.name == name);
                own += usize::from(first);
                if let Some(spec) = desired.sessions.get(&(id.clone(), lane.clone())) {
                    filters.insert(&spec.filter);
                    rules = rules.max(desired.filters.get(&spec.filter).map_or(0, |filter| filter.rules.len()));
                }
            }
        }
        StrategyCoverage {
            strategy: strategy.name.clone(),
            kind: kind(&strategy.choice),
            chosen: chosen.len(),
            mirrored: mirrored.len(),
            rules,
            filters: filters.len(),
            sessions,
            cost: Amount::of(own),
        }
    });
    let strata = strata(policy, inventory, lessons, now).into_iter().map(|drawn| {
        let Drawn { strategy, stratum, hosts, drawn } = drawn;
        let met = TOUCHED.into_iter().filter(|touched| *touched <= hosts);
        let met = met.map(|touched| (touched, detection(hosts, drawn, touched))).collect();
        StratumCoverage { strategy, stratum, hosts, drawn, met }
    });
    Coverage {
        owner: policy.owner.clone(),
        account: inventory.account.clone(),
        region: inventory.region.clone(),
        strategies: strategies.collect(),
        total: Amount::of(desired.sessions.len()),
        everything: Amount::of(candidates(policy, inventory, lessons)),
        strata: strata.collect(),
        blind: decisions.blind.iter().cloned().collect(),
        ways_in: ways_in(policy, inventory, decisions),
        not_mirrored: not_mirrored(seen),
        not_seen: gaps(inventory),
    }
}

/// How a strategy chooses, as the policy writes it.
fn kind(choice: &Choice) -> &'static str {
    match choice {
        Choice::Importance { .. } => "importance",
        Choice::Risk { .. } => "risk",
        Choice::Junction(_) => "junction",
        Choice::AccessPath { .. } => "accessPath",
        Choice::Sample(_) => "sample",
        Choice::Dns { .. } => "dns",
        Choice::Tripwire { .. } => "tripwire",
    }
}

/// What is chosen and has no session, by the last reason: that is where its way ended.
fn not_mirrored(seen: Seen<'_>) -> BTreeMap<String, BTreeSet<InterfaceId>> {
    let mut without: BTreeMap<String, BTreeSet<InterfaceId>> = BTreeMap::new();
    for (id, decision) in &seen.decisions.interfaces {
        let chosen = !decision.choosers().is_empty();
        if let (true, true, Some(last)) = (chosen, decision.lanes.is_empty(), decision.reasons.last()) {
            without.entry(name(last).into()).or_default().insert(id.clone());
        }
    }
    without
}

impl Coverage {
    /// For a person.
    pub fn text(&self) -> Text {
        let mut text = head(&self.owner, self.account.as_ref(), &self.region);
        text.gap();
        let title = ["STRATEGY", "CHOOSES BY", "CHOSEN", "MIRRORED", "RULES", "FILTERS", "SESSIONS", "USD A MONTH"];
        let mut rows = vec![title.map(|name| cell(Tone::Faint, name)).to_vec()];
        rows.extend(self.strategies.iter().map(StrategyCoverage::row));
        let amount = |name: &str, Amount { sessions, monthly_usd }: Amount| {
            let empty = || cell(Tone::Plain, "");
            let cost = cell(Tone::Strong, format!("{monthly_usd:.2}"));
            let name = cell(Tone::Strong, name);
            vec![name, empty(), empty(), empty(), empty(), empty(), cell(Tone::Strong, sessions), cost]
        };
        rows.extend([amount("together", self.total), amount("mirror everything", self.everything)]);
        text.table(0, &rows);
        if !self.strata.is_empty() {
            text.gap();
            text.line(
                0,
                Tone::Strong,
                "how likely whoever touches 1, 2, 5 or 10 hosts of a stratum meets one that is watched",
            );
            text.table(2, &self.strata.iter().map(StratumCoverage::row).collect::<Vec<_>>());
        }
        if !self.ways_in.is_empty() {
            text.gap();
            text.line(0, Tone::Strong, "other ways to crown jewels, which nobody watches");
        }
        let way = |WayIn { strategy, group, ports, jewels, unseen }: &WayIn| {
            let ports = ports.iter().cloned().collect::<Vec<_>>().join(", ");
            let (jewels, unseen) = (jewels.len(), unseen.len());
            let what = format!("{unseen} interface(s) in {group} may reach {jewels} of its interface(s): {ports}");
            vec![cell(Tone::Bad, strategy), cell(Tone::Plain, what)]
        };
        text.table(2, &self.ways_in.iter().map(way).collect::<Vec<_>>());
        if !self.blind.is_empty() || !self.not_mirrored.is_empty() {
            text.gap();
            text.line(0, Tone::Strong, "what is not seen");
        }
        let blind = |Blind { strategy, what }: &Blind| vec![cell(Tone::Bad, strategy), cell(Tone::Plain, what)];
        text.table(2, &self.blind.iter().map(blind).collect::<Vec<_>>());
        let without = |(reason, interfaces): (&String, &BTreeSet<InterfaceId>)| {
            let ids = interfaces.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
            vec![cell(Tone::Bad, reason), cell(Tone::Plain, ids)]
        };
        text.table(2, &self.not_mirrored.iter().map(without).collect::<Vec<_>>());
        text.append(not_seen(&self.not_seen));
        text
    }
}

impl StrategyCoverage {
    fn row(&self) -> Vec<Cell> {
        let Self { strategy, kind, chosen, mirrored, rules, filters, sessions, cost } = self;
        let tone = match (chosen, mirrored) {
            (0, _) => Tone::Change,
            (chosen, mirrored) if mirrored < chosen => Tone::Bad,
            _ => Tone::Good,
        };
        let number = |number: &usize| cell(Tone::Plain, number);
        vec![
            cell(Tone::Strong, strategy),
            cell(Tone::Plain, kind),
            number(chosen),
            cell(tone, mirrored),
            number(rules),
            number(filters),
            number(sessions),
            cell(Tone::Plain, format!("{:.2}", cost.monthly_usd)),
        ]
    }
}

impl StratumCoverage {
    fn row(&self) -> Vec<Cell> {
        let Self { strategy, stratum, hosts, drawn, met } = self;
        let met = met.values().map(|chance| format!("{:.0} %", chance * 100.0)).collect::<Vec<_>>().join("  ");
        vec![
            cell(Tone::Plain, strategy),
            cell(Tone::Plain, stratum),
            cell(Tone::Plain, format!("{drawn} of {hosts}")),
            cell(Tone::Strong, met),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::Lessons;
    use crate::plan::Plan;
    use crate::policy::SampleKey;
    use crate::testing::*;

    #[test]
    fn each_session_is_paid_for_once_by_the_most_important_strategy_in_it() {
        let mut policy = policy_of(
            "sensors: {sta: {targets: [{existing: tmt-1}]}}\n\
             strategies: [{name: jewel, importance: {select: {tags: {role: db}}}}, {name: some, sample: {by: ['tag:role'], fraction: 0.5}}]\n\
             extras: {dns: {}}",
        );
        policy.sample_key = Some(SampleKey::new(b"sixteen bytes or so").unwrap());
        let names = ["db-1", "db-2", "web-1", "web-2", "web-3", "web-4", "old"];
        let facts = names.iter().fold(Facts::new(), |facts, name| {
            let role = name.split('-').next().unwrap();
            facts
                .instance(&format!("i-{name}"), &[("role", role)])
                .interface(&format!("eni-{name}"), &format!("i-{name}"))
        });
        let facts = facts
            .target("tmt-1", crate::inventory::Resource::NetworkLoadBalancer(NLB.into()))
            .behind(&[])
            .change_instance("i-old", |it| it.instance_type = "t2.micro".into())
            .read(0);
        let decisions = decided(&policy, &facts);
        let desired = compiled(&policy, &decisions);
        let (lessons, plan) = (Lessons::default(), Plan::default());
        let seen = Seen {
            policy: &policy,
            inventory: &facts,
            lessons: &lessons,
            now: at(0),
            decisions: &decisions,
            desired: &desired,
            plan: &plan,
        };
        let report = coverage(seen);
        let row = |it: &StrategyCoverage| (it.strategy.clone(), it.chosen, it.mirrored, it.sessions, it.cost.sessions);
        let rows: Vec<_> = report.strategies.iter().map(row).collect();
        let expected = [("jewel", 2, 2, 2, 2), ("some", 3, 3, 3, 2), ("dns", 7, 6, 6, 2)];
        assert_eq!(
            rows,
            expected.map(|(name, chosen, mirrored, part, own)| (name.into(), chosen, mirrored, part, own))
        );
        assert_eq!((report.total.sessions, report.everything.sessions), (6, 6));
        assert_eq!(report.not_mirrored["unsupportedType"], BTreeSet::from(["eni-old".into()]));
        let web = report.strata.iter().find(|it| it.stratum == "web").unwrap();
        assert_eq!((web.hosts, web.drawn, web.met[&1]), (4, 2, 0.5));
        assert!(report.text().to_string().contains("mirror everything"));
    }
}
