//! Takes selectors as they are written; gives them as they match. Never asks whether anything matches: a fleet may be empty today.

use serde_saphyr::{Location, Spanned};

use super::Check;
use crate::policy::file::{OneOrMore, SelectorEntry};
use crate::policy::{Pattern, Selector};

impl Check {
    pub(super) fn selector(&mut self, entry: Spanned<SelectorEntry>) -> Selector {
        let at = entry.referenced;
        self.selector_at(entry.value, at)
    }

    /// A selector, whose mistakes are reported where the outermost one begins.
    fn selector_at(&mut self, entry: SelectorEntry, at: Location) -> Selector {
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
        for (what, ids, prefix) in
            [("vpcs", &vpcs, "vpc-"), ("subnets", &subnets, "subnet-"), ("securityGroups", &security_groups, "sg-")]
        {
            ids.iter().for_each(|id| self.id(what, id, prefix, at));
        }
        for (key, _) in tags.iter().filter(|(_, values)| matches!(values, OneOrMore::More(more) if more.is_empty())) {
            self.mistake(at, format!("tag `{key}` has no value to match: write one, or `*` for any"));
        }
        Selector {
            tags: tags.into_iter().map(|(key, values)| (key, patterns_of(values))).collect(),
            vpcs: vpcs.into_iter().map(Into::into).collect(),
            subnets: subnets.into_iter().map(Into::into).collect(),
            zones: zones.into_iter().map(Into::into).collect(),
            platform,
            instance_types: patterns(instance_types),
            security_groups: security_groups.into_iter().map(Into::into).collect(),
            auto_scaling_groups: patterns(auto_scaling_groups),
            all: all.into_iter().map(|entry| self.selector_at(entry, at)).collect(),
            any: any.into_iter().map(|entry| self.selector_at(entry, at)).collect(),
            not: not.map(|entry| Box::new(self.selector_at(*entry, at))),
        }
    }
}

fn patterns_of(values: OneOrMore) -> Vec<Pattern> {
    match values {
        OneOrMore::One(value) => vec![value.into()],
        OneOrMore::More(values) => patterns(values),
    }
}

fn patterns(values: Vec<String>) -> Vec<Pattern> {
    values.into_iter().map(Pattern::from).collect()
}
