//! Takes a spot instance; interrupts it as AWS does when it wants the capacity back, and may give that back later. Never says so in any
//! describe call before it happens: the warning goes to the instance, and to EventBridge.
//!
//! ```text
//!  interrupt ─2 min→ shutting-down                (one-time)
//!            └─────→ stopping → stopped ─returned→ pending   (persistent: only AWS starts it again)
//! ```
//!
//! Source: "Spot Instance interruptions", Amazon EC2 User Guide.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::InstanceId;
use mirror_core::inventory::InstanceState;

use crate::agenda::Event;
use crate::error::ApiError;
use crate::world::World;

/// From the warning to the interruption. Source: "Spot Instance interruption notices", Amazon EC2 User Guide.
const NOTICE: SignedDuration = SignedDuration::from_mins(2);

/// What becomes of a spot instance that is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// It is terminated. The default.
    Terminate,
    /// It is stopped.
    Stop,
    /// It is stopped, with its memory kept: for whoever looks from outside, the same.
    Hibernate,
}

/// What a launch says of spot instances (`InstanceMarketOptions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpotOptions {
    /// Whether AWS launches it again after an interruption.
    pub persistent: bool,
    /// What an interruption does.
    pub interruption: Interruption,
}

impl SpotOptions {
    /// Source: botocore, `SpotMarketOptions`: persistent requests from `RunInstances` only with `hibernate` or `stop`; these two only
    /// with persistent requests.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        if self.persistent == (self.interruption == Interruption::Terminate) {
            return Err(ApiError::invalid_combination(
                "Persistent Spot Instance requests, and only these, have the interruption behavior stop or hibernate.",
            ));
        }
        Ok(())
    }
}

/// What makes an instance a spot instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The request that it came from: `sir-…`.
    pub request: String,
    /// As the launch said.
    pub options: SpotOptions,
    /// When it is interrupted, or was.
    pub interrupted_at: Option<Time>,
}

impl World {
    /// Warns a spot instance: it is interrupted two minutes later. Gives the time of that; for an instance that was warned before, it
    /// stays what it was.
    ///
    /// # Errors
    ///
    /// The instance does not exist, is no spot instance, or does not run.
    pub fn interrupt_spot(&mut self, id: &InstanceId) -> Result<Time, ApiError> {
        let at = self.now.checked_add(NOTICE).unwrap_or(Time::MAX);
        let instance = self.instance_mut(id)?;
        let runs = matches!(instance.state, InstanceState::Pending | InstanceState::Running);
        let Some(spot) = instance.spot.as_mut().filter(|_| runs) else {
            let message = format!("The instance '{id}' is not a spot instance that runs.");
            return Err(ApiError::new("IncorrectInstanceState", message));
        };
        if let Some(already) = spot.interrupted_at {
            return Ok(already);
        }
        spot.interrupted_at = Some(at);
        self.happens_after(NOTICE, Event::Interrupts(id.clone()));
        Ok(at)
    }

    /// There is capacity again for an instance that an interruption has stopped: it starts.
    ///
    /// # Errors
    ///
    /// The instance does not exist, or was not stopped by an interruption.
    pub fn return_spot_capacity(&mut self, id: &InstanceId) -> Result<(), ApiError> {
        let instance = self.instance_mut(id)?;
        let stopped = instance.state == InstanceState::Stopped;
        let interrupted = instance.spot.as_mut().filter(|spot| stopped && spot.interrupted_at.is_some());
        let Some(spot) = interrupted else {
            let message = format!("The instance '{id}' was not stopped by an interruption.");
            return Err(ApiError::new("IncorrectInstanceState", message));
        };
        spot.interrupted_at = None;
        self.start_instances(std::slice::from_ref(id)).map(|_| ())
    }

    pub(crate) fn interrupts(&mut self, id: &InstanceId) {
        let spot = self.instances.get(id).and_then(|instance| instance.spot.as_ref());
        let Some(interruption) = spot.map(|spot| spot.options.interruption) else { return };
        let ids = std::slice::from_ref(id);
        // Somebody may have stopped or terminated it since: then there is nothing to do.
        let _change = match interruption {
            Interruption::Terminate => self.terminate_instances(ids),
            Interruption::Stop | Interruption::Hibernate => self.stop_instances(ids),
        };
    }

    /// Source: "Stop a Spot Instance" and "Start a Spot Instance", Amazon EC2 User Guide.
    pub(crate) fn check_spot(&self, ids: &[InstanceId], starts: bool) -> Result<(), ApiError> {
        for id in ids {
            let Some(spot) = &self.instance(id)?.spot else { continue };
            if starts && spot.interrupted_at.is_some() {
                let message = format!(
                    "You can't start the Spot Instance '{id}' because the associated Spot Instance request is not in an \
                     appropriate state to support start."
                );
                return Err(ApiError::new("IncorrectSpotRequestState", message));
            }
            if !starts && !spot.options.persistent {
                let message = format!(
                    "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request."
                );
                return Err(ApiError::new("UnsupportedOperation", message));
            }
        }
        Ok(())
    }
}
