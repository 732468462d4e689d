//! Takes the table of metrics; gives the document about them. Never says anything that is not in the table.

use std::fmt::Write;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;

use super::table::{Kind, Row, Scope, Stability, table};

const HEAD: &str = "\
# Metrics

`GET /metrics` on the address of `--listen`, in Prometheus' text format. This page is made from the table in
[`metrics/table.rs`](../crates/daemon/src/metrics/table.rs): `REWRITE_METRICS=1 cargo test -p vpc-mirror --test documents`.

No label carries the id of an instance or a network interface: whoever reads metrics must not learn whom nobody watches. What is told is
how much, by strategy, sensor, zone and role; `vpc-mirror sources` and `explain` name machines, to whoever may ask AWS.

- **Stable** names, labels and meanings stay until the next major version; **alpha** ones may change with any.
- Series whose labels are known before anything happens stand at 0 from the start, so that `increase` sees the first time.
- Replicas each answer for themselves, and one that stands by reads five times less often: the numbers of a place are those of the replica
  whose `vpc_mirror_leader` is 1, and the others' say nothing else once they have looked. Counters are of what a replica did: `sum`.

";

/// The document, as docs/metrics.md has it.
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    section(&mut text, "Of the process", Scope::Process);
    section(
        &mut text,
        "Of each account and Region\n\nEach has the labels `account`, empty until AWS has said which it is, and `region` before its own",
        Scope::Place,
    );
    text.push_str("## What the operating system says of the process\n\n| name | it says |\n|---|---|\n");
    for desc in ProcessCollector::for_self().desc() {
        let _ = writeln!(text, "| `{}` | {} |", desc.fq_name, desc.help);
    }
    text
}

fn section(text: &mut String, title: &str, scope: Scope) {
    let _ = write!(
        text,
        "## {title}\n\n| name | type | unit | labels | stability | it says |\n|---|---|---|---|---|---|\n"
    );
    for (row, labels) in table().filter(|(row, _)| row.scope == scope) {
        let Row { name, kind, unit, stability, help, .. } = row;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let stability = match stability {
            Stability::Stable => "stable",
            Stability::Alpha => "alpha",
        };
        let labels = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| `{name}` | {kind} | {unit} | {labels} | {stability} | {help} |");
    }
    text.push('\n');
}
