//! Takes a cloud, a process and dice; ends the life of the process at a moment that the dice choose, and says what was under way. Never
//! ends it in any other way than by SIGKILL.

use std::ops::Range;
use std::time::Duration;

use mirror_core::ownership::OWNER_TAG;
use mirror_sim::MirrorSession;
use tokio::time::sleep;

use super::calls::{Calls, is_write};
use super::cloud::{Cloud, Delay};
use super::daemon::Daemon;
use super::dice::Dice;

pub(crate) const CREATE: &str = "CreateTrafficMirrorSession";

/// When a life ends.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When so many calls have arrived: while it reads what stands.
    Call(usize),
    /// When its first write has arrived, which takes effect at once, or late: after the next life has read what stands.
    FirstWrite { late: bool },
    /// When so many creates of sessions have taken effect, and a little later: before the answer to the last of them has come.
    Create(usize, Duration),
    /// When a create of a session came too fast, and a little later: while it waits to try again. If none does, as before.
    Wait(usize, Duration),
}

impl Moment {
    /// Most lives make `pace` sessions, more or less; those that are only to begin end with their first write, so that the target, the
    /// filters and each of their rules have their turn.
    fn choose(dice: &mut Dice, Aim { only_begin, pace }: Aim) -> Self {
        let chance = dice.roll(0..20);
        let creates = number(dice, 1..2 * pace);
        match chance {
            0..=3 if only_begin => Self::FirstWrite { late: true },
            _ if only_begin => Self::FirstWrite { late: false },
            0 | 1 => Self::Call(number(dice, 1..7)),
            2 => Self::FirstWrite { late: true },
            3 => Self::FirstWrite { late: false },
            4..=6 => Self::Wait(creates, Duration::from_millis(dice.roll(0..900))),
            _ => Self::Create(creates, Duration::from_millis(dice.roll(0..30))),
        }
    }

    fn is_late(self) -> bool {
        matches!(self, Self::FirstWrite { late: true })
    }

    fn later(self) -> Duration {
        match self {
            Self::Call(_) | Self::FirstWrite { .. } => Duration::ZERO,
            Self::Create(_, later) | Self::Wait(_, later) => later,
        }
    }

    /// Whether it has come in a life that began after so much.
    fn has_come(self, before: Count, now: &Calls) -> bool {
        let now = Count::of(now);
        match self {
            Self::Call(calls) => now.calls >= before.calls + calls,
            Self::FirstWrite { .. } => now.writes > before.writes,
            Self::Create(creates, _) => now.creates >= before.creates + creates,
            Self::Wait(creates, _) => now.throttled > before.throttled || now.creates >= before.creates + creates,
        }
    }
}

fn number(dice: &mut Dice, range: Range<u64>) -> usize {
    usize::try_from(dice.roll(range)).unwrap()
}

/// How much there has been of what ends a life.
#[derive(Clone, Copy)]
struct Count {
    calls: usize,
    writes: usize,
    creates: usize,
    throttled: usize,
}

impl Count {
    fn of(calls: &Calls) -> Self {
        Self {
            calls: calls.arrived().len(),
            writes: calls.writes(),
            creates: calls.effective(CREATE),
            throttled: calls.throttled(CREATE),
        }
    }
}

/// What a life is to come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    /// It ends with its first write.
    pub(crate) only_begin: bool,
    /// About how many sessions it makes otherwise.
    pub(crate) pace: u64,
}

/// What was seen when a life ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    /// A create of anything had arrived, and its answer had not come.
    pub(crate) in_flight: bool,
    /// It was of a session.
    pub(crate) of_session: bool,
    /// The last create of a session came too fast, and no other had been tried.
    pub(crate) waiting: bool,
    /// How many of ours stood.
    pub(crate) sessions: usize,
}

/// Kills at a moment that the dice choose.
pub(crate) async fn kill(cloud: &Cloud, daemon: &mut Daemon, dice: &mut Dice, aim: Aim) -> Kill {
    let moment = Moment::choose(dice, aim);
    slow_writes(cloud, Dice::new(dice.roll(0..u64::MAX)), moment.is_late());
    let before = Count::of(&cloud.calls());
    cloud.until(&format!("{moment:?}"), |now| moment.has_come(before, now)).await;
    sleep(moment.later()).await;
    // Counted and killed while the cloud holds its breath: what is in flight now is never answered.
    let calls = cloud.calls();
    daemon.kill();
    let in_flight = calls.in_flight(|action| action.starts_with("Create")) > 0;
    let of_session = calls.in_flight(|action| action == CREATE) > 0;
    let throttled = calls.throttled(CREATE) > before.throttled && calls.last_was_throttled(CREATE);
    let killed = Kill { in_flight, of_session, waiting: throttled && !in_flight, sessions: ours(cloud).len() };
    println!("{moment:?}: {killed:?}");
    killed
}

/// Writes take their time: until they take effect, or only until the client hears of it.
pub(crate) fn slow_writes(cloud: &Cloud, mut dice: Dice, late_effect: bool) {
    cloud.delay(move |action| {
        let time = Duration::from_millis(dice.roll(30..60));
        match late_effect {
            _ if !is_write(action) => Delay::default(),
            true => Delay { effect: 10 * time, answer: Duration::ZERO },
            false => Delay { effect: Duration::ZERO, answer: time },
        }
    });
}

/// The sessions that carry our tags.
pub(crate) fn ours(cloud: &Cloud) -> Vec<MirrorSession> {
    cloud.sessions().into_iter().filter(|session| session.tags.contains_key(OWNER_TAG)).collect()
}
