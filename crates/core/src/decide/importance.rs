//! Takes an interface; says which strategies choose it, by tag or by selector. Never asks whether it can be mirrored.
//!
//! The nearest tag decides: the interface's own before its instance's, `off` included.
//!
//! | the nearest tag | chosen by |
//! |---|---|
//! | none | the strategies whose selector matches |
//! | `crown-jewel` | that strategy, and those whose selector matches |
//! | `crown-jewel+other` | both, and those whose selector matches |
//! | `off` | those whose selector matches: importance does not let whoever may tag blind us quietly |
//! | an unknown name | those whose selector matches; the name is reported |

use std::collections::BTreeSet;

use super::{Place, Reason};
use crate::inventory::{Inventory, NetworkInterface, Tags};
use crate::policy::{Choice, Policy};

/// Opts out.
const OFF: &str = "off";

/// The strategies that choose an interface.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) strategies: BTreeSet<String>,
    /// Empty when nothing concerns the interface.
    pub(super) reasons: Vec<Reason>,
}

pub(super) fn choose(policy: &Policy, inventory: &Inventory, interface: &NetworkInterface) -> Chosen {
    let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
    let instance = instance.and_then(|id| inventory.instances.get(id));
    let mut nearest = vec![(Place::Interface, &interface.tags)];
    nearest.extend(instance.map(|instance| (Place::Instance, &instance.tags)));

    let mut chosen = Chosen::default();
    let tag = nearest.iter().find_map(|(place, tags)| tags.get(&policy.tag_key).map(|value| (*place, value)));
    if let Some((place, value)) = tag {
        by_tag(policy, place, value, &mut chosen);
    }
    let off = tag.filter(|(_, value)| value.as_str() == OFF);
    let tags: Vec<&Tags> = nearest.iter().map(|(_, tags)| *tags).collect();
    for strategy in &policy.strategies {
        let Choice::Importance { select } = &strategy.choice;
        if !select.as_ref().is_some_and(|select| select.matches(&tags)) {
            continue;
        }
        if chosen.strategies.insert(strategy.name.clone()) {
            chosen.reasons.push(Reason::Selected { strategy: strategy.name.clone() });
        }
        if let Some((place, _)) = off {
            chosen.reasons.push(Reason::OptOutForbidden { strategy: strategy.name.clone(), place });
        }
    }
    chosen
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
            None => chosen.reasons.push(Reason::UnknownStrategy { value: name.into(), place }),
        }
    }
}
