//! Takes the calls of several who share an account; gives a cloud so small that a test can hold all of it: what stands is what was
//! asked for, at once. Never lets one touch what another has made, and refuses what AWS refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, at};
use crate::cloud::{ClientToken, CloudError, Items, Outcome, PacketLength, Page, Query, SessionChange, Step};
use crate::compile::{Desired, compile};
use crate::decide::{Decisions, decide};
use crate::ids::TargetId;
use crate::inventory::{Filter, Inventory, Kind, Listener, Resource, Session, Target, TargetGroup};
use crate::memory::{Done, Memory, notice, remember};
use crate::observe::{Hints, Walk};
use crate::plan::{Plan, plan};
use crate::policy::Policy;

/// The account.
pub(crate) struct Cloud {
    pub(crate) facts: Facts,
    tokens: BTreeMap<ClientToken, Outcome>,
    made: u32,
    /// Who made what, by id.
    makers: BTreeMap<String, String>,
    /// How many sources a target has in accounts that ours does not see.
    pub(crate) unseen_sources: BTreeMap<TargetId, usize>,
    /// How many calls were refused.
    pub(crate) refused: usize,
    /// Every call that was carried out, and whose it was.
    pub(crate) calls: Vec<(String, Step)>,
}

impl Cloud {
    pub(crate) fn new(facts: Facts) -> Self {
        Self {
            facts,
            tokens: BTreeMap::new(),
            made: 0,
            makers: BTreeMap::new(),
            unseen_sources: BTreeMap::new(),
            refused: 0,
            calls: Vec::new(),
        }
    }

    /// Changes what others own: instances, other people's sessions.
    pub(crate) fn change(&mut self, change: impl FnOnce(Facts) -> Facts) {
        self.facts = change(self.facts.clone());
    }

    /// A list, in one page.
    fn read(&self, query: &Query) -> Page {
        if let Some(items) = balanced(&self.facts.0, query) {
            return Page { items, next: None };
        }
        let Inventory { instances, interfaces, tagged, targets, filters, sessions, .. } = &self.facts.0;
        let items = match query {
            Query::Identity => Items::Identity(super::ACCOUNT.into()),
            Query::List(Kind::Instances, _) => Items::Instances(instances.values().cloned().collect()),
            Query::List(Kind::Interfaces, _) => Items::Interfaces(interfaces.values().cloned().collect()),
            Query::List(Kind::Tagged, _) | Query::Tagged(..) => Items::Tagged(tagged.clone()),
            Query::List(Kind::Targets, _) => Items::Targets(targets.values().cloned().collect()),
            Query::List(Kind::Filters, _) => Items::Filters(filters.values().cloned().collect()),
            Query::List(Kind::Sessions, _) => Items::Sessions(sessions.values().cloned().collect()),
            other => panic!("{other:?} is answered before, or is no list"),
        };
        Page { items, next: None }
    }

