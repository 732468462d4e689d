//! Takes how a strategy chooses as it is written; gives it with everything in it known to make sense. Never asks whom it chooses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::Check;
use super::selectors::patterns_of;
use crate::policy::decode::Spanned;
use crate::policy::except::Ports;
use crate::policy::file::{
    AccessPathEntry, BalancerEntry, ExpectEntry, ImportanceEntry, JunctionEntry, OneOrMore, PathEntry, RiskEntry,
    SampleEntry, WebAclEntry,
};
use crate::policy::mistake::instead;
use crate::policy::tree::Location;
use crate::policy::{Balancers, Choice, DataPath, Expect, Junction, Pattern, Sample, Selector, Stratum, WebAcl};

/// How a strategy may choose, of which it says exactly one.
pub(super) struct Choices {
    pub(super) importance: Option<ImportanceEntry>,
    pub(super) risk: Option<RiskEntry>,
    pub(super) junction: Option<JunctionEntry>,
    pub(super) access_path: Option<AccessPathEntry>,
    pub(super) sample: Option<SampleEntry>,
}

/// How soon a sample may have been drawn anew: faster, and nothing would be watched for long enough to see anything.
const FASTEST_ROTATION: SignedDuration = SignedDuration::from_hours(1);
/// What it may take at most, so that times stay within what a date can say.
const SLOWEST_ROTATION: SignedDuration = SignedDuration::from_hours(24 * 366);

impl Check {
    pub(super) fn choice(&mut self, strategy: &Spanned<String>, choices: Choices) -> Choice {
        let Choices { importance, risk, junction, access_path, sample } = choices;
        let importance = importance.map(|entry| self.importance(entry));
        let risk = risk.map(|entry| self.risk(entry));
        let junction = junction.map(|entry| self.junction(strategy, entry));
        let access_path = access_path.map(|entry| self.access_path(entry));
        let sample = sample.map(|entry| self.sample(entry));
        let mut said = [importance, risk, junction, access_path, sample].into_iter().flatten();
        match (said.next(), said.next()) {
            (Some(choice), None) => choice,
            (choice, _) => {
                let how = if choice.is_none() { "no way" } else { "more than one way" };
                let message = format!(
                    "strategy `{}` has {how} to choose: write exactly one of `importance`, `risk`, `junction`, `accessPath` and \
                     `sample`",
                    strategy.value
                );
                self.mistake(strategy.referenced, message);
                choice.unwrap_or(Choice::Importance { select: None, jump_boxes: None })
            }
        }
    }

    fn importance(&mut self, ImportanceEntry { select, jump_boxes }: ImportanceEntry) -> Choice {
        Choice::Importance {
            select: select.map(|select| self.selector(select)),
            jump_boxes: jump_boxes.map(|select| self.selector(select)),
        }
    }

    fn risk(&mut self, RiskEntry { paths }: RiskEntry) -> Choice {
        if paths.value.is_empty() {
            self.mistake(paths.referenced, "there is no path: write which ways sensitive data takes");
        }
        Choice::Risk { paths: paths.value.into_iter().map(|path| self.path(path)).collect() }
    }

    fn path(&mut self, path: Spanned<PathEntry>) -> DataPath {
        let at = path.referenced;
        let PathEntry { from, to, ports } = path.value;
        let (from, to) = (self.selector(from), self.selector(to));
        if from == to {
            let message = "both ends of the path are the same: write who asks for the data, and who has it";
            self.mistake(at, message);
        }
        for (end, selector) in [("from", &from), ("to", &to)] {
            if *selector == Selector::default() {
                self.mistake(at, format!("`{end}` of the path matches everybody, the other end too: say who it is"));
            }
        }
        let ports = self.some_ports("ports", ports);
        DataPath { from, to, ports }
    }

