//! Takes the four describe calls of traffic mirroring; gives sentences about what each finds: by every documented filter, by id and page
//! by page. Never looks at the rest of an object.

use std::collections::BTreeSet;

use super::*;

/// Two of everything, which differ in all that can be looked for.
struct Pair {
    world: World,
    sessions: [MirrorSession; 2],
    targets: [MirrorTarget; 2],
    filters: [MirrorFilter; 2],
    rules: [MirrorRule; 2],
}

fn pair() -> Pair {
    let mut setting = setting();
    let world = &mut setting.world;
    let other = running(world, instance());
    let interfaces = [setting.interface, primary_interface(world, &other)];
    let sensor = call!(world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    let arn = world.add_network_load_balancer("sensor");
    let resources = [Resource::NetworkInterface(sensor), Resource::NetworkLoadBalancer(arn)];
    let described = |text: &str| Some(text.to_owned());
    call!(world, DeleteTrafficMirrorTarget(setting.target));
    call!(world, DeleteTrafficMirrorFilter(setting.filter));
    let texts = ["one", "two"];
    let targets = [0, 1].map(|it| {
        let wish = CreateTrafficMirrorTarget { description: described(texts[it]), ..target_for(resources[it].clone()) };
        call!(world, CreateTrafficMirrorTarget(wish))
    });
    let filters = texts.map(|text| {
        let wish = CreateTrafficMirrorFilter { description: described(text), ..CreateTrafficMirrorFilter::default() };
        call!(world, CreateTrafficMirrorFilter(wish))
    });
    let blocks = ["10.0.0.0/8", "172.16.0.0/12"];
    let rules = [0, 1].map(|it| {
        let mut wish = rule(&filters[it].id, [1, 2][it]);
        wish.description = described(texts[it]);
        wish.rule.action = [RuleAction::Accept, RuleAction::Reject][it];
        wish.rule.direction = [Direction::Ingress, Direction::Egress][it];
        wish.rule.protocol = Some([6, 17][it]);
        (wish.rule.source, wish.rule.destination) = (blocks[it].parse().unwrap(), blocks[1 - it].parse().unwrap());
        call!(world, CreateTrafficMirrorFilterRule(wish))
    });
    let sessions = [0, 1].map(|it| {
        let wish = CreateTrafficMirrorSession {
            interface: interfaces[it].clone(),
            target: targets[it].id.clone(),
            filter: filters[it].id.clone(),
            number: [11, 12][it],
            packet_length: Some([101, 102][it]),
            vni: Some([1001, 1002][it]),
            description: described(texts[it]),
            tags: Tags::new(),
            token: None,
        };
        call!(world, CreateTrafficMirrorSession(wish))
    });
    Pair { world: setting.world, sessions, targets, filters, rules }
}

const ACCOUNT: &str = "123456789012";

/// Holds a describe call to a table: each filter's name with the values that find the first and the second of a pair.
macro_rules! finds_each {
    ($world:expr, $action:ident, $pair:expr, $table:expr, $asked:expr) => {
        for (name, values) in $table {
            for (value, expected) in values.iter().zip(&$pair) {
                let found = call!($world, $action($asked(Describe::all().filtered(name, value)))).items;
                assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), [&expected.id], "{name} {value}");
            }
            let none = Describe::all().filtered(name, "none such");
            assert_eq!(call!($world, $action($asked(none))).items, [], "{name}");
        }
    };
}

// Facts: 3.2-session-filters
#[test]
fn sessions_are_found_by_every_documented_filter() {
    let Pair { mut world, sessions, .. } = pair();
    let both = |of: fn(&MirrorSession) -> String| [of(&sessions[0]), of(&sessions[1])];
    let table = [
        ("description", ["one".into(), "two".into()]),
        ("network-interface-id", both(|it| it.interface.to_string())),
        ("packet-length", ["101".into(), "102".into()]),
        ("session-number", ["11".into(), "12".into()]),
        ("traffic-mirror-filter-id", both(|it| it.filter.to_string())),
        ("traffic-mirror-session-id", both(|it| it.id.to_string())),
        ("traffic-mirror-target-id", both(|it| it.target.to_string())),
        ("virtual-network-id", ["1001".into(), "1002".into()]),
    ];
    finds_each!(world, DescribeTrafficMirrorSessions, sessions, table, |asked| asked);
    let ours = Describe::all().filtered("owner-id", ACCOUNT);
    assert_eq!(call!(world, DescribeTrafficMirrorSessions(ours)).items.len(), 2);
    let others = Describe::all().filtered("owner-id", "999999999999");
    assert_eq!(call!(world, DescribeTrafficMirrorSessions(others)).items, []);
}

