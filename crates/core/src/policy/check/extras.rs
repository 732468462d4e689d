//! Takes the extras as they are written; gives them as strategies that come behind all others. Never asks whom they choose.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::policy::decode::Spanned;
use crate::policy::file::{DnsEntry, ExtrasEntry, TripwireEntry};
use crate::policy::{Choice, Interfaces, OptOut, Sensor, Strategy};

/// What the extra for name resolution is called, in tags and reports.
const DNS: &str = "dns";

impl Check {
    pub(super) fn extras(
        &mut self,
        entry: ExtrasEntry,
        sensors: &BTreeMap<String, Sensor>,
        names: &mut BTreeSet<String>,
    ) -> Vec<Strategy> {
        let ExtrasEntry { dns, tripwires } = entry;
        let dns = dns.map(|dns| {
            let at = dns.referenced;
            let DnsEntry { select, over_tls, sensor } = dns.value;
            let name = Spanned { value: DNS.to_owned(), referenced: at };
            let select = select.map(|select| self.selector(select)).unwrap_or_default();
            (name, sensor, Choice::Dns { select, over_tls })
        });
        let tripwires: Vec<_> = tripwires
            .into_iter()
            .map(|tripwire| {
                let TripwireEntry { name, select, ports, sensor } = tripwire.value;
                let (select, ports) = (self.selector(select), self.some_ports("ports", ports));
                (name, sensor, Choice::Tripwire { select, ports })
            })
            .collect();
        let all = dns.into_iter().chain(tripwires);
        all.map(|(name, sensor, choice)| {
            self.strategy_name("strategy", &name, names);
            extra(self.sensor_of(&name, sensor, sensors), name, choice)
        })
        .collect()
    }
}

fn extra(sensor: String, name: Spanned<String>, choice: Choice) -> Strategy {
    Strategy {
        at: (name.referenced.line(), name.referenced.column()),
        name: name.value,
        sensor,
        choice,
        ports: None,
        except: BTreeSet::new(),
        packet_length: None,
        interfaces: Interfaces::All,
        opt_out: OptOut::Allowed,
        before_foreign: false,
    }
}
