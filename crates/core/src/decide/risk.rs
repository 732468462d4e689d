//! Takes the paths of sensitive data, and who is mirrored anyway; gives one end of each to mirror, and the packets of that path alone. Never
//! mirrors both ends where one is enough.
//!
//! What is mirrored anyway by a strategy with the same sensor costs no session: there the path's packets only join the lane. Whoever opts
//! out, or cannot be a source, cannot be an end: then the other one must.

mod cover;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;

use self::cover::{Cost, Path, cover};
use super::capture::Wish;
use super::choose::{Chosen, Considered, may_choose};
use super::eligibility::Eligibility;
use super::{Blind, Reason};
use crate::ids::{InstanceId, Lane, SubnetId};
use crate::inventory::Inventory;
use crate::packets::Flow;
use crate::policy::{DataPath, Policy, Strategy};

/// Everything that choosing ends takes.
pub(super) struct Risk<'a, 'b> {
    pub(super) policy: &'b Policy,
    pub(super) inventory: &'b Inventory,
    pub(super) eligibility: &'b Eligibility<'b>,
    pub(super) considered: &'b [Considered<'a>],
}

/// The ends of a path: hosts, with the places of their interfaces among those considered.
struct Ends<'a> {
    from: BTreeMap<&'a InstanceId, Vec<usize>>,
    to: BTreeMap<&'a InstanceId, Vec<usize>>,
}

