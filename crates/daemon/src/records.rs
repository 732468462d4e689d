//! Takes the records of all places; answers for the whole process: probes, metrics, and whether the policy file is followed. Never says
//! which instances are watched.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::Region;
use mirror_core::report::Summary;

use crate::announce::{Announcer, News};
use crate::metrics::{self, OfPlace, Series, table};
use crate::place::Account;
use crate::record::{Record, held};

/// The records of the places that are looked after.
pub struct Records {
    /// The tag by which running instances are counted.
    role: Arc<str>,
    /// Where Kubernetes is told.
    announcer: Announcer,
    /// Whether another changes things meanwhile, or nobody.
    stands_by: AtomicBool,
    /// What is said of the process.
    process: Mutex<Series>,
    /// In the order in which they were opened.
    open: Mutex<Vec<Arc<Record>>>,
}

impl Records {
    /// Of no place yet. Running instances are counted by the values of the tag with the key `role`.
    pub fn new(role: &str, announcer: Announcer) -> Self {
        let mut process = Series::default();
        process.set(&table::BUILD, [env!("CARGO_PKG_VERSION")], 1.0);
        process.set(&table::LEADER, [], 1.0);
        process.set(&table::ELECTED, [], 0.0);
        [FOLLOWED, REFUSED].iter().for_each(|result| process.begin(&table::POLICY_CHANGES, [result]));
        Self {
            role: role.into(),
            announcer,
            stands_by: AtomicBool::new(false),
            process: Mutex::new(process),
            open: Mutex::default(),
        }
    }

    /// Opens the record of a place, which begins now.
    pub(crate) fn open(&self, region: Region, account: Account, now: Time) -> Arc<Record> {
        let record = Arc::new(Record::new(region, account, self.role.clone(), self.announcer.clone(), now));
        self.all().push(record.clone());
        record
    }

    /// Closes the record of a place that is looked after no longer: nothing is answered of it any more.
    pub(crate) fn close(&self, record: &Arc<Record>) {
        self.all().retain(|other| !Arc::ptr_eq(other, record));
    }

    /// The metrics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// When a metric cannot be written as text.
    pub fn metrics(&self) -> anyhow::Result<String> {
        let numbers: Vec<(String, String, Series)> = self.all().iter().map(|record| record.numbers()).collect();
        let places: Vec<OfPlace<'_>> =
            numbers.iter().map(|(account, region, series)| OfPlace { account, region, series }).collect();
        metrics::text(&self.process(), &places)
    }

    /// Notes that replicas share a lease, and that this process does not lead until it is said to.
    pub fn elects(&self) {
        self.process().set(&table::ELECTED, [], 1.0);
        self.leads(false);
    }

    /// Notes whether this process leads: whether it is the one that changes anything. Until somebody says that it does not, it does.
    pub fn leads(&self, leads: bool) {
        if leads {
            self.announcer.say(News::Leading, "it leads, and is the one that changes anything");
        }
        self.stands_by.store(!leads, Ordering::Relaxed);
        self.process().set(&table::LEADER, [], f64::from(u8::from(leads)));
    }

    /// Whether another changes things meanwhile, or nobody: then nothing is held here, and nothing can be approved.
    pub fn stands_by(&self) -> bool {
        self.stands_by.load(Ordering::Relaxed)
    }

    /// Writes down which policy is followed from now on, by its digest.
    pub fn follows(&self, digest: &str, now: Time) {
        let mut process = self.process();
        process.replace(&table::POLICY, [([digest.to_owned()], 1.0)]);
        process.set(&table::POLICY_SINCE, [], now.as_duration().as_secs_f64());
        process.set(&table::POLICY_GOOD, [], 1.0);
    }

    /// Writes down that the policy file has changed, and is followed: by its digest.
    pub fn policy_changed(&self, digest: &str, now: Time) {
        self.announcer.say(News::PolicyFollowed, "the policy has changed, and is followed");
        self.follows(digest, now);
        self.process().add(&table::POLICY_CHANGES, [FOLLOWED], 1.0);
    }

    /// Writes down that the policy file has changed, and is not followed, for these mistakes.
    pub fn policy_refused(&self, mistakes: &str) {
        self.announcer.say(News::PolicyRefused, mistakes);
        let mut process = self.process();
        process.set(&table::POLICY_GOOD, [], 0.0);
        process.add(&table::POLICY_CHANGES, [REFUSED], 1.0);
    }

    /// For how long the loop has not moved that has stood still the longest.
    pub fn silence(&self, now: Time) -> SignedDuration {
        self.all().iter().map(|record| record.silence(now)).max().unwrap_or(SignedDuration::ZERO)
    }

    /// Nothing when everything has been observed once; else what is missing, and where.
    pub fn unready(&self) -> Option<String> {
        let all = self.all();
        if all.is_empty() {
            return Some("no place is looked after yet".into());
        }
        let missing = |record: &Arc<Record>| {
            let missing = record.unready()?;
            Some(missing.lines().map(|line| format!("{}: {line}", record.place())).collect::<Vec<_>>().join("\n"))
        };
        let missing: Vec<String> = all.iter().filter_map(missing).collect();
        (!missing.is_empty()).then(|| missing.join("\n"))
    }

