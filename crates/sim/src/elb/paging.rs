//! Takes what is listed, in order, and which page is asked for; gives that page. Never fails for a marker whose object has gone since.
//!
//! | asked for  | answer                                                   |
//! |------------|----------------------------------------------------------|
//! | `PageSize` | 1 to 400, or `ValidationError`; none for 400             |
//! | `Marker`   | what comes after the object that the page before ended with |
//!
//! Source: botocore `elbv2/2015-12-01`.

use super::invalid;
use super::request::Pages;
use crate::error::ApiError;
use crate::listing::{Page, opened, sealed};
use crate::world::World;

/// Most ARNs in one call. Source: "API limits", ELB API Reference, `DescribeLoadBalancers`, `DescribeTags`.
const MOST_ARNS: usize = 20;

/// The largest page.
const LARGEST_PAGE: i32 = 400;

/// A page of the account's objects of a kind, each with its ARN, by which they are in order.
pub(crate) fn page<T: Clone>(
    World { account, mint, .. }: &World,
    kind: &str,
    objects: impl Iterator<Item = (String, T)>,
    pages: &Pages,
) -> Result<Page<T>, ApiError> {
    let size = match pages.size.unwrap_or(LARGEST_PAGE) {
        size @ 1..=LARGEST_PAGE => usize::try_from(size).unwrap_or_default(),
        size => {
            let message = format!("Value '{size}' at 'pageSize' must be between 1 and {LARGEST_PAGE}");
            return Err(invalid(format!("1 validation error detected: {message}")));
        }
    };
    let list = [kind, account.as_str()];
    let after = pages.marker.as_ref().map(|marker| opened(marker, list, mint)).transpose();
    let after = after.map_err(|_| invalid("The marker is not valid"))?;
    let mut rest = objects.filter(|(arn, _)| after.as_ref().is_none_or(|after| arn > after));
    let page: Vec<(String, T)> = rest.by_ref().take(size).collect();
    let next = page.last().filter(|_| rest.next().is_some()).map(|(arn, _)| sealed(arn, list, mint));
    Ok(Page { items: page.into_iter().map(|(_, object)| object).collect(), next })
}

/// Refuses more ARNs than a call can name.
pub(super) fn check_count<T>(arns: &[T]) -> Result<(), ApiError> {
    if arns.len() > MOST_ARNS {
        return Err(invalid(format!("A request can name at most {MOST_ARNS} ARNs")));
    }
    Ok(())
}

/// Refuses more than one way of saying what is wanted.
pub(super) fn check_one_way(ways: &[bool]) -> Result<(), ApiError> {
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(invalid("Only one of load balancer, ARNs and names can be specified"));
    }
    Ok(())
}
