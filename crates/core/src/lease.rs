//! Takes what a lease says, and when that was seen; says what to ask of the lease next, and whether we lead. Never looks at what a record
//! says of times: another machine's clock wrote that.
//!
//! The algorithm is client-go's. A candidate remembers when it saw a record change, by its own clock, and takes the lease when nothing has
//! changed for as long as the record says that it lasts. A leader renews in good time, and takes itself for the leader only as long after
//! the beginning of its last renewal as nobody else can have the lease. All of it goes by compare and swap: of two who write the same
//! version, one is refused. Source: `k8s.io/client-go/tools/leaderelection`, package documentation.
//!
//! ```text
//!  nobody has it, or it has not changed for 15 s ──→ leading ── every 2 s ──→ leading ── 10 s without ──→ steps down
//!                                                                              └── at the end ────→ releases it
//! ```

use jiff::SignedDuration;

use crate::Time;
use crate::digest::digest;
use crate::memory::later;

/// How long a record lasts for those who see that it does not change.
pub const LASTS: SignedDuration = SignedDuration::from_secs(15);

/// For how long a leader that cannot renew goes on taking itself for one. Shorter than the lease lasts, so that two never do.
pub const RENEWED_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// How often a leader renews.
pub const RENEWAL: SignedDuration = SignedDuration::from_secs(2);

/// How often somebody else's lease is looked at, in milliseconds: a release is noticed that soon, and a crash that much after the lease has
/// lapsed. client-go waits for 2 to 4.4 s; one small read a second is nothing to an API server, and a gap is packets that nobody sees.
const LOOK_MS: i64 = 1000;

/// How long a call for the lease may take. An API server that stands still answers nothing, and closes nothing.
pub const CALL: SignedDuration = SignedDuration::from_secs(3);

/// What a lease says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Who has it; nobody, after a release.
    pub holder: Option<String>,
    /// How long it lasts after a change.
    pub lasts: SignedDuration,
    /// How often it went from one to another.
    pub transitions: i32,
    /// When the holder took it, by the holder's clock. For persons.
    pub acquired: Option<Time>,
    /// When the holder renewed it last, by the holder's clock. For persons.
    pub renewed: Option<Time>,
}

/// A record as it was read, with the version that whoever replaces it must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// What it says.
    pub record: Record,
    /// Its version, of which only the server knows what it means.
    pub version: String,
}

/// What to ask of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What it says.
    Read,
    /// Make it, with this.
    Create(Record),
    /// Let it say this, if it still has that version.
    Replace(Record, String),
    /// Nothing before that time.
    Wait(Time),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// That is what it says now.
    Says(Versioned),
    /// There is none.
    Missing,
    /// Somebody was faster.
    Conflict,
    /// Nobody can tell: it failed, or took too long. A write may have been made.
    Failed,
}

/// One who would lead, or does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    me: String,
    /// What was read or written last, and when it was first seen to say that; nothing where there is no lease.
    seen: Option<(Versioned, Time)>,
    /// Whether what was seen may be another by now, for a reason that no clock tells.
    doubt: bool,
    leading: Option<Leading>,
    /// Nothing is asked before that.
    next: Time,
    /// How often was asked: so two who begin together do not go on together.
    asked: u64,
}

/// A term of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leading {
    /// When it was certain. Tells one term from another.
    pub since: Time,
    /// When the last renewal that succeeded was begun.
    renewed: Time,
}

impl Leading {
    /// Until when we may take ourselves for the leader.
    pub fn ends(&self) -> Time {
        later(self.renewed, RENEWED_WITHIN)
    }

    /// Until when nobody else can have the lease, whatever becomes of us.
    pub fn safe_until(&self) -> Time {
        later(self.renewed, LASTS)
    }
}

impl Candidate {
    /// One who has seen nothing. The name must be nobody else's, nor that of an earlier life.
    pub fn new(me: String) -> Self {
        Self { me, seen: None, doubt: true, leading: None, next: Time::MIN, asked: 0 }
    }

    /// Our term, if we lead.
    pub fn leading(&self, now: Time) -> Option<Leading> {
        self.leading.filter(|leading| now < leading.ends())
    }

