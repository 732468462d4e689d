//! Takes wishes for instances; gives instances that start, stop, terminate and vanish as time passes. Never runs anything on them.
//!
//! ```text
//!  run → pending ────→ running ─stop→ stopping ────→ stopped ─start→ pending
//!           └──────────────┴───terminate───┴────────────┘
//!                              ↓
//!                        shutting-down ────→ terminated (interfaces gone) ─1 h→ no longer listed
//! ```
//!
//! Source: "Instance lifecycle", Amazon EC2 User Guide; how long a state lasts is not documented: the world's pace says it.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::ClientToken;
use mirror_core::ids::{AccountId, InstanceId, InterfaceId, VpcId, Zone};
use mirror_core::inventory::{InstanceState, Tags};

use crate::accounts::Owned;
use crate::agenda::Event;
use crate::describing::state_code;
use crate::error::ApiError;
use crate::interfaces::NetworkInterface;
use crate::listing::{Listed, Page};
use crate::network::{SubnetId, insufficient_addresses};
use crate::operators::Operator;
use crate::platforms::Platform;
use crate::request::{Describe, RunInstances};
use crate::spot::{Spot, SpotOptions};
use crate::tags;
use crate::world::World;

/// How long a terminated instance is still listed. Source: botocore, `DescribeInstances`: "usually less than one hour".
const AFTERLIFE: SignedDuration = SignedDuration::from_hours(1);

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The account that launched it.
    pub owner: AccountId,
    /// What it shares with the instances of the same launch: `r-…`.
    pub reservation: String,
    /// Its place among them.
    pub launch_index: usize,
    /// Its machine image.
    pub image: String,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// Where it is in its life.
    pub state: InstanceState,
    /// When it was launched.
    pub launched: Time,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its zone.
    pub zone: Zone,
    /// What runs on it.
    pub platform: Platform,
    /// What makes it a spot instance; none for an on-demand one.
    pub spot: Option<Spot>,
    /// The service that manages it for the customer.
    pub operator: Option<Operator>,
    /// The idempotency token of its launch.
    pub token: Option<ClientToken>,
    /// Tags.
    pub tags: Tags,
}

/// An instance, with the interfaces that hang on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceDetail {
    /// The instance.
    pub instance: Instance,
    /// Its interfaces, by device index.
    pub interfaces: Vec<NetworkInterface>,
}

/// What a call has done to an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// The instance.
    pub instance: InstanceId,
    /// Its state before.
    pub before: InstanceState,
    /// Its state now.
    pub after: InstanceState,
}

impl World {
    pub(crate) fn describe_instances(&self, asked: &Describe<InstanceId>) -> Result<Page<InstanceDetail>, ApiError> {
        let page = self.list_instances(asked)?;
        Ok(page.map(|instance| {
            let mut interfaces: Vec<_> = self.hanging_on(&instance.id).cloned().collect();
            interfaces.sort_by_key(NetworkInterface::place);
            InstanceDetail { instance, interfaces }
        }))
    }

    pub(crate) fn run_instances(&mut self, wish: &RunInstances) -> Result<Vec<InstanceDetail>, ApiError> {
        tags::check(&wish.instance_tags)?;
        tags::check(&wish.interface_tags)?;
        wish.check_interfaces()?;
        wish.spot.map_or(Ok(()), SpotOptions::check)?;
        self.launch(wish)
    }

    /// Launches without asking who may set which tags: auto scaling sets some that are reserved.
    pub(crate) fn launch(&mut self, wish: &RunInstances) -> Result<Vec<InstanceDetail>, ApiError> {
        let count = self.room_for(wish)?;
        let reservation = self.mint.id("r");
        (0..count).map(|index| self.launch_one(wish, &reservation, index)).collect()
    }

    /// How many instances fit where they are to be launched.
    fn room_for(&self, wish: &RunInstances) -> Result<usize, ApiError> {
        let counts = (usize::try_from(wish.min_count), usize::try_from(wish.max_count));
        let (Ok(min @ 1..), Ok(max)) = counts else {
            return Err(ApiError::invalid_value("MinCount and MaxCount must be at least 1"));
        };
        if min > max {
            return Err(ApiError::invalid_value("MinCount must not be larger than MaxCount"));
        }
        let mut count = max;
        for (id, wanted) in self.wanted_in_subnets(wish)? {
            let subnet = self.seen(&self.subnets, &id)?;
            count = subnet.room().checked_div(wanted).map_or(count, |fit| fit.min(count));
            if count < min {
                return Err(insufficient_addresses(&id));
            }
        }
        Ok(count)
    }

