//! Takes YAML; gives its nodes, each with its place, or the place where it stops being YAML. Never knows what a policy is.
//!
//! Scalars stay as they are written, for only who wants one knows whether `0123` is a number: a tag's value is a text.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::Mistake;

/// How deep lists and maps may be in one another: who writes a policy stays far below, and reading it takes the stack that deep.
const DEEPEST: usize = 64;

/// How many nodes there may be: aliases of aliases (`*a`) make any number of nodes out of a few lines.
const MOST_NODES: usize = 100_000;

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    line: u64,
    column: u64,
}

impl Location {
    /// Of what is not in the text.
    pub(super) const NOWHERE: Self = Self { line: 0, column: 0 };

    pub(super) fn at(line: u64, column: u64) -> Self {
        Self { line, column }
    }

    /// From 1.
    pub(super) fn line(self) -> u64 {
        self.line
    }

    /// From 1, in characters.
    pub(super) fn column(self) -> u64 {
        self.column
    }

    fn of(mark: &granit_parser::Marker) -> Self {
        let number = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
        Self { line: number(mark.line()), column: number(mark.col()).saturating_add(1) }
    }
}

/// Something that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) at: Location,
    pub(super) what: What,
}

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing, or `null`.
    Nothing,
    Text(String),
    List(Vec<Node>),
    /// In the order in which it is written; a key may be there twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) at: Location,
    pub(super) name: String,
}

/// The one document that a text is.
///
/// # Errors
///
/// Where it is not YAML, or more than one document, or larger than anybody means.
pub(super) fn read(text: &str) -> Result<Node, Mistake> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: BTreeMap::new(), left: MOST_NODES };
    let root = match reader.next()? {
        (Event::DocumentStart(..), _) => reader.node(DEEPEST)?,
        (_, at) => Node { at, what: What::Nothing },
    };
    loop {
        match reader.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::DocumentStart(..), at) => {
                return Err(mistake(at, "a second document begins here: write one policy in a file"));
            }
            _ => return Ok(root),
        }
    }
}

fn mistake(at: Location, message: impl Into<String>) -> Mistake {
    Mistake { line: at.line, column: at.column, message: message.into() }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    /// Nodes that may still come.
    left: usize,
}

impl<'a> Reader<'a> {
    /// The next event that is about the document.
    fn next(&mut self) -> Result<(Event<'a>, Location), Mistake> {
        loop {
            let Some(event) = self.events.next_event() else {
                return Ok((Event::StreamEnd, Location { line: 1, column: 1 }));
            };
            let (event, Span { start, .. }) = event.map_err(|error| syntax(&error))?;
            let ends = matches!(event, Event::SequenceEnd | Event::MappingEnd | Event::DocumentEnd | Event::StreamEnd);
            if event.is_node() || ends || matches!(event, Event::DocumentStart(..)) {
                return Ok((event, Location::of(&start)));
            }
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node, Mistake> {
        let (event, at) = self.next()?;
        self.node_of(event, at, depth)
    }

    fn node_of(&mut self, event: Event<'a>, at: Location, depth: usize) -> Result<Node, Mistake> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(mistake(at, format!("more than {DEEPEST} lists and maps are in one another: write fewer")));
        };
        self.count(1, at)?;
        let (anchor, what) = match event {
            Event::Scalar(text, style, anchor, _) => (anchor, scalar(text.into_owned(), style)),
            Event::SequenceStart(_, anchor, _) => (anchor, What::List(self.list(depth)?)),
            Event::MappingStart(_, anchor, _) => (anchor, What::Map(self.map(depth)?)),
            Event::Alias(id) => {
                let what = self.anchors.get(&id).map_or(What::Nothing, |node| node.what.clone());
                self.count(size(&what), at)?;
                (0, what)
            }
            _ => (0, What::Nothing),
        };
        let node = Node { at, what };
        // 0 is no anchor.
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Mistake> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(nodes),
                (event, at) => nodes.push(self.node_of(event, at, depth)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(Key, Node)>, Mistake> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, _) => return Ok(nodes),
                (Event::Scalar(name, ..), at) => nodes.push((Key { at, name: name.into_owned() }, self.node(depth)?)),
                (_, at) => return Err(mistake(at, "what stands before a `:` must be a word")),
            }
        }
    }

    fn count(&mut self, nodes: usize, at: Location) -> Result<(), Mistake> {
        match self.left.checked_sub(nodes) {
            Some(left) => self.left = left,
            None => return Err(mistake(at, format!("this is the {MOST_NODES}th value: no policy is that long"))),
        }
        Ok(())
    }
}

fn scalar(text: String, style: ScalarStyle) -> What {
    if style == ScalarStyle::Plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        What::Nothing
    } else {
        What::Text(text)
    }
}

/// How many nodes it is.
fn size(what: &What) -> usize {
    match what {
        What::Nothing | What::Text(_) => 1,
        What::List(nodes) => 1 + nodes.iter().map(|node| size(&node.what)).sum::<usize>(),
        What::Map(nodes) => 1 + nodes.iter().map(|(_, node)| size(&node.what)).sum::<usize>(),
    }
}

/// What the parser's words mostly mean. It names the place where it can go on no longer: the mistake is often on the line before.
const HINTS: [(&str, &str); 6] = [
    ("',' or '}'", "is a `{` not closed on a line before this?"),
    ("',' or ']'", "is a `[` not closed on a line before this?"),
    ("tabs", "write spaces instead of tabs"),
    ("simple key", "is there no space behind a `:`?"),
    ("unknown anchor", "nothing before this is marked with `&` and that name"),
    ("block", "does the line begin in another column than those that it belongs to?"),
];

fn syntax(error: &ScanError) -> Mistake {
    let said = error.kind().to_string();
    let message = match HINTS.iter().find(|(words, _)| said.contains(words)) {
        Some((_, hint)) => format!("this is not YAML: {hint} ({said})"),
        None => format!("this is not YAML: {said}"),
    };
    mistake(Location::of(error.marker()), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_keeps_its_place_and_its_words() {
        let root = read("owner: 0123\nlist: [a, '~', ~]\n").unwrap();
        let What::Map(fields) = root.what else { panic!("{root:?}") };
        let text = |text: &str, line, column| Node { at: Location::at(line, column), what: What::Text(text.into()) };
        assert_eq!(fields[0].1, text("0123", 1, 8));
        let nothing = Node { at: Location::at(2, 16), what: What::Nothing };
        assert_eq!(fields[1].1.what, What::List(vec![text("a", 2, 8), text("~", 2, 11), nothing]));
    }

    #[test]
    fn an_alias_stands_for_what_is_marked_with_its_name() {
        let root = read("a: &tags {tier: swift}\nb: *tags\n").unwrap();
        let What::Map(fields) = root.what else { panic!("{root:?}") };
        assert_eq!(fields[0].1.what, fields[1].1.what);
        assert_eq!(fields[1].1.at, Location::at(2, 4));
    }

    #[test]
    fn few_lines_that_mean_millions_of_values_are_refused() {
        let lines = (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(9)));
        let bomb = format!("a0: &a0 [x]\n{}", lines.collect::<String>());
        assert!(read(&bomb).unwrap_err().message.ends_with("no policy is that long"));
    }

    #[test]
    fn lists_in_lists_without_end_are_refused() {
        let message = read(&"[".repeat(100_000)).unwrap_err().message;
        assert!(message.starts_with("more than 64 lists") || message.contains("not YAML"), "{message}");
    }
}
