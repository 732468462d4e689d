//! Takes words with a tone; gives text in aligned columns, which a terminal may colour. Never lets through what would control the
//! terminal: tags are written by others.

use std::fmt;

/// How words are meant; a terminal shows it by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As any other.
    Plain,
    /// What one looks for first.
    Strong,
    /// As it should be.
    Good,
    /// To be changed, or under way.
    Change,
    /// Wrong, refused, or to be removed.
    Bad,
    /// What one may skip.
    Faint,
}

/// Text for a person. Shown with `{}` it has no colours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    spans: Vec<(Tone, String)>,
}

/// What stands in a column.
pub(super) type Cell = (Tone, String);

/// A cell.
pub(super) fn cell(tone: Tone, words: impl fmt::Display) -> Cell {
    (tone, words.to_string())
}

impl Text {
    /// The words in their order, each with its tone. Lines end with `\n`.
    pub fn spans(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.spans.iter().map(|(tone, words)| (*tone, words.as_str()))
    }

    /// Adds a line.
    pub(super) fn line(&mut self, indent: usize, tone: Tone, words: impl fmt::Display) {
        self.table(indent, &[vec![cell(tone, words)]]);
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.spans.push((Tone::Plain, "\n".into()));
    }

    /// Adds rows whose columns are aligned; the last column of a row is as long as it is.
    pub(super) fn table(&mut self, indent: usize, rows: &[Vec<Cell>]) {
        let rows: Vec<Vec<Cell>> =
            rows.iter().map(|row| row.iter().map(|(tone, words)| (*tone, printable(words))).collect()).collect();
        let mut widths: Vec<usize> = Vec::new();
        for row in &rows {
            // What comes last in its row may be long, and must not push the columns of the others aside.
            for (at, (_, words)) in row.iter().rev().skip(1).rev().enumerate() {
                let width = words.chars().count();
                match widths.get_mut(at) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        for row in rows {
            let last = row.len().saturating_sub(1);
            self.spans.push((Tone::Plain, " ".repeat(indent)));
            for (at, (tone, words)) in row.into_iter().enumerate() {
                let width = widths.get(at).copied().unwrap_or_default();
                let padding = width.saturating_sub(words.chars().count()) + 2;
                self.spans.push((tone, words));
                if at < last {
                    self.spans.push((Tone::Plain, " ".repeat(padding)));
                }
            }
            self.spans.push((Tone::Plain, "\n".into()));
        }
    }

    /// Adds another text.
    pub(super) fn append(&mut self, other: Self) {
        self.spans.extend(other.spans);
    }
}

/// Whoever may tag must not be able to move the cursor of whoever reads.
fn printable(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans.iter().try_for_each(|(_, words)| f.write_str(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_is_as_long_as_it_is() {
        let mut text = Text::default();
        let row = |words: &[&str]| words.iter().map(|it| cell(Tone::Plain, it)).collect::<Vec<_>>();
        text.table(
            2,
            &[row(&["a", "bcd", "long, and nobody waits for it"]), row(&["efg", "h", "i"]), row(&["alone, and long"])],
        );
        assert_eq!(text.to_string(), "  a    bcd  long, and nobody waits for it\n  efg  h    i\n  alone, and long\n");
    }

    #[test]
    fn what_would_control_the_terminal_is_not_let_through() {
        let mut text = Text::default();
        text.line(0, Tone::Plain, "mirror=\u{1b}[2Jcrown\njewel");
        assert_eq!(text.to_string(), "mirror=\u{fffd}[2Jcrown\u{fffd}jewel\n");
    }
}
