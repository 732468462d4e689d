//! Takes names and values; gives an XML document. Never knows what they mean.

use std::fmt;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// An XML element: with a text, or with elements.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: String,
    namespace: Option<&'static str>,
    text: Option<String>,
    children: Vec<Element>,
}

impl Element {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: None, text: None, children: Vec::new() }
    }

    pub(super) fn namespace(self, namespace: &'static str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    pub(super) fn child(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    pub(super) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// An element with a text.
    pub(super) fn text(self, name: &str, value: impl fmt::Display) -> Self {
        self.child(Self { text: Some(value.to_string()), ..Self::new(name) })
    }

    /// An element with a text, if there is one. Clients tell what is absent from what is empty.
    pub(super) fn optional(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// A list, as EC2 writes one: `<nameSet><item>…</item></nameSet>`.
    pub(super) fn set(self, name: &str, items: impl IntoIterator<Item = Element>) -> Self {
        self.child(Self::new(name).children(items))
    }

    /// The document with this element as its root.
    pub(super) fn document(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        let declaration = Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None));
        // Writing to memory does not fail; if it did, the client would find the document unreadable.
        let _written = writer.write_event(declaration).and_then(|()| self.write(&mut writer));
        String::from_utf8_lossy(&writer.into_inner()).into_owned()
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let attributes = self.namespace.map(|namespace| ("xmlns", namespace));
        let element = writer.create_element(self.name.as_str()).with_attributes(attributes);
        match &self.text {
            Some(text) => element.write_text_content(BytesText::new(text))?,
            None => {
                element.write_inner_content(|inner| self.children.iter().try_for_each(|child| child.write(inner)))?
            }
        };
        Ok(())
    }
}