    fn junction(&mut self, strategy: &Spanned<String>, entry: JunctionEntry) -> Choice {
        let JunctionEntry { load_balancers, web_acls, select } = entry;
        if load_balancers.is_empty() && web_acls.is_empty() && select.is_none() {
            let message = format!(
                "junction of strategy `{}` chooses nobody but who is tagged: write `loadBalancers`, `webAcls` or `select`",
                strategy.value
            );
            self.mistake(strategy.referenced, message);
        }
        Choice::Junction(Junction {
            balancers: load_balancers.into_iter().filter_map(|entry| self.balancers(entry)).collect(),
            web_acls: web_acls.into_iter().filter_map(|entry| self.web_acl(entry)).collect(),
            select: select.map(|select| self.selector(select)),
        })
    }

    fn balancers(&mut self, entry: Spanned<BalancerEntry>) -> Option<Balancers> {
        let at = entry.referenced;
        let BalancerEntry { name, arn, tags } = entry.value;
        match (name, arn, tags) {
            (Some(name), None, None) => Some(Balancers::Name(name.value)),
            (None, Some(arn), None) => {
                if !arn.value.contains(":loadbalancer/") || arn.value.split('/').count() < 4 {
                    let message = format!(
                        "arn is `{}`: write the ARN of a load balancer, which has `:loadbalancer/app/`, `/net/` or `/gwy/` in it; a \
                         classic one goes by its `name`",
                        arn.value
                    );
                    self.mistake(arn.referenced, message);
                }
                Some(Balancers::Arn(arn.value.into()))
            }
            (None, None, Some(tags)) => {
                if tags.is_empty() {
                    self.mistake(at, "tags are none: write those that the load balancers carry");
                }
                Some(Balancers::Tags(self.tags(tags)))
            }
            _ => {
                self.mistake(at, "a load balancer is exactly one of `name`, `arn` and `tags`");
                None
            }
        }
    }

    fn web_acl(&mut self, entry: Spanned<WebAclEntry>) -> Option<WebAcl> {
        let at = entry.referenced;
        let WebAclEntry { name, arn } = entry.value;
        match (name, arn) {
            (Some(name), None) => Some(WebAcl::Name(name.value)),
            (None, Some(arn)) => {
                // Source: "Resource types defined by AWS WAF V2", Service Authorization Reference: `…:regional/webacl/name/id`.
                if !arn.value.contains(":regional/webacl/") {
                    let message = format!(
                        "arn is `{}`: write the ARN of a regional web ACL, which has `:regional/webacl/` in it",
                        arn.value
                    );
                    self.mistake(arn.referenced, message);
                }
                Some(WebAcl::Arn(arn.value.into()))
            }
            _ => {
                self.mistake(at, "a web ACL is exactly one of `name` and `arn`");
                None
            }
        }
    }

    fn access_path(&mut self, AccessPathEntry { select, expect }: AccessPathEntry) -> Choice {
        let at = expect.referenced;
        let expect = match expect.value {
            ExpectEntry::Text(text) if text == "securityGroups" => Expect::SecurityGroups,
            ExpectEntry::Text(text) => {
                self.mistake(at, format!("expect is `{text}`: write `securityGroups`, or a list such as `[tcp/443]`"));
                Expect::SecurityGroups
            }
            ExpectEntry::Ports(ports) => {
                let ports = ports.into_iter().map(|value| Spanned { value, referenced: at }).collect();
                Expect::Ports(self.some_ports("expect", Spanned { value: ports, referenced: at }))
            }
        };
        Choice::AccessPath { select: select.map(|select| self.selector(select)), expect }
    }

