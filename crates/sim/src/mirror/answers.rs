//! Takes mirror objects that were made, and describe calls; gives what AWS says of them where it is not documented what it says. Never
//! changes an object.

use std::collections::BTreeMap;

use mirror_core::inventory::Tags;

use super::MirrorSession;
use crate::error::ApiError;
use crate::listing::{Listed, Page, list_by};
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
        let by_tag = |name: &str| name == "tag-key" || name.starts_with("tag:");
        if let Some(filter) = asked.filters.iter().find(|filter| by_tag(&filter.name)) {
            self.unknowns.tag_filters.or_refused(|| format!("The filter '{}' is invalid", filter.name))?;
        }
        list_by(&BY_TAG, objects, asked, self)
    }
}