    /// Who leads, as far as was seen.
    pub fn leader(&self) -> Option<&str> {
        self.seen.as_ref()?.0.record.holder.as_deref()
    }

    /// What to ask now.
    pub fn ask(&self, now: Time) -> Ask {
        match &self.seen {
            _ if now < self.next => Ask::Wait(self.next),
            _ if self.doubt => Ask::Read,
            None => Ask::Create(self.record(None, now)),
            Some((seen, since)) if self.may_take(&seen.record, *since) <= now => {
                Ask::Replace(self.record(Some(&seen.record), now), seen.version.clone())
            }
            Some(_) => Ask::Read,
        }
    }

    /// Takes note of what came of what was asked from `begun` to `now`.
    pub fn take(&mut self, asked: &Ask, answer: Answer, begun: Time, now: Time) {
        self.asked += 1;
        let wrote = matches!(asked, Ask::Create(_) | Ask::Replace(..));
        match answer {
            Answer::Says(versioned) => {
                let ours = self.is_ours(&versioned.record);
                if wrote && ours {
                    // Whoever has let a term lapse begins another.
                    let since = self.leading(now).map_or(now, |leading| leading.since);
                    self.leading = Some(Leading { since, renewed: begun });
                } else if !ours {
                    self.leading = None;
                }
                let since = match &self.seen {
                    Some((seen, since)) if seen.version == versioned.version => *since,
                    _ => now,
                };
                let free = self.may_take(&versioned.record, since);
                // A write of which no answer came is made again at once, for it has not renewed anything that we may count on.
                self.next = if wrote { later(begun, RENEWAL) } else { free.min(self.look(now)) };
                (self.seen, self.doubt) = (Some((versioned, since)), false);
            }
            Answer::Missing => {
                // Whoever makes it anew has it, and need not wait for us.
                (self.seen, self.doubt, self.leading, self.next) = (None, wrote, None, now);
            }
            Answer::Conflict => (self.doubt, self.next) = (true, now),
            Answer::Failed => (self.doubt, self.next) = (true, self.look(now)),
        }
    }

    /// What to ask at the end, so that the next one need not wait; nothing where it is not ours. The record lasts a second then, for those
    /// who do not know what it means that nobody has it.
    pub fn release(&self, now: Time) -> Option<Ask> {
        let (Versioned { record, version }, _) = self.seen.as_ref().filter(|(seen, _)| self.is_ours(&seen.record))?;
        if self.doubt {
            return Some(Ask::Read);
        }
        let (renewed, acquired) = (Some(now), Some(now));
        let lasts = SignedDuration::from_secs(1);
        let record = Record { holder: None, lasts, renewed, acquired, transitions: record.transitions };
        Some(Ask::Replace(record, version.clone()))
    }

    fn is_ours(&self, record: &Record) -> bool {
        record.holder.as_deref() == Some(self.me.as_str())
    }

    /// From when on we may write a record that was first seen then.
    fn may_take(&self, record: &Record, since: Time) -> Time {
        match record.holder {
            Some(_) if !self.is_ours(record) => later(since, record.lasts),
            Some(_) | None => Time::MIN,
        }
    }

    /// When to look again: a second later, or up to a quarter of one earlier.
    fn look(&self, now: Time) -> Time {
        let chance = digest([self.me.as_str(), &self.asked.to_string()]);
        let chance = chance.get(..2).and_then(|two| i64::from_str_radix(two, 16).ok()).unwrap_or_default();
        later(now, SignedDuration::from_millis(LOOK_MS - chance))
    }

    /// What the lease is to say when we have it.
    fn record(&self, before: Option<&Record>, now: Time) -> Record {
        let stays = before.filter(|record| self.is_ours(record));
        let transitions = before.map_or(0, |record| record.transitions.saturating_add(i32::from(stays.is_none())));
        let acquired = stays.and_then(|record| record.acquired).or(Some(now));
        Record { holder: Some(self.me.clone()), lasts: LASTS, transitions, acquired, renewed: Some(now) }
    }
}

#[cfg(test)]
mod tests;
