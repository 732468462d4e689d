//! Takes what rounds hold, and what a person approves of it; writes down the one, and hands on the other. Never approves anything itself.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tracing::{info, warn};

use crate::announce::News;
use crate::round::Round;

/// Held losses, and the word of whoever approves them.
#[derive(Default)]
pub(super) struct Approvals {
    state: Mutex<State>,
    spoken: Notify,
}

#[derive(Default)]
struct State {
    /// The digest of what is held, and how many sessions lose packets by it.
    held: Option<(String, usize)>,
    /// The digests that an approval may name.
    known: BTreeSet<String>,
    /// Approvals that no round knows of yet.
    heard: BTreeSet<String>,
}

/// What is said to whoever may let held losses go.
pub(crate) fn held(losses: usize, digest: &str) -> String {
    format!(
        "{losses} sessions are to lose packets, more than limits.maxLosses allows: they are held. `vpc-mirror plan` shows them; \
         `vpc-mirror approve {digest}` lets them go now, and so does `approve` in the policy"
    )
}

impl Approvals {
    /// Writes down what a round holds, where that is news.
    pub(super) fn round(&self, round: &Round, leads: bool, say: &impl Fn(News, String)) {
        let mut state = self.state();
        if !leads {
            *state = State::default();
            return;
        }
        state.known = round.memory.approvals.digests().into_iter().map(str::to_owned).collect();
        let now = round.plan.held.as_ref().map(|held| (held.digest.clone(), held.losses.len()));
        let was = state.held.as_ref().map(|(digest, _)| digest);
        match &now {
            Some((digest, losses)) if was != Some(digest) => {
                warn!(losses, digest, "{}", held(*losses, digest));
                say(News::LossesHeld, held(*losses, digest));
            }
            None if was.is_some() => {
                info!("nothing is held any more");
                say(News::LossesReleased, "nothing is held any more".into());
            }
            _ => {}
        }
        state.held = now;
    }

    pub(super) fn held(&self) -> Option<(String, usize)> {
        self.state().held.clone()
    }

    /// Takes an approval, if it names what is known; says whether it does.
    pub(super) fn approve(&self, digest: &str) -> bool {
        let mut state = self.state();
        let known = state.known.contains(digest);
        if known {
            info!(digest, "approved: the losses that this stands for may happen for 24 hours");
            state.heard.insert(digest.to_owned());
            self.spoken.notify_one();
        }
        known
    }

    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.state().heard)
    }

    pub(super) async fn spoken_to(&self) {
        self.spoken.notified().await;
    }

    /// A panic elsewhere must not take this with it: it is whole after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
