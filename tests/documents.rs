//! Takes the documents; holds them to the tree: every test they cite is there, and every file they point at.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The files below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            found.extend(files(&path, endings));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            found.push(path);
        }
    }
    found
}

/// The names of all tests of the workspace: functions under `#[test]` or `#[tokio::test]`.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files(&root(), &["rs", "py"]) {
        let text = fs::read_to_string(file).unwrap();
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("def ").filter(|name| name.starts_with("test_")) {
                names.insert(name.split('(').next().unwrap().to_owned());
            } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if marked && let Some((_, rest)) = line.split_once("fn ") {
                names.insert(rest.split('(').next().unwrap().to_owned());
                marked = false;
            }
        }
    }
    names
}

/// The documents that promise something.
const PROMISES: [&str; 2] = ["docs/semantics.md", "docs/semantics-policy.md"];

/// The tests that a text cites. A sentence about behaviour has many words: shorter names in backticks are fields and commands.
fn cited(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() >= 3 && !name.contains(' ')).collect()
}

#[test]
fn every_test_that_the_promises_cite_is_there() {
    let tests = tests();
    for document in PROMISES {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let cited = cited(&text);
        assert!(cited.len() > 40, "{cited:?}");
        for name in cited {
            assert!(tests.contains(name), "{document} cites {name}, which is no test");
        }
    }
}

#[test]
fn every_sentence_about_the_policy_has_a_test_or_says_why_it_has_none() {
    let text = fs::read_to_string(root().join("docs/semantics-policy.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && *line != "| it says | held by |");
    let rows: Vec<Vec<&str>> = rows.map(|row| row.trim_matches('|').split(" | ").collect()).collect();
    assert!(rows.len() > 40, "{rows:?}");
    for row in rows {
        let [sentence, held] = row.as_slice() else { panic!("{row:?} is no sentence with its tests") };
        let open = held.trim().strip_prefix("*Open*: ");
        let said = open.is_some_and(|why| why.len() > 10);
        assert!(said == cited(held).is_empty(), "{sentence}: held by {held}");
    }
}

#[test]
fn every_link_between_the_documents_and_into_the_tree_leads_somewhere() {
    for document in files(&root(), &["md"]) {
        let text = fs::read_to_string(&document).unwrap();
        for part in text.split("](").skip(1) {
            let link = part.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") {
                let target = document.parent().unwrap().join(link);
                assert!(target.exists(), "{} points at {link}, which is not there", document.display());
            }
        }
    }
}

#[test]
fn the_metrics_are_documented_as_they_are_in_the_code() {
    let (path, now) = (root().join("docs/metrics.md"), vpc_mirror::metrics::document());
    if std::env::var_os("REWRITE_METRICS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == now, "docs/metrics.md is old: REWRITE_METRICS=1 cargo test -p vpc-mirror --test documents");
}

#[test]
fn no_metric_has_a_label_for_a_machine() {
    for (row, labels) in vpc_mirror::metrics::table::table() {
        for label in labels {
            let names = ["instance", "interface", "eni", "id", "ip", "address", "session", "target"];
            assert!(!names.contains(label), "{} has the label {label}", row.name);
        }
    }
}

#[test]
fn the_map_stays_one_sitting_long() {
    let lines = fs::read_to_string(root().join("docs/architecture.md")).unwrap().lines().count();
    assert!(lines <= 250, "{lines} lines");
}
