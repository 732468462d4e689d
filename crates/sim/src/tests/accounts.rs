//! Takes one Region and two accounts; gives sentences about what one of them sees of the other: nothing. Never shares anything.

use super::http::{Reply, SIGNED, answer};
use super::*;
use crate::api::{Came, Effect, Fault, Lag, Limit, Rates};

pub(super) fn other() -> AccountId {
    "999999999999".into()
}

/// The code that another account gets.
pub(super) fn code_as(world: &mut World, account: &AccountId, request: Request) -> String {
    world.call_as(account, request).unwrap_err().code
}

/// A setting in which the first account has one of everything.
fn with_a_session() -> (Setting, MirrorSession) {
    let mut setting = setting();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1)));
    let tags = CreateTags { resources: vec![setting.instance.to_string()], tags: tags_of([("a", "b")]) };
    setting.world.call(Request::CreateTags(tags)).unwrap();
    (setting, session)
}

/// Everything that can be listed.
fn lists() -> Vec<Request> {
    vec![
        Request::DescribeVpcs(Describe::all()),
        Request::DescribeSubnets(Describe::all()),
        Request::DescribeInstances(Describe::all()),
        Request::DescribeNetworkInterfaces(Describe::all()),
        Request::DescribeTags(Describe::all()),
        Request::DescribeTrafficMirrorFilters(Describe::all()),
        Request::DescribeTrafficMirrorFilterRules(DescribeTrafficMirrorFilterRules {
            filter: None,
            rules: Describe::all(),
        }),
        Request::DescribeTrafficMirrorTargets(Describe::all()),
        Request::DescribeTrafficMirrorSessions(Describe::all()),
    ]
}

#[test]
fn nothing_of_one_account_is_on_a_list_of_another() {
    let (mut setting, _) = with_a_session();
    let mut empty = empty_world();
    for list in lists() {
        assert_ne!(setting.world.call(list.clone()), empty.call(list.clone()), "{list:?}");
        assert_eq!(setting.world.call_as(&other(), list.clone()), empty.call(list.clone()), "{list:?}");
    }
    let zones = Request::DescribeAvailabilityZones(Describe::all());
    assert_eq!(setting.world.call_as(&other(), zones.clone()), setting.world.call(zones));
}

#[test]
fn an_id_of_one_account_is_as_unknown_to_another_as_one_that_never_was() {
    let (mut setting, session) = with_a_session();
    let Setting { network, instance, interface, filter, target, .. } = &setting;
    let subnet = network.subnets[0].clone();
    let wish =
        |interface: &InterfaceId| CreateTrafficMirrorSession { interface: interface.clone(), ..setting.session(2) };
    let tag = |id: String| CreateTags { resources: vec![id], tags: tags_of([("a", "c")]) };
    let calls = [
        (Request::TerminateInstances(vec![instance.clone()]), Request::TerminateInstances(vec!["i-0".into()])),
        (Request::DeleteNetworkInterface(interface.clone()), Request::DeleteNetworkInterface("eni-0".into())),
        (Request::CreateNetworkInterface(loose_interface(network)), {
            let never = Network { subnets: vec!["subnet-0".into()], ..network.clone() };
            Request::CreateNetworkInterface(loose_interface(&never))
        }),
        (
            Request::DescribeSubnets(Describe::only([subnet])),
            Request::DescribeSubnets(Describe::only(["subnet-0".into()])),
        ),
        (Request::CreateTags(tag(filter.to_string())), Request::CreateTags(tag("tmf-0".into()))),
        (Request::CreateTrafficMirrorFilterRule(rule(filter, 2)), {
            Request::CreateTrafficMirrorFilterRule(rule(&"tmf-0".into(), 2))
        }),
        (
            Request::CreateTrafficMirrorSession(wish(interface)),
            Request::CreateTrafficMirrorSession(wish(&"eni-0".into())),
        ),
        (Request::DeleteTrafficMirrorFilter(filter.clone()), Request::DeleteTrafficMirrorFilter("tmf-0".into())),
        (Request::DeleteTrafficMirrorTarget(target.clone()), Request::DeleteTrafficMirrorTarget("tmt-0".into())),
        (Request::DeleteTrafficMirrorSession(session.id.clone()), Request::DeleteTrafficMirrorSession("tms-0".into())),
    ];
    let before = setting.sessions();
    for (of_another, never) in calls {
        let code = code_as(&mut setting.world, &other(), of_another.clone());
        assert!(code.contains("NotFound"), "{of_another:?}: {code}");
        assert_eq!(code, code_as(&mut setting.world, &other(), never), "{of_another:?}");
    }
    assert_eq!(setting.sessions(), before);
}

#[test]
fn what_an_account_makes_says_whose_it_is() {
    let mut world = empty_world();
    let documents = world.acting_for(&other(), |world| {
        let network = network(world);
        running(world, instance());
        call!(world, CreateNetworkInterface(loose_interface(&network)));
        ["DescribeVpcs", "DescribeSubnets", "DescribeInstances", "DescribeNetworkInterfaces"].map(|action| {
            let filter = "Filter.1.Name=owner-id&Filter.1.Value.1=9*";
            answer(world, Some(SIGNED), &format!("Action={action}&Version=2016-11-15&{filter}"))
        })
    });
    for Reply { body, .. } in documents {
        assert!(body.contains("<ownerId>999999999999</ownerId>"), "{body}");
        assert!(!body.contains("123456789012"), "{body}");
    }
}

