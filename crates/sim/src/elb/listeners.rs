//! Takes load balancers and target groups; gives listeners that forward from one to the other. Never makes a mirror target's call fail
//! for a listener that is gone: neither does AWS.

use std::collections::BTreeMap;

use mirror_core::ids::LoadBalancerArn;
use mirror_core::inventory::Tags;

use super::load_balancers::LoadBalancer;
use super::paging::{check_count, check_one_way, page};
use super::request::{CreateListener, DescribeListeners, ModifyListener};
use super::words::{ListenerArn, LoadBalancerState, LoadBalancerType, Protocol, RuleArn, TargetGroupArn};
use super::{invalid, tags};
use crate::error::ApiError;
use crate::listing::Page;
use crate::world::World;

/// Where mirrored packets arrive. Source: Traffic Mirroring guide, "Traffic mirror targets".
const MIRROR_PORT: i32 = 4789;

/// A listener of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: ListenerArn,
    /// Its load balancer.
    pub load_balancer: LoadBalancerArn,
    /// What it speaks; none for a Gateway Load Balancer's.
    pub protocol: Option<Protocol>,
    /// Where it listens; none for a Gateway Load Balancer's.
    pub port: Option<i32>,
    /// The rule for what no other rule is for.
    pub default: Rule,
    /// Its other rules, by priority.
    pub rules: BTreeMap<i32, Rule>,
    /// Tags.
    pub tags: Tags,
}

/// A rule of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its ARN.
    pub arn: RuleArn,
    /// The lowest is looked at first; none for the default rule, which is last.
    pub priority: Option<i32>,
    /// Fields, with the values of which one must match.
    pub conditions: Vec<(String, Vec<String>)>,
    /// The target groups that it forwards to.
    pub forwards_to: Vec<TargetGroupArn>,
}

impl Listener {
    /// All its rules, the default one last.
    pub(super) fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().chain([&self.default])
    }

    /// Whether mirrored packets can arrive here.
    fn hears_mirrored_packets(&self) -> bool {
        self.port == Some(MIRROR_PORT) && matches!(self.protocol, Some(Protocol::Udp | Protocol::TcpUdp))
    }
}

impl World {
    /// Whether a Network Load Balancer is active, and has a listener on port 4789 that hears UDP.
    pub fn has_mirror_listener(&self, load_balancer: &LoadBalancerArn) -> bool {
        let active = |it: &&LoadBalancer| it.state == LoadBalancerState::Active;
        let balancer = self.load_balancers.get(load_balancer).filter(active);
        balancer.is_some_and(|balancer| balancer.listeners.values().any(Listener::hears_mirrored_packets))
    }

    /// Whether mirrored packets reach such a listener.
    pub(crate) fn receives_mirrored_packets(&self, load_balancer: &LoadBalancerArn) -> bool {
        let is_reached = |balancer: &LoadBalancer| balancer.is_reached_by_mirrors();
        self.has_mirror_listener(load_balancer) && self.load_balancers.get(load_balancer).is_some_and(is_reached)
    }

    /// Takes every listener for mirrored packets off a load balancer. No call of EC2 shows it, and none fails.
    pub fn remove_mirror_listener(&mut self, load_balancer: &LoadBalancerArn) {
        if let Some(balancer) = self.load_balancers.get_mut(load_balancer) {
            balancer.listeners.retain(|_, listener| !listener.hears_mirrored_packets());
        }
    }

    /// Gives a load balancer a UDP listener on port 4789 that forwards to no group yet.
    pub(crate) fn add_mirror_listener(&mut self, load_balancer: &LoadBalancerArn) {
        let wish = CreateListener {
            load_balancer: load_balancer.clone(),
            protocol: Some(Protocol::Udp),
            port: Some(MIRROR_PORT),
            forwards_to: Vec::new(),
            tags: Tags::new(),
        };
        let listener = self.new_listener(&wish);
        if let Some(balancer) = self.load_balancers.get_mut(load_balancer) {
            balancer.listeners.insert(listener.arn.clone(), listener);
        }
    }

    pub(super) fn describe_listeners(&self, asked: &DescribeListeners) -> Result<Page<Listener>, ApiError> {
        let DescribeListeners { load_balancer, arns, pages } = asked;
        check_count(arns)?;
        check_one_way(&[load_balancer.is_some(), !arns.is_empty()])?;
        let found: BTreeMap<_, _> = match load_balancer {
            Some(arn) => self.load_balancer(arn)?.listeners.clone(),
            None if arns.is_empty() => {
                return Err(invalid("You must specify either listener ARNs or a load balancer ARN"));
            }
            None => arns.iter().map(|arn| Ok((arn.clone(), self.listener(arn)?.clone()))).collect::<Result<_, _>>()?,
        };
        page(self, "listener", found.into_iter().map(|(arn, listener)| (arn.to_string(), listener)), pages)
    }

    pub(super) fn create_listener(&mut self, wish: &CreateListener) -> Result<Listener, ApiError> {
        tags::check(&wish.tags)?;
        let balancer = self.load_balancer(&wish.load_balancer)?;
        check_speaks(balancer, wish.protocol, wish.port)?;
        check_port_is_free(balancer, wish.port, None)?;
        self.check_forwards(balancer, wish.protocol, &wish.forwards_to)?;
        let listener = self.new_listener(wish);
        let balancer = self.load_balancer_mut(&wish.load_balancer)?;
        balancer.listeners.insert(listener.arn.clone(), listener.clone());
        Ok(listener)
    }

