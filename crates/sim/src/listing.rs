//! Takes all objects of a kind, in order, and what a describe call asks for; gives one page of those that the caller sees. Never changes
//! an object.
//!
//! | asked for                        | answer                                                                             |
//! |----------------------------------|------------------------------------------------------------------------------------|
//! | ids                              | these, as far as the filters match; one that is not there fails the whole call     |
//! | filters                          | what matches all of them; in one filter, any of its values (`*`, `?` are wildcards) |
//! | MaxResults                       | at most so many, and a token for the next page if there is more                    |
//! | nothing                          | everything                                                                         |
//!
//! Sources: botocore `ec2/2016-11-15`, the describe calls; "Filtering resources", Amazon EC2 User Guide.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Bound, RangeInclusive};

use mirror_core::inventory::Tags;

use crate::accounts::Owned;
use crate::error::ApiError;
use crate::mint::Mint;
use crate::request::Describe;
use crate::world::World;

/// One filter of a describe call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// A documented name, or `tag:` and a key.
    pub name: String,
    /// The values, of which one must match: case-sensitive, with the wildcards `*` and `?`.
    pub values: Vec<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Leads to the next page; none on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

/// What can be listed.
pub(crate) trait Listed: Clone + Owned {
    type Id: Ord + Clone + fmt::Display + for<'a> From<&'a str>;

    /// As `DescribeTags` calls it.
    const KIND: &'static str;

    /// The documented filter names that this world knows; `tag:` stands for the tag of any key.
    const FILTERS: &'static [&'static str];

    /// How many of them a page can have. Source: botocore, `MaxResults`.
    const PAGE: RangeInclusive<i32> = 5..=1000;

    /// The values that a filter of this name looks at.
    fn values(&self, filter: &str) -> Vec<String>;

    fn tags(&self) -> &Tags;

    /// How the account that acts sees it though another one owns it; none, if it does not.
    fn shared(&self, _world: &World) -> Option<Self> {
        None
    }

    /// Whether it is left out unless managed resources are asked for.
    fn is_hidden(&self) -> bool {
        false
    }

    /// The error for an id that is not there.
    fn not_found(id: &Self::Id) -> ApiError;
}

/// The page of `objects` that is asked for.
pub(crate) fn list<T: Listed>(
    objects: &BTreeMap<T::Id, T>,
    asked: &Describe<T::Id>,
    world: &World,
) -> Result<Page<T>, ApiError> {
    list_by(&[], objects, asked, world)
}

/// The page of `objects` that is asked for, with more filter names than are documented.
pub(crate) fn list_by<T: Listed>(
    undocumented: &[&str],
    objects: &BTreeMap<T::Id, T>,
    asked: &Describe<T::Id>,
    world: &World,
) -> Result<Page<T>, ApiError> {
    list_where(undocumented, objects, asked, world, |_| true)
}

/// The page of those `objects` that also satisfy a condition which no filter of theirs can express.
pub(crate) fn list_where<T: Listed>(
    undocumented: &[&str],
    objects: &BTreeMap<T::Id, T>,
    asked: &Describe<T::Id>,
    world: &World,
    condition: impl Fn(&T) -> bool,
) -> Result<Page<T>, ApiError> {
    check_filters::<T>(undocumented, asked)?;
    // What is hidden is not found by its id either: AWS does not say, and this is the harsher way.
    let is_seen = |object: &T| asked.include_managed || !object.is_hidden();
    if let Some(missing) = asked.ids.iter().find(|id| !world.seen(objects, id).is_ok_and(is_seen)) {
        return Err(T::not_found(missing));
    }
    page(asked, world, move |after| {
        // A few ids are looked up one by one, in their order: whoever asks for them in a large account does not wait for all of it.
        let mut wanted: Vec<_> = asked.ids.iter().collect();
        wanted.sort();
        wanted.dedup();
        wanted.retain(|id| after.as_ref().is_none_or(|after| *id > after));
        let named = wanted.into_iter().filter_map(move |id| objects.get_key_value(id));
        let rest = if asked.ids.is_empty() { usize::MAX } else { 0 };
        let all = objects.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)).take(rest);
        let listed = named.chain(all).filter(move |(_, object)| is_seen(object) && condition(object));
        listed.filter_map(move |(id, object)| Some((Cow::Borrowed(id), world.shown(object)?)))
    })
}

/// The page that is asked for of what is nowhere in one place: of objects with their ids, in the order of these, from after one on.
pub(crate) fn list_after<'a, T: Listed + 'a, I>(
    undocumented: &[&str],
    asked: &Describe<T::Id>,
    world: &World,
    after: impl FnOnce(Option<T::Id>) -> I,
) -> Result<Page<T>, ApiError>
where
    I: Iterator<Item = (Cow<'a, T::Id>, Cow<'a, T>)>,
{
    check_filters::<T>(undocumented, asked)?;
    page(asked, world, after)
}

