//! Takes calls and their times; refuses those that come too fast. Never slows one down.
//!
//! A bucket for each action of each account and Region, of the size of the action's category:
//!
//! | category                                                                              | bucket | a second |
//! |---------------------------------------------------------------------------------------|--------|----------|
//! | reads                                                                                 | 100    | 20       |
//! | `DescribeInstances`, `DescribeNetworkInterfaces` with neither a filter nor MaxResults | 50     | 10       |
//! | changes                                                                               | 50     | 5        |
//! | `CreateTags`, `DeleteTags`                                                            | 100    | 10       |
//! | `CreateNetworkInterface`, `DeleteNetworkInterface`                                    | 100    | 5        |
//!
//! ELB has buckets for kinds of actions, and one for all of them together, from which every call takes as well; the tagging API has one:
//!
//! | calls                                | bucket | a second |
//! |--------------------------------------|--------|----------|
//! | ELB's reads, together                | 40     | 10       |
//! | ELB's changes, together              | 20     | 3        |
//! | `RegisterTargets`, `DeregisterTargets` | 20   | 4        |
//! | `CreateLoadBalancer`, `SetSubnets`   | 10     | 0.2      |
//! | all of ELB's                         | 40     | 10       |
//! | `GetResources`                       | 15     | 15       |
//!
//! Classic Load Balancers have the same buckets as all others. WAF documents no burst either, and some actions of its have one call in two
//! seconds:
//!
//! | calls                                            | bucket | a second |
//! |--------------------------------------------------|--------|----------|
//! | `AssociateWebACL`, `DisassociateWebACL`          | 1      | 0.5      |
//! | `GetWebACLForResource`, `ListResourcesForWebACL`, `CreateWebACL` | 1 | 1 |
//! | `ListWebACLs`                                    | 5      | 5        |
//!
//! Sources: "AWS WAF quotas", AWS WAF Developer Guide. "Request throttling for the Elastic Load Balancing API", ELB User Guide; "Quotas", Tag Editor User Guide, which has no burst.
//! "Request throttling for the Amazon EC2 API", EC2 Developer Guide. `GetCallerIdentity` and `AssumeRole` are STS's, which documents
//! none. A list by ids alone has no filter: whether AWS counts it as filtered is not documented, and the smaller bucket is the harsher.

use std::collections::BTreeMap;

use mirror_core::Time;
use mirror_core::cloud::Action;
use mirror_core::ids::{AccountId, Region};

use super::pages;
use crate::error::ApiError;
use crate::request::Request;

/// What one token is in here: a bucket that gets 5 tokens a second gets 5 times [`PACE`] of these a nanosecond.
const TOKEN: u128 = 1_000_000_000 * PACE;

/// How much of a token a second is the least that a bucket gets: a tenth.
const PACE: u128 = 10;

/// The size of a bucket, and what is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Calls that can be made at once.
    pub burst: u32,
    /// Calls a second from then on.
    pub per_second: u32,
}

impl Limit {
    fn tenths_per_second(self) -> u128 {
        u128::from(self.per_second) * PACE
    }
}

/// A bucket, what it is called, how much it holds, and how many tenths of a token it gets a second.
#[derive(Clone, Copy, Debug)]
struct Size {
    name: &'static str,
    unbounded: bool,
    burst: u32,
    tenths: u128,
}

impl Size {
    const fn shared(name: &'static str, burst: u32, tenths: u128) -> Self {
        Self { name, unbounded: false, burst, tenths }
    }
}

const ELB: Size = Size::shared("elasticloadbalancing:*", 40, 100);
const ELB_READS: Size = Size::shared("elasticloadbalancing:Describe*", 40, 100);
const ELB_CHANGES: Size = Size::shared("elasticloadbalancing changes", 20, 30);
const ELB_TARGETS: Size = Size::shared("elasticloadbalancing targets", 20, 40);
const ELB_SUBNETS: Size = Size::shared("elasticloadbalancing subnets", 10, 2);

const READS: Limit = Limit { burst: 100, per_second: 20 };
const UNBOUNDED_READS: Limit = Limit { burst: 50, per_second: 10 };
const CHANGES: Limit = Limit { burst: 50, per_second: 5 };
const TAGS: Limit = Limit { burst: 100, per_second: 10 };
const INTERFACES: Limit = Limit { burst: 100, per_second: 5 };

/// What is left in a bucket, and when it was looked at.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u128,
    at: Time,
}

/// All buckets.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Limits of single actions that are not AWS's usual ones: some accounts have been granted more.
    granted: BTreeMap<String, Limit>,
    /// Percent of every limit that is left for the callers in here: somebody else uses up the rest.
    share: u32,
    buckets: BTreeMap<(AccountId, Region, Action, bool), Bucket>,
}

