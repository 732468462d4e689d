//! Takes an instance type; says what AWS's documentation says of it as a source and as a target. Never knows better than the policy,
//! or than AWS itself: `DescribeInstanceTypes` has no field for either, so that both are lists, which AWS extends without notice.
//!
//! Source: Traffic Mirroring guide (2026), "Supported instance types" and "Traffic Mirroring quotas"; the lists are in `data/`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::limits::{SOURCES_PER_INTERFACE_TARGET, SOURCES_PER_LARGE_INTERFACE_TARGET};
use crate::policy::InstanceTypes;

/// Whether AWS mirrors an instance type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Supported,
    /// It does not.
    Unsupported,
    /// Nobody has said so: it is tried.
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Families {
    #[serde(rename = "source")]
    _source: String,
    supported: BTreeSet<String>,
    supported_bare_metal: BTreeSet<String>,
    unsupported: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LargeTargets {
    #[serde(rename = "source")]
    _source: String,
    instance_types: BTreeSet<String>,
}

/// Lists that could not be read would leave every type unknown, and every target small: a test reads them.
static FAMILIES: LazyLock<Option<Families>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/instance-families.json")).ok());
static LARGE_TARGETS: LazyLock<Option<LargeTargets>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/large-target-types.json")).ok());

/// Whether AWS mirrors interfaces of this instance type. What the policy says of the type comes first, then what it says of the family.
pub fn support(instance_type: &str, policy: &InstanceTypes) -> Support {
    let (family, size) = instance_type.split_once('.').unwrap_or((instance_type, ""));
    for name in [instance_type, family] {
        if policy.supported.contains(name) {
            return Support::Supported;
        }
        if policy.unsupported.contains(name) {
            return Support::Unsupported;
        }
    }
    let Some(families) = LazyLock::force(&FAMILIES) else { return Support::Unknown };
    let known = || {
        families.supported.contains(family)
            || families.supported_bare_metal.contains(family)
            || families.unsupported.contains(family)
    };
    let list = if size.starts_with("metal") { &families.supported_bare_metal } else { &families.supported };
    match list.contains(family) {
        true => Support::Supported,
        false if known() => Support::Unsupported,
        false => Support::Unknown,
    }
}

/// How many sources an interface of such an instance takes as a target; of an instance that is not known, the fewer.
pub fn sources_per_interface_target(instance_type: Option<&str>) -> usize {
    let large =
        |instance_type: &str| LARGE_TARGETS.as_ref().is_some_and(|large| large.instance_types.contains(instance_type));
    if instance_type.is_some_and(large) { SOURCES_PER_LARGE_INTERFACE_TARGET } else { SOURCES_PER_INTERFACE_TARGET }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_read() {
        assert!(FAMILIES.is_some() && LARGE_TARGETS.is_some());
    }

    #[test]
    fn a_type_is_supported_unsupported_or_nobody_knows() {
        use Support::{Supported, Unknown, Unsupported};
        for (instance_type, expected) in [
            ("m5.large", Supported),
            ("m7i.48xlarge", Supported),
            ("t2.micro", Unsupported),
            ("m8g.large", Unsupported),
            ("c5.metal", Supported),
            ("m7i.metal-24xl", Unsupported),
            ("m99x.large", Unknown),
            ("m99x.metal", Unknown),
            ("nonsense", Unknown),
        ] {
            assert_eq!(support(instance_type, &InstanceTypes::default()), expected, "{instance_type}");
        }
    }

    #[test]
    fn the_policy_knows_better_and_of_a_type_better_than_of_its_family() {
        let policy = InstanceTypes {
            supported: ["m8g", "t2.micro"].map(Into::into).into(),
            unsupported: ["m8g.large".into()].into(),
        };
        assert_eq!(support("m8g.xlarge", &policy), Support::Supported);
        assert_eq!(support("m8g.large", &policy), Support::Unsupported);
        assert_eq!(support("t2.micro", &policy), Support::Supported);
        assert_eq!(support("t2.large", &policy), Support::Unsupported);
    }

    #[test]
    fn large_instances_take_a_hundred_sources_and_others_ten() {
        assert_eq!(sources_per_interface_target(Some("m5.24xlarge")), 100);
        assert_eq!(sources_per_interface_target(Some("m5.large")), 10);
        assert_eq!(sources_per_interface_target(None), 10);
    }
}
