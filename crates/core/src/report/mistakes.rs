//! Takes what is wrong with a policy, and its text; gives a line for each mistake, and the place in the text. Never finds a mistake.

use serde::Serialize;

use super::text::{Text, Tone, cell};
use crate::policy::{Mistake, PolicyError};

/// A policy file that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The file.
    pub file: String,
    /// Whether nothing is wrong with it.
    pub valid: bool,
    /// All that is wrong with it, by place.
    pub mistakes: Vec<MistakeReport>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MistakeReport {
    /// Its line, from 1; 0 when it has no place.
    pub line: u64,
    /// Its column, from 1.
    pub column: u64,
    /// What was found, and what to write.
    pub message: String,
}

impl Checked {
    /// A file with nothing wrong, or all that is.
    pub fn of(file: &str, error: Option<&PolicyError>) -> Self {
        let report = |Mistake { line, column, message }: &Mistake| MistakeReport {
            line: *line,
            column: *column,
            message: message.clone(),
        };
        let mistakes: Vec<MistakeReport> = error.into_iter().flat_map(|error| &error.mistakes).map(report).collect();
        Self { file: file.to_owned(), valid: mistakes.is_empty(), mistakes }
    }

    /// For a person; with `source`, the text of the file, each mistake shows its line and points at its column.
    pub fn text(&self, source: Option<&str>) -> Text {
        let mut text = Text::default();
        if self.valid {
            text.line(0, Tone::Good, format!("{}: ok", self.file));
        }
        for MistakeReport { line, column, message } in &self.mistakes {
            text.line(0, Tone::Strong, format!("{}:{line}:{column}: {message}", self.file));
            let at = usize::try_from(line.saturating_sub(1)).ok();
            if let Some(found) = source.and_then(|source| source.lines().nth(at?)).filter(|_| *line > 0) {
                let before = usize::try_from(column.saturating_sub(1)).unwrap_or_default();
                let number = line.to_string();
                let margin = format!("{} |", " ".repeat(number.len()));
                text.table(2, &[vec![cell(Tone::Faint, format!("{number} |")), cell(Tone::Plain, found)]]);
                let pointer = format!("{}^", " ".repeat(before));
                text.table(2, &[vec![cell(Tone::Faint, margin), cell(Tone::Bad, pointer)]]);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_shows_its_line_and_points_at_its_column() {
        let mistakes = vec![Mistake { line: 2, column: 7, message: "wrong".into() }];
        let checked = Checked::of("p.yaml", Some(&PolicyError { file: "p.yaml".into(), mistakes }));
        let source = "kind: Policy\nowner: ?\n";
        assert_eq!(checked.text(Some(source)).to_string(), "p.yaml:2:7: wrong\n  2 |  owner: ?\n    |        ^\n");
        assert_eq!(checked.text(None).to_string(), "p.yaml:2:7: wrong\n");
        assert_eq!(Checked::of("p.yaml", None).text(None).to_string(), "p.yaml: ok\n");
    }
}