    /// How many calls of an action were carried out, whoever's.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.calls.iter().filter(|(_, step)| step.action() == action).count()
    }

    /// The interface of an instance is gone, and with it AWS removes its sessions.
    pub(crate) fn terminate(&mut self, instance: &str, interface: &str) {
        self.change(|facts| facts.without_interface(interface).without_instance(instance));
        self.facts.0.sessions.retain(|_, session| session.interface.as_str() != interface);
    }

    pub(crate) fn apply(&mut self, owner: &str, step: &Step) -> Result<Outcome, CloudError> {
        let answer = self.carry_out(owner, step);
        let answer = answer.map_err(|code| CloudError::answered(step.action(), code, "no", 400));
        match &answer {
            Ok(_) => self.calls.push((owner.to_owned(), step.clone())),
            Err(_) => self.refused += 1,
        }
        answer
    }

    fn carry_out(&mut self, owner: &str, step: &Step) -> Result<Outcome, &'static str> {
        match step {
            Step::CreateFilter { token, .. }
            | Step::CreateRule { token, .. }
            | Step::CreateTarget { token, .. }
            | Step::CreateSession { token, .. } => {
                if let Some(known) = self.tokens.get(token) {
                    return Ok(known.clone());
                }
                let made = self.create(owner, step)?;
                self.tokens.insert(token.clone(), made.clone());
                Ok(made)
            }
            Step::AddServices { filter, services } => {
                self.touch(owner, filter.as_str());
                let filter = self.facts.0.filters.get_mut(filter).ok_or("InvalidTrafficMirrorFilterId.NotFound")?;
                filter.services.extend(services.clone());
                Ok(Outcome::Done)
            }
            Step::ModifySession { session, change } => self.modify(owner, session.as_str(), change),
            other => self.delete(owner, other),
        }
    }

    fn create(&mut self, owner: &str, step: &Step) -> Result<Outcome, &'static str> {
        self.made += 1;
        let id = |prefix: &str| format!("{prefix}-{:04}", self.made);
        let account = super::ACCOUNT.into();
        let outcome = match step.clone() {
            Step::CreateFilter { tags, .. } => {
                let filter =
                    Filter { id: id("tmf").into(), rules: BTreeMap::new(), services: Default::default(), tags };
                let id = filter.id.clone();
                self.facts.0.filters.insert(id.clone(), filter);
                Outcome::Filter(id)
            }
            Step::CreateRule { filter, rule, .. } => {
                let id = id("tmfr");
                self.touch(owner, filter.as_str());
                let filter = self.facts.0.filters.get_mut(&filter).ok_or("InvalidTrafficMirrorFilterId.NotFound")?;
                if filter.rules.values().any(|it| (it.direction, it.number) == (rule.direction, rule.number)) {
                    return Err("TrafficMirrorFilterRuleAlreadyExists");
                }
                filter.rules.insert(id.as_str().into(), rule);
                Outcome::Rule(id.into())
            }
            Step::CreateTarget { resource, tags, .. } => {
                if self.facts.0.targets.values().any(|target| target.resource == resource) {
                    return Err("NlbInUseByTrafficMirrorTargetException");
                }
                let target = Target { id: id("tmt").into(), owner: account, resource, tags };
                let id = target.id.clone();
                self.facts.0.targets.insert(id.clone(), target);
                Outcome::Target(id)
            }
            Step::CreateSession { interface, target, filter, number, packet_length, vni, tags, .. } => {
                let id = id("tms").into();
                if !self.facts.0.interfaces.contains_key(&interface) {
                    return Err("InvalidNetworkInterfaceID.NotFound");
                }
                let (vni, packet_length) = (Some(vni), packet_length.map(u32::from));
                let session =
                    Session { id, owner: account, interface, target, filter, number, packet_length, vni, tags };
                let id = session.id.clone();
                self.put(session)?;
                Outcome::Session(id)
            }
            other => panic!("{other} makes nothing"),
        };
        let id = match &outcome {
            Outcome::Filter(id) => id.to_string(),
            Outcome::Rule(id) => id.to_string(),
            Outcome::Target(id) => id.to_string(),
            Outcome::Session(id) => id.to_string(),
            Outcome::Done => return Ok(outcome),
        };
        self.makers.insert(id, owner.to_owned());
        Ok(outcome)
    }

    fn modify(&mut self, owner: &str, id: &str, change: &SessionChange) -> Result<Outcome, &'static str> {
        self.touch(owner, id);
        let SessionChange { target, filter, number, packet_length, vni } = change.clone();
        let session = self.facts.0.sessions.get(&id.into()).ok_or("InvalidTrafficMirrorSessionId.NotFound")?;
        let mut session = session.clone();
        session.target = target.unwrap_or(session.target);
        session.filter = filter.unwrap_or(session.filter);
        session.number = number.unwrap_or(session.number);
        session.packet_length = match packet_length {
            None => session.packet_length,
            Some(PacketLength::Whole) => None,
            Some(PacketLength::Bytes(bytes)) => Some(bytes.into()),
        };
        session.vni = vni.or(session.vni);
        self.put(session)?;
        Ok(Outcome::Done)
    }

    /// A session as it is to stand, if AWS allows it.
    fn put(&mut self, session: Session) -> Result<(), &'static str> {
        let Inventory { sessions, targets, filters, .. } = &mut self.facts.0;
        let target = targets.get(&session.target).ok_or("InvalidTrafficMirrorTargetId.NotFound")?;
        if !filters.contains_key(&session.filter) {
            return Err("InvalidTrafficMirrorFilterId.NotFound");
        }
        let others = || sessions.values().filter(|it| it.id != session.id);
        if others().filter(|it| it.interface == session.interface).count() >= 3 {
            return Err("TrafficMirrorSessionsPerInterfaceLimitExceeded");
        }
        if others().any(|it| (&it.interface, it.number) == (&session.interface, session.number)) {
            return Err("InvalidParameterValue");
        }
        let is_interface = matches!(target.resource, Resource::NetworkInterface(_));
        let unseen = self.unseen_sources.get(&session.target).copied().unwrap_or_default();
        if is_interface && others().filter(|it| it.target == session.target).count() + unseen >= 10 {
            return Err("TrafficMirrorSourcesPerTargetLimitExceeded");
        }
        sessions.insert(session.id.clone(), session);
        Ok(())
    }

    fn delete(&mut self, owner: &str, step: &Step) -> Result<Outcome, &'static str> {
        match step {
            Step::DeleteSession { session } => {
                self.touch(owner, session.as_str());
                self.facts.0.sessions.remove(session).ok_or("InvalidTrafficMirrorSessionId.NotFound")?;
            }
            Step::DeleteRule { filter, rule } => {
                self.touch(owner, filter.as_str());
                let filter = self.facts.0.filters.get_mut(filter).ok_or("InvalidTrafficMirrorFilterId.NotFound")?;
                filter.rules.remove(rule).ok_or("InvalidTrafficMirrorFilterRuleId.NotFound")?;
            }
            Step::DeleteFilter { filter } => {
                self.touch(owner, filter.as_str());
                if self.facts.0.sessions.values().any(|session| session.filter == *filter) {
                    return Err("TrafficMirrorFilterInUse");
                }
                self.facts.0.filters.remove(filter).ok_or("InvalidTrafficMirrorFilterId.NotFound")?;
            }
            Step::DeleteTarget { target } => {
                self.touch(owner, target.as_str());
                if self.facts.0.sessions.values().any(|session| session.target == *target) {
                    return Err("TrafficMirrorTargetInUse");
                }
                self.facts.0.targets.remove(target).ok_or("InvalidTrafficMirrorTargetId.NotFound")?;
            }
            other => panic!("{other} removes nothing"),
        }
        Ok(Outcome::Done)
    }

    /// Nobody changes or removes what another has made.
    fn touch(&self, owner: &str, id: &str) {
        let maker = self.makers.get(id).map(String::as_str);
        assert_eq!(maker, Some(owner), "{owner} touches {id}");
    }
}

