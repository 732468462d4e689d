//! Takes all of a round; gives the whole way of one instance or interface, from its tags to its sessions, or the reason at the step
//! where it ended. Never decides: each step is asked of whoever decides it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::rules::{RuleReport, captured, rules};
use super::state::{Said, State, standing, state};
use crate::Time;
use crate::compile::Desired;
use crate::decide::{Decision, Decisions, Evidence, LaneWish, Offer, Offers, TargetChoice, evidence};
use crate::ids::{
    AccountId, FilterId, InstanceId, InterfaceId, Lane, Region, SecurityGroupId, SessionId, SubnetId, TargetId, VpcId,
    Zone,
};
use crate::inventory::{Instance, InstanceState, Inventory, NetworkInterface, Platform, Resource, Session};
use crate::lessons::Lessons;
use crate::limits::SESSIONS_PER_INTERFACE;
use crate::objects::ObjectKey;
use crate::ownership::lane_of;
use crate::plan::Plan;
use crate::policy::Policy;

use super::plan::Amount;

/// Everything that there is to know of a round.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The facts.
    pub inventory: &'a Inventory,
    /// What AWS has taught.
    pub lessons: &'a Lessons,
    /// When it was decided.
    pub now: Time,
    /// What was decided.
    pub decisions: &'a Decisions,
    /// What it amounts to.
    pub desired: &'a Desired,
    /// How to get there.
    pub plan: &'a Plan,
}

/// The whole way of an instance's interfaces, or of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What was asked for.
    pub id: String,
    /// The account; none while it is not known.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Region,
    /// The instance; none where it is not listed.
    pub instance: Option<InstanceReport>,
    /// Its interfaces.
    pub interfaces: Vec<InterfaceReport>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceReport {
    /// Its id.
    pub id: InstanceId,
    /// What its tag `Name` says.
    pub name: Option<String>,
    /// Its type.
    pub instance_type: String,
    /// What it runs.
    pub platform: Platform,
    /// Where it is in its life.
    pub state: InstanceState,
    /// Its auto scaling group.
    pub auto_scaling_group: Option<String>,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceReport {
    /// Its id.
    pub id: InterfaceId,
    /// Where it is on its way.
    pub state: State,
    /// 0 for the interface that the instance was launched with; none where it is not attached.
    pub device_index: Option<i32>,
    /// Its Availability Zone.
    pub zone: Zone,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its security groups.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Whether it has an IPv6 address.
    pub ipv6: bool,
    /// The tags and selectors, and whether it can be a source.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// What was decided, in its order.
    pub reasons: Vec<Said>,
    /// The sessions on it, by number: the first that matches a packet gets it.
    pub slots: Vec<SlotReport>,
    /// How many sessions AWS allows on it.
    pub slots_allowed: usize,
    /// The sessions that are wanted.
    pub lanes: Vec<LaneReport>,
    /// What they cost.
    pub cost: Amount,
}

/// A session that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotReport {
    /// Its id.
    pub session: SessionId,
    /// Its number.
    pub number: u16,
    /// The lane that it serves; none for one of somebody else.
    pub lane: Option<Lane>,
    /// The account that made it.
    pub account: AccountId,
    /// Where it sends.
    pub target: TargetId,
    /// What it sends.
    pub filter: FilterId,
}

/// A session that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LaneReport {
    /// The lane.
    pub lane: Lane,
    /// The session that stands for it.
    pub session: Option<SessionId>,
    /// What is planned for it now, and what waits, in words.
    pub next: Vec<String>,
    /// Its number.
    pub number: u16,
    /// Its VXLAN network identifier.
    pub vni: u32,
    /// Where its packets go.
    pub target: TargetChoice,
    /// Why there.
    pub target_why: String,
    /// All that the lane offers.
    pub targets: Vec<Offer>,
    /// What it captures, in words: what each strategy wants.
    pub captures: Vec<String>,
    /// What its session captures beyond that, since its filter is so little wider that it stays.
    pub captures_more: Vec<String>,
    /// The rules of the filter that it asks for.
    pub rules: Vec<RuleReport>,
}

/// Explains an instance or an interface; none when nothing of that id is listed.
pub fn explain(seen: Seen<'_>, id: &str) -> Option<Explanation> {
    let inventory = seen.inventory;
    let of = |interface: &NetworkInterface| interface.attachment.as_ref().and_then(|it| it.instance.clone());
    let asked = InstanceId::from(id);
    let concerned: Vec<&NetworkInterface> = inventory
        .interfaces
        .values()
        .filter(|interface| interface.id.as_str() == id || of(interface).as_ref() == Some(&asked))
        .collect();
    let instance = concerned.first().and_then(|interface| of(interface)).unwrap_or(asked);
    let instance = inventory.instances.get(&instance).map(InstanceReport::of);
    if concerned.is_empty() && instance.is_none() {
        return None;
    }
    let offers = Offers::new(seen.policy, inventory, seen.lessons, seen.now);
    let interfaces = concerned.into_iter().map(|interface| interface_report(seen, &offers, interface)).collect();
    let (account, region) = (inventory.account.clone(), inventory.region.clone());
    Some(Explanation { id: id.to_owned(), account, region, instance, interfaces })
}

