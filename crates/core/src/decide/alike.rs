//! Takes the policy's selectors; says of an interface which of them match it, asking each once for all interfaces that look alike to them.
//! Never chooses: a strategy takes others, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evidence::selectors;
use crate::ids::{SecurityGroupId, SubnetId, VpcId, Zone};
use crate::inventory::Platform;
use crate::policy::{Policy, Selector, Subject};

/// How many looks are remembered. Where a selector names a tag that is another one on every instance, remembering costs more than asking.
const MOST_LOOKS: usize = 4096;

/// Which selectors match: by the place of the strategy in the policy, then in the order of [`selectors`].
#[derive(Debug)]
pub(super) struct Matched(Vec<Vec<bool>>);

impl Matched {
    /// Whether one of them matches. What is not there matches nobody.
    pub(super) fn by(&self, rank: usize, selector: usize) -> bool {
        self.0.get(rank).and_then(|of_one| of_one.get(selector)).copied().unwrap_or_default()
    }
}

/// What is known of all that look alike.
pub(super) struct Alike<'p, 'a> {
    selectors: Vec<Vec<Option<&'p Selector>>>,
    mentioned: Mentioned<'p>,
    known: BTreeMap<Look<'a>, Arc<Matched>>,
}

/// What selectors ask about.
#[derive(Default)]
struct Mentioned<'p> {
    tags: BTreeSet<&'p String>,
    vpcs: BTreeSet<&'p VpcId>,
    subnets: BTreeSet<&'p SubnetId>,
    zones: BTreeSet<&'p Zone>,
    security_groups: BTreeSet<&'p SecurityGroupId>,
    platforms: bool,
    instance_types: bool,
    auto_scaling_groups: bool,
}

/// What they see of an interface of that. A place that none of them names looks like any other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Look<'a> {
    tags: Vec<Option<&'a str>>,
    vpc: Option<&'a VpcId>,
    subnet: Option<&'a SubnetId>,
    zone: Option<&'a Zone>,
    security_groups: Vec<&'a SecurityGroupId>,
    platform: Option<Platform>,
    instance_type: Option<&'a str>,
    auto_scaling_group: Option<&'a str>,
}

impl<'p, 'a> Alike<'p, 'a> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let of_one = |choice| selectors(choice).into_iter().map(|(_, selector)| selector).collect();
        let selectors: Vec<Vec<Option<&Selector>>> = policy.strategies.iter().map(|it| of_one(&it.choice)).collect();
        let mut mentioned = Mentioned::default();
        selectors.iter().flatten().flatten().for_each(|selector| mentioned.add(selector));
        Self { selectors, mentioned, known: BTreeMap::new() }
    }

    /// Which of them match.
    pub(super) fn matched(&mut self, subject: &Subject<'a>) -> Arc<Matched> {
        let look = self.mentioned.look(subject);
        if let Some(known) = self.known.get(&look) {
            return known.clone();
        }
        let matches = |selector: &Option<&Selector>| selector.is_some_and(|it| it.matches(subject));
        let of_one = |selectors: &Vec<Option<&Selector>>| selectors.iter().map(matches).collect();
        let matched = Arc::new(Matched(self.selectors.iter().map(of_one).collect()));
        if self.known.len() < MOST_LOOKS {
            self.known.insert(look, matched.clone());
        }
        matched
    }
}

impl<'p> Mentioned<'p> {
    fn add(&mut self, selector: &'p Selector) {
        let Selector {
            tags,
            vpcs,
            subnets,
            zones,
            platform,
            instance_types,
            security_groups,
            auto_scaling_groups,
            all,
            any,
            not,
        } = selector;
        self.tags.extend(tags.keys());
        self.vpcs.extend(vpcs);
        self.subnets.extend(subnets);
        self.zones.extend(zones);
        self.security_groups.extend(security_groups);
        self.platforms |= platform.is_some();
        self.instance_types |= !instance_types.is_empty();
        self.auto_scaling_groups |= !auto_scaling_groups.is_empty();
        all.iter().chain(any).chain(not.as_deref()).for_each(|selector| self.add(selector));
    }

    fn look<'a>(&self, subject: &Subject<'a>) -> Look<'a> {
        let tag = |key: &&String| subject.tags.iter().find_map(|tags| tags.get(*key)).map(String::as_str);
        let groups = subject.security_groups.iter().filter(|group| self.security_groups.contains(group));
        Look {
            tags: self.tags.iter().map(tag).collect(),
            vpc: Some(subject.vpc).filter(|it| self.vpcs.contains(it)),
            subnet: Some(subject.subnet).filter(|it| self.subnets.contains(it)),
            zone: Some(subject.zone).filter(|it| self.zones.contains(it)),
            security_groups: if self.security_groups.is_empty() { Vec::new() } else { groups.collect() },
            platform: subject.platform.filter(|_| self.platforms),
            instance_type: subject.instance_type.filter(|_| self.instance_types),
            auto_scaling_group: subject.auto_scaling_group.filter(|_| self.auto_scaling_groups),
        }
    }
}
