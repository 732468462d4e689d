//! Takes `data/facts.json` and the comments above the tests that cite its ids; holds the one to the other, and docs/aws-facts.md to
//! both. Never asks whether a test proves what it cites: that is for whoever reads it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

/// What writes the table anew.
const REWRITE: &str = "REWRITE_FACTS=1 cargo test -p mirror-sim --test facts";

/// What a line above a test begins with that cites facts.
const CITES: &str = "// Facts: ";

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> PathBuf {
    package().join("../../docs/aws-facts.md")
}

/// What becomes of a fact.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It has tests.
    Tested,
    /// No client can meet it, and why.
    Unobservable(String),
    /// It waits for this part of the simulator.
    Pending(String),
}

struct Fact {
    id: String,
    says: String,
    source: String,
    fate: Fate,
}

fn data() -> Value {
    serde_json::from_str(&fs::read_to_string(package().join("data/facts.json")).unwrap()).unwrap()
}

fn facts() -> Vec<Fact> {
    let data = data();
    let read = |fact: &Value| {
        let text = |name: &str| fact.get(name).and_then(Value::as_str).map(str::to_owned);
        let known = ["id", "fact", "source", "unobservable", "pending"];
        assert!(fact.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())), "{fact}");
        let source = text("source").unwrap();
        Fact {
            id: text("id").unwrap(),
            says: text("fact").unwrap(),
            source: data["sources"][&source].as_str().unwrap_or_else(|| panic!("no source {source}")).to_owned(),
            fate: match (text("unobservable"), text("pending")) {
                (None, None) => Fate::Tested,
                (Some(why), None) => Fate::Unobservable(why),
                (None, Some(part)) => Fate::Pending(part),
                (Some(_), Some(_)) => panic!("two fates: {fact}"),
            },
        }
    };
    data["facts"].as_array().unwrap().iter().map(read).collect()
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.insert(path);
        }
    }
    found
}

/// The tests that cite each id, as `module::name`.
fn citations() -> BTreeMap<String, BTreeSet<String>> {
    let base = package().join("src/tests");
    let mut cited: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources(&base) {
        let module = file.strip_prefix(&base).unwrap().with_extension("");
        let module = module.to_str().unwrap().replace('/', "::");
        for (id, test) in cited_in(&fs::read_to_string(&file).unwrap(), &module) {
            cited.entry(id).or_default().insert(format!("{module}::{test}"));
        }
    }
    cited
}

/// Each id that a file cites, with the test below it. Between the two stands nothing but `#[test]`: whoever moves a test takes along
/// what it proves.
fn cited_in(text: &str, module: &str) -> Vec<(String, String)> {
    let mut cited = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if let Some(list) = line.strip_prefix(CITES) {
            ids.extend(list.split(", ").map(str::to_owned));
        } else if line == "#[test]" {
            marked = true;
        } else if let Some((_, name)) = line.split_once("fn ").filter(|_| marked) {
            let name = name.split('(').next().unwrap();
            cited.extend(ids.drain(..).map(|id| (id, name.to_owned())));
            marked = false;
        } else {
            assert!(marked || ids.is_empty(), "{module} cites {ids:?} above no test");
        }
    }
    cited
}

#[test]
fn every_fact_has_an_id_of_its_own_that_begins_with_its_section() {
    let sections = data()["sections"].as_object().unwrap().clone();
    let mut seen = BTreeSet::new();
    for Fact { id, says, .. } in facts() {
        let section = id.split('-').next().unwrap().to_owned();
        assert!(sections.contains_key(&section), "{id} is in no section");
        assert!(says.ends_with('.') && !says.contains('|'), "{id} is no sentence for a table: {says}");
        assert!(seen.insert(id.clone()), "{id} is there twice");
    }
}

#[test]
fn tests_cite_the_facts_that_a_client_can_meet_all_of_them_and_no_others() {
    let facts = facts();
    let cited = citations();
    let tested: BTreeSet<&str> =
        facts.iter().filter(|fact| fact.fate == Fate::Tested).map(|fact| fact.id.as_str()).collect();
    let untested: Vec<_> = tested.iter().filter(|id| !cited.contains_key(**id)).collect();
    assert!(untested.is_empty(), "no test cites {untested:#?}");
    for (id, tests) in &cited {
        let fact = facts.iter().find(|fact| fact.id == *id).unwrap_or_else(|| panic!("{tests:?} cite {id}: no fact"));
        assert_eq!(fact.fate, Fate::Tested, "{tests:?} cite {id}: is it that no longer?");
    }
}

#[test]
fn the_table_of_facts_is_fresh() {
    let fresh = written();
    if env::var_os("REWRITE_FACTS").is_some() {
        fs::write(table(), &fresh).unwrap();
    }
    let stands = fs::read_to_string(table()).unwrap_or_default();
    assert!(stands == fresh, "docs/aws-facts.md is stale: {REWRITE}");
}

/// The table as it should be.
fn written() -> String {
    let (facts, cited) = (facts(), citations());
    let mut text = format!(
        "# What AWS says, and which test holds it\n\n\
         Generated from [`crates/sim/data/facts.json`](../crates/sim/data/facts.json) and from the tests below `crates/sim/src/tests` \
         by\n`{REWRITE}`.\nA test of the simulator cites the facts that it proves in a comment above it, `{CITES}…`; \
         a fact that no test cites fails the build.\n"
    );
    for (section, title) in sections() {
        let rows =
            facts.iter().filter(|fact| fact.fate == Fate::Tested && fact.id.split('-').next() == Some(&*section));
        let rows =
            rows.map(|fact| [&fact.id, &fact.says, &fact.source, &tests_of(&cited, &fact.id)].map(String::clone));
        text += &as_table(&title, ["fact", "it says", "source", "tests"], rows.collect());
    }
    let rest = |fate: fn(&Fate) -> Option<&String>| {
        let row =
            |fact: &Fact| fate(&fact.fate).map(|why| [&fact.id, &fact.says, &fact.source, why].map(String::clone));
        facts.iter().filter_map(row).collect()
    };
    let unobservable = rest(|fate| if let Fate::Unobservable(why) = fate { Some(why) } else { None });
    text += &as_table("What no client can meet in here", ["fact", "it says", "source", "why"], unobservable);
    let pending = rest(|fate| if let Fate::Pending(part) = fate { Some(part) } else { None });
    text += &as_table("What the simulator does not have yet", ["fact", "it says", "source", "part"], pending);
    text
}

/// The sections, in the order of their numbers: as text, 10 would come before 2.
fn sections() -> Vec<(String, String)> {
    let data = data();
    let sections = data["sections"].as_object().unwrap();
    let number = |section: &str| section.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    let mut sections: Vec<_> =
        sections.iter().map(|(section, title)| (section.clone(), title.as_str().unwrap().to_owned())).collect();
    sections.sort_by_key(|(section, _)| number(section));
    sections
}

fn tests_of(cited: &BTreeMap<String, BTreeSet<String>>, id: &str) -> String {
    let names = cited.get(id).into_iter().flatten().map(|test| format!("`{test}`"));
    names.collect::<Vec<_>>().join("<br>")
}

/// A part of the document; nothing for one without rows.
fn as_table(title: &str, columns: [&str; 4], rows: Vec<[String; 4]>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head = line(&columns.map(str::to_owned)) + &line(&columns.map(|_| "---".to_owned()));
    format!("\n## {title}\n\n{head}{}", rows.iter().map(|row| line(row)).collect::<String>())
}
