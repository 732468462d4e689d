//! Takes the trace of a simulated API; counts what its clients have met there. Never looks at what stands.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

/// How AWS's APIs say that a call came too fast.
const TOO_FAST: [&str; 3] = ["RequestLimitExceeded", "ThrottledException", "Throttling"];

/// What has happened to all calls together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traced {
    pub(crate) calls: usize,
    pub(crate) throttled: usize,
    /// Calls that took effect, and whose answer never came.
    pub(crate) lost: usize,
    /// Reads that were answered as of a while ago.
    pub(crate) stale: usize,
    /// Lists of sessions with fewer of them than there were by then, where none is ever removed: at least so many were behind in what
    /// matters most.
    pub(crate) hiding: usize,
}

impl Traced {
    /// Counts the lines of a trace that was kept from the start, when so many sessions stood.
    pub(crate) fn of(trace: &str, stood: usize) -> Self {
        let mut counted = Self::default();
        let (mut made, mut seen) = (BTreeSet::new(), stood);
        for line in trace.lines() {
            let Some(Line { action, outcome, stale, lost }) = Line::of(line) else { panic!("{line}") };
            counted.calls += 1;
            counted.throttled += usize::from(TOO_FAST.contains(&outcome));
            counted.lost += usize::from(lost);
            counted.stale += usize::from(stale && is_read(action));
            match action {
                "CreateTrafficMirrorSession" if outcome.starts_with("tms-") => _ = made.insert(outcome),
                "DescribeTrafficMirrorSessions" => {
                    let Ok(items) = outcome.parse::<usize>() else { continue };
                    counted.hiding += usize::from(items < seen.max(stood + made.len()));
                    seen = seen.max(items);
                }
                _ => {}
            }
        }
        counted
    }
}

impl Display for Traced {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { calls, throttled, lost, stale, hiding } = self;
        write!(
            formatter,
            "{calls} calls, {throttled} throttled, {lost} answers lost, {stale} stale reads, {hiding} of them a list that hid sessions"
        )
    }
}

/// `2026-01-01T00:00:00Z 123456789012/user/alice DescribeVpcs 3 items, as of 2s ago; LostAfter`.
struct Line<'a> {
    action: &'a str,
    /// The first word of it: a code, an id, a number of items.
    outcome: &'a str,
    stale: bool,
    lost: bool,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut words = line.splitn(4, ' ').skip(2);
        let (action, rest) = (words.next()?, words.next()?);
        Some(Self {
            action: action.rsplit(':').next()?,
            outcome: rest.split([' ', ',', ';']).next()?,
            stale: rest.contains(", as of "),
            lost: rest.ends_with("; LostAfter"),
        })
    }
}

fn is_read(action: &str) -> bool {
    !super::calls::is_write(action)
}
