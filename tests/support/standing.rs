//! Takes an account and its policy; lets everything stand that the policy wants, in process and without waiting, as if the daemon had
//! run for long. Never starts a process.

use std::sync::{Arc, Mutex};

use mirror_core::Time;
use mirror_core::memory::Memory;
use mirror_core::observe::Hints;
use mirror_core::policy;
use mirror_sim::Door;
use vpc_mirror::clock::Clock;
use vpc_mirror::round::{Permit, Round, Watcher, round};

use super::fleet::{Account, REGION};

/// The most rounds that anything takes here. A round makes calls for two seconds: at five calls a second 10 sessions.
const ROUNDS: usize = 200;

/// The same account, once everything stands.
pub(crate) async fn standing(Account { world, policy: text }: Account) -> Account {
    let policy = policy::parse("policy.yaml", &text).unwrap();
    let world = Arc::new(Mutex::new(world));
    let clock = Leaping(Mutex::new(Time::now()));
    let mut memory = Memory::new(REGION.into());
    for _ in 0..ROUNDS {
        let Round { plan, memory: next, .. } =
            round(&Door::new(world.clone()), &policy, memory, &Hints::default(), &Anything, &clock).await;
        memory = next;
        if plan.is_empty() {
            return Account { world: world.lock().unwrap().clone(), policy: text };
        }
    }
    panic!("not everything stands after {ROUNDS} rounds");
}

/// A clock that goes at once to any time that is waited for.
struct Leaping(Mutex<Time>);

impl Clock for Leaping {
    fn now(&self) -> Time {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, at: Time) {
        let mut now = self.0.lock().unwrap();
        *now = at.max(*now);
    }
}

struct Anything;

impl Watcher for Anything {
    fn permit(&self) -> Permit {
        Permit::Apply
    }
}
