//! Takes the records of all places; answers for the whole process: probes, metrics, and whether the policy file is followed. Never says
//! which instances are watched.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::Region;
use mirror_core::report::Summary;

use crate::place::Account;
use crate::record::{Metrics, Record, held};

/// The records of the places that are looked after.
pub struct Records {
    metrics: Arc<Metrics>,
    /// In the order in which they were opened.
    open: Mutex<Vec<Arc<Record>>>,
}

impl Records {
    /// Of no place yet.
    ///
    /// # Errors
    ///
    /// When two metrics have one name.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { metrics: Arc::new(Metrics::new()?), open: Mutex::default() })
    }

    /// Opens the record of a place, which begins now.
    pub(crate) fn open(&self, region: Region, account: Account, now: Time) -> Arc<Record> {
        let record = Arc::new(Record::of(self.metrics.clone(), region, account, now));
        self.all().push(record.clone());
        record
    }

    /// Closes the record of a place that is looked after no longer: nothing is answered of it any more.
    pub(crate) fn close(&self, record: &Arc<Record>) {
        self.all().retain(|other| !Arc::ptr_eq(other, record));
        record.close();
    }

    /// The metrics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// When a metric cannot be written as text.
    pub fn metrics(&self) -> anyhow::Result<String> {
        self.metrics.text()
    }

    /// Notes whether this process leads: whether it is the one that changes anything. Until somebody says that it does not, it does.
    pub fn leads(&self, leads: bool) {
        self.metrics.leads(leads);
    }

    /// Notes whether the policy file as it is now is followed.
    pub fn policy(&self, good: bool) {
        self.metrics.policy(good);
    }

    /// Writes down that the policy file has changed, and whether it is followed.
    pub fn policy_changed(&self, good: bool) {
        self.metrics.policy_changed(good);
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

    /// A panic elsewhere must not take the probes with it: the list is whole after every statement.
    fn all(&self) -> MutexGuard<'_, Vec<Arc<Record>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_takes_no_lease_is_the_one_that_changes_things() {
        let records = Records::new().unwrap();
        assert!(records.metrics().unwrap().contains("vpc_mirror_leader 1\n"));
        records.leads(false);
        assert!(records.metrics().unwrap().contains("vpc_mirror_leader 0\n"));
    }

    #[test]
    fn a_place_that_is_opened_stands_in_the_metrics_at_0_and_goes_when_it_is_closed() {
        let records = Records::new().unwrap();
        let account = Account::default();
        let record = records.open("eu-west-1".into(), account.clone(), Time::UNIX_EPOCH);
        account.learn(&"111122223333".into());
        record.beat(Time::UNIX_EPOCH);
        let metrics = records.metrics().unwrap();
        let labels = "account=\"111122223333\",region=\"eu-west-1\"";
        for series in [
            format!("vpc_mirror_rounds_total{{{labels}}} 0"),
            format!("vpc_mirror_sessions{{{labels},state=\"wanted\"}} 0"),
            "vpc_mirror_tampering_total{account=\"111122223333\",kind=\"session-deleted\",region=\"eu-west-1\"} 0"
                .into(),
        ] {
            assert!(metrics.contains(&series), "{series}:\n{metrics}");
        }
        assert!(!metrics.contains("account=\"\""), "one pair of labels at a time:\n{metrics}");
        records.close(&record);
        let metrics = records.metrics().unwrap();
        assert!(!metrics.contains("region="), "{metrics}");
    }

    #[test]
    fn what_has_not_been_observed_is_named_with_its_place() {
        let records = Records::new().unwrap();
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
