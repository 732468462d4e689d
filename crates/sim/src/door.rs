//! Takes the queries and steps of core; gives pages and outcomes, by calling the world in process. Never waits, and never calls twice.

mod seen;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use mirror_core::cloud::{
    Action, BALANCED_PAGE_SIZE, Class, Cloud, CloudError, Items, Outcome, PAGE_SIZE, PacketLength, Page, Query,
    SessionChange, Step, TAGGED_PAGE_SIZE, WEB_ACLS_PAGE_SIZE,
};
use mirror_core::inventory::{Kind, PortRange, Rule, Tags};

use crate::api::{Api, Caller, Came};
use crate::classic::{ClassicRequest, ClassicResponse, DescribeClassicLoadBalancers};
use crate::elb::{
    DescribeListeners, DescribeLoadBalancers, DescribeTargetGroups, ElbRequest, ElbResponse, OfTargets, Pages,
};
use crate::listing;
use crate::request::{
    CreateTags, CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession,
    CreateTrafficMirrorTarget, Describe, ModifyTrafficMirrorFilterNetworkServices, ModifyTrafficMirrorSession, Ports,
    Request, RuleWish, SessionField,
};
use crate::response::Response;
use crate::tagging::{GetResources, TaggedResource};
use crate::waf::{GuardedResource, ListResourcesForWebAcl, ListWebAcls, WafRequest, WafResponse, WafScope};
use crate::world::World;

/// The way into a world for whoever runs in the same process. Clones lead into the same world.
#[derive(Clone, Debug)]
pub struct Door {
    leads: Leads,
}

/// Where a door leads.
#[derive(Clone, Debug)]
enum Leads {
    /// Into a world, where calls meet nothing on their way.
    Straight(Arc<Mutex<World>>),
    /// Through an API, for this caller.
    Through(Arc<Mutex<Api>>, Caller),
}

impl Door {
    /// A door into this world.
    pub fn new(world: Arc<Mutex<World>>) -> Self {
        Self { leads: Leads::Straight(world) }
    }

    /// A door into the world behind this API, for this caller. How long a call takes in virtual time is not felt here.
    pub fn through(api: Arc<Mutex<Api>>, caller: Caller) -> Self {
        Self { leads: Leads::Through(api, caller) }
    }

    fn call(&self, action: Action, request: Request) -> Result<Response, CloudError> {
        // A thread that panicked while it held the world belongs to a test that has failed already.
        let result = match &self.leads {
            Leads::Straight(world) => world.lock().unwrap_or_else(PoisonError::into_inner).call(request),
            Leads::Through(api, caller) => {
                match api.lock().unwrap_or_else(PoisonError::into_inner).call(caller, request).came {
                    Came::Whole(result) => result,
                    Came::Broken(result, _) => return Err(broken(action, result.map_or_else(|it| it.status, |_| 200))),
                    Came::Nothing => return Err(unanswered(action)),
                }
            }
        };
        result.map_err(|error| CloudError::answered(action, error.code, error.message, error.status))
    }
}

impl Cloud for Door {
    async fn read(&self, query: &Query) -> Result<Page, CloudError> {
        let question = question(query).ok_or_else(|| unsendable(query.action()))?;
        page(query, self.call(query.action(), question)?).ok_or_else(|| unreadable(query.action()))
    }

    async fn apply(&self, step: &Step) -> Result<Outcome, CloudError> {
        outcome(self.call(step.action(), change(step))?).ok_or_else(|| unreadable(step.action()))
    }
}

/// As the SDK's client reports it: the call may have taken effect.
fn unanswered(action: Action) -> CloudError {
    let message = "EC2 did not answer in time".into();
    CloudError { action: action.into(), code: "Timeout".into(), message, class: Class::Retry }
}

/// As the SDK's client reports a body that is no whole document: nothing of it is used.
fn broken(action: Action, status: u16) -> CloudError {
    CloudError::answered(action, "UnreadableAnswer", "the XML ends too early", status)
}

/// An answer to another question: a mistake in this file.
fn unreadable(action: Action) -> CloudError {
    CloudError::answered(action, "UnreadableAnswer", "the answer is of another action", 200)
}

/// What counts of load balancers is no list.
fn unsendable(action: Action) -> CloudError {
    CloudError::answered(action, "UnsendableRequest", "what counts of load balancers is no list", 400)
}

