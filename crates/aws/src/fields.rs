//! Takes the fields of an item of an answer; gives their values, or why the item is unreadable. Never guesses a value, never checks
//! the form of an id: endpoints that are not AWS's write other ones.

use std::fmt::Display;
use std::str::FromStr;

use crate::errors::Unreadable;

/// An item as errors name it: what it is, and its id.
pub(crate) struct Item {
    kind: &'static str,
    id: String,
}

impl Item {
    /// The item that has this id in its field `field`.
    pub(crate) fn new(kind: &'static str, field: &'static str, id: Option<String>) -> Result<Self, Unreadable> {
        match given(id) {
            Some(id) => Ok(Self { kind, id }),
            None => Err(Unreadable::new(format!("a {kind} has no `{field}`"))),
        }
    }

    /// The item's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A value that must be there.
    pub(crate) fn needs<T>(&self, field: &'static str, value: Option<T>) -> Result<T, Unreadable> {
        value.ok_or_else(|| Unreadable::new(format!("{} `{}` has no `{field}`", self.kind, self.id)))
    }

    /// A text that must be there and say something.
    pub(crate) fn text(&self, field: &'static str, value: Option<String>) -> Result<String, Unreadable> {
        self.needs(field, given(value))
    }

    /// A number in our range, where the API's is wider.
    pub(crate) fn number<T: TryFrom<i32>>(&self, field: &'static str, value: i32) -> Result<T, Unreadable> {
        T::try_from(value).map_err(|_| self.odd(field, value))
    }

    /// A text that must be there and mean a `T`.
    pub(crate) fn parse<T: FromStr>(&self, field: &'static str, value: Option<String>) -> Result<T, Unreadable> {
        let text = self.text(field, value)?;
        text.parse().map_err(|_| self.odd(field, text))
    }

    /// A field says what it cannot say.
    pub(crate) fn odd(&self, field: &'static str, value: impl Display) -> Unreadable {
        Unreadable::new(format!("{} `{}` has `{value}` as its `{field}`", self.kind, self.id))
    }
}

/// An empty text says nothing.
pub(crate) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
