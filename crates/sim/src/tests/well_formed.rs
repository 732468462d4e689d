//! Takes an HTTP answer; gives what every client looks for in it: the root's name, and the text of each element. Never takes one that
//! is no whole document of XML 1.0.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

/// A document that is whole.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: String,
    /// The first text of each element, by its path below the root: `Errors/Error/Code`.
    texts: BTreeMap<String, String>,
}

impl Document {
    /// Reads a document, or says what is wrong with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        if let Some(bad) = text.chars().find(|it| !is_allowed(*it)) {
            return Err(format!("{bad:?} is no character of XML"));
        }
        let mut reader = Reader::from_str(text);
        let (mut root, mut path, mut texts) = (None, Vec::new(), BTreeMap::new());
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    let name = start.name().as_ref().to_owned();
                    if path.is_empty() && root.replace(name.clone()).is_some() {
                        return Err("two roots".into());
                    }
                    path.push(name);
                }
                Event::Empty(_) if path.is_empty() => return Err("an empty root".into()),
                Event::End(_) => drop(path.pop()),
                Event::Text(text) if !path.is_empty() => {
                    let text = text.to_string();
                    texts.entry(path[1..].join("/")).or_insert(text);
                }
                Event::Text(text) if !text.trim_ascii().is_empty() => return Err("text outside the root".into()),
                Event::Eof if path.is_empty() => break,
                Event::Eof => return Err(format!("{path:?} does not end")),
                _ => {}
            }
        }
        Ok(Self { root: root.ok_or("no root")?, texts })
    }

    /// A text that is there and not empty.
    pub(super) fn text(&self, path: &str) -> Result<&str, String> {
        let text = self.texts.get(path).map(String::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("no {path} in {self:?}"))
    }

    /// A text, if it is there.
    pub(super) fn optional(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }
}

/// Source: "Extensible Markup Language (XML) 1.0", §2.2.
fn is_allowed(it: char) -> bool {
    matches!(it, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[test]
fn what_is_not_whole_is_no_document() {
    for bad in ["", "<a>", "<a></b>", "<a/>", "<a></a><b></b>", "<a>\u{ffff}</a>", "x", "<a></a>x"] {
        assert!(Document::read(bad.as_bytes()).is_err(), "{bad}");
    }
    let document = Document::read(b"<?xml version=\"1.0\"?><a><b><c>1</c></b></a>").unwrap();
    assert_eq!((document.root.as_str(), document.text("b/c")), ("a", Ok("1")));
}