fn question(query: &Query) -> Option<Request> {
    Some(match query {
        Query::Identity => Request::GetCallerIdentity,
        Query::Tagged(key, token) => tagged_with(Some(key), token.clone()),
        Query::LoadBalancers(token) => Request::Elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers {
            pages: balanced(token),
            ..DescribeLoadBalancers::default()
        })),
        Query::Listeners(of, token) => Request::Elb(ElbRequest::DescribeListeners(DescribeListeners {
            load_balancer: Some(of.clone()),
            arns: Vec::new(),
            pages: balanced(token),
        })),
        Query::TargetGroups(of, token) => Request::Elb(ElbRequest::DescribeTargetGroups(DescribeTargetGroups {
            load_balancer: Some(of.clone()),
            pages: balanced(token),
            ..DescribeTargetGroups::default()
        })),
        Query::TargetHealth(_, group) => Request::Elb(ElbRequest::DescribeTargetHealth(OfTargets {
            group: group.as_str().into(),
            targets: Vec::new(),
        })),
        Query::Balancers(token) => Request::Elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers {
            pages: balanced(token),
            ..DescribeLoadBalancers::default()
        })),
        Query::Classic(token) => {
            Request::Classic(ClassicRequest::DescribeLoadBalancers(DescribeClassicLoadBalancers {
                names: Vec::new(),
                pages: balanced(token),
            }))
        }
        Query::BalancerTags(token) => Request::GetResources(GetResources {
            types: vec!["elasticloadbalancing:loadbalancer".into()],
            page_size: Some(TAGGED_PAGE_SIZE),
            token: token.clone(),
            ..GetResources::default()
        }),
        Query::WebAcls(token) => Request::Waf(WafRequest::ListWebACLs(ListWebAcls {
            scope: WafScope::Regional,
            marker: token.clone(),
            limit: Some(WEB_ACLS_PAGE_SIZE),
        })),
        Query::Protected(of) => Request::Waf(WafRequest::ListResourcesForWebACL(ListResourcesForWebAcl {
            acl: of.as_str().into(),
            kind: GuardedResource::ApplicationLoadBalancer,
        })),
        Query::List(kind, token) => {
            let token = token.clone();
            match kind {
                Kind::Instances => Request::DescribeInstances(Describe::page(PAGE_SIZE, token).with_managed()),
                Kind::Interfaces => Request::DescribeNetworkInterfaces(Describe::page(PAGE_SIZE, token).with_managed()),
                Kind::Tagged => tagged_with(None, token),
                Kind::Subnets => Request::DescribeSubnets(Describe::page(PAGE_SIZE, token)),
                Kind::GroupRules => Request::DescribeSecurityGroupRules(Describe::page(PAGE_SIZE, token)),
                Kind::Targets => Request::DescribeTrafficMirrorTargets(Describe::page(PAGE_SIZE, token)),
                Kind::LoadBalancers | Kind::Directory => return None,
                Kind::Filters => Request::DescribeTrafficMirrorFilters(Describe::page(PAGE_SIZE, token)),
                Kind::Sessions => Request::DescribeTrafficMirrorSessions(Describe::page(PAGE_SIZE, token)),
            }
        }
    })
}

fn balanced(token: &Option<String>) -> Pages {
    Pages { size: Some(BALANCED_PAGE_SIZE), marker: token.clone() }
}

/// What is tagged with a key, or at all.
fn tagged_with(key: Option<&String>, token: Option<String>) -> Request {
    Request::GetResources(GetResources {
        tags: key.map(|key| (key.clone(), Vec::new())).into_iter().collect(),
        types: vec!["ec2:subnet".into(), "ec2:vpc".into()],
        arns: Vec::new(),
        page_size: Some(TAGGED_PAGE_SIZE),
        token,
    })
}

fn page(query: &Query, response: Response) -> Option<Page> {
    fn items<T, U>(page: listing::Page<T>, seen: fn(T) -> U, kind: fn(Vec<U>) -> Items) -> Page {
        Page { items: kind(page.items.into_iter().map(seen).collect()), next: page.next }
    }
    Some(match response {
        Response::GetCallerIdentity(identity) => Page { items: Items::Identity(identity.account), next: None },
        Response::DescribeInstances(page) => items(page, seen::instance, Items::Instances),
        Response::DescribeNetworkInterfaces(page) => items(page, seen::interface, Items::Interfaces),
        Response::GetResources(page) if matches!(query, Query::BalancerTags(_)) => {
            items(page, |TaggedResource { arn, tags }| (arn, tags), Items::BalancerTags)
        }
        Response::GetResources(page) => Page { items: Items::Tagged(seen::tagged(page.items)?), next: page.next },
        Response::Elb(ElbResponse::DescribeLoadBalancers(page)) => items(page, |it| it.arn, Items::LoadBalancers),
        Response::Elb(ElbResponse::DescribeListeners(page)) => items(page, seen::listener, Items::Listeners),
        Response::Elb(ElbResponse::DescribeTargetGroups(page)) => items(page, seen::target_group, Items::TargetGroups),
        Response::Elb(ElbResponse::DescribeTargetHealth(page)) => items(page, seen::registered, Items::TargetHealth),
        Response::Classic(ClassicResponse::DescribeLoadBalancers(page)) => items(page, seen::classic, Items::Classic),
        Response::Waf(WafResponse::ListWebACLs(page)) => items(page, seen::web_acl, Items::WebAcls),
        Response::Waf(WafResponse::ListResourcesForWebACL(page)) => items(page, |arn| arn, Items::Protected),
        Response::DescribeSubnets(page) => items(page, seen::subnet, Items::Subnets),
        Response::DescribeSecurityGroupRules(page) => items(page, seen::group_rule, Items::GroupRules),
        Response::DescribeTrafficMirrorTargets(page) => items(page, seen::target, Items::Targets),
        Response::DescribeTrafficMirrorFilters(page) => items(page, seen::filter, Items::Filters),
        Response::DescribeTrafficMirrorSessions(page) => items(page, seen::session, Items::Sessions),
        _ => return None,
    })
}

