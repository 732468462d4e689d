//! Takes the text of a policy file; gives the policy, or every mistake with its line and column and what to write instead.
//! Never guesses: what it does not know it refuses.

mod choices;
mod extras;
mod limits;
mod scope;
mod selectors;
mod sensors;
mod strategies;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;

use super::decode::Spanned;
use super::file::{ApprovalEntry, File, InstanceTypesEntry};
use super::tree::Location;
use super::{InstanceTypes, Limits, Mistake, Policy, PolicyError, Sensor, shape, tree};
use crate::Time;

/// Evidence settles for as long as EC2's reads may be behind. Source: "Eventual consistency in the Amazon EC2 API": from a couple of
/// seconds on.
const SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// The longest: behind it stands the time after which reads are believed against what we wrote.
const LONGEST_SETTLE: SignedDuration = SignedDuration::from_mins(5);

/// Reads a policy. `file` only serves to name it in mistakes. Where it stops being YAML that is reported alone, since nothing behind it
/// can be trusted; every other mistake is reported at once: fields that are unknown, missing or of another kind, and what means nothing.
///
/// # Errors
///
/// All that is wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Policy, PolicyError> {
    let refused = |mut mistakes: Vec<Mistake>| {
        mistakes.sort();
        mistakes.dedup();
        PolicyError { file: file.into(), mistakes }
    };
    let root = tree::read(text).map_err(|mistake| refused(vec![mistake]))?;
    let mut check = Check::default();
    let at = root.at;
    let root = shape::fit(root, &mut check.mistakes);
    match File::deserialize(root) {
        Ok(file) => {
            let policy = check.policy(file);
            if check.mistakes.is_empty() { Ok(policy) } else { Err(refused(check.mistakes)) }
        }
        // What fits the schema has the types that the schema was made from.
        Err(error) => {
            check.mistake(at, format!("this cannot be read: {error}"));
            Err(refused(check.mistakes))
        }
    }
}

/// What is wrong, as far as it has been found.
#[derive(Default)]
struct Check {
    mistakes: Vec<Mistake>,
}

impl Check {
    /// What is not in the text stands for something of the wrong shape, of which that has been said.
    fn mistake(&mut self, at: Location, message: impl Into<String>) {
        if at == Location::NOWHERE {
            return;
        }
        self.mistakes.push(Mistake { line: at.line(), column: at.column(), message: message.into() });
    }

    fn policy(&mut self, file: File) -> Policy {
        let File {
            api_version,
            kind,
            owner,
            tag_key,
            scope,
            sensors,
            strategies,
            extras,
            instance_types,
            limits,
            settle,
            approve,
            paused,
        } = file;
        self.word(&api_version, "apiVersion", "vpc-mirror/v1");
        self.word(&kind, "kind", "Policy");
        self.name("owner", &owner.value, owner.referenced);
        if sensors.value.is_empty() {
            self.mistake(sensors.referenced, "there is no sensor: write where mirrored packets go");
        }
        let sensors: BTreeMap<String, Sensor> =
            sensors.value.into_iter().map(|(name, entry)| (name.clone(), self.sensor(&name, entry))).collect();
        if strategies.value.is_empty() {
            self.mistake(strategies.referenced, "there is no strategy: write what is to be mirrored");
        }
        let strategies = self.strategies(strategies.value, extras, &sensors);
        let (places, vpcs) = self.scope(scope);
        Policy {
            owner: owner.value,
            tag_key: self.tag_key(tag_key),
            places,
            vpcs,
            sensors,
            strategies,
            instance_types: instance_types.map(|types| self.instance_types(types)).unwrap_or_default(),
            limits: limits.map_or_else(Limits::default, |limits| self.limits(limits)),
            settle: self.settle(settle),
            approve: approve.into_iter().filter_map(|entry| self.approval(entry)).collect(),
            paused,
            sample_key: None,
            looks_for_ways_in: false,
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

    /// An id of a kind of resource, told by how it begins.
    fn id(&mut self, what: &str, id: &str, prefix: &str, at: Location) {
        if !id.starts_with(prefix) {
            self.mistake(at, format!("{what} is `{id}`: write an id that begins with `{prefix}`"));
        }
    }

    fn tag_key(&mut self, key: Option<Spanned<String>>) -> String {
        let Some(key) = key else { return "mirror".into() };
        // Source: "Tag your Amazon EC2 resources": up to 128 characters, `aws:` is AWS's own.
        if key.value.is_empty() || key.value.chars().count() > 128 || key.value.starts_with("aws:") {
            let message = "tagKey must have 1 to 128 characters and not begin with `aws:`: write `mirror`";
            self.mistake(key.referenced, message);
        }
        key.value
    }

    fn instance_types(&mut self, entry: InstanceTypesEntry) -> InstanceTypes {
        let InstanceTypesEntry { supported, unsupported } = entry;
        for both in unsupported.iter().filter(|it| supported.iter().any(|other| other.value == it.value)) {
            let message = format!("`{}` is supported and unsupported: write it in one place", both.value);
            self.mistake(both.referenced, message);
        }
        let names = |types: Vec<Spanned<String>>| types.into_iter().map(|it| it.value).collect();
        InstanceTypes { supported: names(supported), unsupported: names(unsupported) }
    }

    fn approval(&mut self, ApprovalEntry { losses, until }: ApprovalEntry) -> Option<(String, Time)> {
        let digest = &losses.value;
        if digest.len() != 32 || !digest.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')) {
            let message = format!(
                "losses is `{digest}`: write the digest of held losses, 32 hexadecimal digits, as it was shown"
            );
            self.mistake(losses.referenced, message);
        }
        let parsed = until.value.parse().ok();
        if parsed.is_none() {
            let message = format!("until is `{}`: write a time such as `2026-12-01T12:00:00Z`", until.value);
            self.mistake(until.referenced, message);
        }
        Some((losses.value, parsed?))
    }

    fn settle(&mut self, settle: Option<Spanned<String>>) -> SignedDuration {
        let Some(settle) = settle else { return SETTLE };
        match settle.value.parse::<SignedDuration>() {
            Ok(duration) if duration >= SignedDuration::from_secs(1) && duration <= LONGEST_SETTLE => duration,
            _ => {
                let message = format!("settle is `{}`: write a duration from 1s to 5m, such as `30s`", settle.value);
                self.mistake(settle.referenced, message);
                SETTLE
            }
        }
    }
}