#[test]
fn an_account_can_use_only_load_balancers_and_endpoints_of_its_own() {
    let mut world = empty_world();
    let arn = world.add_network_load_balancer("sensor");
    let endpoint = world.add_gateway_load_balancer_endpoint();
    for (resource, code) in [
        (Resource::NetworkLoadBalancer(arn), "NetworkLoadBalancerNotFoundException"),
        (Resource::GatewayLoadBalancerEndpoint(endpoint), "InvalidVpcEndpointId.NotFound"),
    ] {
        let wish = Request::CreateTrafficMirrorTarget(target_for(resource));
        assert_eq!(code_as(&mut world, &other(), wish.clone()), code);
        world.call(wish).unwrap();
    }
    let arn = world.acting_for(&other(), |world| world.add_network_load_balancer("sensor"));
    assert!(arn.as_str().contains(":999999999999:"), "{arn}");
    world
        .call_as(&other(), Request::CreateTrafficMirrorTarget(target_for(Resource::NetworkLoadBalancer(arn))))
        .unwrap();
}

#[test]
fn a_client_token_is_its_accounts() {
    let mut world = empty_world();
    let [ours, theirs] = ["a", "b"].map(|description| {
        let description = Some(description.into());
        Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter {
            description,
            tags: Tags::new(),
            token: token("once"),
        })
    });
    let first = world.call(ours.clone()).unwrap();
    let second = world.call_as(&other(), theirs.clone()).unwrap();
    assert_eq!(world.call(ours), Ok(first));
    assert_eq!(world.call_as(&other(), theirs.clone()), Ok(second));
    assert_eq!(world.call(theirs).unwrap_err().code, "IdempotentParameterMismatch");
}

#[test]
fn a_page_token_of_one_account_leads_nowhere_in_another() {
    let mut world = empty_world();
    (0..6).for_each(|_| drop(call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default()))));
    let next = call!(world, DescribeTrafficMirrorFilters(Describe::page(5, None))).next;
    let second = Request::DescribeTrafficMirrorFilters(Describe::page(5, next));
    assert_eq!(code_as(&mut world, &other(), second.clone()), "InvalidNextToken");
    world.call(second).unwrap();
}

#[test]
fn a_quota_is_each_accounts_own() {
    let mut world = empty_world();
    world.quotas.filters = 1;
    let wish = Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default());
    world.call(wish.clone()).unwrap();
    world.call_as(&other(), wish.clone()).unwrap();
    assert_eq!(code_as(&mut world, &other(), wish.clone()), "TrafficMirrorFilterLimitExceeded");
    assert_eq!(world.call(wish).unwrap_err().code, "TrafficMirrorFilterLimitExceeded");
}

#[test]
fn each_account_has_a_default_vpc_of_its_own() {
    let mut world = empty_world();
    let ours = network(&mut world);
    let code = world.acting_for(&other(), |world| instance().launch(world).unwrap_err().code);
    assert_eq!(code, "MissingInput");
    let theirs = world.acting_for(&other(), network);
    let launched = world.acting_for(&other(), |world| {
        let id = running(world, instance());
        seen(world, &id).instance
    });
    assert_eq!((launched.vpc, launched.owner), (theirs.vpc, other()));
    let id = running(&mut world, instance());
    assert_eq!(seen(&mut world, &id).instance.vpc, ours.vpc);
}

#[test]
fn a_scaling_group_goes_on_for_its_account_and_its_name_is_free_in_another() {
    let mut world = empty_world();
    for account in ["123456789012".into(), other()] {
        world.acting_for(&account, |world| {
            let group = ScalingGroup::of("web", 2, instance().template(), &network(world).subnets);
            let group = group.replacing_every(SignedDuration::from_secs(5));
            world.add_scaling_group(group).unwrap();
        });
    }
    pass(&mut world, 21);
    for account in ["123456789012".into(), other()] {
        let details = world.acting_for(&account, |world| call!(world, DescribeInstances(Describe::all())).items);
        assert_eq!(details.len(), 6);
        assert!(details.iter().all(|detail| detail.instance.owner == account));
        assert!(details.iter().flat_map(|detail| &detail.interfaces).all(|interface| interface.owner == account));
    }
}

#[test]
fn the_caller_of_an_api_is_of_any_account() {
    let mut api = Api::new(empty_world(), 3);
    api.limit_rates(Some(Rates::documented().with("CreateTrafficMirrorFilter", Limit { burst: 1, per_second: 1 })));
    api.lag(Some(Lag::up_to(SignedDuration::ZERO)));
    let wish = Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default());
    for account in ["123456789012".into(), other()] {
        let caller = Caller::simulated(account.clone());
        let answer = api.call(&caller, wish.clone());
        assert!(matches!((&answer.came, &answer.account), (Came::Whole(Ok(_)), it) if *it == account), "{answer:?}");
        let Came::Whole(Err(error)) = api.call(&caller, wish.clone()).came else { panic!() };
        assert_eq!(error.code, "RequestLimitExceeded");
    }
    let owners: Vec<_> = api.world().filters.values().map(|filter| filter.owner.clone()).collect();
    assert!(owners.contains(&other()) && owners.len() == 2, "{owners:?}");
}

#[test]
fn what_another_account_answers_takes_effect_there() {
    let mut api = Api::new(empty_world(), 3);
    api.add_fault(Fault::new(Effect::AnotherAccount(other())).on("Create*"));
    let caller = Caller::simulated("123456789012".into());
    api.call(&caller, Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default()));
    let list = Request::DescribeTrafficMirrorFilters(Describe::all());
    let counted = |answer| match answer {
        Ok(Response::DescribeTrafficMirrorFilters(page)) => page.items.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(counted(api.world_mut().call(list.clone())), 0);
    assert_eq!(counted(api.world_mut().call_as(&other(), list)), 1);
}