    fn sample(&mut self, entry: SampleEntry) -> Choice {
        let SampleEntry { select, by, fraction, at_least, rotate } = entry;
        if !(fraction.value > 0.0 && fraction.value <= 1.0) {
            let message = format!("fraction is {}: write more than 0 and at most 1, such as `0.05`", fraction.value);
            self.mistake(fraction.referenced, message);
        }
        let strata: Vec<Stratum> = by.iter().filter_map(|label| self.stratum(label)).collect();
        for (at, label) in by.iter().enumerate() {
            if by.iter().take(at).any(|other| other.value == label.value) {
                self.mistake(label.referenced, format!("`{}` is there twice: write it once", label.value));
            }
        }
        let at_least = at_least.map_or(1, |it| it.value);
        Choice::Sample(Sample {
            select: select.map(|select| self.selector(select)).unwrap_or_default(),
            by: strata,
            fraction: fraction.value,
            at_least: usize::try_from(at_least).unwrap_or(usize::MAX),
            rotate: rotate.and_then(|rotate| self.rotation(&rotate)),
        })
    }

    fn stratum(&mut self, label: &Spanned<String>) -> Option<Stratum> {
        if let Some(key) = label.value.strip_prefix("tag:").filter(|key| !key.is_empty()) {
            return Some(Stratum::Tag(key.to_owned()));
        }
        let found = STRATA.into_iter().find(|(name, _)| *name == label.value).map(|(_, stratum)| stratum);
        if found.is_none() {
            let known = STRATA.iter().map(|(name, _)| *name).chain(["tag:…"]);
            let hint = instead(&label.value, known);
            self.mistake(label.referenced, format!("`{}` makes no kind: {hint}", label.value));
        }
        found
    }

    fn rotation(&mut self, rotate: &Spanned<String>) -> Option<SignedDuration> {
        let parsed = rotate.value.parse::<SignedDuration>().ok();
        let fits = parsed.filter(|it| (FASTEST_ROTATION..=SLOWEST_ROTATION).contains(it));
        if fits.is_none() {
            let message = format!("rotate is `{}`: write a duration from 1h to a year, such as `24h`", rotate.value);
            self.mistake(rotate.referenced, message);
        }
        fits
    }

    /// Ports, of which there must be some.
    pub(super) fn some_ports(&mut self, what: &str, ports: Spanned<Vec<Spanned<String>>>) -> BTreeSet<Ports> {
        if ports.value.is_empty() {
            self.mistake(ports.referenced, format!("{what} are none: write some, such as `[tcp/443]`"));
        }
        self.ports(what, ports.value)
    }

    pub(super) fn ports(&mut self, what: &str, ports: Vec<Spanned<String>>) -> BTreeSet<Ports> {
        ports.into_iter().filter_map(|ports| self.port(what, &ports.value, ports.referenced)).collect()
    }

    fn port(&mut self, what: &str, text: &str, at: Location) -> Option<Ports> {
        let read = Ports::read(text);
        if read.is_none() {
            let message = match Ports::turned_around(text) {
                Some(meant) => format!("{what} `{text}` is turned around: write `{meant}`"),
                None => format!("{what} `{text}` means no ports: write `tcp/443`, `udp/137-138`, `tcp` or `icmp`"),
            };
            self.mistake(at, message);
        }
        read
    }

    /// Tags with patterns for their values.
    pub(super) fn tags(&mut self, tags: BTreeMap<String, Spanned<OneOrMore>>) -> BTreeMap<String, Vec<Pattern>> {
        for (key, values) in &tags {
            if matches!(&values.value, OneOrMore::More(more) if more.is_empty()) {
                let message = format!("tag `{key}` has no value to match: write one, or `*` for any");
                self.mistake(values.referenced, message);
            }
        }
        tags.into_iter().map(|(key, values)| (key, patterns_of(values.value))).collect()
    }
}

/// What makes a kind, beside the values of tags.
const STRATA: [(&str, Stratum); 8] = [
    ("account", Stratum::Account),
    ("region", Stratum::Region),
    ("zone", Stratum::Zone),
    ("subnet", Stratum::Subnet),
    ("vpc", Stratum::Vpc),
    ("autoScalingGroup", Stratum::AutoScalingGroup),
    ("instanceType", Stratum::InstanceType),
    ("platform", Stratum::Platform),
];
