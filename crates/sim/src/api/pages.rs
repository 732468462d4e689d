//! Takes lists that are asked for and pages that are answered, of whatever kind; makes them shorter than they should be, or puts
//! them in another order. Never adds what was not on some page.

use super::chance::Chance;
use super::faults::Effect;
use crate::classic::{ClassicRequest, ClassicResponse};
use crate::elb::{ElbRequest, ElbResponse};
use crate::listing::Page;
use crate::request::Request;
use crate::response::Response;
use crate::waf::{WafRequest, WafResponse};

/// The smallest page that can be asked for in EC2. Source: botocore, `MaxResults`.
const SMALLEST_PAGE: i32 = 5;

/// What a describe call asks for, whatever it lists.
pub(super) struct Asked<'a> {
    pub(super) ids: usize,
    pub(super) filters: usize,
    /// The smallest page.
    pub(super) smallest: i32,
    pub(super) max_results: &'a mut Option<i32>,
    pub(super) next_token: Option<&'a str>,
}

impl<T> Page<T> {
    fn keep_first(&mut self, most: usize, ends: bool) {
        self.items.truncate(most);
        self.next.take_if(|_| ends);
    }

    fn keep_last(&mut self) {
        self.items.drain(..self.items.len().saturating_sub(1));
    }

    fn put_before(&mut self, first: Self) {
        self.items.splice(0..0, first.items);
    }
}

macro_rules! lists {
    (
        ec2 { $($action:ident $(. $describe:ident)?,)* }
        elb { $($balancing:ident . $named:ident,)* }
        answers of others { $($api:ident . $answers:ident :: $answer:ident,)* }
    ) => {
        /// What is asked for, if it is a list.
        pub(super) fn asked(request: &mut Request) -> Option<Asked<'_>> {
            Some(match request {
                $(Request::$action(asked) => {
                    let describe = &mut (*asked) $(.$describe)?;
                    Asked {
                        ids: describe.ids.len(),
                        filters: describe.filters.len(),
                        smallest: SMALLEST_PAGE,
                        max_results: &mut describe.max_results,
                        next_token: describe.next_token.as_deref(),
                    }
                })*
                $(Request::Elb(ElbRequest::$balancing(asked)) => Asked {
                    ids: asked.$named.len(),
                    filters: 0,
                    smallest: 1,
                    max_results: &mut asked.pages.size,
                    next_token: asked.pages.marker.as_deref(),
                },)*
                Request::GetResources(asked) => Asked {
                    ids: asked.arns.len(),
                    filters: asked.tags.len() + asked.types.len(),
                    smallest: 1,
                    max_results: &mut asked.page_size,
                    next_token: asked.token.as_deref(),
                },
                Request::Classic(ClassicRequest::DescribeLoadBalancers(asked)) => Asked {
                    ids: asked.names.len(),
                    filters: 0,
                    smallest: 1,
                    max_results: &mut asked.pages.size,
                    next_token: asked.pages.marker.as_deref(),
                },
                Request::Waf(WafRequest::ListWebACLs(asked)) => Asked {
                    ids: 0,
                    filters: 0,
                    smallest: 1,
                    max_results: &mut asked.limit,
                    next_token: asked.marker.as_deref(),
                },
                Request::DryRun(inner) => return asked(inner),
                _ => return None,
            })
        }

        /// Keeps the first items of a page, so many at most; says that it is the last page, if that is asked.
        fn keep_first(response: &mut Response, most: usize, ends: bool) {
            match response {
                $(Response::$action(page) => page.keep_first(most, ends),)*
                $(Response::$api($answers::$answer(page)) => page.keep_first(most, ends),)*
                Response::GetResources(page) => page.keep_first(most, ends),
                _ => {}
            }
        }

        /// Lets two items of a page change places.
        fn exchange(response: &mut Response, one: usize, other: usize) {
            match response {
                $(Response::$action(page) if one.max(other) < page.items.len() => page.items.swap(one, other),)*
                $(Response::$api($answers::$answer(page)) if one.max(other) < page.items.len() => {
                    page.items.swap(one, other);
                })*
                Response::GetResources(page) if one.max(other) < page.items.len() => page.items.swap(one, other),
                _ => {}
            }
        }

        /// How many items a page has, and the token that leads on from it.
        pub(crate) fn extent(response: &Response) -> Option<(usize, Option<&str>)> {
            match response {
                $(Response::$action(page) => Some((page.items.len(), page.next.as_deref())),)*
                $(Response::$api($answers::$answer(page)) => Some((page.items.len(), page.next.as_deref())),)*
                Response::GetResources(page) => Some((page.items.len(), page.next.as_deref())),
                _ => None,
            }
        }

        /// A page that has only the last item of this one.
        pub(super) fn last_of(response: &Response) -> Response {
            let mut last = response.clone();
            match &mut last {
                $(Response::$action(page) => page.keep_last(),)*
                $(Response::$api($answers::$answer(page)) => page.keep_last(),)*
                Response::GetResources(page) => page.keep_last(),
                _ => {}
            }
            last
        }

        /// Puts the items of one page before those of another of the same kind.
        pub(super) fn put_before(response: &mut Response, first: Response) {
            match (response, first) {
                $((Response::$action(page), Response::$action(first)) => page.put_before(first),)*
                $((Response::$api($answers::$answer(page)), Response::$api($answers::$answer(first))) => {
                    page.put_before(first);
                })*
                (Response::GetResources(page), Response::GetResources(first)) => page.put_before(first),
                _ => {}
            }
        }
    };
}