    fn new_listener(&mut self, wish: &CreateListener) -> Listener {
        let CreateListener { load_balancer, protocol, port, forwards_to, tags } = wish;
        let path = load_balancer.as_str().replacen(":loadbalancer/", ":listener/", 1);
        let arn = format!("{path}/{}", self.mint.digits("listener"));
        let rule =
            format!("{}/{}", arn.replacen(":listener/", ":listener-rule/", 1), self.mint.digits("listener rule"));
        Listener {
            arn: arn.into(),
            load_balancer: load_balancer.clone(),
            protocol: *protocol,
            port: *port,
            default: Rule {
                arn: rule.into(),
                priority: None,
                conditions: Vec::new(),
                forwards_to: forwards_to.clone(),
            },
            rules: BTreeMap::new(),
            tags: tags.clone(),
        }
    }

    pub(super) fn modify_listener(&mut self, change: &ModifyListener) -> Result<Listener, ApiError> {
        let ModifyListener { listener, protocol, port, forwards_to } = change;
        let mut changed = self.listener(listener)?.clone();
        changed.protocol = protocol.or(changed.protocol);
        changed.port = port.or(changed.port);
        if let Some(groups) = forwards_to {
            changed.default.forwards_to.clone_from(groups);
        }
        let balancer = self.load_balancer(&changed.load_balancer)?;
        check_speaks(balancer, changed.protocol, changed.port)?;
        check_port_is_free(balancer, changed.port, Some(listener))?;
        for rule in changed.all_rules() {
            // A listener that no call made may forward to no group.
            if forwards_to.is_some() || !rule.forwards_to.is_empty() {
                self.check_forwards(balancer, changed.protocol, &rule.forwards_to)?;
            }
        }
        let balancer = self.load_balancer_mut(&changed.load_balancer)?;
        balancer.listeners.insert(listener.clone(), changed.clone());
        Ok(changed)
    }

    pub(super) fn delete_listener(&mut self, arn: &ListenerArn) -> Result<(), ApiError> {
        let load_balancer = self.listener(arn)?.load_balancer.clone();
        self.load_balancer_mut(&load_balancer)?.listeners.remove(arn);
        Ok(())
    }

    pub(super) fn listener(&self, arn: &ListenerArn) -> Result<&Listener, ApiError> {
        let found = self.own_load_balancers().find_map(|balancer| balancer.listeners.get(arn));
        found.ok_or_else(|| ApiError::new("ListenerNotFound", format!("Listener '{arn}' not found")))
    }

    /// Refuses what a rule cannot forward to.
    pub(super) fn check_forwards(
        &self,
        balancer: &LoadBalancer,
        protocol: Option<Protocol>,
        groups: &[TargetGroupArn],
    ) -> Result<(), ApiError> {
        if groups.is_empty() {
            return Err(invalid("A forward action must name a target group"));
        }
        for arn in groups {
            let group = self.target_group(arn)?;
            if !fits(balancer.kind, protocol, group.protocol) {
                let message = format!("The protocol of target group '{arn}' does not fit the listener's");
                return Err(ApiError::new("IncompatibleProtocols", message));
            }
            if self.balancers_of(arn).any(|other| other.arn != balancer.arn) {
                let message = format!("Target group '{arn}' cannot be associated with more than one load balancer");
                return Err(ApiError::new("TargetGroupAssociationLimit", message));
            }
        }
        Ok(())
    }
}

/// Whether a listener that speaks one protocol can forward to a group that speaks another: none is a function. Source: "Listeners for your
/// Network Load Balancers", User Guide for Network Load Balancers, "Routing configuration".
fn fits(kind: LoadBalancerType, listener: Option<Protocol>, group: Option<Protocol>) -> bool {
    use Protocol::{Tcp, TcpUdp, Tls, Udp};
    match (kind, listener, group) {
        (LoadBalancerType::Network, Some(Tcp), Some(to)) => matches!(to, Tcp | TcpUdp),
        (LoadBalancerType::Network, Some(Tls), Some(to)) => matches!(to, Tcp | Tls),
        (LoadBalancerType::Network, Some(Udp), Some(to)) => matches!(to, Udp | TcpUdp),
        (LoadBalancerType::Network, Some(TcpUdp), Some(to)) => to == TcpUdp,
        (LoadBalancerType::Network, _, _) => false,
        (kind, _, Some(to)) => kind.speaks_to_targets().contains(&to),
        (kind, _, None) => kind == LoadBalancerType::Application,
    }
}

fn check_speaks(balancer: &LoadBalancer, protocol: Option<Protocol>, port: Option<i32>) -> Result<(), ApiError> {
    let spoken = balancer.kind.speaks();
    match (protocol, port) {
        (None, None) if spoken.is_empty() => Ok(()),
        (_, Some(port)) if !(1..=65535).contains(&port) => Err(invalid(format!("Port '{port}' must be 1 to 65535"))),
        (Some(protocol), Some(_)) if spoken.contains(&protocol) => Ok(()),
        (Some(protocol), _) if !spoken.contains(&protocol) => {
            let message = format!("Listener protocol '{}' is not one of this load balancer's", protocol.name());
            Err(ApiError::new("UnsupportedProtocol", message))
        }
        _ if spoken.is_empty() => Err(invalid("A listener of a Gateway Load Balancer has neither protocol nor port")),
        _ => Err(invalid("A listener must have a protocol and a port")),
    }
}

fn check_port_is_free(
    balancer: &LoadBalancer,
    port: Option<i32>,
    itself: Option<&ListenerArn>,
) -> Result<(), ApiError> {
    let taken = |other: &Listener| other.port == port && itself != Some(&other.arn);
    if balancer.listeners.values().any(taken) {
        let message = format!("A listener already exists on this port for this load balancer '{}'", balancer.arn);
        return Err(ApiError::new("DuplicateListener", message));
    }
    Ok(())
}
