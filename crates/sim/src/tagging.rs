//! Takes a call of the Resource Groups Tagging API; gives the resources that have tags, or once had some, with their ARNs. Never tags
//! anything, and never lists what was not tagged: it is not an inventory.
//!
//! Source: botocore `resourcegroupstaggingapi/2017-01-26`, `GetResources`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mirror_core::inventory::Tags;

use crate::error::ApiError;
use crate::listing::{self, Listed, Page};
use crate::unknowns::Verdict;
use crate::world::World;

/// For how long a page leads on to the next. Source: `PaginationTokenExpiredException`.
const TOKENS_LAST: SignedDuration = SignedDuration::from_mins(15);

/// The largest page, and the one that is given when none is asked for. Source: "GetResources", Resource Groups Tagging API Reference,
/// which has 1 to 100, and 50.
const LARGEST_PAGE: i32 = 100;
const USUAL_PAGE: i32 = 50;

/// What the list is called in its tokens.
const LIST: &str = "tagged";

/// `GetResources`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetResources {
    /// Only what has all of these keys, each with one of the values, or with any if there are none. 50 keys, 20 values each.
    pub tags: Vec<(String, Vec<String>)>,
    /// Only what is of one of these types: `ec2`, `ec2:instance`.
    pub types: Vec<String>,
    /// Only these, 100 at most; nothing else can be asked for then. One that is not there is left out.
    pub arns: Vec<String>,
    /// At most so many on a page, 1 to 100.
    pub page_size: Option<i32>,
    /// The `PaginationToken` of the page before.
    pub token: Option<String>,
}

/// A resource, with its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedResource {
    /// Its ARN.
    pub arn: String,
    /// Its tags; none if it has lost them.
    pub tags: Tags,
}

impl World {
    pub(crate) fn get_resources(&self, asked: &GetResources) -> Result<Page<TaggedResource>, ApiError> {
        check_form(asked)?;
        self.check_types(&asked.types)?;
        let size = usize::try_from(asked.page_size.unwrap_or(USUAL_PAGE)).unwrap_or_default();
        let after = asked.token.as_deref().map(|token| self.opened(token)).transpose()?;
        let mut rest = self.tagged().into_iter().filter(|(arn, tags)| {
            after.as_ref().is_none_or(|after| arn > after)
                && (asked.arns.is_empty() || asked.arns.contains(arn))
                && (asked.types.is_empty() || asked.types.iter().any(|kind| is_of(arn, kind)))
                && asked
                    .tags
                    .iter()
                    .all(|(key, values)| tags.get(key).is_some_and(|value| values.is_empty() || values.contains(value)))
        });
        // Whoever names resources gets all of them.
        let size = if asked.arns.is_empty() { size } else { asked.arns.len() };
        let items: Vec<_> = rest.by_ref().take(size).map(|(arn, tags)| TaggedResource { arn, tags }).collect();
        let next = items.last().filter(|_| rest.next().is_some()).map(|last| self.sealed(&last.arn));
        Ok(Page { items, next })
    }

    /// Whether this API knows traffic mirrors at all is not documented for sure.
    fn check_types(&self, types: &[String]) -> Result<(), ApiError> {
        match types.iter().find(|kind| kind.starts_with("ec2:traffic-mirror-")) {
            Some(kind) => self.unknowns.mirrors_in_tagging.or_refused(|| format!("Unsupported resource type: {kind}")),
            None => Ok(()),
        }
    }

    /// A token that says when it was given.
    fn sealed(&self, arn: &str) -> String {
        let Self { account, mint, now, .. } = self;
        listing::sealed(&format!("{}\t{arn}", now.as_second()), [LIST, account.as_str()], mint)
    }

    /// The ARN in a token that was given to this account and is not too old.
    fn opened(&self, token: &str) -> Result<String, ApiError> {
        let Self { account, mint, now, .. } = self;
        let invalid = || invalid("The PaginationToken is not valid");
        let opened = listing::opened(token, [LIST, account.as_str()], mint).map_err(|_| invalid())?;
        let (given, arn) = opened.split_once('\t').ok_or_else(invalid)?;
        let given = given.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or_else(invalid)?;
        if now.duration_since(given) > TOKENS_LAST {
            return Err(ApiError::new("PaginationTokenExpiredException", "The PaginationToken has expired"));
        }
        Ok(arn.into())
    }