lists! {
    ec2 {
        DescribeAvailabilityZones,
        DescribeVpcs,
        DescribeSubnets,
        DescribeInstances,
        DescribeNetworkInterfaces,
        DescribeSecurityGroups,
        DescribeSecurityGroupRules,
        DescribeNetworkAcls,
        DescribeManagedPrefixLists,
        GetManagedPrefixListEntries.entries,
        DescribeTags,
        DescribeTrafficMirrorFilters,
        DescribeTrafficMirrorFilterRules.rules,
        DescribeTrafficMirrorTargets,
        DescribeTrafficMirrorSessions,
    }
    elb {
        DescribeLoadBalancers.arns,
        DescribeListeners.arns,
        DescribeRules.arns,
        DescribeTargetGroups.arns,
    }
    answers of others {
        Elb.ElbResponse::DescribeLoadBalancers,
        Elb.ElbResponse::DescribeListeners,
        Elb.ElbResponse::DescribeRules,
        Elb.ElbResponse::DescribeTargetGroups,
        Elb.ElbResponse::DescribeTargetHealth,
        Classic.ClassicResponse::DescribeLoadBalancers,
        Waf.WafResponse::ListWebACLs,
        Waf.WafResponse::ListResourcesForWebACL,
    }
}

/// Asks for a page of at most this size. A list by ids has no pages.
pub(super) fn ask_for_fewer(request: &mut Request, size: i32) {
    if let Some(Asked { ids: 0, max_results, smallest, .. }) = asked(request) {
        let size = size.max(smallest);
        *max_results = Some(max_results.map_or(size, |asked| asked.min(size)));
    }
}

/// Makes of a page what a fault makes of it.
pub(super) fn lie(response: &mut Response, effect: &Effect, chance: &mut Chance) {
    match effect {
        Effect::Shuffled => shuffle(response, chance),
        Effect::SkippingPage(most) => keep_first(response, *most, false),
        Effect::CutPage(most) => keep_first(response, *most, true),
        Effect::EmptyList => keep_first(response, 0, true),
        _ => {}
    }
}

/// Puts the items of a page in an order that is drawn, each as likely as any other.
fn shuffle(response: &mut Response, chance: &mut Chance) {
    let items = extent(response).map_or(0, |(items, _)| items);
    for place in (1..items).rev() {
        exchange(response, place, chance.below(place + 1, "order"));
    }
}

/// Loses the last item of a page: the next page begins behind it.
pub(super) fn lose_last(response: &mut Response) {
    let items = extent(response).map_or(0, |(items, _)| items);
    keep_first(response, items.saturating_sub(1), false);
}
