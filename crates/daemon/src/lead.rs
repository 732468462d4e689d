//! Takes what is known of the lease; tells the loops whether this process may change anything. Never asks for the lease itself.

use std::future::pending;

use mirror_aws::STEP_TIMEOUT;
use mirror_core::Time;
use mirror_core::lease::Leading;
use tokio::sync::watch;

/// Whether a process leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is nobody else, or nobody who is asked.
    Alone,
    /// Another leads, or nobody.
    StandsBy,
    /// It does.
    Leads(Leading),
}

/// A term: two rounds of which another led in between are of two. Whoever is alone has one that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term(Option<Time>);

/// Whether this process leads, as its loops see it.
#[derive(Clone, Debug)]
pub struct Lead(watch::Receiver<Standing>);

impl Lead {
    /// Of a process that takes no lease.
    pub fn alone() -> Self {
        Self(watch::channel(Standing::Alone).1)
    }

    /// Of one that stands as it is told there.
    pub fn of(standing: watch::Receiver<Standing>) -> Self {
        Self(standing)
    }

    /// The term that it leads in, if it leads.
    pub fn term(&self, now: Time) -> Option<Term> {
        match *self.0.borrow() {
            Standing::Alone => Some(Term(None)),
            Standing::Leads(leading) if now < leading.ends() => Some(Term(Some(leading.since))),
            Standing::Leads(_) | Standing::StandsBy => None,
        }
    }

    /// Whether a call may be begun that changes something, in that term: nobody else can lead before it is over.
    pub fn permits(&self, term: Option<Term>, now: Time) -> bool {
        if term.is_none() || self.term(now) != term {
            return false;
        }
        match *self.0.borrow() {
            Standing::Alone => true,
            Standing::Leads(leading) => now.saturating_add(STEP_TIMEOUT).is_ok_and(|over| over <= leading.safe_until()),
            Standing::StandsBy => false,
        }
    }

    /// Waits until it begins or ends to lead.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody tells any more: it stays as it is.
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use mirror_core::lease::{Answer, Ask, Candidate, Versioned};

    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + SignedDuration::from_secs(1000 + seconds)
    }

    /// The term of one that took the lease at second 0.
    fn leading() -> Leading {
        let mut candidate = Candidate::new("one".into());
        candidate.take(&Ask::Read, Answer::Missing, at(0), at(0));
        let ask = candidate.ask(at(0));
        let Ask::Create(record) = ask.clone() else { panic!("{ask:?}") };
        candidate.take(&ask, Answer::Says(Versioned { record, version: "1".into() }), at(0), at(0));
        candidate.leading(at(0)).unwrap()
    }

    #[test]
    fn a_step_is_begun_only_if_the_lease_outlasts_the_call() {
        let (_sender, receiver) = watch::channel(Standing::Leads(leading()));
        let lead = Lead::of(receiver);
        let term = lead.term(at(0));
        assert!(term.is_some());
        let last = 15 - i64::try_from(STEP_TIMEOUT.as_secs()).unwrap();
        assert!(lead.permits(term, at(last)));
        assert!(!lead.permits(term, at(last) + SignedDuration::from_millis(1)));
        assert!(lead.term(at(9)).is_some() && lead.term(at(10)).is_none());
    }

    #[test]
    fn what_was_planned_in_one_term_is_not_done_in_another() {
        let (sender, receiver) = watch::channel(Standing::StandsBy);
        let lead = Lead::of(receiver);
        let before = lead.term(at(0));
        assert!(before.is_none() && !lead.permits(before, at(0)));
        sender.send_replace(Standing::Leads(leading()));
        assert!(!lead.permits(before, at(1)), "planned by one that stood by");
        assert!(!lead.permits(Some(Term(Some(at(-60)))), at(1)), "planned in an earlier term");
        assert!(lead.permits(lead.term(at(1)), at(1)));
    }

    #[test]
    fn whoever_takes_no_lease_may_always() {
        let lead = Lead::alone();
        assert!(lead.permits(lead.term(at(0)), at(1_000_000)));
    }
}
