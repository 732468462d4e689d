//! Takes blocks of addresses; gives lists of them that rules of security groups can name, in versions. Never says who uses one.
//!
//! Source: botocore `ec2/2016-11-15`, `ManagedPrefixList`; "Managed prefix lists", Amazon VPC User Guide.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use mirror_core::ids::AccountId;
use mirror_core::inventory::Tags;

use crate::accounts::Owned;
use crate::error::ApiError;
use crate::listing::{Listed, Page, list};
use crate::request::GetManagedPrefixListEntries;
use crate::security_groups::PrefixListId;
use crate::world::World;

/// How many of them a page has. Source: botocore, `PrefixListMaxResults`.
const PAGE: RangeInclusive<i32> = 1..=100;

/// A managed prefix list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixList {
    /// Its id.
    pub id: PrefixListId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its name.
    pub name: String,
    /// The first version is 1, and each change makes another.
    pub version: i32,
    /// The blocks in it, of one IP version.
    pub blocks: BTreeSet<IpNet>,
    /// Tags.
    pub tags: Tags,
}

impl PrefixList {
    /// `IPv4` or `IPv6`. Source: botocore, `CreateManagedPrefixList`.
    pub fn family(&self) -> &'static str {
        if self.blocks.iter().any(|block| matches!(block, IpNet::V6(_))) { "IPv6" } else { "IPv4" }
    }
}

/// A block in a prefix list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixListEntry {
    /// The block.
    pub block: IpNet,
}

impl World {
    /// Adds a prefix list of blocks of one IP version: nobody checks.
    pub fn add_prefix_list(&mut self, blocks: impl IntoIterator<Item = IpNet>) -> PrefixListId {
        let id = PrefixListId::from(self.mint.id("pl"));
        let list = PrefixList {
            id: id.clone(),
            owner: self.account.clone(),
            name: id.to_string(),
            version: 1,
            blocks: blocks.into_iter().collect(),
            tags: Tags::new(),
        };
        self.prefix_lists.insert(id.clone(), list);
        id
    }

    /// Puts other blocks into a prefix list, in the place of those that are there: its next version.
    ///
    /// # Errors
    ///
    /// The list does not exist.
    pub fn set_prefix_list(
        &mut self,
        id: &PrefixListId,
        blocks: impl IntoIterator<Item = IpNet>,
    ) -> Result<(), ApiError> {
        self.own(&self.prefix_lists, id)?;
        let list = self.prefix_lists.get_mut(id).ok_or_else(|| PrefixList::not_found(id))?;
        list.blocks = blocks.into_iter().collect();
        list.version += 1;
        Ok(())
    }

    /// Of all versions the world keeps the last.
    pub(crate) fn prefix_list_entries(
        &self,
        asked: &GetManagedPrefixListEntries,
    ) -> Result<Page<PrefixListEntry>, ApiError> {
        let GetManagedPrefixListEntries { list: id, version, entries } = asked;
        let of = self.seen(&self.prefix_lists, id)?;
        if let Some(version) = version.filter(|version| *version != of.version) {
            return Err(ApiError::invalid_value(format!("The prefix list '{id}' has no version {version} (any more)")));
        }
        let by_text = |block: &IpNet| (block.to_string(), PrefixListEntry { block: *block });
        list(&of.blocks.iter().map(by_text).collect::<BTreeMap<_, _>>(), entries, self)
    }
}

impl Owned for PrefixList {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for PrefixList {
    type Id = PrefixListId;
    const KIND: &str = "prefix-list";
    const FILTERS: &[&str] = &["owner-id", "prefix-list-id", "prefix-list-name"];
    const PAGE: RangeInclusive<i32> = PAGE;

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "owner-id" => self.owner.to_string(),
            "prefix-list-id" => self.id.to_string(),
            _ => self.name.clone(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &PrefixListId) -> ApiError {
        ApiError::new("InvalidPrefixListID.NotFound", format!("The prefix list ID '{id}' does not exist"))
    }
}

static NO_TAGS: Tags = Tags::new();

impl Owned for PrefixListEntry {
    /// It is its list's.
    fn owner(&self) -> Option<&AccountId> {
        None
    }
}

impl Listed for PrefixListEntry {
    type Id = String;
    const KIND: &str = "prefix-list-entry";
    const FILTERS: &[&str] = &[];
    const PAGE: RangeInclusive<i32> = PAGE;

    fn values(&self, _filter: &str) -> Vec<String> {
        Vec::new()
    }

    fn tags(&self) -> &Tags {
        &NO_TAGS
    }

    fn not_found(id: &String) -> ApiError {
        ApiError::invalid_value(format!("The prefix list has no entry '{id}'"))
    }
}
