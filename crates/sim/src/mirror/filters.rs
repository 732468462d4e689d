//! Takes wishes for filters; gives empty ones, adds network services to them, and removes those that no session uses. Never touches
//! a single rule.

use std::collections::{BTreeMap, BTreeSet};

use mirror_core::ids::{AccountId, FilterId, RuleId};
use mirror_core::inventory::Tags;

use super::MirrorRule;
use crate::accounts::Owned;
use crate::error::ApiError;
use crate::index::SessionBy;
use crate::listing::Listed;
use crate::quotas::Counted;
use crate::request::{CreateTrafficMirrorFilter, ModifyTrafficMirrorFilterNetworkServices};
use crate::tags;
use crate::world::World;

/// The only value of the model's enumeration of network services.
const SERVICES: [&str; 1] = ["amazon-dns"];

/// A traffic mirror filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorFilter {
    /// Its id.
    pub id: FilterId,
    /// The account that made it, which no call says.
    pub owner: AccountId,
    /// What for.
    pub description: Option<String>,
    /// Its rules, both directions.
    pub rules: BTreeMap<RuleId, MirrorRule>,
    /// What it mirrors beside its rules.
    pub services: BTreeSet<String>,
    /// Tags.
    pub tags: Tags,
}

impl World {
    pub(crate) fn create_filter(&mut self, wish: &CreateTrafficMirrorFilter) -> Result<MirrorFilter, ApiError> {
        let CreateTrafficMirrorFilter { description, tags, token: _ } = wish;
        tags::check(tags)?;
        self.check_room_for(Counted::Filters)?;
        let filter = MirrorFilter {
            id: self.mint.id("tmf").into(),
            owner: self.account.clone(),
            description: description.clone(),
            rules: BTreeMap::new(),
            services: BTreeSet::new(),
            tags: tags.clone(),
        };
        self.filters.insert(filter.id.clone(), filter.clone());
        Ok(MirrorFilter { tags: self.tags_said(filter.tags), ..filter })
    }

    pub(crate) fn modify_services(
        &mut self,
        wish: &ModifyTrafficMirrorFilterNetworkServices,
    ) -> Result<MirrorFilter, ApiError> {
        let ModifyTrafficMirrorFilterNetworkServices { filter, add, remove } = wish;
        if let Some(unknown) = add.union(remove).find(|service| !SERVICES.contains(&service.as_str())) {
            return Err(ApiError::invalid_value(format!("Network service '{unknown}' is not valid")));
        }
        let filter = self.filter_mut(filter)?;
        filter.services.extend(add.iter().cloned());
        filter.services.retain(|service| !remove.contains(service));
        Ok(filter.clone())
    }

    /// Removes a filter, with its rules if that is allowed.
    pub(crate) fn delete_filter(&mut self, id: &FilterId) -> Result<FilterId, ApiError> {
        let has_rules = !self.filter_mut(id)?.rules.is_empty();
        if let Some(session) = self.sessions.found(&SessionBy::Filter(id.clone())).next() {
            let message = format!("Cannot delete {id}. Filter is in use by {}", session.id);
            return Err(ApiError::new(self.unknowns.filter_in_use, message));
        }
        if has_rules {
            self.unknowns.filter_with_rules.or_refused(|| format!("Cannot delete {id}. Filter has rules"))?;
        }
        self.filters.remove(id);
        Ok(id.clone())
    }

    pub(super) fn filter_mut(&mut self, id: &FilterId) -> Result<&mut MirrorFilter, ApiError> {
        self.own(&self.filters, id)?;
        self.filters.get_mut(id).ok_or_else(|| MirrorFilter::not_found(id))
    }
}

impl Owned for MirrorFilter {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for MirrorFilter {
    type Id = FilterId;
    const KIND: &str = "traffic-mirror-filter";
    const FILTERS: &[&str] = &["description", "traffic-mirror-filter-id"];

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "traffic-mirror-filter-id" => vec![self.id.to_string()],
            _ => self.description.iter().cloned().collect(),
        }
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &FilterId) -> ApiError {
        ApiError::new(
            "InvalidTrafficMirrorFilterId.NotFound",
            format!("The traffic mirror filter '{id}' does not exist"),
        )
    }
}
