//! Takes mirror objects that were made, and describe calls; gives what AWS says of them where it is not documented what it says. Never
//! changes an object.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mirror_core::ids::RuleId;
use mirror_core::inventory::Tags;

use super::{MirrorRule, MirrorSession};
use crate::error::ApiError;
use crate::listing::{Listed, Page, list_after, list_by};
use crate::request::{CreateTrafficMirrorSession, Describe};
use crate::world::World;

/// Names by which most objects of EC2 can be filtered, and mirror objects perhaps.
const BY_TAG: [&str; 2] = ["tag-key", "tag:"];

impl World {
    /// The tags of a new object, as its creation answers them.
    pub(super) fn tags_said(&self, tags: Tags) -> Tags {
        if self.unknowns.answers_repeat_tags { tags } else { Tags::new() }
    }

    /// A new session, as its creation answers it.
    pub(super) fn session_said(&self, made: MirrorSession, wish: &CreateTrafficMirrorSession) -> MirrorSession {
        let says_length = self.unknowns.answers_repeat_defaults || wish.packet_length.is_some();
        MirrorSession {
            packet_length: made.packet_length.filter(|_| says_length),
            tags: self.tags_said(made.tags),
            ..made
        }
    }

    /// The page of mirror objects that is asked for.
    pub(crate) fn list_mirrored<T: Listed>(
        &self,
        objects: &BTreeMap<T::Id, T>,
        asked: &Describe<T::Id>,
    ) -> Result<Page<T>, ApiError> {
        self.check_tag_filters(asked)?;
        list_by(&BY_TAG, objects, asked, self)
    }

    /// The page of all rules of the account that is asked for, as they lie in their filters.
    pub(super) fn list_all_rules(&self, asked: &Describe<RuleId>) -> Result<Page<MirrorRule>, ApiError> {
        self.check_tag_filters(asked)?;
        list_after(&BY_TAG, asked, self, |after: Option<RuleId>| {
            let rules = self.filters.found_from(after.as_ref()).filter(|(_, filter)| self.owns(*filter));
            rules
                .filter(move |(id, _)| after.as_ref() != Some(id))
                .filter_map(|(id, filter)| filter.rules.get_key_value(&id))
                .map(|(id, rule)| (Cow::Borrowed(id), Cow::Borrowed(rule)))
        })
    }

    fn check_tag_filters<I>(&self, asked: &Describe<I>) -> Result<(), ApiError> {
        let by_tag = |name: &str| name == "tag-key" || name.starts_with("tag:");
        asked.filters.iter().find(|filter| by_tag(&filter.name)).map_or(Ok(()), |filter| {
            self.unknowns.tag_filters.or_refused(|| format!("The filter '{}' is invalid", filter.name))
        })
    }
}
