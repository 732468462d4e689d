//! Takes the policies of the tree: the examples, and the broken ones; holds them, and what is generated from the types of a policy, to
//! what `mirror-core` says. Never decides anything: whom the examples choose is in `src/decide/tests/examples.rs`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mirror_core::policy::{parse, reference, schema};

/// What writes anew what is generated.
const REWRITE: &str = "REWRITE_POLICIES=1 cargo test -p mirror-core --test policies";

/// What the first line of an example says to editors.
const NAMES_SCHEMA: &str = "# yaml-language-server: $schema=../policy.schema.json";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The policies of a folder, by name.
fn policies(folder: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Holds a generated file to what it should be, or makes it that.
fn is_fresh(path: &Path, fresh: &str) {
    if env::var_os("REWRITE_POLICIES").is_some() {
        fs::write(path, fresh).unwrap();
    }
    let stands = fs::read_to_string(path).unwrap_or_default();
    assert!(stands == fresh, "{} is stale: {REWRITE}", path.display());
}

#[test]
fn the_reference_and_the_schema_of_the_policy_are_those_of_its_types() {
    let head = "# The policy\n\nOne YAML file. This page is made from the types that read it, and so is [its JSON Schema](policy.schema.json), \
                for editors: begin the\nfile with `# yaml-language-server: $schema=…`, as the [examples](examples) do. What a policy means is in \
                [semantics.md](semantics.md).\n\n";
    is_fresh(&root().join("docs/policy.md"), &format!("{head}{}\n", reference().trim_end()));
    is_fresh(&root().join("docs/policy.schema.json"), &format!("{:#}\n", schema()));
}

#[test]
fn every_example_is_a_policy_that_names_its_schema_and_is_decided_in_a_test() {
    let tests = fs::read_to_string(root().join("crates/core/src/decide/tests/examples.rs")).unwrap();
    let examples = policies("docs/examples");
    assert!(examples.len() >= 10, "{examples:?}");
    for path in examples {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().next(), Some(NAMES_SCHEMA), "{}", path.display());
        parse(name(&path), &text).unwrap_or_else(|error| panic!("{error}"));
        assert!(tests.contains(name(&path)), "no test decides {}", path.display());
    }
}

#[test]
fn every_broken_policy_prints_what_is_written_beside_it() {
    let broken = policies("tests/policies/broken");
    assert!(broken.len() >= 20, "{broken:?}");
    let mut outputs = BTreeSet::new();
    for path in broken {
        let text = fs::read_to_string(&path).unwrap();
        let printed = parse(name(&path), &text).expect_err(name(&path)).to_string() + "\n";
        let places = printed.lines().map(|line| line.strip_prefix(name(&path)).unwrap());
        for place in places {
            let numbers: Vec<u64> = place.split(':').skip(1).take(2).map(|number| number.parse().unwrap()).collect();
            assert!(numbers.iter().all(|number| *number > 0), "{place}");
        }
        is_fresh(&path.with_extension("txt"), &printed);
        outputs.insert(printed);
    }
    assert!(outputs.len() >= 20);
}
