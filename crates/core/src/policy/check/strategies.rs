//! Takes strategies as they are written; gives them with every name known. Never asks whom they choose.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::choices::Choices;
use crate::limits::{MAX_PACKET_LENGTH, MIN_PACKET_LENGTH, RULES_PER_FILTER};
use crate::policy::decode::Spanned;
use crate::policy::except::{Except, Ports, fewest};
use crate::policy::file::{ExceptEntry, ExtrasEntry, StrategyEntry};
use crate::policy::mistake::instead;
use crate::policy::tree::Location;
use crate::policy::{Choice, OptOut, Sensor, Strategy};

/// What a tag cannot name.
const RESERVED: [&str; 1] = ["off"];

impl Check {
    pub(super) fn strategies(
        &mut self,
        entries: Vec<StrategyEntry>,
        extras: Option<ExtrasEntry>,
        sensors: &BTreeMap<String, Sensor>,
    ) -> Vec<Strategy> {
        let mut names = BTreeSet::new();
        let mut strategies: Vec<Strategy> =
            entries.into_iter().map(|entry| self.strategy(entry, sensors, &mut names)).collect();
        strategies.extend(extras.into_iter().flat_map(|extras| self.extras(extras, sensors, &mut names)));
        strategies
    }

    fn strategy(
        &mut self,
        entry: StrategyEntry,
        sensors: &BTreeMap<String, Sensor>,
        names: &mut BTreeSet<String>,
    ) -> Strategy {
        let StrategyEntry {
            name,
            sensor,
            importance,
            risk,
            junction,
            access_path,
            sample,
            ports,
            except,
            packet_length,
            interfaces,
            opt_out,
            before,
        } = entry;
        self.strategy_name("strategy", &name, names);
        if let Some(before) = before.as_ref().filter(|before| before.value != "foreign") {
            self.mistake(before.referenced, format!("before is `{}`: write `foreign`, or leave it out", before.value));
        }
        let choice = self.choice(&name, Choices { importance, risk, junction, access_path, sample });
        let usual = match &choice {
            Choice::Importance { .. } => OptOut::Forbidden,
            _ => OptOut::Allowed,
        };
        if let (Choice::AccessPath { .. }, Some(_)) = (&choice, &ports) {
            let message = format!("strategy `{}` says its ports twice: write them into `expect` alone", name.value);
            self.mistake(name.referenced, message);
        }
        let ports = ports.map(|ports| {
            if ports.is_empty() {
                self.mistake(
                    name.referenced,
                    format!("ports of strategy `{}` are none: leave them out for everything", name.value),
                );
            }
            self.ports("ports", ports)
        });
        Strategy {
            sensor: self.sensor_of(&name, sensor, sensors),
            choice,
            ports,
            except: self.excepts(&name, except),
            packet_length: packet_length.and_then(|length| self.packet_length(&length)),
            interfaces,
            opt_out: opt_out.unwrap_or(usual),
            before_foreign: before.is_some(),
            at: (name.referenced.line(), name.referenced.column()),
            name: name.value,
        }
    }

    /// What a tag may name, once.
    pub(super) fn strategy_name(&mut self, what: &str, name: &Spanned<String>, names: &mut BTreeSet<String>) {
        self.name(what, &name.value, name.referenced);
        if RESERVED.contains(&name.value.as_str()) {
            self.mistake(name.referenced, format!("a {what} cannot be called `off`: as a tag it opts out"));
        }
        if !names.insert(name.value.clone()) {
            self.mistake(name.referenced, format!("{what} `{}` is there twice: write another name", name.value));
        }
    }

    /// A sensor may go unnamed where there is only one.
    pub(super) fn sensor_of(
        &mut self,
        strategy: &Spanned<String>,
        sensor: Option<Spanned<String>>,
        sensors: &BTreeMap<String, Sensor>,
    ) -> String {
        if sensors.is_empty() {
            // That there is none has been said.
            return String::new();
        }
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

    fn packet_length(&mut self, length: &Spanned<u32>) -> Option<u16> {
        let fits = u16::try_from(length.value).ok().filter(|it| (MIN_PACKET_LENGTH..=MAX_PACKET_LENGTH).contains(it));
        if fits.is_none() {
            let message = format!(
                "packetLength is {}: write {MIN_PACKET_LENGTH} to {MAX_PACKET_LENGTH}, or leave it out for whole packets",
                length.value
            );
            self.mistake(length.referenced, message);
        }
        fits
    }

    fn excepts(&mut self, strategy: &Spanned<String>, entries: Vec<Spanned<ExceptEntry>>) -> BTreeSet<Except> {
        let excepts = fewest(entries.into_iter().filter_map(|entry| self.except(entry)).collect());
        // What has no IPv6 needs two rules to accept everything else.
        let in_ipv4 = |except: &Except| {
            let [ipv4, _] = except.rules();
            ipv4
        };
        let rules = 2 + excepts.iter().map(in_ipv4).sum::<usize>();
        if rules > RULES_PER_FILTER {
            let message = format!(
                "except of strategy `{}` takes {rules} rules of the {RULES_PER_FILTER} that AWS allows in a filter: a network takes 2, \
                 ports take 4; write fewer, or wider ones",
                strategy.value
            );
            self.mistake(strategy.referenced, message);
        }
        excepts
    }

    fn except(&mut self, entry: Spanned<ExceptEntry>) -> Option<Except> {
        let at = entry.referenced;
        match entry.value {
            ExceptEntry::Text(text) => self.understood(&text, Except::read(&text), at),
            ExceptEntry::Both { ports, network } => {
                let ports = self.understood(&ports, Ports::read(&ports), at);
                let peer = self.understood(&network, network.parse::<ipnet::IpNet>().ok(), at);
                Some(Except { peer: Some(peer?.trunc()), ports: Some(ports?) })
            }
        }
    }

    fn understood<T>(&mut self, text: &str, read: Option<T>, at: Location) -> Option<T> {
        if read.is_none() {
            let message = format!(
                "except `{text}` is neither ports nor a network: write `tcp/2049`, `udp/137-138`, `icmp` or `10.9.0.0/16`"
            );
            self.mistake(at, message);
        }
        read
    }
}