impl<'a> Risk<'a, '_> {
    /// Adds the ends that a strategy of this kind mirrors to what is chosen, which is in the order of those considered.
    pub(super) fn choose(
        &self,
        rank: usize,
        strategy: &Strategy,
        paths: &[DataPath],
        chosen: &mut [Chosen],
        blind: &mut Vec<Blind>,
    ) {
        let ends: Vec<Ends<'a>> = (0..paths.len()).map(|path| self.ends((rank, strategy), path)).collect();
        let costs = self.costs(strategy, &ends, chosen);
        let sides = ends
            .iter()
            .map(|Ends { from, to }| Path { from: from.keys().copied().collect(), to: to.keys().copied().collect() });
        let cover = cover(&costs, &sides.collect::<Vec<_>>());
        let free = costs.iter().filter(|(_, cost)| matches!(cost, Cost::Free)).map(|(host, _)| *host);
        let mirrored: BTreeSet<&InstanceId> = cover.chosen.into_iter().chain(free).collect();
        for (number, (path, Ends { from, to })) in (1..).zip(paths.iter().zip(&ends)) {
            let is_whole = |end: &BTreeMap<&InstanceId, Vec<usize>>| end.keys().all(|host| mirrored.contains(host));
            // One end that is mirrored whole sees all of the path, whoever is mirrored anyway at the other.
            let sides = match (is_whole(to), is_whole(from)) {
                (true, _) => vec![("to", to, from)],
                (false, true) => vec![("from", from, to)],
                (false, false) => vec![("from", from, to), ("to", to, from)],
            };
            for (end, here, there) in sides {
                let wish = Arc::new(Wish::of(strategy, flows(path, end == "to", &self.networks(there))));
                // A host at both ends speaks with the others of either, and not with itself.
                let speaks = |host: &InstanceId| there.len() > usize::from(there.contains_key(host));
                let hosts = here.iter().filter(|(host, _)| mirrored.contains(*host) && speaks(host));
                for at in hosts.flat_map(|(_, places)| places) {
                    self.add((rank, strategy), *at, &wish, (number, end), chosen);
                }
            }
        }
        for unseen in cover.blind {
            let names =
                |hosts: &BTreeSet<&InstanceId>| hosts.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
            let (path, from, to) = (unseen.path + 1, names(&unseen.from), names(&unseen.to));
            let what = format!("path {path} is not seen between {from} and {to}: neither end can be mirrored");
            blind.push(Blind { strategy: strategy.name.clone(), what });
        }
        for (number, Ends { from, to }) in (1..).zip(&ends) {
            for (end, hosts) in [("from", from), ("to", to)] {
                if hosts.is_empty() {
                    let what = format!("`{end}` of path {number} matches no instance");
                    blind.push(Blind { strategy: strategy.name.clone(), what });
                }
            }
            let both: Vec<&str> = from.keys().filter(|host| to.contains_key(*host)).map(|id| id.as_str()).collect();
            if !both.is_empty() {
                let what = format!(
                    "path {number} has {} at both ends: of what it says to itself nothing is seen",
                    both.join(", ")
                );
                blind.push(Blind { strategy: strategy.name.clone(), what });
            }
        }
    }

    /// The ends of a path, which has two selectors, of a strategy.
    fn ends(&self, (rank, strategy): (usize, &Strategy), path: usize) -> Ends<'a> {
        let mut ends = Ends { from: BTreeMap::new(), to: BTreeMap::new() };
        for (at, considered) in self.considered.iter().enumerate() {
            let Some(instance) = considered.instance.filter(|_| considered.is_of(strategy)) else { continue };
            for (selector, hosts) in [(2 * path, &mut ends.from), (2 * path + 1, &mut ends.to)] {
                if considered.matched.by(rank, selector) {
                    hosts.entry(&instance.id).or_default().push(at);
                }
            }
        }
        ends
    }

    /// What it takes to mirror each host: a session for each of its interfaces that has none for another strategy with the same sensor.
    fn costs(&self, strategy: &Strategy, ends: &[Ends<'a>], chosen: &[Chosen]) -> BTreeMap<&'a InstanceId, Cost> {
        let mut hosts: BTreeMap<&InstanceId, BTreeSet<usize>> = BTreeMap::new();
        for Ends { from, to } in ends {
            for (host, places) in from.iter().chain(to) {
                hosts.entry(host).or_default().extend(places);
            }
        }
        hosts.into_iter().map(|(host, places)| (host, self.cost(strategy, &places, chosen))).collect()
    }

    fn cost(&self, strategy: &Strategy, places: &BTreeSet<usize>, chosen: &[Chosen]) -> Cost {
        let lane = Lane::from(&strategy.sensor);
        let (mut count, mut sources, mut standing) = (0, 0, false);
        for at in places {
            let (Some(considered), Some(chosen)) = (self.considered.get(*at), chosen.get(*at)) else { continue };
            if !may_be(strategy, considered, &mut Vec::new()) || considered.refusal(self.eligibility).is_some() {
                continue;
            }
            sources += 1;
            let with_this_sensor =
                |rank: &usize| self.policy.strategies.get(*rank).is_some_and(|other| other.sensor == strategy.sensor);
            count += u32::from(!chosen.wishes.keys().any(with_this_sensor));
            let key = (considered.interface.id.clone(), lane.clone());
            standing |= self.inventory.ours.sessions.contains_key(&key);
        }
        match (sources, count) {
            (0, _) => Cost::Forbidden,
            (_, 0) => Cost::Free,
            (_, count) => Cost::Sessions { count, standing },
        }
    }

    /// Adds a path's packets to what the strategy wants of an interface, unless that opts out.
    fn add(
        &self,
        (rank, strategy): (usize, &Strategy),
        at: usize,
        wish: &Arc<Wish>,
        (path, end): (usize, &str),
        chosen: &mut [Chosen],
    ) {
        let (Some(considered), Some(chosen)) = (self.considered.get(at), chosen.get_mut(at)) else { return };
        let mut said = Vec::new();
        if !may_be(strategy, considered, &mut said) {
            return;
        }
        said.push(Reason::OnPath { strategy: strategy.name.clone(), path, end: end.to_owned() });
        let known = |reason: &Reason| chosen.reasons.contains(reason);
        let new: Vec<Reason> = said.into_iter().filter(|reason| !known(reason)).collect();
        chosen.reasons.extend(new);
        match chosen.wishes.get_mut(&rank) {
            Some(known) => Arc::make_mut(known).flows.extend(&wish.flows),
            None => _ = chosen.wishes.insert(rank, wish.clone()),
        }
    }

    /// The networks of the subnets that hosts are in; none where one of them is not known, which is any peer.
    fn networks(&self, hosts: &BTreeMap<&'a InstanceId, Vec<usize>>) -> Option<BTreeSet<IpNet>> {
        let places = hosts.values().flatten().filter_map(|at| self.considered.get(*at));
        let subnets: BTreeSet<&SubnetId> = places.map(|it| &it.interface.subnet).collect();
        let mut networks = BTreeSet::new();
        for subnet in subnets {
            networks.extend(&self.inventory.subnets.get(subnet)?.networks);
        }
        Some(networks)
    }
}

/// The packets of a path at one of its ends: to the ports that `to` serves, and the answers, with whoever is at the other end.
fn flows(path: &DataPath, serves: bool, networks: &Option<BTreeSet<IpNet>>) -> BTreeSet<Flow> {
    let ports = path.ports.iter().map(|ports| if serves { Flow::served(*ports) } else { Flow::asked(*ports) });
    let peers: Vec<Option<IpNet>> = match networks {
        None => vec![None],
        Some(networks) => networks.iter().copied().map(Some).collect(),
    };
    ports.flat_map(|flow| peers.iter().map(move |peer| Flow { peer: *peer, ..flow })).collect()
}

/// Whether an interface may be at the end of a path: a tag that names the strategy chooses it, one that opts out may keep it from being.
fn may_be(strategy: &Strategy, considered: &Considered<'_>, reasons: &mut Vec<Reason>) -> bool {
    considered.names(strategy) || may_choose(strategy, considered, reasons)
}