/// What ELB answers; none to another question. A load balancer of which the facts say nothing hears mirrored packets, and has nobody
/// behind it.
pub(crate) fn balanced(facts: &Inventory, query: &Query) -> Option<Items> {
    Some(match query {
        Query::LoadBalancers(_) => Items::LoadBalancers(facts.balancers.keys().cloned().collect()),
        Query::Listeners(of, _) => match facts.balancers.get(of) {
            Some(balancer) => Items::Listeners(balancer.listeners.iter().cloned().collect()),
            None => Items::Listeners(vec![Listener { protocol: "UDP".into(), port: 4789 }]),
        },
        Query::TargetGroups(of, _) => {
            let groups = facts.balancers.get(of).into_iter().flat_map(|balancer| &balancer.groups);
            let empty = |group: &TargetGroup| TargetGroup { vpc: group.vpc.clone(), ..TargetGroup::default() };
            Items::TargetGroups(groups.map(|(arn, group)| (arn.clone(), empty(group))).collect())
        }
        Query::TargetHealth(of, group) => {
            let group = facts.balancers.get(of).and_then(|balancer| balancer.groups.get(group));
            Items::TargetHealth(group.into_iter().flat_map(|group| group.targets.clone()).collect())
        }
        Query::Balancers(_) => Items::LoadBalancers(facts.directory.balancers.iter().cloned().collect()),
        Query::Classic(_) => {
            Items::Classic(facts.directory.classic.iter().map(|(name, it)| (name.clone(), it.clone())).collect())
        }
        Query::BalancerTags(_) => {
            Items::BalancerTags(facts.directory.tags.iter().map(|(arn, tags)| (arn.clone(), tags.clone())).collect())
        }
        Query::WebAcls(_) => {
            let acls = facts.directory.web_acls.iter();
            Items::WebAcls(acls.map(|(arn, protection)| (arn.clone(), protection.name.clone())).collect())
        }
        Query::Protected(of) => {
            let protection = facts.directory.web_acls.get(of);
            Items::Protected(protection.into_iter().flat_map(|it| it.balancers.clone()).collect())
        }
        Query::List(Kind::Subnets, _) => {
            Items::Subnets(facts.subnets.iter().map(|(id, subnet)| (id.clone(), subnet.clone())).collect())
        }
        Query::List(Kind::GroupRules, _) => Items::GroupRules(facts.group_rules.values().flatten().cloned().collect()),
        _ => return None,
    })
}

