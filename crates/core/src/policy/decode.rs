//! Takes nodes; gives them to the types of a policy file, which keep the places that they ask for. Never checks anything: what does not
//! fit was found before, and replaced.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::tree::{Location, Node, What};

/// A value with its place.
pub(super) struct Spanned<T> {
    pub(super) value: T,
    /// Where it is written.
    pub(super) referenced: Location,
}

/// What a [`Spanned`] asks a node for: its line, its column, and itself.
const SPANNED: &str = "Spanned";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_tuple_struct(SPANNED, 3, Placed(PhantomData))
    }
}

struct Placed<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Placed<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let (line, column) = (parts.next_element()?, parts.next_element()?);
        let value = parts.next_element()?.ok_or_else(|| A::Error::custom("no value"))?;
        let referenced = line.zip(column).map_or(Location::NOWHERE, |(line, column)| Location::at(line, column));
        Ok(Spanned { value, referenced })
    }
}

impl<'de> IntoDeserializer<'de, Error> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Node {
    fn number(number: u64) -> Self {
        Self { at: Location::NOWHERE, what: What::Text(number.to_string()) }
    }

    fn text(self) -> String {
        if let What::Text(text) = self.what { text } else { String::new() }
    }
}

/// Texts that are numbers or truths for whoever asks for one.
macro_rules! read {
    ($($asks:ident $visits:ident $type:ty),*) => {$(
        fn $asks<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.text();
            visitor.$visits(text.parse::<$type>().map_err(|_| Error::custom(format!("`{text}`")))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.what {
            What::Nothing => visitor.visit_unit(),
            What::Text(text) => visitor.visit_string(text),
            What::List(nodes) => visitor.visit_seq(SeqDeserializer::new(nodes.into_iter())),
            What::Map(nodes) => {
                visitor.visit_map(MapDeserializer::new(nodes.into_iter().map(|(key, node)| (key.name, node))))
            }
        }
    }

    read! {
        deserialize_bool visit_bool bool, deserialize_f64 visit_f64 f64, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.what == What::Nothing { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != SPANNED {
            return self.deserialize_any(visitor);
        }
        let place = [self.at.line(), self.at.column()].map(Self::number);
        visitor.visit_seq(SeqDeserializer::new(place.into_iter().chain([self])))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.text().into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u128 f32 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple map struct
        identifier ignored_any
    }
}
