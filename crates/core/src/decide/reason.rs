//! Takes nothing; gives the reasons of decisions, and how a person reads them. Never decides.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::Time;
use crate::ids::{InstanceId, LoadBalancerArn, SessionId, TargetGroupArn, VpcId};
use crate::inventory::{InstanceState, is_gateway};
use crate::limits::RULES_PER_FILTER;

/// Where a tag was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// On the network interface.
    Interface,
    /// On its instance.
    Instance,
    /// On its subnet.
    Subnet,
    /// On its VPC.
    Vpc,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interface => "on the interface",
            Self::Instance => "on the instance",
            Self::Subnet => "on the subnet",
            Self::Vpc => "on the VPC",
        })
    }
}

/// Why an interface is mirrored, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "camelCase", tag = "reason")]
#[strum(serialize_all = "camelCase")]
pub enum Reason {
    /// A tag names the strategy.
    Tagged {
        /// The strategy.
        strategy: String,
        /// The tag, `key=value`.
        tag: String,
        /// Where it was found.
        place: Place,
    },
    /// The strategy's selector matches.
    Selected {
        /// The strategy.
        strategy: String,
    },
    /// It leads to the strategy's jewels.
    JumpBox {
        /// The strategy.
        strategy: String,
    },
    /// It is an end of one of the strategy's data paths: the one that is mirrored.
    OnPath {
        /// The strategy.
        strategy: String,
        /// The place of the path in the strategy: from 1.
        path: usize,
        /// `from` or `to`.
        end: String,
    },
    /// It is registered with a load balancer that the strategy means.
    Registered {
        /// The strategy.
        strategy: String,
        /// What the load balancer is called.
        balancer: String,
    },
    /// The lot has fallen on it.
    Drawn {
        /// The strategy.
        strategy: String,
        /// What the stratum is called.
        stratum: String,
    },
    /// There is no key to draw the strategy's sample with.
    NoSampleKey {
        /// The strategy.
        strategy: String,
    },
    /// Nothing is let in where the strategy wants what is served.
    NothingServed {
        /// The strategy.
        strategy: String,
    },
    /// What is let in is not known yet.
    GroupsUnseen {
        /// The strategy.
        strategy: String,
    },
    /// Its security groups let none of these in, so that nothing can be mirrored that should not come.
    CannotFire {
        /// The strategy.
        strategy: String,
        /// The ports.
        ports: String,
    },
    /// Ten rules do not take everything: the extras have a session of their own.
    SplitOff {
        /// The lane that they were split off.
        lane: String,
    },
    /// Ten rules do not take what the strategy wants beside what is more important, and there is no other slot.
    DoesNotFit {
        /// The strategy.
        strategy: String,
        /// The lane that goes without it.
        lane: String,
    },
    /// A tag chose, or opted out, until a time that has passed.
    Expired {
        /// The tag, `key=value`.
        tag: String,
        /// Until when.
        until: Time,
        /// Where it was found.
        place: Place,
    },
    /// The tag that says until when says no time.
    UnreadableUntil {
        /// The tag, `key=value`.
        tag: String,
        /// Where it was found.
        place: Place,
    },
    /// The strategy only wants primary interfaces.
    NotPrimary {
        /// The strategy.
        strategy: String,
    },
    /// A tag opts out.
    OptedOut {
        /// The tag, `key=value`.
        tag: String,
        /// Where it was found.
        place: Place,
    },
    /// A tag opts out of a strategy that does not allow it.
    OptOutForbidden {
        /// The strategy.
        strategy: String,
        /// Where the tag was found.
        place: Place,
    },
    /// A tag opts out and names strategies at once.
    OffBesideOthers {
        /// The tag, `key=value`.
        tag: String,
        /// Where it was found.
        place: Place,
    },
    /// A tag names a strategy that the policy does not have.
    UnknownStrategy {
        /// What the tag says.
        value: String,
        /// What it was probably meant to say.
        meant: Option<String>,
        /// Where it was found.
        place: Place,
    },
    /// The policy wants nothing in its VPC.
    OutOfScope {
        /// The VPC.
        vpc: VpcId,
    },
    /// It is attached to nothing, or is being attached or detached.
    NotAttached,
    /// AWS mirrors only interfaces of type `interface`.
    NotMirrorable {
        /// The interface's type.
        interface_type: String,
    },
    /// An AWS service keeps it.
    RequesterManaged,
    /// It receives mirrored packets itself.
    IsTarget,
    /// Another interface of its instance receives mirrored packets.
    IsSensor,
    /// It is registered with a load balancer that receives mirrored packets, or may, or its instance is.
    BehindLoadBalancer {
        /// The load balancer.
        load_balancer: LoadBalancerArn,
        /// The target group that it is in.
        target_group: TargetGroupArn,
    },
    /// AWS does not mirror its instance's type.
    UnsupportedType {
        /// The type.
        instance_type: String,
    },
    /// AWS has refused it as it is.
    RefusedByAws {
        /// Its instance's type.
        instance_type: String,
    },
    /// AWS has refused every interface of its instance's type.
    TypeRefusedByAws {
        /// The type.
        instance_type: String,
    },
    /// Its instance is not listed.
    InstanceUnseen {
        /// The instance.
        instance: InstanceId,
    },
    /// Its instance does not run.
    NotRunning {
        /// The instance's state.
        state: InstanceState,
    },
    /// The lanes before it take every packet that it wants.
    Shadowed {
        /// The lane.
        lane: String,
    },
    /// A foreign session before ours takes every packet, and sends it elsewhere.
    ShadowedByForeign {
        /// The lane.
        lane: String,
        /// The session.
        session: SessionId,
    },
    /// A foreign session takes every packet, and sends it to the lane's own sensor.
    CoveredByForeign {
        /// The lane.
        lane: String,
        /// The session.
        session: SessionId,
    },
    /// It is more than the limits allow.
    OverBudget {
        /// The lane.
        lane: String,
        /// The limit that is met first.
        limit: String,
    },
    /// Other people's sessions take all slots.
    NoSlot {
        /// The lane that gets none.
        lane: String,
        /// Sessions of others on the interface.
        foreign: usize,
    },
    /// No session number is left behind other people's.
    NoNumber {
        /// The lane that gets none.
        lane: String,
    },
    /// AWS said a moment ago that a session number is taken, and no list shows by whom: it may be by a session of ours.
    NumberUnseen {
        /// The lane that gets none.
        lane: String,
        /// The number.
        number: u16,
    },
    /// All of the sensor's targets that can be seen are full.
    TargetsFull {
        /// The sensor.
        sensor: String,
    },
    /// None of the sensor's targets is to be seen.
    NoTarget {
        /// The sensor.
        sensor: String,
    },
    /// What the sensor's targets send to is gone, or hears nothing.
    TargetGone {
        /// The sensor.
        sensor: String,
    },
}

