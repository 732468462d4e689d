//! Takes selectors as they are written; gives them as they match. Never asks whether anything matches: a fleet may be empty today.

use super::Check;
use crate::policy::decode::Spanned;
use crate::policy::file::{OneOrMore, SelectorEntry};
use crate::policy::{Pattern, Selector};

impl Check {
    pub(super) fn selector(&mut self, entry: SelectorEntry) -> Selector {
        let SelectorEntry {
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
        } = entry;
        let mut ids = |what, ids: Vec<Spanned<String>>, prefix| {
            for id in &ids {
                self.id(what, &id.value, prefix, id.referenced);
            }
            ids.into_iter().map(|id| id.value).collect::<Vec<_>>()
        };
        let vpcs = ids("vpcs", vpcs, "vpc-");
        let subnets = ids("subnets", subnets, "subnet-");
        let security_groups = ids("securityGroups", security_groups, "sg-");
        Selector {
            tags: self.tags(tags),
            vpcs: vpcs.into_iter().map(Into::into).collect(),
            subnets: subnets.into_iter().map(Into::into).collect(),
            zones: zones.into_iter().map(Into::into).collect(),
            platform,
            instance_types: patterns(instance_types),
            security_groups: security_groups.into_iter().map(Into::into).collect(),
            auto_scaling_groups: patterns(auto_scaling_groups),
            all: all.into_iter().map(|entry| self.selector(entry)).collect(),
            any: any.into_iter().map(|entry| self.selector(entry)).collect(),
            not: not.map(|entry| Box::new(self.selector(*entry))),
        }
    }
}

pub(super) fn patterns_of(values: OneOrMore) -> Vec<Pattern> {
    match values {
        OneOrMore::One(value) => vec![value.into()],
        OneOrMore::More(values) => patterns(values),
    }
}

fn patterns(values: Vec<String>) -> Vec<Pattern> {
    values.into_iter().map(Pattern::from).collect()
}
