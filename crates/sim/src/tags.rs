//! Takes tags; puts them on whatever has an id, takes them off, and lists them. Never looks at what they mean.
//!
//! Source of the limits: "Tag your Amazon EC2 resources", Amazon EC2 User Guide.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mirror_core::ids::{AccountId, RuleId};
use mirror_core::inventory::Tags;

use crate::accounts::Owned;
use crate::compute::Instance;
use crate::error::ApiError;
use crate::interfaces::NetworkInterface;
use crate::listing::{Listed, Page, list_after};
use crate::mirror::{MirrorFilter, MirrorRule, MirrorSession, MirrorTarget};
use crate::network::{Subnet, Vpc};
use crate::network_acls::NetworkAcl;
use crate::prefix_lists::PrefixList;
use crate::request::{CreateTags, DeleteTags, Describe};
use crate::security_groups::{SecurityGroup, SecurityGroupRule, SecurityGroupRuleId};
use crate::world::World;

/// Tags that a resource can have, those that start with `aws:` not counted.
const MOST_TAGS: usize = 50;

/// Characters of a key. The model says 127, the guide 128: whoever keeps to the model is right either way.
const LONGEST_KEY: usize = 127;

/// Characters of a value.
const LONGEST_VALUE: usize = 256;

/// Resources that one call tags. Source: botocore, `CreateTags`; with which code more are refused is not documented.
const MOST_RESOURCES: usize = 1000;

/// The start of the keys that only AWS may set.
const RESERVED: &str = "aws:";

/// A tag, with the resource that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagDescription {
    /// The resource's id.
    pub resource: String,
    /// Such as `traffic-mirror-session`.
    pub resource_type: &'static str,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// The tag once more, as the filter `tag:` looks at it.
    tags: Tags,
}

/// Refuses tags that AWS does not let a customer set.
pub(crate) fn check(tags: &Tags) -> Result<(), ApiError> {
    for (key, value) in tags {
        if key.starts_with(RESERVED) {
            return Err(ApiError::invalid_value(format!(
                "Tag keys starting with 'aws:' are reserved for internal use: {key}"
            )));
        }
        if key.is_empty() || key.chars().count() > LONGEST_KEY {
            return Err(ApiError::invalid_value(format!("Tag keys have 1 to {LONGEST_KEY} characters")));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(ApiError::invalid_value(format!("Tag values have at most {LONGEST_VALUE} characters")));
        }
    }
    check_count(tags)
}

fn check_count(tags: &Tags) -> Result<(), ApiError> {
    let count = tags.keys().filter(|key| !key.starts_with(RESERVED)).count();
    if count > MOST_TAGS {
        return Err(ApiError::new("TagLimitExceeded", "A resource has at most 50 tags"));
    }
    Ok(())
}

/// The tags of an object that the account owns.
macro_rules! own_tags {
    ($world:ident.$objects:ident, $id:ident) => {{
        $world.own(&$world.$objects, &$id.into())?;
        let object = $world.$objects.get_mut(&$id.into());
        object.map(Tagged::tags_mut).ok_or_else(|| invalid_id($id))
    }};
}

impl World {
    pub(crate) fn create_tags(&mut self, wish: &CreateTags) -> Result<(), ApiError> {
        check(&wish.tags)?;
        if wish.resources.len() > MOST_RESOURCES {
            return Err(ApiError::invalid_value(format!("At most {MOST_RESOURCES} resources can be tagged at once")));
        }
        for resource in &wish.resources {
            let mut tags = self.tags_mut(resource)?.clone();
            tags.extend(wish.tags.clone());
            check_count(&tags)?;
        }
        for resource in &wish.resources {
            self.tags_mut(resource)?.extend(wish.tags.clone());
        }
        Ok(())
    }

    pub(crate) fn delete_tags(&mut self, wish: &DeleteTags) -> Result<(), ApiError> {
        let mut tagged = Vec::new();
        for resource in &wish.resources {
            if !self.tags_mut(resource)?.is_empty() {
                tagged.push(resource.clone());
            }
        }
        self.once_tagged.extend(tagged);
        let goes = |key: &str, value: &str| {
            let named =
                |(name, only): &(String, Option<String>)| name == key && only.as_ref().is_none_or(|only| only == value);
            !key.starts_with(RESERVED) && (wish.tags.is_empty() || wish.tags.iter().any(named))
        };
        for resource in &wish.resources {
            self.tags_mut(resource)?.retain(|key, value| !goes(key, value));
        }
        Ok(())
    }

    /// The page of tags that is asked for, of all resources of the account that acts. A resource's id and a tag's key make one name,
    /// in which the tab keeps them apart.
    pub(crate) fn describe_tags(&self, asked: &Describe<String>) -> Result<Page<TagDescription>, ApiError> {
        list_after(&[], asked, self, |after: Option<String>| {
            let from = after.as_ref().and_then(|name| name.split_once('\t')).map_or("", |(resource, _)| resource);
            self.tags_from(from)
                .map(|tag| (format!("{}\t{}", tag.resource, tag.key), tag))
                .filter(move |(name, _)| after.as_ref().is_none_or(|after| name > after))
                .map(|(name, tag)| (Cow::Owned(name), Cow::Owned(tag)))
        })
    }