fn page<'a, T: Listed + 'a, I>(
    asked: &Describe<T::Id>,
    world: &World,
    after: impl FnOnce(Option<T::Id>) -> I,
) -> Result<Page<T>, ApiError>
where
    I: Iterator<Item = (Cow<'a, T::Id>, Cow<'a, T>)>,
{
    let World { account, mint, .. } = world;
    let size = page_size(asked, T::PAGE)?;
    let last = asked.next_token.as_ref().map(|token| opened(token, [T::KIND, account.as_str()], mint)).transpose()?;
    let mut matching = after(last.map(|id| T::Id::from(&id)))
        .filter(|(_, object)| asked.filters.iter().all(|filter| matches(&**object, filter)));
    let page: Vec<_> = matching.by_ref().take(size).collect();
    let next = page
        .last()
        .filter(|_| matching.next().is_some())
        .map(|(id, _)| sealed(&id.to_string(), [T::KIND, account.as_str()], mint));
    Ok(Page { items: page.into_iter().map(|(_, object)| object.into_owned()).collect(), next })
}

fn check_filters<T: Listed>(undocumented: &[&str], asked: &Describe<T::Id>) -> Result<(), ApiError> {
    let unknown = asked.filters.iter().find(|filter| !is_known::<T>(&filter.name, undocumented));
    let invalid = |filter: &Filter| ApiError::invalid_value(format!("The filter '{}' is invalid", filter.name));
    unknown.map_or(Ok(()), |filter| Err(invalid(filter)))
}

fn is_known<T: Listed>(name: &str, undocumented: &[&str]) -> bool {
    let known = |name| T::FILTERS.contains(&name) || undocumented.contains(&name);
    known(name) || (name.starts_with("tag:") && known("tag:"))
}

/// How many objects a page holds at most.
fn page_size<I>(asked: &Describe<I>, allowed: RangeInclusive<i32>) -> Result<usize, ApiError> {
    match asked.max_results {
        None => Ok(usize::MAX),
        Some(_) if !asked.ids.is_empty() => {
            Err(ApiError::invalid_combination("The parameter MaxResults cannot be used together with a list of ids"))
        }
        Some(size) => usize::try_from(size).ok().filter(|_| allowed.contains(&size)).ok_or_else(|| {
            let (least, most) = (allowed.start(), allowed.end());
            ApiError::invalid_value(format!(
                "Value ( {size} ) for parameter maxResults is invalid. Expecting {least} to {most}."
            ))
        }),
    }
}

fn matches<T: Listed>(object: &T, filter: &Filter) -> bool {
    let values = match filter.name.strip_prefix("tag:") {
        Some(key) => object.tags().get(key).into_iter().cloned().collect(),
        None if filter.name == "tag-key" => object.tags().keys().cloned().collect(),
        None => object.values(&filter.name),
    };
    values.iter().any(|value| filter.values.iter().any(|pattern| fits(pattern, value)))
}

/// Whether a value fits a pattern: `*` is any text, `?` any one character.
pub(crate) fn fits(pattern: &str, value: &str) -> bool {
    let (mut pattern, mut value) = (pattern.chars(), value.chars());
    let mut last_star = None;
    loop {
        let (mut next_pattern, mut next_value) = (pattern.clone(), value.clone());
        match (next_pattern.next(), next_value.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                last_star = Some((next_pattern.clone(), value.clone()));
                pattern = next_pattern;
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                (pattern, value) = (next_pattern, next_value);
            }
            // What comes after the last star does not fit here: the star takes one character more.
            _ => {
                let Some((after, from)) = &mut last_star else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, value) = (after.clone(), from.clone());
            }
        }
    }
}

/// A token that names the last object of a page. It holds no state, so that it stays good while objects come and go.
pub(crate) fn sealed(id: &str, list: [&str; 2], mint: &Mint) -> String {
    let digits: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
    mint.seal(list, id) + &digits
}

/// The id in a token that was given for a page of this list: of this kind, for this account.
pub(crate) fn opened(token: &str, list: [&str; 2], mint: &Mint) -> Result<String, ApiError> {
    let invalid = || ApiError::new("InvalidNextToken", "The specified pagination token is not valid.");
    let (seal, digits) = token.split_at_checked(16).ok_or_else(invalid)?;
    let byte = |at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    let id = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid)?;
    if mint.seal(list, &id) == seal { Ok(id) } else { Err(invalid()) }
}
