//! Takes the patches of tests/teeth; holds them to the tree: each can be put in, and says what it puts in, whose bug that is and which
//! suite finds it. Never builds one: `tests/teeth/run` does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text_of(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The patches by name.
fn patches() -> BTreeMap<String, String> {
    let mut patches = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests/teeth")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "patch") {
            patches.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    assert!(patches.len() > 15, "{:?}", patches.keys());
    patches
}

/// What a patch says of itself, above what it changes.
fn said<'a>(patch: &'a str, what: &str) -> Option<&'a str> {
    let head = patch.lines().take_while(|line| !line.starts_with("diff "));
    head.filter_map(|line| line.strip_prefix(what)?.strip_prefix(": ")).next()
}

/// For each place that a patch changes its file, and the lines that it wants to find there.
fn places(patch: &str) -> Vec<(String, String)> {
    let (mut file, mut places) = (String::new(), Vec::<(String, String)>::new());
    for line in patch.lines().skip_while(|line| !line.starts_with("diff ")) {
        if let Some(path) = line.strip_prefix("--- a/") {
            file = path.to_owned();
        } else if line.starts_with("@@ ") {
            places.push((file.clone(), String::new()));
        } else if let (Some((_, lines)), Some(line)) = (places.last_mut(), line.strip_prefix([' ', '-'])) {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    places
}

/// Without git, and without a build: where the lines are there just once, any tool puts the patch in at the right place.
#[test]
fn every_patch_still_fits_the_tree_in_one_way() {
    for (name, patch) in patches() {
        let places = places(&patch);
        assert!(!places.is_empty(), "{name} changes nothing");
        for (file, lines) in places {
            let times = text_of(&file).matches(&lines).count();
            assert_eq!(times, 1, "{name}: so many times {file} has the lines that it changes:\n{lines}");
        }
    }
}

#[test]
fn every_patch_says_what_it_puts_in_whose_bug_it_is_and_which_one_suite_finds_it() {
    let storms = text_of("tests/storms.rs");
    let suites: Vec<&str> = storms.split("#[test]\nfn ").skip(1).filter_map(|rest| rest.split('(').next()).collect();
    for (name, patch) in patches() {
        for what in ["Puts in", "Bug of"] {
            assert!(said(&patch, what).is_some_and(|said| said.len() > 20), "{name}: {what} …");
        }
        let suite = said(&patch, "Suite").unwrap_or_else(|| panic!("{name} names no suite"));
        let named = suites.iter().filter(|it| it.contains(suite)).count();
        assert_eq!(named, 1, "{name}: so many suites of {suites:?} are called {suite}");
    }
}

#[test]
fn the_table_has_every_patch_with_its_suite_and_no_other() {
    let document = text_of("docs/testing.md");
    let rows =
        document.lines().filter_map(|line| line.strip_prefix("| ")).map(|row| row.split(" | ").collect::<Vec<_>>());
    let rows: BTreeMap<&str, &str> = rows.filter(|row| row.len() == 5).map(|row| (row[0], row[1])).collect();
    let mut patches: Vec<(String, String)> =
        patches().into_iter().map(|(name, patch)| (name, said(&patch, "Suite").unwrap_or_default().into())).collect();
    patches.push(("patch".into(), "suite".into()));
    patches.sort();
    let rows: Vec<(String, String)> = rows.into_iter().map(|(name, suite)| (name.into(), suite.into())).collect();
    assert_eq!(rows, patches);
}