fn change(step: &Step) -> Request {
    match step.clone() {
        Step::CreateFilter { token, tags } => Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter {
            description: None,
            tags,
            token: Some(token),
        }),
        Step::CreateRule { token, filter, rule } => {
            Request::CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule {
                filter,
                rule: rule_wish(rule),
                description: None,
                tags: Tags::new(),
                token: Some(token),
            })
        }
        Step::AddServices { filter, services } => {
            let change = ModifyTrafficMirrorFilterNetworkServices { filter, add: services, remove: BTreeSet::new() };
            Request::ModifyTrafficMirrorFilterNetworkServices(change)
        }
        Step::CreateTarget { token, resource, tags } => {
            let wish = CreateTrafficMirrorTarget { resource, description: None, tags, token: Some(token) };
            Request::CreateTrafficMirrorTarget(wish)
        }
        Step::CreateSession { token, interface, target, filter, number, packet_length, vni, tags } => {
            Request::CreateTrafficMirrorSession(CreateTrafficMirrorSession {
                interface,
                target,
                filter,
                number: number.into(),
                packet_length: packet_length.map(i32::from),
                vni: Some(wide(vni)),
                description: None,
                tags,
                token: Some(token),
            })
        }
        Step::ModifySession { session, change } => {
            let SessionChange { target, filter, number, packet_length, vni } = change;
            let (packet_length, remove) = match packet_length {
                None => (None, Vec::new()),
                Some(PacketLength::Whole) => (None, vec![SessionField::PacketLength]),
                Some(PacketLength::Bytes(bytes)) => (Some(bytes.into()), Vec::new()),
            };
            Request::ModifyTrafficMirrorSession(ModifyTrafficMirrorSession {
                session,
                target,
                filter,
                number: number.map(i32::from),
                packet_length,
                vni: vni.map(wide),
                description: None,
                remove,
            })
        }
        Step::DeleteSession { session } => Request::DeleteTrafficMirrorSession(session),
        Step::DeleteRule { filter: _, rule } => Request::DeleteTrafficMirrorFilterRule(rule),
        Step::DeleteFilter { filter } => Request::DeleteTrafficMirrorFilter(filter),
        Step::DeleteTarget { target } => Request::DeleteTrafficMirrorTarget(target),
        Step::TagSession { session, tags } => {
            Request::CreateTags(CreateTags { resources: vec![session.to_string()], tags })
        }
    }
}

/// As the wire has it. A number that does not fit there fits nowhere: the world refuses it by its range.
fn wide(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn rule_wish(rule: Rule) -> RuleWish {
    let Rule { action, direction, number, protocol, source, destination, source_ports, destination_ports } = rule;
    let ports = |PortRange { from, to }| Ports { from: i32::from(from), to: i32::from(to) };
    RuleWish {
        direction,
        number: number.into(),
        action,
        protocol: protocol.map(i32::from),
        source,
        destination,
        source_ports: source_ports.map(ports),
        destination_ports: destination_ports.map(ports),
    }
}

fn outcome(response: Response) -> Option<Outcome> {
    Some(match response {
        Response::CreateTrafficMirrorFilter(made) => Outcome::Filter(made.id),
        Response::CreateTrafficMirrorFilterRule(made) => Outcome::Rule(made.id),
        Response::CreateTrafficMirrorTarget(made) => Outcome::Target(made.id),
        Response::CreateTrafficMirrorSession(made) => Outcome::Session(made.id),
        Response::ModifyTrafficMirrorFilterNetworkServices(_)
        | Response::ModifyTrafficMirrorSession(_)
        | Response::DeleteTrafficMirrorSession(_)
        | Response::DeleteTrafficMirrorFilterRule(_)
        | Response::DeleteTrafficMirrorFilter(_)
        | Response::DeleteTrafficMirrorTarget(_)
        | Response::CreateTags => Outcome::Done,
        _ => return None,
    })
}
