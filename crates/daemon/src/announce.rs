//! Takes what an operator would look up with kubectl; has it written there by the one that leads, if anybody writes it at all. Never has
//! whoever says it wait, and never keeps much: an event is a hint where to look, and the log has it all.

use std::fmt;
use std::future::Future;

use mirror_core::Time;
use mirror_core::lease::CALL;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::lead::Lead;

/// So many are kept until they are told. Whoever cannot tell them for so long has other worries.
const KEPT: usize = 100;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// This process leads now.
    Leading,
    /// More sessions are to lose packets than may: that waits for an approval.
    LossesHeld,
    /// Nothing waits for an approval any more.
    LossesReleased,
    /// Somebody else changed or deleted what is ours.
    Tampering,
    /// Somebody undoes each repair of something, which is left alone for a while.
    Fight,
    /// The policy file is wrong, and an earlier one is followed.
    PolicyRefused,
    /// A changed policy file is followed.
    PolicyFollowed,
}

impl News {
    /// Whether somebody should look.
    pub fn is_warning(self) -> bool {
        match self {
            Self::LossesHeld | Self::Tampering | Self::Fight | Self::PolicyRefused => true,
            Self::Leading | Self::LossesReleased | Self::PolicyFollowed => false,
        }
    }
}

/// As Kubernetes writes the reason of an event.
impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What has happened.
    pub news: News,
    /// In words, as in the log.
    pub note: String,
}

/// Where it is said. Clones say it in the same place.
#[derive(Clone, Debug, Default)]
pub struct Announcer(Option<mpsc::Sender<Announcement>>);

impl Announcer {
    /// One whose announcements come out there. The default one says everything to nobody.
    pub fn new() -> (Self, mpsc::Receiver<Announcement>) {
        let (sender, receiver) = mpsc::channel(KEPT);
        (Self(Some(sender)), receiver)
    }

    /// Says it, if somebody listens and has room.
    pub fn say(&self, news: News, note: impl Into<String>) {
        if let Some(sender) = &self.0 {
            _ = sender.try_send(Announcement { news, note: note.into() });
        }
    }
}

/// Where operators look.
pub trait Events: Sync {
    /// Writes one.
    fn write(&self, announcement: &Announcement) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Has written what is announced while this process leads, until `stop`: of what all replicas see, one speaks.
pub async fn announce(
    events: &impl Events,
    mut heard: mpsc::Receiver<Announcement>,
    lead: &Lead,
    clock: &impl Clock,
    stop: &CancellationToken,
) {
    let mut failing = false;
    loop {
        let announcement = tokio::select! {
            () = stop.cancelled() => return,
            Some(announcement) = heard.recv() => announcement,
        };
        if lead.term(clock.now()).is_none() {
            continue;
        }
        let late = clock.now().saturating_add(CALL).unwrap_or(Time::MAX);
        let written = tokio::select! {
            biased;
            written = events.write(&announcement) => written,
            () = clock.sleep_until(late) => Err(anyhow::anyhow!("no answer in time")),
        };
        match &written {
            // Said once: what could not be written is in the log all the same.
            Err(error) if !failing => warn!("events cannot be written: {error:#}"),
            Ok(()) if failing => info!("events can be written again"),
            _ => {}
        }
        failing = written.is_err();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::watch;
    use tokio::task::yield_now;

    use super::*;
    use crate::lead::Standing;

    /// Time that is up for whoever waits.
    struct Short;

    impl Clock for Short {
        fn now(&self) -> Time {
            Time::UNIX_EPOCH
        }

        async fn sleep_until(&self, _: Time) {
            yield_now().await;
        }
    }

    /// What was written; what is told to hang is never answered.
    #[derive(Default)]
    struct Written(Mutex<Vec<String>>);

    impl Events for Written {
        async fn write(&self, announcement: &Announcement) -> anyhow::Result<()> {
            if announcement.note == "hang" {
                std::future::pending::<()>().await;
            }
            self.0.lock().unwrap().push(announcement.note.clone());
            Ok(())
        }
    }

    /// Has all that is waiting heard.
    async fn soon() {
        for _ in 0..20 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_stands_by_is_silent_and_who_leads_waits_for_no_answer_for_ever() {
        let (written, stop) = (Written::default(), CancellationToken::new());
        let (announcer, heard) = Announcer::new();
        let (standing, known) = watch::channel(Standing::StandsBy);
        let lead = Lead::of(known);
        let saying = async {
            announcer.say(News::Tampering, "while it stands by");
            soon().await;
            standing.send_replace(Standing::Alone);
            ["first", "hang", "second"].iter().for_each(|note| announcer.say(News::Tampering, *note));
            soon().await;
            stop.cancel();
        };
        tokio::join!(announce(&written, heard, &lead, &Short, &stop), saying);
        assert_eq!(*written.0.lock().unwrap(), ["first", "second"]);
    }

    #[test]
    fn whoever_is_not_listened_to_waits_for_nobody() {
        Announcer::default().say(News::Fight, "nobody hears");
        let (announcer, mut heard) = Announcer::new();
        (0..KEPT + 5).for_each(|n| announcer.say(News::Tampering, n.to_string()));
        drop(announcer);
        let mut kept = Vec::new();
        while let Ok(it) = heard.try_recv() {
            kept.push(it.note);
        }
        assert_eq!((kept.len(), kept.first().map(String::as_str)), (KEPT, Some("0")));
    }
}
