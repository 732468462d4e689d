//! Takes what it costs to mirror each host, and data paths with their two ends; gives the hosts to mirror so that of every two hosts
//! that may speak on a path at least one is mirrored, for the fewest sessions. Never fails: whom nobody can see is named.
//!
//! This is a vertex cover of least weight. The weight is lexicographic: first the sessions, then the hosts that begin or cease to be
//! mirrored. So an end that is mirrored stays mirrored until another saves a session, and what is mirrored and still the cheapest is
//! the only answer: no arrival or departure elsewhere can move it. What ties in both is settled by the order of the hosts.
//!
//! Hosts that speak with the same others are one `Class` first, so that a path of thousands has a handful. Then each path becomes
//! bicliques: two sets of classes without a common one, of which each of the one faces each of the other.

mod cut;
mod search;
mod solve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

/// What it costs to mirror a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    /// It is mirrored anyway.
    Free,
    /// It takes sessions, one for each interface.
    Sessions {
        /// How many, whether or not they stand; what takes none is `Free`.
        count: u32,
        /// Whether the host is mirrored for this strategy already.
        standing: bool,
    },
    /// It cannot be mirrored.
    Forbidden,
}

/// A data path. A host may be at both ends, and in any number of paths; it need not be seen speaking with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path<H> {
    /// Who begins to speak.
    pub(super) from: BTreeSet<H>,
    /// Who is spoken to.
    pub(super) to: BTreeSet<H>,
}

/// Who is to be mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cover<H> {
    /// The hosts to mirror, without those that are free.
    pub(super) chosen: BTreeSet<H>,
    /// What nobody sees, by path.
    pub(super) blind: Vec<Blind<H>>,
}

/// Hosts of one path that cannot be mirrored and face each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blind<H> {
    /// The place of the path among those given.
    pub(super) path: usize,
    /// Those where it begins.
    pub(super) from: BTreeSet<H>,
    /// Those where it ends.
    pub(super) to: BTreeSet<H>,
}

/// How many times a search looks at a class: some milliseconds. It is counted, not timed, so that the same facts give the same answer.
const MOST_STEPS: usize = 500_000;

/// Sessions and moves in one number.
type Weight = u128;

/// Hosts that speak with the same others. Either all are mirrored or none: if one is not, all that it speaks with are.
struct Class<H> {
    hosts: Vec<H>,
    weight: Weight,
    /// Whether one of them is mirrored.
    standing: bool,
    /// The ends that they are at.
    at: Vec<At>,
}

/// An end of a path: its place among them, and whether it is the one spoken to.
type At = (usize, bool);

/// Two sets of classes, sorted, none in both and none empty: each of the one faces each of the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Biclique {
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Biclique {
    /// Which end is left means nothing, so the one with the lower class is.
    fn new(left: Vec<usize>, right: Vec<usize>) -> Option<Self> {
        let (first, other) = (left.first()?, right.first()?);
        Some(if first < other { Self { left, right } } else { Self { left: right, right: left } })
    }
}

/// Chooses. A host without a cost cannot be mirrored.
///
/// The fewest sessions where the paths can be coloured with two colours so that each path goes from one to the other: clients and
/// servers, whatever overlaps. With odd cycles (A speaks with B, B with C, A with C) this is NP-hard: then it is the fewest as long as
/// the search for it ends within a fixed number of steps, as it does for a dozen paths that are entangled; and never more than
/// twice the fewest. Choosing again, with what was chosen standing, then moves hosts only where that saves a session.
pub(super) fn cover<H: Ord + Copy>(costs: &BTreeMap<H, Cost>, paths: &[Path<H>]) -> Cover<H> {
    cover_within(costs, paths, MOST_STEPS)
}

fn cover_within<H: Ord + Copy>(costs: &BTreeMap<H, Cost>, paths: &[Path<H>], steps: usize) -> Cover<H> {
    let (mut chosen, blind) = forced(costs, paths);
    let mut classes = Vec::new();
    for (at, mut hosts) in alike(costs, paths, &chosen) {
        // Those that face each other as well can spare one of them at most: then rather the heaviest.
        if at.windows(2).any(|two| matches!(two, [(path, _), (same, _)] if path == same)) {
            let heaviest = hosts.iter().copied().max_by_key(|host| (weight(costs, host), *host));
            chosen.extend(hosts.iter().copied().filter(|host| Some(*host) != heaviest));
            hosts.retain(|host| Some(*host) == heaviest);
        }
        let weight = hosts.iter().map(|host| weight(costs, host)).sum();
        let stands = |host: &H| matches!(costs.get(host), Some(Cost::Sessions { standing: true, .. }));
        classes.push(Class { weight, standing: hosts.iter().any(stands), hosts, at });
    }
    // By the first host of each: the order of the paths must not matter.
    classes.sort_by(|a, b| a.hosts.cmp(&b.hosts));
    let weights: Vec<Weight> = classes.iter().map(|class| class.weight).collect();
    let standing: Vec<bool> = classes.iter().map(|class| class.standing).collect();
    for class in solve::lightest(&weights, &standing, &bicliques(paths.len(), &classes), steps) {
        chosen.extend(classes.get(class).into_iter().flat_map(|class| &class.hosts));
    }
    Cover { chosen, blind }
}