    /// What is held, a line for each place, with what lets it go.
    pub fn held(&self) -> Vec<String> {
        let said = |record: &Arc<Record>| {
            let (digest, losses) = record.held()?;
            Some(format!("{}: {}", record.place(), held(losses, &digest)))
        };
        self.all().iter().filter_map(said).collect()
    }

    /// Takes a person's approval of held losses, by their digest; gives the places that hold them, a line each: none if nobody does.
    pub fn approve(&self, digest: &str) -> Vec<String> {
        self.all().iter().filter(|record| record.approve(digest)).map(|record| record.place()).collect()
    }

    /// How things stood in numbers when last nothing was left to do, in all places together.
    pub fn summary(&self) -> Summary {
        self.all().iter().fold(Summary::default(), |sum, record| {
            let Summary { interfaces, wanted, mirrored, refused, foreign, waiting, held, gaps } = record.summary();
            Summary {
                interfaces: sum.interfaces + interfaces,
                wanted: sum.wanted + wanted,
                mirrored: sum.mirrored + mirrored,
                refused: sum.refused + refused,
                foreign: sum.foreign + foreign,
                waiting: sum.waiting + waiting,
                held: sum.held + held,
                gaps: sum.gaps + gaps,
            }
        })
    }

    /// How long after the start every wanted session stood for the first time, in the last of the places.
    pub fn converged(&self) -> Option<SignedDuration> {
        let all: Option<Vec<SignedDuration>> = self.all().iter().map(|record| record.converged()).collect();
        all?.into_iter().max()
    }

    fn process(&self) -> MutexGuard<'_, Series> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic elsewhere must not take the probes with it: the list is whole after every statement.
    fn all(&self) -> MutexGuard<'_, Vec<Arc<Record>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of a policy file that has changed.
const FOLLOWED: &str = "followed";
const REFUSED: &str = "refused";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_takes_no_lease_is_the_one_that_changes_things() {
        let records = Records::new("role", Announcer::default());
        assert!(records.metrics().unwrap().contains("vpc_mirror_leader 1\n"));
        records.leads(false);
        assert!(records.metrics().unwrap().contains("vpc_mirror_leader 0\n"));
    }

    #[test]
    fn a_place_that_is_opened_stands_in_the_metrics_at_0_and_goes_when_it_is_closed() {
        let records = Records::new("role", Announcer::default());
        let account = Account::default();
        let record = records.open("eu-west-1".into(), account.clone(), Time::UNIX_EPOCH);
        account.learn(&"111122223333".into());
        record.beat(Time::UNIX_EPOCH);
        let metrics = records.metrics().unwrap();
        let labels = "account=\"111122223333\",region=\"eu-west-1\"";
        for series in [
            format!("vpc_mirror_rounds_total{{{labels}}} 0"),
            format!("vpc_mirror_sessions{{{labels},state=\"wanted\"}} 0"),
            format!("vpc_mirror_tampering_total{{{labels},kind=\"session-deleted\"}} 0"),
            format!("vpc_mirror_aws_calls_total{{{labels},action=\"CreateTrafficMirrorSession\",result=\"denied\"}} 0"),
            format!("vpc_mirror_sources{{{labels},state=\"notMirrored\",reason=\"\"}} 0"),
            format!("vpc_mirror_time_to_mirror_seconds_bucket{{{labels},le=\"60\"}} 0"),
        ] {
            assert!(metrics.contains(&series), "{series}:\n{metrics}");
        }
        assert!(!metrics.contains("account=\"\""), "one pair of labels at a time:\n{metrics}");
        records.close(&record);
        let metrics = records.metrics().unwrap();
        assert!(!metrics.contains("region="), "{metrics}");
    }

    #[test]
    fn a_loop_that_rests_is_not_silent_before_its_time_is_up() {
        let records = Records::new("role", Announcer::default());
        let record = records.open("eu-west-1".into(), Account::default(), Time::UNIX_EPOCH);
        let at = |seconds| Time::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        // As one does that stands by.
        record.rests(at(300));
        let silent = [240, 300, 301].map(|seconds| records.silence(at(seconds)));
        assert_eq!(silent, [0, 0, 1].map(SignedDuration::from_secs));
    }

    #[test]
    fn what_has_not_been_observed_is_named_with_its_place() {
        let records = Records::new("role", Announcer::default());
        assert_eq!(records.unready().as_deref(), Some("no place is looked after yet"));
        let account = Account::default();
        let one = records.open("eu-west-1".into(), account.clone(), Time::UNIX_EPOCH);
        let other = records.open("us-east-1".into(), Account::default(), Time::UNIX_EPOCH);
        account.learn(&"111122223333".into());
        let missing = "111122223333, eu-west-1: the first observation is under way\nus-east-1: the first observation is under way";
        assert_eq!(records.unready().as_deref(), Some(missing));
        other.leaves();
        records.close(&one);
        assert_eq!(records.unready(), None, "what leaves is nobody's business any more");
    }
}