// Facts: 3.2-target-filters
#[test]
fn targets_are_found_by_every_documented_filter() {
    let Pair { mut world, targets, .. } = pair();
    let table = [
        ("description", ["one".into(), "two".into()]),
        ("traffic-mirror-target-id", [targets[0].id.to_string(), targets[1].id.to_string()]),
    ];
    finds_each!(world, DescribeTrafficMirrorTargets, targets, table, |asked| asked);
    for (name, target) in [("network-interface-id", &targets[0]), ("network-load-balancer-arn", &targets[1])] {
        let asked = Describe::all().filtered(name, target.resource.id().as_str());
        let found = call!(world, DescribeTrafficMirrorTargets(asked)).items;
        assert_eq!(found, std::slice::from_ref(target), "{name}");
    }
    let ours = Describe::all().filtered("owner-id", ACCOUNT);
    assert_eq!(call!(world, DescribeTrafficMirrorTargets(ours)).items.len(), 2);
}

// Facts: 3.2-filter-filters
#[test]
fn filters_are_found_by_every_documented_filter() {
    let Pair { mut world, filters, .. } = pair();
    let table = [
        ("description", ["one".into(), "two".into()]),
        ("traffic-mirror-filter-id", [filters[0].id.to_string(), filters[1].id.to_string()]),
    ];
    finds_each!(world, DescribeTrafficMirrorFilters, filters, table, |asked| asked);
}

// Facts: 3.2-rule-filters, 3.2-rules-of-a-filter
#[test]
fn rules_are_found_by_every_documented_filter_and_by_their_filter() {
    let Pair { mut world, rules, .. } = pair();
    let texts = |one: &str, two: &str| [one.to_owned(), two.to_owned()];
    let table = [
        ("traffic-mirror-filter-rule-id", [rules[0].id.to_string(), rules[1].id.to_string()]),
        ("traffic-mirror-filter-id", [rules[0].filter.to_string(), rules[1].filter.to_string()]),
        ("rule-number", texts("1", "2")),
        ("rule-action", texts("accept", "reject")),
        ("traffic-direction", texts("ingress", "egress")),
        ("protocol", texts("6", "17")),
        ("source-cidr-block", texts("10.0.0.0/8", "172.16.0.0/12")),
        ("destination-cidr-block", texts("172.16.0.0/12", "10.0.0.0/8")),
        ("description", texts("one", "two")),
    ];
    let of_any = |rules| DescribeTrafficMirrorFilterRules { filter: None, rules };
    finds_each!(world, DescribeTrafficMirrorFilterRules, rules, table, of_any);
    let of_first = DescribeTrafficMirrorFilterRules { filter: Some(rules[0].filter.clone()), rules: Describe::all() };
    assert_eq!(call!(world, DescribeTrafficMirrorFilterRules(of_first)).items, rules[..1]);
    let of_none = DescribeTrafficMirrorFilterRules { filter: Some("tmf-0".into()), rules: Describe::all() };
    assert_eq!(refused!(world, DescribeTrafficMirrorFilterRules(of_none)), "InvalidTrafficMirrorFilterId.NotFound");
}

/// A describe call of each kind, by what is asked for.
fn of_each_kind(asked: Describe<String>) -> [Request; 4] {
    fn by<Id: for<'a> From<&'a str>>(
        Describe { ids, filters, max_results, next_token, include_managed }: &Describe<String>,
    ) -> Describe<Id> {
        Describe {
            ids: ids.iter().map(|id| Id::from(id.as_str())).collect(),
            filters: filters.clone(),
            max_results: *max_results,
            next_token: next_token.clone(),
            include_managed: *include_managed,
        }
    }
    [
        Request::DescribeTrafficMirrorSessions(by(&asked)),
        Request::DescribeTrafficMirrorTargets(by(&asked)),
        Request::DescribeTrafficMirrorFilters(by(&asked)),
        Request::DescribeTrafficMirrorFilterRules(DescribeTrafficMirrorFilterRules { filter: None, rules: by(&asked) }),
    ]
}

// Facts: 3.2-page-size
#[test]
fn a_page_of_mirror_objects_has_five_to_a_thousand() {
    for (size, accepted) in [(-1, false), (0, false), (4, false), (5, true), (1000, true), (1001, false)] {
        for request in of_each_kind(Describe::page(size, None)) {
            let code = pair().world.call(request.clone()).err().map(|error| error.code);
            assert_eq!(code, (!accepted).then(|| "InvalidParameterValue".into()), "{size} {}", request.action());
        }
    }
}

