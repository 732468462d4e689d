//! Takes captures; says how each fits into a filter, and whether it has packets at all, looking each up once for all the rounds in which
//! it is asked for. Never changes an answer: lost, it is found again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::capture::Capture;
use crate::packets::PacketSet;
use crate::ruleset::{Fitted, Widen};

/// How captures fit into filters. To find out takes milliseconds for one with many networks, and a fleet asks for the same in every round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fits {
    /// With or without IPv6, and what may be added.
    fitted: Known<(Arc<Capture>, bool, Widen), Option<Arc<Fitted>>>,
    packets: Known<(Arc<Capture>, bool), Option<Arc<PacketSet>>>,
}

impl Fits {
    /// Forgets what nobody has asked for since this was called last.
    pub(super) fn begin(&mut self) {
        self.fitted.forget();
        self.packets.forget();
    }

    /// The filter for a capture; none if no filter takes it.
    pub(crate) fn fitted(&mut self, capture: &Arc<Capture>, ipv6: bool, widen: Widen) -> Option<Arc<Fitted>> {
        let fit = || capture.fitted(ipv6, widen).map(Arc::new);
        self.fitted.get((capture.clone(), ipv6, widen), fit)
    }

    /// The packets of a capture; none if it takes too much to say.
    pub(super) fn packets(&mut self, capture: &Arc<Capture>, ipv6: bool) -> Option<Arc<PacketSet>> {
        self.packets.get((capture.clone(), ipv6), || capture.packets(ipv6).ok().map(Arc::new))
    }
}

/// Answers, each with whether anybody has asked for it lately.
#[derive(Clone, Debug, PartialEq)]
struct Known<K, V>(BTreeMap<K, (V, bool)>);

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V: Clone> Known<K, V> {
    fn forget(&mut self) {
        self.0.retain(|_, (_, asked)| std::mem::take(asked));
    }

    fn get(&mut self, key: K, find: impl FnOnce() -> V) -> V {
        let (answer, asked) = self.0.entry(key).or_insert_with(|| (find(), true));
        *asked = true;
        answer.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::decide::Wish;
    use crate::testing::strategy;

    fn capture(options: &str) -> Arc<Capture> {
        let strategy = strategy(options);
        let wish = Wish::usual(&strategy);
        Arc::new(Capture::of([(&strategy, &wish)], &BTreeSet::new()))
    }

    #[test]
    fn what_was_found_out_in_one_round_is_known_in_the_next() {
        let mut fits = Fits::default();
        let first = fits.fitted(&capture("{except: [tcp/2049]}"), true, Widen::NeverBusy).unwrap();
        fits.begin();
        let again = fits.fitted(&capture("{except: [tcp/2049]}"), true, Widen::NeverBusy).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "it is found anew");
        assert_eq!(*again, capture("{except: [tcp/2049]}").fitted(true, Widen::NeverBusy).unwrap());
    }

    #[test]
    fn captures_interfaces_and_what_may_be_added_are_told_apart() {
        let mut fits = Fits::default();
        let ports: Vec<String> = (1..30).map(|port| format!("tcp/{}", port * 14)).collect();
        let many = capture(&format!("{{ports: [{}]}}", ports.join(", ")));
        for capture in [many, capture("{}"), capture("{ports: [tcp/443]}")] {
            for (ipv6, widen) in [(true, Widen::NeverBusy), (false, Widen::NeverBusy), (true, Widen::Any)] {
                let told = fits.fitted(&capture, ipv6, widen).map(|fitted| (*fitted).clone());
                assert_eq!(told, capture.fitted(ipv6, widen), "{capture:?} {ipv6} {widen:?}");
                assert_eq!(fits.packets(&capture, ipv6).as_deref(), capture.packets(ipv6).ok().as_ref());
            }
        }
    }

    #[test]
    fn what_nobody_asks_for_in_a_whole_round_is_forgotten() {
        let mut fits = Fits::default();
        fits.begin();
        _ = fits.fitted(&capture("{}"), false, Widen::Any);
        _ = fits.packets(&capture("{}"), false);
        fits.begin();
        assert_ne!(fits, Fits::default(), "what the round before asked for is still known");
        fits.begin();
        assert_eq!(fits, Fits::default());
    }
}
