//! Takes the sources and manifests; holds the arrows between the crates and between core's modules, so that they stay as
//! docs/architecture.md draws them without anyone watching.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The sources of a crate, by path below its `src`, without tests.
fn sources(package: &str) -> BTreeMap<String, String> {
    fn walk(folder: &Path, base: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                walk(&path, base, found);
            } else if !name.contains("test") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                found.insert(name, code);
            }
        }
    }
    let src = root().join("crates").join(package).join("src");
    let mut found = BTreeMap::new();
    walk(&src, &src, &mut found);
    assert!(!found.is_empty());
    found
}

/// What a manifest's `[dependencies]` name.
fn dependencies(package: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("crates").join(package).join("Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap().to_owned();
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap().to_owned();
    section.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(name).collect()
}

#[test]
fn core_knows_no_other_crate_of_ours_and_aws_and_sim_only_core() {
    let ours = |package: &str| {
        dependencies(package).into_iter().filter(|name| name.starts_with("mirror-")).collect::<Vec<_>>()
    };
    assert_eq!(ours("core"), Vec::<String>::new());
    assert_eq!(ours("aws"), ["mirror-core"]);
    assert_eq!(ours("sim"), ["mirror-core"]);
    assert_eq!(ours("daemon"), ["mirror-aws", "mirror-core", "mirror-sim"]);
}

#[test]
fn only_aws_names_the_sdk_and_only_the_daemon_has_a_runtime() {
    for package in ["core", "sim", "daemon"] {
        assert!(!dependencies(package).iter().any(|name| name.starts_with("aws-")), "{package}");
    }
    for package in ["core", "aws", "sim"] {
        for name in ["tokio", "axum", "clap", "tracing", "anyhow"] {
            assert!(!dependencies(package).contains(name), "{package} depends on {name}");
        }
    }
}

#[test]
fn core_and_sim_have_no_clock_no_randomness_and_no_io() {
    for package in ["core", "sim"] {
        for (file, code) in sources(package) {
            for forbidden in [
                "Timestamp::now",
                "Time::now",
                "SystemTime",
                "Instant::now",
                "std::fs",
                "TcpStream",
                "TcpListener",
                "UdpSocket",
                "std::env",
                "rand::",
                "HashMap",
                "HashSet",
            ] {
                assert!(!code.contains(forbidden), "crates/{package}/src/{file} says {forbidden}");
            }
        }
    }
}

/// The stages of core, each with the modules that it may name. A module that is missing here fails the test: it needs a place.
const CORE: [(&str, &[&str]); 25] = [
    ("ids", &[]),
    ("pairs", &[]),
    ("digest", &[]),
    ("objects", &["ids", "inventory", "pairs"]),
    ("inventory", &["ids", "objects", "pairs"]),
    ("cloud", &["ids", "inventory"]),
    ("limits", &["cloud", "inventory"]),
    ("lessons", &["ids"]),
    ("prices", &[]),
    ("policy", &["ids", "inventory", "limits"]),
    ("packets", &["inventory", "policy"]),
    ("ruleset", &["inventory", "limits", "packets"]),
    ("support", &["limits", "policy"]),
    ("ownership", &["digest", "ids", "inventory", "objects"]),
    ("grants", &["cloud", "ids", "inventory", "ownership", "policy"]),
    (
        "decide",
        &[
            "digest",
            "ids",
            "inventory",
            "lessons",
            "limits",
            "ownership",
            "packets",
            "policy",
            "prices",
            "ruleset",
            "support",
        ],
    ),
    ("compile", &["decide", "digest", "ids", "inventory", "limits", "packets", "pairs", "policy", "ruleset"]),
    ("memory", &["cloud", "decide", "digest", "ids", "inventory", "lessons", "limits", "objects", "pairs", "plan"]),
    ("lease", &["digest", "memory"]),
    ("observe", &["cloud", "ids", "inventory", "memory", "objects", "ownership", "policy"]),
    (
        "plan",
        &[
            "cloud",
            "compile",
            "decide",
            "digest",
            "ids",
            "inventory",
            "limits",
            "memory",
            "objects",
            "ownership",
            "packets",
            "policy",
        ],
    ),
    (
        "report",
        &[
            "cloud",
            "compile",
            "decide",
            "ids",
            "inventory",
            "lessons",
            "limits",
            "memory",
            "objects",
            "ownership",
            "packets",
            "plan",
            "policy",
            "prices",
        ],
    ),
    ("wake", &["cloud", "inventory", "memory", "plan", "policy"]),
    ("lib", &["cloud", "compile", "decide", "digest"]),
    ("testing", &[]),
];

#[test]
fn cores_stages_name_only_what_comes_before_them() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        CORE.into_iter().map(|(module, names)| (module, names.iter().copied().collect())).collect();
    for (file, code) in sources("core") {
        let module = file.split(['/', '.']).next().unwrap();
        let may = allowed.get(module).unwrap_or_else(|| panic!("crates/core/src/{file} has no place in the order"));
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let named: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if !named.is_empty() && named != module {
                assert!(may.contains(named.as_str()), "crates/core/src/{file} names crate::{named}");
            }
        }
    }
}

#[test]
fn the_simulation_transcribes_the_facts_itself_and_uses_only_cores_nouns() {
    let nouns = ["cloud", "ids", "inventory", "Time"];
    for (file, code) in sources("sim") {
        for (at, _) in code.match_indices("mirror_core::") {
            let named: String =
                code[at + "mirror_core::".len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(nouns.contains(&named.as_str()), "crates/sim/src/{file} names mirror_core::{named}");
        }
    }
}

#[test]
fn every_file_says_what_it_takes_gives_and_never_does() {
    for package in ["core", "aws", "sim", "daemon"] {
        for (file, code) in sources(package) {
            assert!(code.starts_with("//!"), "crates/{package}/src/{file} does not begin with //!");
        }
    }
}