/// One of ours: a policy, and what it remembers.
pub(crate) struct Reconciler {
    pub(crate) policy: Policy,
    pub(crate) memory: Memory,
    /// What has been heard when it looks: that everything is to be read, if nobody says otherwise.
    pub(crate) hints: Hints,
    pub(crate) decisions: Decisions,
    pub(crate) plan: Plan,
}

impl Reconciler {
    pub(crate) fn new(policy: Policy) -> Self {
        let memory = super::nothing_remembered();
        let hints = Hints { kinds: Kind::ALL.into(), ..Hints::default() };
        Self { policy, memory, hints, decisions: Decisions::default(), plan: Plan::default() }
    }

    /// One round: what is due is read, and the whole plan carried out. Gives how many calls succeeded.
    pub(crate) fn round(&mut self, cloud: &mut Cloud, seconds: i64) -> usize {
        self.round_for(cloud, seconds, |_| {})
    }

    /// The same, with what is to stand changed like this.
    pub(crate) fn round_for(&mut self, cloud: &mut Cloud, seconds: i64, wish: impl Fn(&mut Desired)) -> usize {
        let owner = self.policy.owner.clone();
        let mut memory = self.observe(cloud, seconds);
        memory.approve(&self.policy.approve, &BTreeSet::new(), at(seconds));
        self.decisions = decide(&self.policy, &memory.inventory, &memory.lessons, &mut memory.fits, at(seconds));
        let mut desired = compile(&self.policy, &self.decisions, &mut memory.fits);
        wish(&mut desired);
        self.plan = plan(&desired, &memory.inventory, &memory, at(seconds));
        let carry_out = |planned: &crate::plan::Planned| {
            let result = cloud.apply(&owner, &planned.step);
            Done { planned: planned.clone(), at: at(seconds), result }
        };
        let done: Vec<Done> = self.plan.steps.iter().map(carry_out).collect();
        let succeeded = done.iter().filter(|done| done.succeeded()).count();
        self.memory = remember(memory, &self.plan, &done, at(seconds));
        succeeded
    }

    /// What is remembered once all that is due was read.
    pub(crate) fn observe(&self, cloud: &Cloud, seconds: i64) -> Memory {
        let mut memory = self.memory.clone();
        let mut walk = Walk::due(&self.policy, &memory, &self.hints, at(seconds));
        while let Some(query) = walk.ask() {
            let page = cloud.read(&query);
            assert_eq!(walk.take(query, Ok(page), &mut memory.rates, at(seconds)), None);
        }
        let inventory = walk.finish(&memory);
        notice(memory, inventory)
    }

    /// Rounds of ten seconds until nothing is left to do; gives the time at which that was.
    ///
    /// # Panics
    ///
    /// When that takes more than an hour.
    pub(crate) fn settle(&mut self, cloud: &mut Cloud, from: i64) -> i64 {
        for seconds in (from..from + 3600).step_by(10) {
            if self.round(cloud, seconds) == 0 && self.plan.is_empty() {
                return seconds;
            }
        }
        panic!("still to be done: {:?}", self.plan)
    }
}