impl Reason {
    /// Whether it rather says that something could not be seen than that nothing is wanted.
    pub fn is_doubt(&self) -> bool {
        matches!(
            self,
            Self::InstanceUnseen { .. }
                | Self::GroupsUnseen { .. }
                | Self::NoSampleKey { .. }
                | Self::NoTarget { .. }
                | Self::NumberUnseen { .. }
                | Self::TargetGone { .. }
        )
    }

    /// The strategy that chooses the interface by it; none if none does.
    pub fn chooser(&self) -> Option<&str> {
        match self {
            Self::Tagged { strategy, .. }
            | Self::Selected { strategy }
            | Self::JumpBox { strategy }
            | Self::OnPath { strategy, .. }
            | Self::Registered { strategy, .. }
            | Self::Drawn { strategy, .. } => Some(strategy),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tagged { strategy, tag, place } => write!(f, "{strategy}: tag {tag} {place}"),
            Self::Selected { strategy } => write!(f, "{strategy}: its selector matches"),
            Self::JumpBox { strategy } => write!(f, "{strategy}: it leads there as a jump box"),
            Self::OnPath { strategy, path, end } => {
                write!(f, "{strategy}: it is the end of path {path} that is mirrored: `{end}`")
            }
            Self::Registered { strategy, balancer } => write!(f, "{strategy}: it is registered with {balancer}"),
            Self::Drawn { strategy, stratum } => write!(f, "{strategy}: drawn by lot, for {stratum}"),
            Self::NoSampleKey { strategy } => {
                write!(f, "undecided: there is no key to draw the sample of {strategy} with; what is mirrored stays")
            }
            Self::NothingServed { strategy } => {
                write!(f, "{strategy}: nothing to capture: no inbound rule of its security groups lets anything in")
            }
            Self::GroupsUnseen { strategy } => write!(
                f,
                "undecided: {strategy} captures what security groups let in, and their rules are not read yet; what is mirrored stays"
            ),
            Self::CannotFire { strategy, ports } => write!(
                f,
                "{strategy}: {ports} cannot fire inbound: no security group lets it in, and what is dropped is not mirrored; flow logs show such packets as REJECT"
            ),
            Self::SplitOff { lane } => write!(
                f,
                "the extras of {lane} have a session of their own: AWS allows {RULES_PER_FILTER} rules in a filter, and together they take more"
            ),
            Self::DoesNotFit { strategy, lane } => write!(
                f,
                "{strategy}: not mirrored to {lane}: what it wants does not fit into {RULES_PER_FILTER} rules beside what is more important, unless busy ports may be mirrored too: limits.widenOverBusyPorts"
            ),
            Self::Expired { tag, until, place } => write!(f, "the tag {tag} {place} has expired at {until:.0}"),
            Self::UnreadableUntil { tag, place } => {
                write!(
                    f,
                    "the tag {tag} {place} says no time, so that the choice does not expire: write one such as 2026-12-31T00:00:00Z"
                )
            }
            Self::NotPrimary { strategy } => {
                write!(f, "{strategy}: wants primary interfaces only, and this is another")
            }
            Self::OptedOut { tag, place } => write!(f, "opted out by tag {tag} {place}"),
            Self::OptOutForbidden { strategy, place } => {
                write!(f, "{strategy}: does not allow the opting out that is tagged {place}")
            }
            Self::OffBesideOthers { tag, place } => {
                write!(f, "the tag {tag} {place} opts out and chooses at once: the choice counts, `off` only alone")
            }
            Self::UnknownStrategy { value, meant, place } => {
                write!(f, "the tag {place} names `{value}`, which is no strategy of the policy")?;
                meant.iter().try_for_each(|meant| write!(f, ": did you mean `{meant}`?"))
            }
            Self::OutOfScope { vpc } => write!(f, "not mirrored: {vpc} is not in the policy's scope"),
            Self::NotAttached => f.write_str("not mirrored: the interface is not attached to an instance"),
            Self::NotMirrorable { interface_type } => {
                write!(f, "not mirrored: AWS does not mirror interfaces of type {interface_type}")
            }
            Self::RequesterManaged => f.write_str("not mirrored: the interface belongs to an AWS service"),
            Self::IsTarget => {
                f.write_str("not mirrored: the interface receives mirrored packets, and mirrors of mirrors loop")
            }
            Self::IsSensor => f.write_str(
                "not mirrored: its instance is a sensor, and what it sends on would be mirrored to it again",
            ),
            Self::BehindLoadBalancer { load_balancer, target_group } => {
                let (of, why) = if is_gateway(load_balancer) {
                    ("the Gateway Load Balancer", ": a sensor's endpoint may lead there")
                } else {
                    ("the sensor's load balancer", "")
                };
                let (balancer, group) = (name(load_balancer.as_str()), name(target_group.as_str()));
                write!(
                    f,
                    "not mirrored: it is behind {of} {balancer}, in target group {group}{why}, and mirrors of mirrors loop"
                )
            }
            Self::UnsupportedType { instance_type } => {
                write!(
                    f,
                    "not mirrored: AWS does not mirror instances of type {instance_type}; if that has changed, say so in instanceTypes"
                )
            }
            Self::RefusedByAws { instance_type } => {
                write!(
                    f,
                    "not mirrored: AWS has refused this interface of an instance of type {instance_type} (NetworkInterfaceNotSupported)"
                )
            }
            Self::TypeRefusedByAws { instance_type } => {
                write!(
                    f,
                    "not mirrored: AWS has refused every interface of an instance of type {instance_type}, and accepted none"
                )
            }
            Self::InstanceUnseen { instance } => {
                write!(f, "undecided: {instance}, whose tags count, is not listed; what is mirrored stays")
            }
            Self::NotRunning { state } => write!(f, "not mirrored: the instance is {state}"),
            Self::Shadowed { lane } => {
                write!(
                    f,
                    "nothing left for {lane}: AWS sends a packet once, and more important lanes take all that this one wants"
                )
            }
            Self::ShadowedByForeign { lane, session } => {
                write!(f, "nothing left for {lane}: {session}, somebody else's, comes first and takes every packet")
            }
            Self::CoveredByForeign { lane, session } => {
                write!(f, "mirrored to {lane} by {session}, somebody else's, which takes every packet")
            }
            Self::OverBudget { lane, limit } => write!(f, "not mirrored to {lane}: over {limit}"),
            Self::NoSlot { lane, foreign } => write!(
                f,
                "not mirrored to {lane}: {foreign} session(s) of others leave no slot of the 3 that AWS allows on an interface"
            ),
            Self::NoNumber { lane } => {
                write!(f, "not mirrored to {lane}: other people's sessions leave no session number up to 32766")
            }
            Self::NumberUnseen { lane, number } => write!(
                f,
                "not mirrored to {lane} yet: AWS says that session number {number} is taken, and does not list by whom; it may be by us"
            ),
            Self::TargetsFull { sensor } => write!(
                f,
                "not mirrored: every target of sensor {sensor} has as many sources as AWS allows; give it another target, or a load balancer"
            ),
            Self::NoTarget { sensor } => write!(
                f,
                "undecided: no target of sensor {sensor} is to be seen; what is mirrored stays: check that it exists and is shared with this account"
            ),
            Self::TargetGone { sensor } => write!(
                f,
                "where sensor {sensor} takes packets is gone: its interface is not there, or its load balancer has no listener for UDP 4789; nothing new is sent there, and what is mirrored stays"
            ),
        }
    }
}

/// What a load balancer or a target group is called: `…:loadbalancer/net/sta/50dc6c495c0c9188`, `…:targetgroup/zeek/73e2d6bc24d8a067`.
fn name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}
