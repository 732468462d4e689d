//! Takes an instance type; says whether its interfaces can be mirrored, and whether they take many sources as a target. Never looks at
//! an instance: `DescribeInstanceTypes` has no field for either, so that both are lists, kept as data in `data/`.
//!
//! Source: Traffic Mirroring guide (2026), "Supported instance types" and "Traffic Mirroring quotas".

use std::sync::LazyLock;

use serde_json::Value;

static FAMILIES: LazyLock<Value> = LazyLock::new(|| read(include_str!("../../data/supported-instance-families.json")));

static LARGE_TARGETS: LazyLock<Value> =
    LazyLock::new(|| read(include_str!("../../data/large-target-instance-types.json")));

/// Whether an interface of such an instance can be mirrored. Bare metal (`m5.metal`, `c7i.metal-24xl`) has a list of its own, which
/// is much shorter. A family that is in no list is not supported.
pub(super) fn is_supported(instance_type: &str) -> bool {
    let Some((family, size)) = instance_type.split_once('.') else { return false };
    let list = if size.starts_with("metal") { "bare_metal_families" } else { "virtualized_families" };
    is_in(&FAMILIES, list, family)
}

/// Whether an interface of such an instance takes as many sources as the largest do.
pub(super) fn is_large_target(instance_type: &str) -> bool {
    is_in(&LARGE_TARGETS, "instance_types", instance_type)
}

/// Data that could not be read would hold nothing, and no source would be supported: every test of a session would fail.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn is_in(data: &Value, list: &str, name: &str) -> bool {
    data.get(list).and_then(Value::as_array).is_some_and(|names| names.iter().any(|it| it == name))
}
