//! Takes the series of the process and of its places; gives them to Prometheus. Never counts anything itself.

mod document;
mod series;
pub mod table;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Encoder, TextEncoder};

pub use self::document::document;
pub use self::series::Series;
use self::table::{Kind, Row, Scope};

/// A place's values, under its account, empty while that is not known, and its Region.
#[derive(Clone, Copy, Debug)]
pub struct OfPlace<'a> {
    /// The account.
    pub account: &'a str,
    /// The Region.
    pub region: &'a str,
    /// What there is to say.
    pub series: &'a Series,
}

/// All of it in Prometheus' text format, and what the operating system says of the process.
///
/// # Errors
///
/// When one cannot be written as text.
pub fn text(process: &Series, places: &[OfPlace<'_>]) -> anyhow::Result<String> {
    let mut families: Vec<MetricFamily> =
        table::table().map(|(row, labels)| family(row, labels, process, places)).collect();
    families.extend(ProcessCollector::for_self().collect());
    // One without a value is no error: nobody has called AWS yet.
    families.retain(|family| !family.get_metric().is_empty());
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text)?;
    Ok(String::from_utf8(text)?)
}

fn family(row: &Row, labels: &[&str], process: &Series, places: &[OfPlace<'_>]) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(row.name.to_owned());
    family.set_help(row.help.to_owned());
    family.set_field_type(match row.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram(_) => MetricType::HISTOGRAM,
    });
    family.set_metric(match row.scope {
        Scope::Process => process.samples(row, labels, &[]),
        Scope::Place => {
            let of = |OfPlace { account, region, series }: &OfPlace<'_>| {
                series.samples(row, labels, &[("account", account), ("region", region)])
            };
            places.iter().flat_map(of).collect()
        }
    });
    family
}