    fn launch_one(
        &mut self,
        wish: &RunInstances,
        reservation: &str,
        launch_index: usize,
    ) -> Result<InstanceDetail, ApiError> {
        let interfaces = self.interfaces_for(wish)?;
        let nothing = || ApiError::invalid_value("An instance has an interface");
        let primary = self.interface(&interfaces.first().ok_or_else(nothing)?.0)?.clone();
        let spot = wish.spot.map(|options| {
            let request = self.mint.id("sir");
            Spot { request, options, interrupted_at: None }
        });
        let id = InstanceId::from(self.mint.id("i"));
        let instance = Instance {
            id: id.clone(),
            owner: self.account.clone(),
            reservation: reservation.into(),
            launch_index,
            image: wish.image.clone(),
            instance_type: wish.instance_type.clone(),
            state: InstanceState::Pending,
            launched: self.now,
            subnet: primary.subnet,
            vpc: primary.vpc,
            zone: primary.zone,
            platform: Platform::of_image(&wish.image),
            spot,
            operator: None,
            token: wish.token.clone(),
            tags: wish.instance_tags.clone(),
        };
        self.instances.insert(id.clone(), instance.clone());
        let mut hanging = Vec::new();
        for (interface, place) in interfaces {
            self.attach_at(&interface, &id, place)?;
            hanging.push(self.interface(&interface)?.clone());
        }
        let pending = self.lasting(InstanceState::Pending);
        self.happens_after(pending, Event::Runs(id));
        Ok(InstanceDetail { instance, interfaces: hanging })
    }

    pub(crate) fn start_instances(&mut self, ids: &[InstanceId]) -> Result<Vec<StateChange>, ApiError> {
        use InstanceState::{Pending, Running, Stopped};
        self.check_states(ids, &[Pending, Running, Stopped], "started")?;
        self.check_spot(ids, true)?;
        self.transition(ids, &[Stopped], Pending, Event::Runs)
    }

    pub(crate) fn stop_instances(&mut self, ids: &[InstanceId]) -> Result<Vec<StateChange>, ApiError> {
        use InstanceState::{Running, Stopped, Stopping};
        self.check_states(ids, &[Running, Stopped, Stopping], "stopped")?;
        self.check_spot(ids, false)?;
        self.transition(ids, &[Running], Stopping, Event::Stops)
    }