    /// The tags from this resource on. The kinds are in the order of their ids: in another, a page would not begin where the one before
    /// it ended.
    fn tags_from<'a>(&'a self, from: &str) -> impl Iterator<Item = TagDescription> + use<'a> {
        let rules = self.filters.found_from(Some(&RuleId::from(from)));
        let own_rules = rules.filter(move |(_, filter)| self.owns(*filter));
        let own_rules = own_rules.filter_map(|(id, filter)| filter.rules.get_key_value(&id));
        let group_rules = self.security_groups.found_from(Some(&SecurityGroupRuleId::from(from)));
        let group_rules = group_rules.filter(move |(_, group)| self.owns(*group));
        let group_rules = group_rules.filter_map(|(id, group)| group.rules.get_key_value(&id));
        self.described(&self.network_acls, from)
            .chain(self.described(&self.interfaces, from))
            .chain(self.described(&self.instances, from))
            .chain(self.described(&self.prefix_lists, from))
            .chain(self.described(&self.security_groups, from))
            .chain(group_rules.flat_map(|(id, rule)| tags_of(id, rule)))
            .chain(self.described(&self.subnets, from))
            .chain(self.described(&self.filters, from))
            .chain(own_rules.flat_map(|(id, rule)| tags_of(id, rule)))
            .chain(self.described(&self.sessions, from))
            .chain(self.described(&self.targets, from))
            .chain(self.described(&self.vpcs, from))
    }

    /// The tags of those of these objects that the account owns: what another has tagged is not listed.
    fn described<'a, T: Tagged>(
        &'a self,
        objects: &'a BTreeMap<T::Id, T>,
        from: &str,
    ) -> impl Iterator<Item = TagDescription> + use<'a, T> {
        let owned = objects.range(T::Id::from(from)..).filter(move |(_, object)| self.owns(*object));
        owned.flat_map(|(id, object)| tags_of(id, object))
    }

    /// The tags of whatever has this id and is the account's that acts.
    fn tags_mut(&mut self, resource: &str) -> Result<&mut Tags, ApiError> {
        match resource.split_once('-').map_or("", |(kind, _)| kind) {
            "acl" => own_tags!(self.network_acls, resource),
            "pl" => own_tags!(self.prefix_lists, resource),
            "sg" => own_tags!(self.security_groups, resource),
            "sgr" => self.tags_of_group_rule(&resource.into()),
            "i" => own_tags!(self.instances, resource),
            "eni" => own_tags!(self.interfaces, resource),
            "vpc" => own_tags!(self.vpcs, resource),
            "subnet" => own_tags!(self.subnets, resource),
            "tmf" => own_tags!(self.filters, resource),
            "tmfr" => self.rule_mut(&resource.into()).map(|rule| &mut rule.tags),
            "tmt" => own_tags!(self.targets, resource),
            "tms" => own_tags!(self.sessions, resource),
            _ => Err(invalid_id(resource)),
        }
    }
}

fn tags_of<T: Tagged>(id: &T::Id, object: &T) -> impl Iterator<Item = TagDescription> {
    object.tags().iter().map(move |(key, value)| TagDescription {
        resource: id.to_string(),
        resource_type: T::KIND,
        key: key.clone(),
        value: value.clone(),
        tags: Tags::from([(key.clone(), value.clone())]),
    })
}

fn invalid_id(id: &str) -> ApiError {
    ApiError::new("InvalidID", format!("The ID '{id}' is not valid"))
}

/// What can be tagged.
trait Tagged: Listed {
    fn tags_mut(&mut self) -> &mut Tags;
}

macro_rules! tagged {
    ($($kind:ty),*) => {$(
        impl Tagged for $kind {
            fn tags_mut(&mut self) -> &mut Tags {
                &mut self.tags
            }
        }
    )*};
}

tagged!(Instance, NetworkInterface, Vpc, Subnet, MirrorFilter, MirrorRule, MirrorTarget, MirrorSession);
tagged!(NetworkAcl, PrefixList, SecurityGroup, SecurityGroupRule);

impl Owned for TagDescription {
    /// Only those of the account that asks are looked at.
    fn owner(&self) -> Option<&AccountId> {
        None
    }
}

impl Listed for TagDescription {
    type Id = String;
    const KIND: &str = "tag";
    const FILTERS: &[&str] = &["key", "resource-id", "resource-type", "value", "tag:"];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "key" => self.key.clone(),
            "resource-id" => self.resource.clone(),
            "resource-type" => self.resource_type.into(),
            _ => self.value.clone(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &String) -> ApiError {
        invalid_id(id)
    }
}
