//! Takes filters that look further than at the thing itself: at its owner, or at the interfaces of an instance; gives the page that they
//! leave. Never knows a filter that is not documented.
//!
//! Source: botocore `ec2/2016-11-15`, the filters of `DescribeInstances` and `DescribeNetworkInterfaces`.

use std::collections::BTreeMap;

use mirror_core::ids::{InstanceId, InterfaceId};
use mirror_core::inventory::InstanceState;

use crate::compute::Instance;
use crate::error::ApiError;
use crate::interfaces::NetworkInterface;
use crate::listing::{Filter, Listed, Page, fits, list_where};
use crate::request::Describe;
use crate::world::World;

/// What begins the name of an instance's filter that looks at its interfaces; the rest is a filter of an interface.
const OF_INTERFACE: &str = "network-interface.";

/// The filter by the account that owns a thing.
const OWNER: &str = "owner-id";

/// The filter by the account whose machine an interface is attached to.
const INSTANCE_OWNER: &str = "attachment.instance-owner-id";

/// Filters of interfaces for which one must know the account.
const BY_ACCOUNT: [&str; 2] = [OWNER, INSTANCE_OWNER];

/// Filters of interfaces that an instance does not have with that beginning.
const OF_INTERFACES_ALONE: [&str; 2] = ["interface-type", "tag:"];

/// Filters of an instance that look at its interfaces by another name than theirs.
const BY_ANOTHER_NAME: [(&str, &str); 3] = [
    ("private-ip-address", "addresses.private-ip-address"),
    ("ipv6-address", "ipv6-addresses.ipv6-address"),
    ("instance.group-id", "group-id"),
];

/// Interfaces by the instance that they hang on.
type Hanging<'a> = BTreeMap<&'a InstanceId, Vec<&'a NetworkInterface>>;

impl World {
    pub(crate) fn list_interfaces(&self, asked: &Describe<InterfaceId>) -> Result<Page<NetworkInterface>, ApiError> {
        let (own, by_account) = split(asked, |name| BY_ACCOUNT.contains(&name));
        let matching =
            |it: &NetworkInterface| by_account.iter().all(|filter| self.interface_fits(it, &filter.name, filter));
        list_where(&[], &self.interfaces, &own, self, matching)
    }

    pub(crate) fn list_instances(&self, asked: &Describe<InstanceId>) -> Result<Page<Instance>, ApiError> {
        let (own, related) = split(asked, |name| filter_of_interface(name).is_some());
        let mut hanging = Hanging::new();
        if !related.is_empty() {
            for interface in self.interfaces.values() {
                interface.instance().into_iter().for_each(|id| hanging.entry(id).or_default().push(interface));
            }
        }
        let matching = |instance: &Instance| {
            let interfaces = hanging.get(&instance.id).map(Vec::as_slice).unwrap_or_default();
            related.iter().all(|filter| self.instance_fits(interfaces, filter))
        };
        list_where(&[], &self.instances, &own, self, matching)
    }

    fn instance_fits(&self, interfaces: &[&NetworkInterface], filter: &Filter) -> bool {
        let name = filter_of_interface(&filter.name).unwrap_or_default();
        interfaces.iter().any(|interface| self.interface_fits(interface, name, filter))
    }

    /// Whether an interface has one of a filter's values under this name.
    fn interface_fits(&self, interface: &NetworkInterface, name: &str, filter: &Filter) -> bool {
        let account = interface.owner.as_str();
        match name {
            OWNER => filter.fits(interface.owner.as_str()),
            INSTANCE_OWNER => interface
                .attachment
                .as_ref()
                .is_some_and(|attachment| filter.fits(attachment.instance_owner.as_deref().unwrap_or(account))),
            "tag-key" => interface.tags.keys().any(|key| filter.fits(key)),
            _ => interface.values(name).iter().any(|value| filter.fits(value)),
        }
    }
}

impl Filter {
    fn fits(&self, value: &str) -> bool {
        self.values.iter().any(|pattern| fits(pattern, value))
    }
}

/// As AWS numbers the states. Source: botocore, `InstanceState`.
pub(crate) fn state_code(state: InstanceState) -> u8 {
    match state {
        InstanceState::Pending => 0,
        InstanceState::Running => 16,
        InstanceState::ShuttingDown => 32,
        InstanceState::Terminated => 48,
        InstanceState::Stopping => 64,
        InstanceState::Stopped => 80,
    }
}

/// The filter of an interface that this filter of an instance is; none if it is another's.
fn filter_of_interface(name: &str) -> Option<&str> {
    if let Some((_, other)) = BY_ANOTHER_NAME.iter().find(|(here, _)| *here == name) {
        return Some(other);
    }
    let inner = name.strip_prefix(OF_INTERFACE)?;
    let known = NetworkInterface::FILTERS.contains(&inner) || BY_ACCOUNT.contains(&inner);
    (known && !OF_INTERFACES_ALONE.contains(&inner)).then_some(inner)
}

/// What is asked, without the filters of which `is_apart` is true; and these.
fn split<Id: Clone>(asked: &Describe<Id>, is_apart: impl Fn(&str) -> bool) -> (Describe<Id>, Vec<Filter>) {
    let (apart, own) = asked.filters.iter().cloned().partition(|filter: &Filter| is_apart(&filter.name));
    (Describe { filters: own, ..asked.clone() }, apart)
}