impl Rates {
    /// AWS's documented ones; full buckets.
    pub fn documented() -> Self {
        Self { granted: BTreeMap::new(), share: 100, buckets: BTreeMap::new() }
    }

    /// Only so many percent of every limit: other clients of the account, who are not in here, use up the rest.
    #[must_use]
    pub fn shared(self, percent: u32) -> Self {
        Self { share: percent, ..self }
    }

    /// Another limit for an action, however it is called.
    #[must_use]
    pub fn with(mut self, action: &str, limit: Limit) -> Self {
        self.granted.insert(action.into(), limit);
        self
    }

    /// Takes what this call costs out of its bucket, or refuses it.
    pub(super) fn take(
        &mut self,
        account: &AccountId,
        region: &Region,
        request: &mut Request,
        now: Time,
    ) -> Result<(), ApiError> {
        let action = request.action();
        let unbounded = is_unbounded(request);
        let limit = self.granted.get(action).copied().or_else(|| limit_of(action, unbounded));
        let own =
            limit.map(|limit| Size { name: action, unbounded, burst: limit.burst, tenths: limit.tenths_per_second() });
        let sizes = match action.split_once(':') {
            Some(("elasticloadbalancing" | "elb", name)) => [Some(own.unwrap_or(elb_size_of(name))), Some(ELB)],
            Some(("wafv2", _)) => [Some(own.unwrap_or(waf_size_of(action))), None],
            _ => [own, None],
        };
        let mut taken = Ok(());
        for size in sizes.into_iter().flatten() {
            if !self.take_from(size, account, region, now) {
                taken = Err(exceeded(action));
            }
        }
        taken
    }

    /// Takes a token out of a bucket, if there is one.
    fn take_from(&mut self, size: Size, account: &AccountId, region: &Region, now: Time) -> bool {
        let share = u128::from(self.share);
        let full = u128::from(size.burst) * TOKEN * share / 100;
        let key = (account.clone(), region.clone(), size.name, size.unbounded);
        let bucket = self.buckets.entry(key).or_insert(Bucket { left: full, at: now });
        let passed = u128::try_from(now.duration_since(bucket.at).as_nanos()).unwrap_or_default();
        bucket.left = full.min(bucket.left + passed * size.tenths * share / 100);
        bucket.at = bucket.at.max(now);
        let rest = bucket.left.checked_sub(TOKEN);
        bucket.left = rest.unwrap_or(bucket.left);
        rest.is_some()
    }
}

fn limit_of(action: Action, unbounded: bool) -> Option<Limit> {
    Some(match action {
        "GetCallerIdentity" | "AssumeRole" => return None,
        "tag:GetResources" => Limit { burst: 15, per_second: 15 },
        _ if action.contains(':') => return None,
        "DescribeInstances" | "DescribeNetworkInterfaces" if unbounded => UNBOUNDED_READS,
        "CreateTags" | "DeleteTags" => TAGS,
        "CreateNetworkInterface" | "DeleteNetworkInterface" => INTERFACES,
        _ if action.starts_with("Describe") || action.starts_with("Get") => READS,
        _ => CHANGES,
    })
}

/// Whether a call asks for a list of any length.
fn is_unbounded(request: &mut Request) -> bool {
    let listed = matches!(request.action(), "DescribeInstances" | "DescribeNetworkInterfaces");
    listed && pages::asked(request).is_some_and(|asked| asked.filters == 0 && asked.max_results.is_none())
}

fn elb_size_of(name: &str) -> Size {
    match name {
        "RegisterTargets" | "DeregisterTargets" => ELB_TARGETS,
        "CreateLoadBalancer" | "SetSubnets" => ELB_SUBNETS,
        _ if name.starts_with("Describe") => ELB_READS,
        _ => ELB_CHANGES,
    }
}

fn waf_size_of(action: Action) -> Size {
    match action {
        "wafv2:AssociateWebACL" | "wafv2:DisassociateWebACL" => Size::shared(action, 1, 5),
        "wafv2:ListWebACLs" => Size::shared(action, 5, 50),
        _ => Size::shared(action, 1, 10),
    }
}

/// Source: the same; the status of EC2's is in botocore's `_retry.json`. ELB's code is documented as `ThrottlingException`.
fn exceeded(action: Action) -> ApiError {
    match action.split_once(':') {
        None => ApiError::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503),
        Some(("tag", _)) => ApiError::new("ThrottledException", "Rate exceeded"),
        Some(("wafv2", _)) => ApiError::new("ThrottlingException", "Rate exceeded"),
        Some(_) => ApiError::new("Throttling", "Rate exceeded"),
    }
}