    /// Everything of the account that has tags, or once had some, by ARN. What others share with it is theirs to list.
    fn tagged(&self) -> BTreeMap<String, Tags> {
        let listeners = self.own_load_balancers().flat_map(|it| it.listeners.values());
        let balancing = self
            .own_load_balancers()
            .map(|it| (it.arn.to_string(), &it.tags))
            .chain(listeners.map(|it| (it.arn.to_string(), &it.tags)))
            .chain(self.own_classics().map(|it| (it.arn.to_string(), &it.tags)))
            .chain(self.own_target_groups().map(|it| (it.arn.to_string(), &it.tags)))
            .filter(|(arn, tags)| !tags.is_empty() || self.once_tagged.contains(arn))
            .map(|(arn, tags)| (arn, tags.clone()));
        let ec2 = self.tagged_of(&self.instances).chain(self.tagged_of(&self.interfaces));
        let networks = self.tagged_of(&self.vpcs).chain(self.tagged_of(&self.subnets));
        let firewalls = self.tagged_of(&self.network_acls).chain(self.tagged_of(&self.prefix_lists));
        let groups = self.security_groups.values().filter(|group| self.owns(*group));
        let firewalls = firewalls.chain(self.tagged_of(&self.security_groups));
        let firewalls = firewalls.chain(groups.flat_map(|group| self.tagged_of(&group.rules)));
        let mut all: BTreeMap<_, _> = balancing.chain(ec2).chain(networks).chain(firewalls).collect();
        if self.unknowns.mirrors_in_tagging == Verdict::Accepted {
            all.extend(
                self.tagged_of(&self.filters)
                    .chain(self.tagged_of(&self.targets))
                    .chain(self.tagged_of(&self.sessions)),
            );
            let filters = self.filters.values().filter(|filter| self.owns(*filter));
            all.extend(filters.flat_map(|filter| self.tagged_of(&filter.rules)));
        }
        all
    }

    /// Those of these objects that the account owns.
    fn tagged_of<T: Listed>(&self, objects: &BTreeMap<T::Id, T>) -> impl Iterator<Item = (String, Tags)> {
        let Self { region, account, once_tagged, .. } = self;
        let tagged = |id: &T::Id, it: &T| !it.tags().is_empty() || once_tagged.contains(&id.to_string());
        let listed = objects.iter().filter(move |(id, it)| self.owns(*it) && tagged(id, it));
        listed.map(move |(id, it)| (format!("arn:aws:ec2:{region}:{account}:{}/{id}", T::KIND), it.tags().clone()))
    }
}

/// Refuses what is wrong whatever there is in the world.
fn check_form(asked: &GetResources) -> Result<(), ApiError> {
    let GetResources { tags, types, arns, page_size, token } = asked;
    let alone = tags.is_empty() && types.is_empty() && page_size.is_none() && token.is_none();
    if !arns.is_empty() && !alone {
        return Err(invalid("ResourceARNList cannot be combined with filters or pages"));
    }
    if arns.len() > 100 {
        return Err(invalid("ResourceARNList has at most 100 ARNs"));
    }
    if tags.len() > 50 || tags.iter().any(|(key, values)| key.is_empty() || values.len() > 20) {
        return Err(invalid("TagFilters has at most 50 keys, with at most 20 values each"));
    }
    if page_size.is_some_and(|size| !(1..=LARGEST_PAGE).contains(&size)) {
        return Err(invalid(format!("ResourcesPerPage must be 1 to {LARGEST_PAGE}")));
    }
    Ok(())
}

/// Whether an ARN is of a type: `service`, or `service:type`, where the type is what the ARN says.
fn is_of(arn: &str, kind: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, resource) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    match kind.split_once(':') {
        Some((of, kind)) => of == service && resource.strip_prefix(kind).is_some_and(|rest| rest.starts_with('/')),
        None => kind == service,
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}
