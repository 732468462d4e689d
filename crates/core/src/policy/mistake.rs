//! Takes what is wrong with a policy; says it in lines that editors and people understand. Never finds anything wrong itself.

use std::collections::BTreeSet;
use std::fmt;

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Its line, from 1; 0 when it has no place.
    pub line: u64,
    /// Its column, from 1.
    pub column: u64,
    /// What was found, and what to write.
    pub message: String,
}

/// All that is wrong with a policy: a line each, in the form that editors understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file, as it was named to us.
    pub file: String,
    /// Sorted by place; at least one.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Mistake { line, column, message }) in self.mistakes.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{line}:{column}: {message}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}

/// The one of the `known` words that `found` was probably meant to be; none if it is like none of them.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |word: &str| strsim::jaro_winkler(found, word);
    // Sorted first: of two that are equally alike, always the same.
    let known: BTreeSet<&str> = known.into_iter().collect();
    known.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|word| alike(word) > 0.8)
}

/// What to write instead of `found`: the nearest of `known`, or all of them.
pub(super) fn instead<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: BTreeSet<&str> = known.into_iter().collect();
    match nearest(found, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there is none to name".into(),
        None => {
            let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("write one of {}", all.join(", "))
        }
    }
}