    pub(crate) fn terminate_instances(&mut self, ids: &[InstanceId]) -> Result<Vec<StateChange>, ApiError> {
        use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping};
        self.check_all_exist(ids)?;
        self.transition(ids, &[Pending, Running, Stopping, Stopped], ShuttingDown, Event::Terminates)
    }

    fn check_all_exist(&self, ids: &[InstanceId]) -> Result<(), ApiError> {
        ids.iter().try_for_each(|id| self.instance(id).map(|_| ()))
    }

    fn check_states(&self, ids: &[InstanceId], allowed: &[InstanceState], verb: &str) -> Result<(), ApiError> {
        self.check_all_exist(ids)?;
        let wrong = ids.iter().find(|id| self.instance(id).is_ok_and(|instance| !allowed.contains(&instance.state)));
        wrong.map_or(Ok(()), |id| {
            let message = format!("The instance '{id}' is not in a state from which it can be {verb}.");
            Err(ApiError::new("IncorrectInstanceState", message))
        })
    }

    /// Moves the instances that are in one of the `from` states on to another, which lasts a moment and ends with an event; leaves the
    /// others as they are.
    fn transition(
        &mut self,
        ids: &[InstanceId],
        from: &[InstanceState],
        to: InstanceState,
        then: fn(InstanceId) -> Event,
    ) -> Result<Vec<StateChange>, ApiError> {
        let mut changes = Vec::new();
        for id in ids {
            let instance = self.instance_mut(id)?;
            let before = instance.state;
            if from.contains(&before) {
                instance.state = to;
                let lasting = self.lasting(to);
                self.happens_after(lasting, then(id.clone()));
                self.tell_group(id);
            }
            let after = self.instance(id)?.state;
            changes.push(StateChange { instance: id.clone(), before, after });
        }
        Ok(changes)
    }

    pub(crate) fn runs(&mut self, id: &InstanceId) {
        if self.passes(id, InstanceState::Pending, InstanceState::Running) {
            self.instance_runs(id);
        }
    }

    pub(crate) fn stops(&mut self, id: &InstanceId) {
        self.passes(id, InstanceState::Stopping, InstanceState::Stopped);
    }

    pub(crate) fn terminates(&mut self, id: &InstanceId) {
        if !self.passes(id, InstanceState::ShuttingDown, InstanceState::Terminated) {
            return;
        }
        let goes = |interface: &NetworkInterface| {
            interface.attachment.as_ref().is_some_and(|attachment| attachment.delete_on_termination)
        };
        let hanging: Vec<(InterfaceId, bool)> =
            self.hanging_on(id).map(|interface| (interface.id.clone(), goes(interface))).collect();
        for (interface, goes) in hanging {
            if goes {
                self.remove_interface(&interface);
            } else if let Some(interface) = self.interfaces.get_mut(&interface) {
                interface.attachment = None;
            }
        }
        self.instance_terminates(id);
        self.happens_after(AFTERLIFE, Event::Vanishes(id.clone()));
    }

    pub(crate) fn vanishes(&mut self, id: &InstanceId) {
        self.instances.remove(id);
    }

    /// Moves an instance from one state to the next, if it still is in the first.
    fn passes(&mut self, id: &InstanceId, from: InstanceState, to: InstanceState) -> bool {
        let Some(instance) = self.instances.get_mut(id).filter(|instance| instance.state == from) else { return false };
        instance.state = to;
        self.tell_group(id);
        true
    }

    pub(crate) fn instance(&self, id: &InstanceId) -> Result<&Instance, ApiError> {
        self.own(&self.instances, id)
    }

    pub(crate) fn instance_mut(&mut self, id: &InstanceId) -> Result<&mut Instance, ApiError> {
        self.instance(id)?;
        self.instances.get_mut(id).ok_or_else(|| Instance::not_found(id))
    }
}

impl Owned for Instance {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for Instance {
    type Id = InstanceId;
    const KIND: &str = "instance";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "instance-id", "owner-id", "instance-state-name", "instance-type", "image-id", "vpc-id", "subnet-id", "availability-zone",
        "reservation-id", "client-token", "instance-state-code", "instance-lifecycle", "spot-instance-request-id",
        "launch-time", "launch-index", "platform", "platform-details", "operator.managed", "operator.principal", "tag-key",
        "tag:",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        let gone = self.state == InstanceState::Terminated;
        vec![match filter {
            "instance-id" => self.id.to_string(),
            "owner-id" => self.owner.to_string(),
            "instance-state-name" => self.state.to_string(),
            "instance-type" => self.instance_type.clone(),
            "image-id" => self.image.clone(),
            // A terminated instance is nowhere any more.
            "vpc-id" | "subnet-id" if gone => return Vec::new(),
            "vpc-id" => self.vpc.to_string(),
            "subnet-id" => self.subnet.to_string(),
            "availability-zone" => self.zone.to_string(),
            "reservation-id" => self.reservation.clone(),
            "instance-state-code" => state_code(self.state).to_string(),
            "instance-lifecycle" => return self.spot.iter().map(|_| "spot".into()).collect(),
            "spot-instance-request-id" => return self.spot.iter().map(|spot| spot.request.clone()).collect(),
            "launch-time" => self.launched.to_string(),
            "launch-index" => self.launch_index.to_string(),
            "platform" => return self.platform.name().map(Into::into).into_iter().collect(),
            "platform-details" => self.platform.details.into(),
            "operator.managed" => Operator::managed(self.operator.as_ref()),
            "operator.principal" => return self.operator.iter().map(|it| it.principal.clone()).collect(),
            _ => return self.token.iter().map(|token| token.0.clone()).collect(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn is_hidden(&self) -> bool {
        Operator::hides(self.operator.as_ref())
    }

    fn not_found(id: &InstanceId) -> ApiError {
        ApiError::new("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist"))
    }
}