// Facts: 3.2-wrong-token
#[test]
fn no_list_of_mirror_objects_takes_a_token_that_it_did_not_give() {
    for request in of_each_kind(Describe::page(5, Some("0123456789abcdef746d732d30".into()))) {
        assert_eq!(pair().world.call(request).unwrap_err().code, "InvalidNextToken");
    }
}

// Facts: 3.2-undocumented-filters
#[test]
fn no_list_of_mirror_objects_takes_a_filter_that_is_not_documented() {
    for name in ["state", "vpc-id", "Description", "gateway-load-balancer-endpoint-id", ""] {
        for request in of_each_kind(Describe::all().filtered(name, "x")) {
            assert_eq!(pair().world.call(request).unwrap_err().code, "InvalidParameterValue", "{name}");
        }
    }
}

// Facts: 3.2-unknown-id, 3.1-session-not-found, 3.1-target-not-found, 3.1-filter-not-found, 3.1-rule-not-found
#[test]
fn one_unknown_mirror_object_fails_the_list_for_all() {
    let Pair { mut world, sessions, targets, filters, rules } = pair();
    let known = [sessions[0].id.as_str(), targets[0].id.as_str(), filters[0].id.as_str(), rules[0].id.as_str()]
        .map(str::to_owned);
    for (place, (unknown, code)) in [
        ("tms-0", "InvalidTrafficMirrorSessionId.NotFound"),
        ("tmt-0", "InvalidTrafficMirrorTargetId.NotFound"),
        ("tmf-0", "InvalidTrafficMirrorFilterId.NotFound"),
        ("tmfr-0", "InvalidTrafficMirrorFilterRuleId.NotFound"),
    ]
    .into_iter()
    .enumerate()
    {
        let ids = [known[place].clone(), unknown.to_owned()];
        assert!(world.call(of_each_kind(Describe::only(ids[..1].to_vec()))[place].clone()).is_ok());
        let error = world.call(of_each_kind(Describe::only(ids))[place].clone()).unwrap_err();
        assert_eq!(error.code, code);
    }
}

// Facts: 6-ids-or-page-size
#[test]
fn mirror_objects_are_listed_by_ids_or_in_pages() {
    let Pair { mut world, sessions, .. } = pair();
    let both = Describe { max_results: Some(5), ..Describe::only([sessions[0].id.clone()]) };
    assert_eq!(refused!(world, DescribeTrafficMirrorSessions(both)), "InvalidParameterCombination");
}

// Facts: 3.2-pages-of-rules, 3.2-pages
#[test]
fn rules_come_in_pages_too() {
    let Setting { mut world, filter, .. } = setting();
    let made: BTreeSet<_> =
        (1..=7).map(|number| call!(world, CreateTrafficMirrorFilterRule(rule(&filter, number))).id).collect();
    let mut page = |token| {
        let asked = DescribeTrafficMirrorFilterRules { filter: None, rules: Describe::page(5, token) };
        call!(world, DescribeTrafficMirrorFilterRules(asked))
    };
    let first = page(None);
    let second = page(first.next.clone());
    assert_eq!((first.items.len(), second.items.len(), second.next), (5, 2, None));
    assert_eq!(first.items.into_iter().chain(second.items).map(|rule| rule.id).collect::<BTreeSet<_>>(), made);
}

// Facts: 8-interface-filters
#[test]
fn interfaces_are_found_by_what_they_are_and_where() {
    let Setting { mut world, network, instance, interface, .. } = setting();
    let wish = CreateNetworkInterface { tags: tags_of([("k", "v")]), ..loose_interface(&network) };
    let loose = call!(world, CreateNetworkInterface(wish));
    let managed = world.add_requester_managed_interface(&network.subnets[1], "lambda").unwrap();
    let subnet = network.subnets[1].to_string();
    for (name, value, expected) in [
        ("attachment.instance-id", instance.as_str(), vec![&interface]),
        ("attachment.status", "detached", vec![&loose.id]),
        ("addresses.private-ip-address", &loose.address.unwrap().to_string(), vec![&loose.id]),
        ("interface-type", "lambda", vec![&managed]),
        ("requester-managed", "true", vec![&managed]),
        ("status", "available", vec![&loose.id]),
        ("subnet-id", &subnet, vec![&managed]),
        ("vpc-id", network.vpc.as_str(), vec![&interface, &loose.id, &managed]),
        ("tag:k", "v", vec![&loose.id]),
        ("tag-key", "k", vec![&loose.id]),
    ] {
        let found = call!(world, DescribeNetworkInterfaces(Describe::all().filtered(name, value))).items;
        let found: BTreeSet<_> = found.iter().map(|interface| &interface.id).collect();
        assert_eq!(found, expected.into_iter().collect(), "{name}");
    }
}
