//! Takes what an operator would look up with kubectl; hands it to whoever tells Kubernetes, if anybody does. Never waits, and never keeps
//! much: an event is a hint where to look, and the log has it all.

use std::fmt;

use tokio::sync::mpsc;

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

#[cfg(test)]
mod tests {
    use super::*;

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
