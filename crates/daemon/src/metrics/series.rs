//! Takes values of metrics; keeps them, and gives them as Prometheus takes them. Never knows what they mean.

use std::collections::BTreeMap;

use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric as Sample};

use super::table::{Kind, Metric, Row};

/// The values of metrics by their name and the values of their own labels.
#[derive(Clone, Debug, Default)]
pub struct Series(BTreeMap<&'static str, BTreeMap<Vec<String>, Value>>);

#[derive(Clone, Debug)]
enum Value {
    Number(f64),
    /// How many observations each bucket has, without those of the buckets before it, and their sum.
    Observed {
        counts: Vec<(f64, u64)>,
        count: u64,
        sum: f64,
    },
}

impl Series {
    /// Says what a gauge is.
    pub fn set<const L: usize>(&mut self, metric: &'static Metric<L>, labels: [&str; L], to: f64) {
        *self.value(metric, labels) = Value::Number(to);
    }

    /// Says what all series of a gauge are: those that are not named are no more.
    pub fn replace<const L: usize>(
        &mut self,
        metric: &'static Metric<L>,
        all: impl IntoIterator<Item = ([String; L], f64)>,
    ) {
        let all = all.into_iter().map(|(labels, to)| (labels.to_vec(), Value::Number(to)));
        self.0.insert(metric.row.name, all.collect());
    }

    /// Begins a series at 0, if it has not begun: what is counted later is then seen to grow.
    pub fn begin<const L: usize>(&mut self, metric: &'static Metric<L>, labels: [&str; L]) {
        self.value(metric, labels);
    }

    /// Whether a series has begun.
    pub fn has<const L: usize>(&self, metric: &'static Metric<L>, labels: [&str; L]) -> bool {
        self.0.get(metric.row.name).is_some_and(|all| all.contains_key(labels.map(str::to_owned).as_slice()))
    }

    /// Counts so many more.
    pub fn add<const L: usize>(&mut self, metric: &'static Metric<L>, labels: [&str; L], more: f64) {
        if let Value::Number(number) = self.value(metric, labels) {
            *number += more;
        }
    }

    /// Counts up to a total that somebody else keeps. It never goes back: a counter that did would be taken for one that began anew.
    pub fn count_to<const L: usize>(&mut self, metric: &'static Metric<L>, labels: [&str; L], total: f64) {
        if let Value::Number(number) = self.value(metric, labels) {
            *number = number.max(total);
        }
    }

    /// Takes an observation.
    pub fn observe<const L: usize>(&mut self, metric: &'static Metric<L>, labels: [&str; L], seen: f64) {
        if let Value::Observed { counts, count, sum } = self.value(metric, labels) {
            counts.iter_mut().find(|(bound, _)| seen <= *bound).into_iter().for_each(|(_, count)| *count += 1);
            *count += 1;
            *sum += seen;
        }
    }

    fn value<const L: usize>(&mut self, metric: &'static Metric<L>, labels: [&str; L]) -> &mut Value {
        let labels: Vec<String> = labels.map(str::to_owned).into();
        self.0.entry(metric.row.name).or_default().entry(labels).or_insert_with(|| match metric.row.kind {
            Kind::Counter | Kind::Gauge => Value::Number(0.0),
            Kind::Histogram(bounds) => {
                Value::Observed { counts: bounds.iter().map(|bound| (*bound, 0)).collect(), count: 0, sum: 0.0 }
            }
        })
    }

    /// The samples of a metric, each with these labels before its own.
    pub(super) fn samples(&self, row: &Row, names: &[&str], before: &[(&str, &str)]) -> Vec<Sample> {
        let sample = |(values, value): (&Vec<String>, &Value)| {
            let own = names.iter().copied().zip(values.iter().map(String::as_str));
            let pair = |(name, value): (&str, &str)| {
                let mut pair = LabelPair::default();
                pair.set_name(name.to_owned());
                pair.set_value(value.to_owned());
                pair
            };
            let mut sample = value.sample(row.kind);
            sample.set_label(before.iter().copied().chain(own).map(pair).collect());
            sample
        };
        self.0.get(row.name).into_iter().flatten().map(sample).collect()
    }
}

impl Value {
    fn sample(&self, kind: Kind) -> Sample {
        let mut sample = Sample::default();
        match (self, kind) {
            (Self::Number(number), Kind::Counter) => {
                let mut counter = Counter::default();
                counter.set_value(*number);
                sample.set_counter(counter);
            }
            (Self::Number(number), Kind::Gauge | Kind::Histogram(_)) => {
                let mut gauge = Gauge::default();
                gauge.set_value(*number);
                sample.set_gauge(gauge);
            }
            (Self::Observed { counts, count, sum }, _) => {
                let mut histogram = Histogram::default();
                histogram.set_sample_count(*count);
                histogram.set_sample_sum(*sum);
                let buckets = counts.iter().scan(0, |so_far, (bound, count)| {
                    *so_far += count;
                    let mut bucket = Bucket::default();
                    bucket.set_cumulative_count(*so_far);
                    bucket.set_upper_bound(*bound);
                    Some(bucket)
                });
                histogram.set_bucket(buckets.collect());
                sample.set_histogram(histogram);
            }
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OfPlace, table, text};
    use super::*;

    /// The lines of a metric.
    fn lines(series: &Series, name: &str) -> Vec<String> {
        let place = OfPlace { account: "1", region: "r", series };
        let text = text(&Series::default(), &[place]).unwrap();
        text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
    }

    #[test]
    fn a_histogram_counts_what_is_not_above_a_bound_and_everything_at_the_end() {
        let mut series = Series::default();
        [0.5, 1.0, 1.5, 9999.0].iter().for_each(|seen| series.observe(&table::TIME_TO_MIRROR, [], *seen));
        let lines = lines(&series, "vpc_mirror_time_to_mirror_seconds");
        let of =
            |le: &str| format!("vpc_mirror_time_to_mirror_seconds_bucket{{account=\"1\",region=\"r\",le=\"{le}\"}}");
        for (le, count) in [("1", 2), ("2", 3), ("3600", 3), ("+Inf", 4)] {
            assert!(lines.contains(&format!("{} {count}", of(le))), "{le}: {lines:#?}");
        }
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("vpc_mirror_time_to_mirror_seconds_sum") && line.ends_with(" 10002"))
        );
    }

    #[test]
    fn what_is_replaced_and_not_named_any_more_is_gone_and_a_counter_never_goes_back() {
        let mut series = Series::default();
        series.replace(&table::COVERAGE, [(["a".to_owned()], 0.5), (["b".to_owned()], 1.0)]);
        series.replace(&table::COVERAGE, [(["b".to_owned()], 0.25)]);
        let coverage = "vpc_mirror_coverage_ratio{account=\"1\",region=\"r\",strategy=\"b\"} 0.25";
        assert_eq!(lines(&series, "vpc_mirror_coverage_ratio"), [coverage]);
        for total in [3.0, 2.0] {
            series.count_to(&table::TAMPERING, ["session-deleted"], total);
        }
        assert!(lines(&series, "vpc_mirror_tampering_total").iter().all(|line| line.ends_with(" 3")));
    }
}
