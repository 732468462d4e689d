//! Takes tags; puts them on load balancers, target groups and listeners, takes them off, and lists them. Never touches what EC2 tags.

use mirror_core::inventory::Tags;

use super::invalid;
use super::paging::check_count;
use super::request::{AddTags, RemoveTags};
use crate::error::ApiError;
use crate::world::World;

/// Tags that a resource can have. Source: botocore, `TooManyTagsException`; "Quotas", User Guides: 50.
const MOST_TAGS: usize = 50;

/// Refuses tags that a customer cannot set.
pub(crate) fn check(tags: &Tags) -> Result<(), ApiError> {
    for (key, value) in tags {
        if key.starts_with("aws:") {
            return Err(invalid(format!("Tag keys that begin with 'aws:' are reserved: '{key}'")));
        }
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("Tag keys have 1 to 128 characters, and values at most 256"));
        }
    }
    check_room(tags)
}

fn check_room(tags: &Tags) -> Result<(), ApiError> {
    if tags.len() > MOST_TAGS {
        return Err(ApiError::new("TooManyTags", "A resource has at most 50 tags"));
    }
    Ok(())
}

impl World {
    pub(super) fn describe_balancing_tags(&self, arns: &[String]) -> Result<Vec<(String, Tags)>, ApiError> {
        check_count(arns)?;
        arns.iter().map(|arn| Ok((arn.clone(), self.balancing_tags(arn)?.clone()))).collect()
    }

    pub(super) fn add_balancing_tags(&mut self, wish: &AddTags) -> Result<(), ApiError> {
        check_count(&wish.arns)?;
        check(&wish.tags)?;
        for arn in &wish.arns {
            let mut tags = self.balancing_tags(arn)?.clone();
            tags.extend(wish.tags.clone());
            check_room(&tags)?;
        }
        self.change_tags(&wish.arns, |tags| tags.extend(wish.tags.clone()));
        Ok(())
    }

    pub(super) fn remove_balancing_tags(&mut self, wish: &RemoveTags) -> Result<(), ApiError> {
        check_count(&wish.arns)?;
        let mut tagged = Vec::new();
        for arn in &wish.arns {
            if !self.balancing_tags(arn)?.is_empty() {
                tagged.push(arn.clone());
            }
        }
        self.once_tagged.extend(tagged);
        self.change_tags(&wish.arns, |tags| tags.retain(|key, _| !wish.keys.contains(key)));
        Ok(())
    }

    /// The tags of something of the account that acts.
    pub(crate) fn balancing_tags(&self, arn: &str) -> Result<&Tags, ApiError> {
        match kind_of(arn) {
            "loadbalancer" => self.load_balancer(&arn.into()).map(|balancer| &balancer.tags),
            "targetgroup" => self.target_group(&arn.into()).map(|group| &group.tags),
            "listener" => self.listener(&arn.into()).map(|listener| &listener.tags),
            _ => Err(invalid(format!("'{arn}' is not a valid load balancer, target group or listener ARN"))),
        }
    }

    /// Changes the tags of what is known to be there.
    fn change_tags(&mut self, arns: &[String], change: impl Fn(&mut Tags)) {
        for arn in arns {
            let found = match kind_of(arn) {
                "loadbalancer" => self.load_balancers.get_mut(&arn.into()).map(|balancer| &mut balancer.tags),
                "targetgroup" => self.target_groups.get_mut(&arn.into()).map(|group| &mut group.tags),
                _ => {
                    let balancer = self.listener(&arn.into()).map(|listener| listener.load_balancer.clone());
                    let listener = balancer.ok().and_then(|balancer| self.listener_mut(&balancer, &arn.into()));
                    listener.map(|listener| &mut listener.tags)
                }
            };
            found.into_iter().for_each(&change);
        }
    }
}

/// `arn:aws:elasticloadbalancing:<Region>:<account>:<kind>/…`.
fn kind_of(arn: &str) -> &str {
    let resource = arn.strip_prefix("arn:aws:elasticloadbalancing:").and_then(|rest| rest.splitn(3, ':').nth(2));
    resource.and_then(|resource| resource.split('/').next()).unwrap_or_default()
}