/// Whoever faces one that cannot be mirrored has to be, and where neither can, nobody sees it.
fn forced<H: Ord + Copy>(costs: &BTreeMap<H, Cost>, paths: &[Path<H>]) -> (BTreeSet<H>, Vec<Blind<H>>) {
    let (mut chosen, mut blind) = (BTreeSet::new(), Vec::new());
    for (path, Path { from, to }) in paths.iter().enumerate() {
        let forbidden = |end: &BTreeSet<H>| -> BTreeSet<H> {
            end.iter().copied().filter(|host| matches!(costs.get(host), None | Some(Cost::Forbidden))).collect()
        };
        let (unseen_from, unseen_to) = (forbidden(from), forbidden(to));
        let facing = |end: &BTreeSet<H>, others: &BTreeSet<H>| -> BTreeSet<H> {
            end.iter().copied().filter(|host| others.iter().any(|other| other != host)).collect()
        };
        for host in facing(from, &unseen_to).into_iter().chain(facing(to, &unseen_from)) {
            if let Some(Cost::Sessions { .. }) = costs.get(&host) {
                chosen.insert(host);
            }
        }
        let (from, to) = (facing(&unseen_from, &unseen_to), facing(&unseen_to, &unseen_from));
        if !from.is_empty() {
            blind.push(Blind { path, from, to });
        }
    }
    (chosen, blind)
}

/// The hosts about which there is a choice, by the ends that they are at.
fn alike<H: Ord + Copy>(
    costs: &BTreeMap<H, Cost>,
    paths: &[Path<H>],
    forced: &BTreeSet<H>,
) -> BTreeMap<Vec<At>, Vec<H>> {
    let open = costs.iter().filter(|(host, cost)| matches!(cost, Cost::Sessions { .. }) && !forced.contains(host));
    let mut ends: BTreeMap<H, Vec<At>> = open.map(|(host, _)| (*host, Vec::new())).collect();
    for (path, Path { from, to }) in paths.iter().enumerate() {
        for (end, is_to) in [(from, false), (to, true)] {
            for host in end {
                if let Some(at) = ends.get_mut(host) {
                    at.push((path, is_to));
                }
            }
        }
    }
    ends.retain(|_, at| !at.is_empty());
    let mut alike: BTreeMap<Vec<At>, Vec<H>> = BTreeMap::new();
    for (host, at) in ends {
        alike.entry(at).or_default().push(host);
    }
    alike
}

/// A session weighs more than all moves together, four times: so whatever is at most twice the least weight has at most twice the
/// fewest sessions. To mirror one that is not is a move, and so is not to mirror one that is.
fn weight<H: Ord>(costs: &BTreeMap<H, Cost>, host: &H) -> Weight {
    let session = 4 * (costs.len() as Weight + 1);
    match costs.get(host) {
        Some(Cost::Sessions { count, standing }) => {
            (Weight::from(*count) * session + 1).saturating_sub(if *standing { 2 } else { 0 })
        }
        Some(Cost::Free | Cost::Forbidden) | None => 0,
    }
}

/// What the paths ask of the classes, each once and in the order of the classes.
fn bicliques<H>(paths: usize, classes: &[Class<H>]) -> Vec<Biclique> {
    let mut ends: Vec<[Vec<usize>; 2]> = vec![Default::default(); paths];
    for (class, Class { at, .. }) in classes.iter().enumerate() {
        for (path, is_to) in at {
            if let Some([from, to]) = ends.get_mut(*path) {
                if *is_to { to.push(class) } else { from.push(class) }
            }
        }
    }
    let bicliques: BTreeSet<Biclique> = ends.into_iter().flat_map(|[from, to]| apart(&from, &to)).collect();
    bicliques.into_iter().collect()
}

/// Splits one path so that no class is on both sides. Of those at both ends each faces each other: two of them differ in a bit of
/// their places, and there is a biclique for each bit.
fn apart(one: &[usize], other: &[usize]) -> Vec<Biclique> {
    // The direction of a path means nothing.
    let (from, to) = (one.min(other), one.max(other));
    let without = |end: &[usize], other: &[usize]| -> Vec<usize> {
        end.iter().copied().filter(|class| other.binary_search(class).is_err()).collect()
    };
    let (only_from, only_to) = (without(from, to), without(to, from));
    let both = without(from, &only_from);
    let mut split = vec![Biclique::new(only_from, to.to_vec()), Biclique::new(both.clone(), only_to)];
    let mut bit = 1;
    while bit < both.len() {
        let half = |is_set: bool| {
            both.iter().enumerate().filter(|(place, _)| (place & bit != 0) == is_set).map(|(_, class)| *class).collect()
        };
        split.push(Biclique::new(half(false), half(true)));
        bit <<= 1;
    }
    split.into_iter().flatten().collect()
}
