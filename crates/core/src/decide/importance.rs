//! Takes an interface; says which strategies choose it, by tag or by selector. Never asks whether it can be mirrored.
//!
//! The nearest tag decides: the interface's own, then its instance's, its subnet's, its VPC's; `off` included.
//!
//! | the nearest tag | chosen by |
//! |---|---|
//! | none | the strategies whose selector matches, jump boxes included |
//! | `crown-jewel` | that strategy, and those whose selector matches |
//! | `crown-jewel+other` | both, and those whose selector matches |
//! | `off` | those whose selector matches and that forbid opting out |
//! | `off+crown-jewel` | as `crown-jewel`; the `off` is reported |
//! | an unknown name | those whose selector matches; the name is reported |
//! | any, with a `mirror-until` beside it that has passed | as none |

use std::collections::BTreeSet;

use super::{Place, Reason};
use crate::Time;
use crate::inventory::{Instance, Inventory, NetworkInterface, Tags};
use crate::policy::{Choice, Interfaces, OptOut, Policy, Selector, Strategy, Subject, nearest};

/// Opts out.
const OFF: &str = "off";

/// What is added to the key of the tag that chooses, for the tag that says until when.
pub(super) const UNTIL: &str = "-until";

/// The strategies that choose an interface.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) strategies: BTreeSet<String>,
    /// Empty when nothing concerns the interface.
    pub(super) reasons: Vec<Reason>,
}

pub(super) fn choose(
    policy: &Policy,
    inventory: &Inventory,
    interface: &NetworkInterface,
    instance: Option<&Instance>,
    now: Time,
) -> Chosen {
    let mut chosen = Chosen::default();
    let tag = nearest_tag(policy, inventory, interface, instance, now, &mut chosen);
    if let Some((place, value)) = tag {
        by_tag(policy, place, value, &mut chosen);
    }
    let off = tag.filter(|(_, value)| *value == OFF).map(|(place, _)| place);
    let subject = subject(interface, instance);
    for strategy in &policy.strategies {
        by_selector(strategy, &subject, off, &mut chosen);
    }
    keep_to_the_primary(policy, interface, &mut chosen);
    chosen
}

/// The places whose tags count for an interface, the nearest first; none where nothing is known of one.
pub(super) fn places<'a>(
    inventory: &'a Inventory,
    interface: &'a NetworkInterface,
    instance: Option<&'a Instance>,
) -> [(Place, Option<&'a Tags>); 4] {
    [
        (Place::Interface, Some(&interface.tags)),
        (Place::Instance, instance.map(|instance| &instance.tags)),
        (Place::Subnet, inventory.tagged.subnets.get(&interface.subnet)),
        (Place::Vpc, inventory.tagged.vpcs.get(&interface.vpc)),
    ]
}

/// The nearest tag that chooses or opts out, and has not expired.
pub(super) fn nearest_tag<'a>(
    policy: &Policy,
    inventory: &'a Inventory,
    interface: &'a NetworkInterface,
    instance: Option<&'a Instance>,
    now: Time,
    chosen: &mut Chosen,
) -> Option<(Place, &'a str)> {
    let places = places(inventory, interface, instance).into_iter();
    let mut places = places.filter_map(|(place, tags)| Some((place, tags?)));
    places.find_map(|(place, tags)| {
        let value = tags.get(&policy.tag_key)?.trim();
        let until_key = format!("{}{UNTIL}", policy.tag_key);
        let Some(until) = tags.get(&until_key) else { return Some((place, value)) };
        match until.parse::<Time>() {
            Ok(until) if until <= now => {
                chosen.reasons.push(Reason::Expired { tag: format!("{}={value}", policy.tag_key), until, place });
                None
            }
            Ok(_) => Some((place, value)),
            // Doubt keeps what is chosen.
            Err(_) => {
                chosen.reasons.push(Reason::UnreadableUntil { tag: format!("{until_key}={until}"), place });
                Some((place, value))
            }
        }
    })
}

fn by_tag(policy: &Policy, place: Place, value: &str, chosen: &mut Chosen) {
    let tag = format!("{}={value}", policy.tag_key);
    if value == OFF {
        chosen.reasons.push(Reason::OptedOut { tag, place });
        return;
    }
    for name in value.split('+').map(str::trim) {
        match policy.strategy(name) {
            Some(strategy) => {
                if chosen.strategies.insert(strategy.name.clone()) {
                    chosen.reasons.push(Reason::Tagged { strategy: strategy.name.clone(), tag: tag.clone(), place });
                }
            }
            None if name == OFF => chosen.reasons.push(Reason::OffBesideOthers { tag: tag.clone(), place }),
            None => {
                let names = policy.strategies.iter().map(|strategy| strategy.name.as_str()).chain([OFF]);
                let meant = nearest(name, names).map(str::to_owned);
                chosen.reasons.push(Reason::UnknownStrategy { value: name.into(), meant, place });
            }
        }
    }
}

fn by_selector(strategy: &Strategy, subject: &Subject<'_>, off: Option<Place>, chosen: &mut Chosen) {
    let Choice::Importance { select, jump_boxes } = &strategy.choice;
    let matches = |selector: &Option<Selector>| selector.as_ref().is_some_and(|it| it.matches(subject));
    let name = || strategy.name.clone();
    let reason = match (matches(select), matches(jump_boxes)) {
        (true, _) => Reason::Selected { strategy: name() },
        (false, true) => Reason::JumpBox { strategy: name() },
        (false, false) => return,
    };
    match (off, strategy.opt_out) {
        (Some(_), OptOut::Allowed) => return,
        (Some(place), OptOut::Forbidden) => chosen.reasons.push(Reason::OptOutForbidden { strategy: name(), place }),
        (None, _) => {}
    }
    if chosen.strategies.insert(name()) {
        chosen.reasons.push(reason);
    }
}

/// Takes back what only wants the primary interface of an instance, if this is another.
fn keep_to_the_primary(policy: &Policy, interface: &NetworkInterface, chosen: &mut Chosen) {
    if interface.attachment.as_ref().is_none_or(|attachment| attachment.device_index == 0) {
        return;
    }
    for strategy in policy.strategies.iter().filter(|strategy| strategy.interfaces == Interfaces::Primary) {
        if chosen.strategies.remove(&strategy.name) {
            chosen.reasons.push(Reason::NotPrimary { strategy: strategy.name.clone() });
        }
    }
}

/// What selectors see of an interface.
pub(super) fn subject<'a>(interface: &'a NetworkInterface, instance: Option<&'a Instance>) -> Subject<'a> {
    let tags: Vec<&Tags> = [&interface.tags].into_iter().chain(instance.map(|instance| &instance.tags)).collect();
    Subject {
        tags,
        vpc: &interface.vpc,
        subnet: &interface.subnet,
        zone: &interface.zone,
        security_groups: &interface.security_groups,
        platform: instance.map(|instance| instance.platform),
        instance_type: instance.map(|instance| instance.instance_type.as_str()),
        auto_scaling_group: instance.and_then(Instance::auto_scaling_group),
    }
}
