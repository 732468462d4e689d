//! Takes a junction's load balancers; gives the interfaces that are registered with them, and what is registered and cannot be mirrored.
//! Never asks in which health: one that is draining still has connections.
//!
//! | registered | is |
//! |---|---|
//! | an instance | its interfaces: what comes in through one goes on through any |
//! | an address of the VPC | the interface that has it, or the prefix that it is of: a pod's may be on any |
//! | an address elsewhere | a blind spot: it is in another network |
//! | a load balancer | whoever is registered with that |
//! | a function | a blind spot: AWS runs it |

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Blind;
use super::choose::Considered;
use crate::ids::{InstanceId, InterfaceId, LoadBalancerArn, VpcId};
use crate::inventory::{Directory, Inventory, Kind, Registered};
use crate::policy::{Balancers, Junction, Strategy, WebAcl};

/// Who is registered with a junction, and with which load balancer each.
#[derive(Debug, Default)]
pub(super) struct Passing {
    instances: BTreeMap<InstanceId, String>,
    interfaces: BTreeMap<InterfaceId, String>,
}

/// Addresses that are registered, each in a VPC, and with which load balancer.
type Addresses = BTreeMap<IpAddr, Vec<(Option<VpcId>, String)>>;

impl Passing {
    /// Finds everybody; tells what is to be said of whom nobody can see.
    pub(super) fn new(strategy: &Strategy, junction: &Junction, inventory: &Inventory, blind: &mut Vec<Blind>) -> Self {
        let mut passing = Self::default();
        let mut addresses = Addresses::new();
        let directory = &inventory.directory;
        for (name, classic) in &directory.classic {
            if junction.means_classic(directory, name) {
                passing.instances.extend(classic.instances.iter().map(|id| (id.clone(), name.clone())));
            }
        }
        let protected = directory.web_acls.values().flat_map(|protection| &protection.balancers);
        let all: BTreeSet<&LoadBalancerArn> = directory.balancers.iter().chain(protected).collect();
        for arn in all.into_iter().filter(|arn| junction.means(directory, arn)) {
            let mut seen = BTreeSet::new();
            passing.behind(strategy, inventory, arn, Directory::name(arn), &mut seen, (&mut addresses, blind));
        }
        passing.find(strategy, inventory, &addresses, blind);
        passing.instances.retain(|id, _| inventory.instances.contains_key(id));
        // What is not read yet is not missing.
        if junction.needs().is_subset(&inventory.parts) {
            named(strategy, junction, directory, blind);
        }
        passing
    }

    /// Whoever is registered with a load balancer, and behind those that are.
    fn behind(
        &mut self,
        strategy: &Strategy,
        inventory: &Inventory,
        arn: &LoadBalancerArn,
        name: &str,
        seen: &mut BTreeSet<LoadBalancerArn>,
        (addresses, blind): (&mut Addresses, &mut Vec<Blind>),
    ) {
        if !seen.insert(arn.clone()) {
            return;
        }
        let groups = inventory.balancers.get(arn).into_iter().flat_map(|balancer| balancer.groups.values());
        for (group, registered) in groups.flat_map(|group| group.targets.iter().map(move |it| (group, it))) {
            let mut unseen = |what: String| blind.push(Blind { strategy: strategy.name.clone(), what });
            match registered {
                Registered::Instance(id) => _ = self.instances.insert(id.clone(), name.to_owned()),
                Registered::Address(address) => {
                    addresses.entry(*address).or_default().push((group.vpc.clone(), name.to_owned()));
                }
                Registered::AddressElsewhere(address) => {
                    unseen(format!("{address}, registered with {name}, is outside the VPC"));
                }
                Registered::Other(other) if other.contains(":loadbalancer/") => {
                    let other = LoadBalancerArn::from(other);
                    self.behind(strategy, inventory, &other, name, seen, (&mut *addresses, &mut *blind));
                }
                Registered::Other(other) => {
                    unseen(format!("{other}, registered with {name}, has no network interface that AWS mirrors"));
                }
            }
        }
    }

    /// Finds the interfaces that have these addresses, or the prefixes that they are of.
    fn find(&mut self, strategy: &Strategy, inventory: &Inventory, addresses: &Addresses, blind: &mut Vec<Blind>) {
        let mut missing: BTreeSet<(&IpAddr, &str)> = BTreeSet::new();
        let all = addresses.iter().flat_map(|(address, ways)| ways.iter().map(move |way| (address, way)));
        missing.extend(all.map(|(address, (_, balancer))| (address, balancer.as_str())));
        // Without addresses to look for, a large fleet is not looked through.
        let interfaces = inventory.interfaces.values().filter(|_| !addresses.is_empty());
        for interface in interfaces {
            let ranges = interface.addresses.iter();
            let found = ranges.flat_map(|network| addresses.range(network.network()..=network.broadcast()));
            for (address, ways) in found {
                let here = |(vpc, _): &&(Option<VpcId>, String)| vpc.as_ref().is_none_or(|it| *it == interface.vpc);
                for (_, balancer) in ways.iter().filter(here) {
                    self.interfaces.insert(interface.id.clone(), balancer.clone());
                    missing.remove(&(address, balancer.as_str()));
                }
            }
        }
        let missing = missing.into_iter().filter(|_| inventory.is_complete(Kind::Interfaces));
        blind.extend(missing.map(|(address, balancer)| {
            let what = format!("{address}, registered with {balancer}, is no address of an interface in its VPC");
            Blind { strategy: strategy.name.clone(), what }
        }));
    }

    /// With which load balancer an interface is registered, if it is.
    pub(super) fn registered(&self, considered: &Considered<'_>) -> Option<&str> {
        let by_address = self.interfaces.get(&considered.interface.id);
        let attachment = considered.interface.attachment.as_ref();
        let by_instance = || self.instances.get(attachment?.instance.as_ref()?);
        by_address.or_else(by_instance).map(String::as_str)
    }
}

/// What the policy names and nobody has.
fn named(strategy: &Strategy, junction: &Junction, directory: &Directory, blind: &mut Vec<Blind>) {
    let mut missing = |what: String| blind.push(Blind { strategy: strategy.name.clone(), what });
    for balancers in &junction.balancers {
        let one = Junction { balancers: vec![balancers.clone()], ..Junction::default() };
        let there = directory.balancers.iter().any(|arn| one.means(directory, arn))
            || directory.classic.keys().any(|name| one.means_classic(directory, name));
        match balancers {
            _ if there => {}
            Balancers::Name(name) => {
                missing(format!("there is no load balancer called {name} in this account and Region"))
            }
            Balancers::Arn(arn) => missing(format!("there is no load balancer {arn} in this account and Region")),
            Balancers::Tags(tags) => {
                let tags: Vec<String> = tags
                    .iter()
                    .map(|(key, values)| {
                        format!("{key}={}", values.iter().map(ToString::to_string).collect::<Vec<_>>().join("|"))
                    })
                    .collect();
                missing(format!("no load balancer carries the tags {}", tags.join(", ")));
            }
        }
    }
    for acl in &junction.web_acls {
        match (acl.of(directory).next(), acl) {
            (Some((arn, protection)), _) if protection.balancers.is_empty() => {
                missing(format!("{arn} protects no Application Load Balancer"));
            }
            (Some(_), _) => {}
            (None, WebAcl::Name(name)) => missing(format!("there is no regional web ACL called {name}")),
            (None, WebAcl::Arn(arn)) => missing(format!("there is no web ACL {arn}")),
        }
    }
}
