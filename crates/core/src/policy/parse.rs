//! Takes the text of a policy file; gives the policy, or every mistake with its line and column and what to write instead.
//! Never guesses: what it does not know it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use super::{Choice, Policy, Selector, Sensor, SensorTarget, Strategy};
use crate::inventory::{Resource, Tags};

/// Evidence settles for as long as EC2's reads may be behind. Source: "Eventual consistency in the Amazon EC2 API": from a couple of
/// seconds on.
const SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// The longest: behind it stands the time after which reads are believed against what we wrote.
const LONGEST_SETTLE: SignedDuration = SignedDuration::from_mins(5);
/// The part of the request rate that we use unless told otherwise: the other half is everybody else's.
const API_SHARE: f64 = 0.5;
/// 24 bits. Source: RFC 7348. AWS's own bounds are not documented.
const MAX_VNI: u32 = 0x00ff_ffff;

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Its line, from 1; 0 when it has no place.
    pub line: u64,
    /// Its column, from 1.
    pub column: u64,
    /// What was found, and what to write.
    pub message: String,
}

/// All that is wrong with a policy: a line each, in the form that editors understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file, as it was named to us.
    pub file: String,
    /// Sorted by place; at least one.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Mistake { line, column, message }) in self.mistakes.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{line}:{column}: {message}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    api_version: Spanned<String>,
    kind: Spanned<String>,
    owner: Spanned<String>,
    tag_key: Option<Spanned<String>>,
    sensors: Spanned<BTreeMap<String, Spanned<SensorEntry>>>,
    strategies: Spanned<Vec<StrategyEntry>>,
    limits: Option<LimitsEntry>,
    settle: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SensorEntry {
    targets: Spanned<Vec<Spanned<TargetEntry>>>,
    vni: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetEntry {
    existing: Option<String>,
    network_interface: Option<String>,
    network_load_balancer: Option<String>,
    gateway_load_balancer_endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StrategyEntry {
    name: Spanned<String>,
    sensor: Option<Spanned<String>>,
    importance: ImportanceEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ImportanceEntry {
    select: Option<SelectorEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SelectorEntry {
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LimitsEntry {
    api_share: Option<Spanned<String>>,
}

/// Reads a policy. `file` only serves to name it in mistakes. A syntax error is reported alone, since nothing behind it can be
/// trusted; semantic mistakes are reported all at once.
pub fn parse(file: &str, text: &str) -> Result<Policy, PolicyError> {
    let refused = |mistakes| PolicyError { file: file.into(), mistakes };
    let entry = serde_saphyr::from_str::<File>(text).map_err(|error| refused(vec![syntax(&error)]))?;
    let mut check = Check::default();
    let policy = check.policy(entry);
    if check.mistakes.is_empty() {
        Ok(policy)
    } else {
        check.mistakes.sort();
        Err(refused(check.mistakes))
    }
}

/// The first line of the parser's message, up to its own account of the place, is the fact; what follows draws the source.
fn syntax(error: &serde_saphyr::Error) -> Mistake {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let message = match error.without_snippet() {
        serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown field `{field}`: {}", instead(field, expected.iter().copied()))
        }
        other => {
            let rendered = other.render();
            let first = rendered.lines().next().unwrap_or_default();
            first.split(" at line ").next().unwrap_or(first).to_owned()
        }
    };
    Mistake { line: location.line(), column: location.column(), message }
}

/// What to write instead of `found`: the nearest of `known`, or all of them.
fn instead<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: BTreeSet<&str> = known.into_iter().collect();
    let near = known.iter().max_by(|a, b| strsim::jaro_winkler(found, a).total_cmp(&strsim::jaro_winkler(found, b)));
    match near {
        None => "there is none to name".into(),
        Some(near) if strsim::jaro_winkler(found, near) > 0.8 => format!("did you mean `{near}`?"),
        Some(_) => {
            let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("write one of {}", all.join(", "))
        }
    }
}

#[derive(Default)]
struct Check {
    mistakes: Vec<Mistake>,
}

impl Check {
    fn mistake(&mut self, at: Location, message: impl Into<String>) {
        self.mistakes.push(Mistake { line: at.line(), column: at.column(), message: message.into() });
    }

    fn policy(&mut self, file: File) -> Policy {
        let File { api_version, kind, owner, tag_key, sensors, strategies, limits, settle } = file;
        self.word(&api_version, "apiVersion", "vpc-mirror/v1");
        self.word(&kind, "kind", "Policy");
        self.name("owner", &owner.value, owner.referenced);
        let tag_key = match tag_key {
            Some(key) => {
                // Source: "Tag your Amazon EC2 resources": up to 128 characters, `aws:` is AWS's own.
                if key.value.is_empty() || key.value.chars().count() > 128 || key.value.starts_with("aws:") {
                    self.mistake(
                        key.referenced,
                        "tagKey must have 1 to 128 characters and not begin with `aws:`: write `mirror`",
                    );
                }
                key.value
            }
            None => "mirror".into(),
        };
        if sensors.value.is_empty() {
            self.mistake(sensors.referenced, "there is no sensor: write where mirrored packets go");
        }
        let sensors: BTreeMap<String, Sensor> =
            sensors.value.into_iter().map(|(name, entry)| (name.clone(), self.sensor(&name, entry))).collect();
        if strategies.value.is_empty() {
            self.mistake(strategies.referenced, "there is no strategy: write what is to be mirrored");
        }
        let strategies = self.strategies(strategies.value, &sensors);
        Policy {
            owner: owner.value,
            tag_key,
            sensors,
            strategies,
            settle: self.settle(settle),
            api_share: self.share(limits.and_then(|limits| limits.api_share)),
        }
    }

    fn word(&mut self, found: &Spanned<String>, field: &str, wanted: &str) {
        if found.value != wanted {
            self.mistake(found.referenced, format!("{field} is `{}`: write `{wanted}`", found.value));
        }
    }

    /// Names end up in tag values and in what people type: keep them short and plain.
    fn name(&mut self, what: &str, name: &str, at: Location) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 63 || !name.chars().all(plain) {
            self.mistake(at, format!("{what} `{name}` is not a name: write 1 to 63 letters, digits, `-`, `_` or `.`"));
        }
    }

    fn sensor(&mut self, name: &str, entry: Spanned<SensorEntry>) -> Sensor {
        self.name("sensor", name, entry.referenced);
        let SensorEntry { targets, vni } = entry.value;
        if targets.value.is_empty() {
            self.mistake(targets.referenced, format!("sensor `{name}` has no target: write where its packets go"));
        }
        if let Some(vni) = vni.as_ref().filter(|vni| vni.value == 0 || vni.value > MAX_VNI) {
            self.mistake(vni.referenced, format!("vni {} is out of range: write 1 to {MAX_VNI}", vni.value));
        }
        let targets = targets.value.into_iter().filter_map(|target| self.target(target)).collect();
        Sensor { targets, vni: vni.map(|vni| vni.value) }
    }

    fn target(&mut self, entry: Spanned<TargetEntry>) -> Option<SensorTarget> {
        let at = entry.referenced;
        let TargetEntry { existing, network_interface, network_load_balancer, gateway_load_balancer_endpoint } =
            entry.value;
        let named: Vec<(&str, &str, String, SensorTarget)> = [
            existing.map(|id| ("existing", "tmt-", id.clone(), SensorTarget::Existing(id.into()))),
            network_interface.map(|id| {
                let resource = Resource::NetworkInterface(id.as_str().into());
                ("networkInterface", "eni-", id, SensorTarget::Resource(resource))
            }),
            network_load_balancer.map(|arn| {
                let resource = Resource::NetworkLoadBalancer(arn.as_str().into());
                ("networkLoadBalancer", "arn:", arn, SensorTarget::Resource(resource))
            }),
            gateway_load_balancer_endpoint.map(|id| {
                let resource = Resource::GatewayLoadBalancerEndpoint(id.as_str().into());
                ("gatewayLoadBalancerEndpoint", "vpce-", id, SensorTarget::Resource(resource))
            }),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut named = named.into_iter();
        let (Some((field, prefix, id, target)), None) = (named.next(), named.next()) else {
            self.mistake(
                at,
                "a target is exactly one of `existing`, `networkInterface`, `networkLoadBalancer`, `gatewayLoadBalancerEndpoint`",
            );
            return None;
        };
        if !id.starts_with(prefix) {
            self.mistake(at, format!("{field} is `{id}`: write an id that begins with `{prefix}`"));
        }
        Some(target)
    }

    fn strategies(&mut self, entries: Vec<StrategyEntry>, sensors: &BTreeMap<String, Sensor>) -> Vec<Strategy> {
        let mut names = BTreeSet::new();
        let mut strategies = Vec::new();
        for StrategyEntry { name, sensor, importance } in entries {
            self.name("strategy", &name.value, name.referenced);
            if name.value == "off" {
                self.mistake(name.referenced, "a strategy cannot be called `off`: as a tag it opts out");
            }
            if !names.insert(name.value.clone()) {
                self.mistake(name.referenced, format!("strategy `{}` is there twice: write another name", name.value));
            }
            let sensor = self.sensor_of(&name, sensor, sensors);
            let select = importance.select.map(|SelectorEntry { tags }| Selector { tags });
            strategies.push(Strategy { name: name.value, sensor, choice: Choice::Importance { select } });
        }
        strategies
    }

    /// A sensor may go unnamed where there is only one.
    fn sensor_of(
        &mut self,
        strategy: &Spanned<String>,
        sensor: Option<Spanned<String>>,
        sensors: &BTreeMap<String, Sensor>,
    ) -> String {
        let known = || sensors.keys().map(String::as_str);
        match sensor {
            Some(sensor) => {
                if !sensors.contains_key(&sensor.value) {
                    let hint = instead(&sensor.value, known());
                    self.mistake(sensor.referenced, format!("unknown sensor `{}`: {hint}", sensor.value));
                }
                sensor.value
            }
            None => match (sensors.keys().next(), sensors.len()) {
                (Some(only), 1) => only.clone(),
                _ => {
                    let hint = instead("", known());
                    self.mistake(strategy.referenced, format!("strategy `{}` has no sensor: {hint}", strategy.value));
                    String::new()
                }
            },
        }
    }

    fn settle(&mut self, settle: Option<Spanned<String>>) -> SignedDuration {
        let Some(settle) = settle else { return SETTLE };
        match settle.value.parse::<SignedDuration>() {
            Ok(duration) if duration >= SignedDuration::from_secs(1) && duration <= LONGEST_SETTLE => duration,
            _ => {
                self.mistake(
                    settle.referenced,
                    format!("settle is `{}`: write a duration from 1s to 5m, such as `30s`", settle.value),
                );
                SETTLE
            }
        }
    }

    fn share(&mut self, share: Option<Spanned<String>>) -> f64 {
        let Some(share) = share else { return API_SHARE };
        let percent = share.value.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        match percent {
            Some(percent) if percent > 0.0 && percent <= 100.0 => percent / 100.0,
            _ => {
                self.mistake(
                    share.referenced,
                    format!("apiShare is `{}`: write more than 0% and at most 100%, such as `50%`", share.value),
                );
                API_SHARE
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors:
  sta:
    targets:
      - networkLoadBalancer: arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/0123456789abcdef
strategies:
  - name: crown-jewel
    importance: {select: {tags: {tier: swift}}}
";

    fn mistakes(text: &str) -> Vec<String> {
        parse("p.yaml", text).unwrap_err().to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_policy_says_what_it_says_and_the_rest_has_defaults() {
        let policy = parse("p.yaml", GOOD).unwrap();
        assert_eq!(policy.tag_key, "mirror");
        assert_eq!(policy.settle, SignedDuration::from_secs(30));
        assert_eq!(policy.api_share, 0.5);
        assert_eq!(policy.strategies[0].sensor, "sta", "the only sensor need not be named");
        let Choice::Importance { select } = &policy.strategies[0].choice;
        assert_eq!(select.as_ref().unwrap().tags["tier"], "swift");
    }

    #[test]
    fn a_syntax_error_has_its_line_and_column() {
        let found = mistakes(&GOOD.replace("{select:", "[select:"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("p.yaml:10:"), "{found:?}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_has_its_line_and_column() {
        assert_eq!(mistakes(&GOOD.replace("owner: prod", "owner: [prod]")), ["p.yaml:3:8: expected string scalar"]);
    }

    #[test]
    fn an_unknown_field_is_answered_with_the_nearest_known_one() {
        let found = mistakes(&GOOD.replace("owner:", "ownr:"));
        assert_eq!(found, ["p.yaml:3:1: unknown field `ownr`: did you mean `owner`?"]);
    }

    #[test]
    fn a_missing_field_is_named() {
        let found = mistakes(&GOOD.replace("owner: prod\n", ""));
        assert!(found[0].contains("owner"), "{found:?}");
    }

    #[test]
    fn semantic_mistakes_are_reported_all_at_once_each_with_its_place() {
        let text = GOOD
            .replace("owner: prod", "owner: 'prod team'\nsettle: soon\nlimits: {apiShare: 150%}")
            .replace("vpc-mirror/v1", "vpc-mirror/v2")
            .replace("importance", "sensor: stta\n    importance");
        assert_eq!(
            mistakes(&text),
            [
                "p.yaml:1:13: apiVersion is `vpc-mirror/v2`: write `vpc-mirror/v1`",
                "p.yaml:3:8: owner `prod team` is not a name: write 1 to 63 letters, digits, `-`, `_` or `.`",
                "p.yaml:4:9: settle is `soon`: write a duration from 1s to 5m, such as `30s`",
                "p.yaml:5:20: apiShare is `150%`: write more than 0% and at most 100%, such as `50%`",
                "p.yaml:12:13: unknown sensor `stta`: did you mean `sta`?",
            ]
        );
    }

    #[test]
    fn a_target_names_exactly_one_thing_of_the_right_kind() {
        let two = GOOD.replace("- networkLoadBalancer:", "- existing: tmt-1\n        networkLoadBalancer:");
        assert!(mistakes(&two)[0].starts_with("p.yaml:7:9: a target is exactly one of"), "{:?}", mistakes(&two));
        let wrong = GOOD.replace("networkLoadBalancer: arn:", "networkInterface: arn:");
        assert!(mistakes(&wrong)[0].contains("begins with `eni-`"), "{:?}", mistakes(&wrong));
    }

    #[test]
    fn a_strategy_must_name_its_sensor_where_there_are_two() {
        let text = GOOD.replace("strategies:", "  zeek: {targets: [{existing: tmt-1}]}\nstrategies:");
        assert_eq!(mistakes(&text), ["p.yaml:10:11: strategy `crown-jewel` has no sensor: write one of `sta`, `zeek`"]);
    }

    #[test]
    fn an_empty_file_is_refused() {
        assert_eq!(mistakes(""), ["p.yaml:1:1: unexpected end of input"]);
    }
}