impl InstanceReport {
    fn of(instance: &Instance) -> Self {
        let Instance { id, owner: _, instance_type, platform, state, tags } = instance;
        Self {
            id: id.clone(),
            name: tags.get("Name").cloned(),
            instance_type: instance_type.clone(),
            platform: *platform,
            state: *state,
            auto_scaling_group: instance.auto_scaling_group().map(str::to_owned),
        }
    }
}

fn interface_report(seen: Seen<'_>, offers: &Offers, interface: &NetworkInterface) -> InterfaceReport {
    let Seen { policy, inventory, lessons, now, decisions, .. } = seen;
    let decision = decisions.interfaces.get(&interface.id);
    let lanes: Vec<LaneReport> = decision
        .into_iter()
        .flat_map(|Decision { lanes, .. }| lanes)
        .map(|(lane, wish)| lane_report(seen, offers, interface, lane, wish))
        .collect();
    InterfaceReport {
        id: interface.id.clone(),
        state: state(inventory, &interface.id, decision),
        device_index: interface.attachment.as_ref().map(|attachment| attachment.device_index),
        zone: interface.zone.clone(),
        vpc: interface.vpc.clone(),
        subnet: interface.subnet.clone(),
        security_groups: interface.security_groups.clone(),
        ipv6: interface.ipv6,
        evidence: evidence(policy, inventory, lessons, interface, now),
        reasons: decision.map(|decision| decision.reasons.iter().map(Said::from).collect()).unwrap_or_default(),
        slots: slots(inventory, &interface.id),
        slots_allowed: SESSIONS_PER_INTERFACE,
        cost: Amount::of(lanes.len()),
        lanes,
    }
}

fn slots(inventory: &Inventory, interface: &InterfaceId) -> Vec<SlotReport> {
    let slot = |session: &Session| SlotReport {
        session: session.id.clone(),
        number: session.number,
        lane: lane_of(inventory, session),
        account: session.owner.clone(),
        target: session.target.clone(),
        filter: session.filter.clone(),
    };
    let here = inventory.sessions.values().filter(|session| session.interface == *interface);
    let mut slots: Vec<SlotReport> = here.map(slot).collect();
    slots.sort_by_key(|slot| slot.number);
    slots
}

fn lane_report(
    seen: Seen<'_>,
    offers: &Offers,
    interface: &NetworkInterface,
    lane: &Lane,
    wish: &LaneWish,
) -> LaneReport {
    let LaneWish { rank: _, target, number, vni, ipv6: _, capture } = wish;
    let key = ObjectKey::Session(interface.id.clone(), lane.clone());
    let steps = seen.plan.steps.iter().filter(|it| it.key == key).map(|it| it.step.to_string());
    let waits = seen.plan.waiting.iter().filter(|it| it.key == key).map(|it| format!("waits for {}", it.on));
    let spec = seen.desired.sessions.get(&(interface.id.clone(), lane.clone()));
    let filter = spec.and_then(|spec| seen.desired.filters.get(&spec.filter));
    let session = standing(seen.inventory, &interface.id, lane);
    let surplus = seen.plan.surplus.iter().find(|it| session.as_ref().is_some_and(|id| it.sessions.contains(id)));
    LaneReport {
        lane: lane.clone(),
        session,
        next: steps.chain(waits).collect(),
        number: *number,
        vni: *vni,
        target: target.clone(),
        target_why: target_why(seen.inventory, &interface.id, lane, target),
        targets: offers.of(lane, interface),
        captures: captured(capture),
        captures_more: surplus.map(|surplus| surplus.more.clone()).unwrap_or_default(),
        rules: filter.map(|spec| rules(spec, capture)).unwrap_or_default(),
    }
}

fn target_why(inventory: &Inventory, interface: &InterfaceId, lane: &Lane, target: &TargetChoice) -> String {
    let stands = inventory.standing(&(interface.clone(), lane.clone())).first().map(|session| session.target.clone());
    let why = match (stands, target) {
        (Some(stands), TargetChoice::Made(target)) if stands == *target => {
            "its session sends there already, and stays: `rebalance` spreads anew".into()
        }
        (Some(stands), _) => format!("{stands}, where its session sends, is gone, full, or not the sensor's any more"),
        (None, TargetChoice::Made(_)) => "the nearest that has room, and of those the least used".into(),
        (None, TargetChoice::ToMake(_)) => "nobody has a mirror target for it yet: it is made".into(),
    };
    match unseen(inventory, target) {
        None => why,
        Some(unseen) => format!("{why}; {unseen}: see that nobody there is chosen, or mirrors of mirrors loop"),
    }
}

/// Of what a target sends to, what nobody sees: who is behind it.
fn unseen(inventory: &Inventory, target: &TargetChoice) -> Option<String> {
    let resource = match target {
        TargetChoice::Made(id) => &inventory.targets.get(id)?.resource,
        TargetChoice::ToMake(resource) => resource,
    };
    match resource {
        Resource::NetworkLoadBalancer(arn) if !inventory.can_see(arn) => {
            Some(format!("what is behind {arn} is not read"))
        }
        Resource::NetworkInterface(_) | Resource::NetworkLoadBalancer(_) => None,
        // Of this account's, nobody is a source, whichever it is.
        Resource::GatewayLoadBalancerEndpoint(id) => {
            Some(format!("what is behind {id} is not read where it is another account's load balancer"))
        }
    }
}
