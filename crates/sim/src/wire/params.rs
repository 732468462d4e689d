//! Takes a form-encoded body; gives its parameters one by one, in the types that the API has them in. What has been taken is gone:
//! what is left at the end, the world does not understand. Never knows an action.
//!
//! Lists are `Name.1=…&Name.2=…`, structures `Name.Field=…`, and lists of structures `Name.1.Field=…`.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ApiError;

/// The parameters that have not been taken yet.
#[derive(Clone, Debug)]
pub(super) struct Params {
    values: BTreeMap<String, String>,
    /// What their names began with in the request, for messages: `Filter.1.`, say.
    prefix: String,
}

impl Params {
    pub(super) fn new(body: &[u8]) -> Self {
        let values = form_urlencoded::parse(body).into_owned().collect();
        Self { values, prefix: String::new() }
    }

    /// Refuses what no XML document can hold: it would come back in an answer that no client can read. Source: "Extensible Markup
    /// Language (XML) 1.0", §2.2; the controls behind U+007E, which it only advises against, are refused too.
    pub(super) fn check_characters(&self) -> Result<(), ApiError> {
        let is_unwritable = |it: char| match it {
            '\t' | '\n' | '\r' => false,
            '\u{fffe}' | '\u{ffff}' => true,
            _ => it.is_control(),
        };
        let unwritable = |text: &String| text.chars().any(is_unwritable);
        if self.values.iter().any(|(name, value)| unwritable(name) || unwritable(value)) {
            return Err(ApiError::invalid_value("The request contains control characters"));
        }
        Ok(())
    }

    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn optional(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    pub(super) fn required(&mut self, name: &str) -> Result<String, ApiError> {
        self.optional(name).ok_or_else(|| self.missing(name))
    }

    /// An id of whatever kind is asked for.
    pub(super) fn id<Id: for<'a> From<&'a str>>(&mut self, name: &str) -> Result<Id, ApiError> {
        self.required(name).map(|id| Id::from(&id))
    }

    pub(super) fn optional_id<Id: for<'a> From<&'a str>>(&mut self, name: &str) -> Option<Id> {
        self.optional(name).map(|id| Id::from(&id))
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<i32>, ApiError> {
        self.parsed(name, |value| value.parse().ok())
    }

    pub(super) fn required_number(&mut self, name: &str) -> Result<i32, ApiError> {
        self.number(name)?.ok_or_else(|| self.missing(name))
    }

    /// True or false; false when it is not there.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        Ok(self.parsed(name, |value| value.to_ascii_lowercase().parse().ok())?.unwrap_or_default())
    }

    /// A value, if it is there; an error if `parse` makes nothing of it.
    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        match parse(&value) {
            Some(parsed) => Ok(Some(parsed)),
            None => {
                Err(ApiError::invalid_value(format!("Value ({value}) for parameter {}{name} is invalid.", self.prefix)))
            }
        }
    }

    /// A value that must be there; an error if `parse` makes nothing of it.
    pub(super) fn required_parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, ApiError> {
        self.parsed(name, parse)?.ok_or_else(|| self.missing(name))
    }

    /// A list of values, in order.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let places = self.places(name);
        places.into_iter().filter_map(|place| self.optional(&format!("{name}.{place}"))).collect()
    }

    /// A list of ids of whatever kind is asked for.
    pub(super) fn ids<Id: for<'a> From<&'a str>>(&mut self, name: &str) -> Vec<Id> {
        self.list(name).iter().map(|id| Id::from(id)).collect()
    }

    /// A structure, if any of its fields is there.
    pub(super) fn structure<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let start = format!("{name}.");
        let mine = self.values.extract_if(start.clone().., |key, _| key.starts_with(&start));
        let values: BTreeMap<_, _> =
            mine.map(|(key, value)| (key.strip_prefix(&start).unwrap_or_default().to_owned(), value)).collect();
        if values.is_empty() {
            return Ok(None);
        }
        let mut inner = Self { values, prefix: format!("{}{start}", self.prefix) };
        let value = read(&mut inner)?;
        inner.finish()?;
        Ok(Some(value))
    }

    /// A list of structures, in order.
    pub(super) fn structures<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let places = self.places(name);
        places.into_iter().filter_map(|place| self.structure(&format!("{name}.{place}"), &read).transpose()).collect()
    }

    /// Drops parameters that change nothing in here, with all that is below them.
    pub(super) fn ignore(&mut self, names: &[&str]) {
        self.values.retain(|key, _| {
            let top = key.split_once('.').map_or(key.as_str(), |(top, _)| top);
            !names.contains(&top)
        });
    }

    /// Refuses what is left: answering as if it had been understood would make a client believe it.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        self.values.keys().next().map_or(Ok(()), |name| {
            let message = format!("The parameter {}{name} is not recognized", self.prefix);
            Err(ApiError::new("UnknownParameter", message))
        })
    }

    pub(super) fn missing(&self, name: &str) -> ApiError {
        ApiError::missing_parameter(format!("{}{name}", self.prefix))
    }

    /// The places of a list that are taken, by number: as text, 10 would come before 2.
    fn places(&self, name: &str) -> BTreeSet<u32> {
        let place = |key: &String| {
            let place = key.strip_prefix(name)?.strip_prefix('.')?.split('.').next()?;
            place.parse().ok()
        };
        self.values.keys().filter_map(place).collect()
    }
}
