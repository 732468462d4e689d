//! Takes a user with a policy, and calls of his; gives which of them AWS lets him make. Never reads a signature.

use super::*;
use crate::api::Came;

pub(super) const US: &str = "123456789012";

fn alice() -> Caller {
    Caller::new(US.into(), "user/alice")
}

/// An API around the world, in which alice may what these statements say, and nobody else anything.
pub(super) fn where_alice_may(world: World, statements: &str) -> Api {
    let mut api = Api::new(world, 1);
    let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let policy = Policy::identity("mirroring", &document).unwrap();
    api.iam_mut().add(&US.into(), "user/alice", Principal::user().with(policy).tagged("team", "red"));
    api
}

pub(super) fn result(api: &mut Api, request: Request) -> Result<Response, ApiError> {
    match api.call(&alice(), request).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

/// The code of what alice gets; empty if she gets what she wants.
pub(super) fn code(api: &mut Api, request: Request) -> String {
    result(api, request).map_or_else(|error| error.code, |_| String::new())
}

pub(super) fn message(api: &mut Api, request: Request) -> String {
    result(api, request).unwrap_err().message
}

pub(super) const DENIED: &str = "UnauthorizedOperation";

/// A statement that allows these actions on these resources, under this condition.
pub(super) fn allow(actions: &str, resources: &str, condition: &str) -> String {
    let [actions, resources] = [actions, resources].map(|names| names.replace(' ', "\", \""));
    format!(
        r#"{{"Effect": "Allow", "Action": ["{actions}"], "Resource": ["{resources}"], "Condition": {{{condition}}}}}"#
    )
}

pub(super) fn arn(kind: &str) -> String {
    format!("arn:aws:ec2:eu-west-1:{US}:{kind}/*")
}

const OURS: &str = r#""StringEquals": {"aws:RequestTag/owner": "prod"}"#;
pub(super) const HAS_OURS: &str = r#""StringEquals": {"aws:ResourceTag/owner": "prod"}"#;

pub(super) fn tagged_filter(owner: &str) -> Request {
    Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter {
        tags: tags_of([("owner", owner)]),
        ..CreateTrafficMirrorFilter::default()
    })
}

fn tag(id: &impl ToString, tags: Tags) -> Request {
    Request::CreateTags(CreateTags { resources: vec![id.to_string()], tags })
}

// Facts: 10-describes-take-no-resource
#[test]
fn lists_are_granted_on_everything_or_not_at_all() {
    let lists = || {
        [
            Request::DescribeTrafficMirrorSessions(Describe::all()),
            Request::DescribeTrafficMirrorTargets(Describe::all()),
            Request::DescribeTrafficMirrorFilters(Describe::all()),
            Request::DescribeTrafficMirrorFilterRules(DescribeTrafficMirrorFilterRules {
                filter: None,
                rules: Describe::all(),
            }),
            Request::DescribeInstances(Describe::all()),
            Request::DescribeNetworkInterfaces(Describe::all()),
        ]
    };
    let mut api = where_alice_may(setting().world, &allow("ec2:Describe*", "*", ""));
    assert!(lists().into_iter().all(|list| code(&mut api, list).is_empty()));
    let mut api = where_alice_may(setting().world, &allow("ec2:*", "arn:aws:ec2:*:*:*", ""));
    assert!(lists().into_iter().all(|list| code(&mut api, list) == DENIED));
    let mut api = where_alice_may(setting().world, &allow("ec2:*", "*", r#""Null": {"ec2:Region": "true"}"#));
    assert!(lists().into_iter().all(|list| code(&mut api, list) == DENIED), "each is asked for in a Region");
}

// Facts: 10-create-filter
#[test]
fn creation_can_be_bound_to_a_tag_in_the_request() {
    let statements = [allow("ec2:CreateTrafficMirrorFilter", "*", OURS), allow("ec2:CreateTags", "*", "")].join(",");
    let mut api = where_alice_may(empty_world(), &statements);
    assert_eq!(code(&mut api, tagged_filter("prod")), "");
    assert_eq!(code(&mut api, tagged_filter("test")), DENIED);
    assert_eq!(code(&mut api, Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())), DENIED);
}

// Facts: 10-tag-on-create, 10-tags
#[test]
fn tags_at_creation_need_a_permission_of_their_own() {
    let create = allow("ec2:CreateTrafficMirrorFilter", "*", "");
    let mut api = where_alice_may(empty_world(), &create);
    let why = message(&mut api, tagged_filter("prod"));
    assert!(
        why.contains("ec2:CreateTags on resource: arn:aws:ec2:eu-west-1:123456789012:traffic-mirror-filter/*"),
        "{why}"
    );
    assert_eq!(code(&mut api, Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())), "");
    for (action, denied) in [("CreateTrafficMirrorFilter", ""), ("CreateTrafficMirrorSession", DENIED)] {
        let only = format!(r#""StringEquals": {{"ec2:CreateAction": "{action}"}}"#);
        let mut api = where_alice_may(empty_world(), &[create.clone(), allow("ec2:CreateTags", "*", &only)].join(","));
        assert_eq!(code(&mut api, tagged_filter("prod")), denied);
        let filter = call!(api.world_mut(), CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
        assert_eq!(code(&mut api, tag(&filter, tags_of([("a", "b")]))), DENIED, "later is no creation");
    }
}

// Facts: 10-deletes, 10-modify-services
#[test]
fn what_has_not_our_tag_can_be_neither_changed_nor_deleted() {
    let Setting { mut world, filter: foreign, .. } = setting();
    let tags = tags_of([("owner", "prod")]);
    let ours = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter { tags, ..Default::default() })).id;
    let services = |filter: &FilterId| {
        Request::ModifyTrafficMirrorFilterNetworkServices(ModifyTrafficMirrorFilterNetworkServices {
            filter: filter.clone(),
            add: ["amazon-dns".into()].into(),
            remove: [].into(),
        })
    };
    let statement = allow("ec2:DeleteTrafficMirror* ec2:ModifyTrafficMirror*", "*", HAS_OURS);
    let mut api = where_alice_may(world, &statement);
    assert_eq!(code(&mut api, services(&foreign)), DENIED);
    assert_eq!(code(&mut api, Request::DeleteTrafficMirrorFilter(foreign)), DENIED);
    assert_eq!(code(&mut api, services(&ours)), "");
    assert_eq!(code(&mut api, Request::DeleteTrafficMirrorFilter(ours)), "");
}

// Facts: 10-create-rule, 10-modify-rule, 10-deletes
#[test]
fn a_rule_is_asked_for_together_with_its_filter() {
    for (owner, refused) in [("prod", ""), ("test", DENIED)] {
        let mut world = empty_world();
        let tags = tags_of([("owner", owner)]);
        let filter =
            call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter { tags, ..Default::default() })).id;
        let made = call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 7)));
        let statements = [
            allow("ec2:*", &arn("traffic-mirror-filter"), HAS_OURS),
            allow("ec2:*", &arn("traffic-mirror-filter-rule"), ""),
        ];
        let mut api = where_alice_may(world, &statements.join(","));
        assert_eq!(code(&mut api, Request::CreateTrafficMirrorFilterRule(rule(&filter, 1))), refused);
        let change = ModifyTrafficMirrorFilterRule { number: Some(9), ..no_rule_change(&made) };
        assert_eq!(code(&mut api, Request::ModifyTrafficMirrorFilterRule(change)), refused);
        assert_eq!(code(&mut api, Request::DeleteTrafficMirrorFilterRule(made.id)), refused);
    }
}

// Facts: 10-create-session, 10-arns
#[test]
fn a_session_is_asked_for_on_its_interface_filter_target_and_itself() {
    let setting = setting();
    let kinds = ["network-interface", "traffic-mirror-filter", "traffic-mirror-target", "traffic-mirror-session"];
    let grant = |kinds: &[&str]| kinds.iter().map(|kind| allow("ec2:*", &arn(kind), "")).collect::<Vec<_>>().join(",");
    let mut api = where_alice_may(setting.world.clone(), &grant(&kinds));
    assert_eq!(code(&mut api, Request::CreateTrafficMirrorSession(setting.session(1))), "");
    for kind in kinds {
        let others: Vec<_> = kinds.into_iter().filter(|other| *other != kind).collect();
        let mut api = where_alice_may(setting.world.clone(), &grant(&others));
        let why = message(&mut api, Request::CreateTrafficMirrorSession(setting.session(1)));
        assert!(why.contains(&format!(":{kind}/")), "{kind}: {why}");
    }
}

// Facts: 10-create-session
#[test]
fn a_session_can_be_bound_to_where_its_interface_is() {
    let setting = setting();
    let (vpc, subnet) = (setting.network.vpc.clone(), setting.network.subnets[0].to_string());
    let rest = allow("ec2:*", "arn:aws:ec2:*:*:traffic-mirror-*", "");
    let eni = &setting.interface;
    for (condition, refused) in [
        (format!(r#""ArnEquals": {{"ec2:Vpc": "arn:aws:ec2:eu-west-1:{US}:vpc/{vpc}"}}"#), ""),
        (format!(r#""ArnEquals": {{"ec2:Vpc": "arn:aws:ec2:eu-west-1:{US}:vpc/vpc-0"}}"#), DENIED),
        (format!(r#""ArnEquals": {{"ec2:Subnet": "arn:aws:ec2:eu-west-1:{US}:subnet/{subnet}"}}"#), ""),
        (format!(r#""StringEquals": {{"ec2:Subnet": "{subnet}"}}"#), DENIED),
        (r#""StringEquals": {"ec2:AvailabilityZone": "eu-west-1a"}"#.into(), ""),
        (r#""StringEquals": {"ec2:AvailabilityZone": "eu-west-1c"}"#.into(), DENIED),
        (format!(r#""StringEquals": {{"ec2:NetworkInterfaceID": "{eni}"}}"#), ""),
        (r#""StringEquals": {"ec2:NetworkInterfaceID": "eni-0"}"#.into(), DENIED),
        (r#""StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}"#.into(), ""),
        (r#""StringEquals": {"aws:RequestedRegion": "eu-west-1", "ec2:Region": "eu-west-1"}"#.into(), ""),
        (r#""StringEquals": {"aws:RequestedRegion": "eu-west-2"}"#.into(), DENIED),
        (format!(r#""ArnEquals": {{"aws:PrincipalArn": "arn:aws:iam::{US}:user/alice"}}"#), ""),
        (r#""StringEquals": {"aws:username": "bob"}"#.into(), DENIED),
    ] {
        let mut world = setting.world.clone();
        world.call(tag(eni, tags_of([("team", "red")]))).unwrap();
        let on_interface = allow("ec2:CreateTrafficMirrorSession", &arn("network-interface"), &condition);
        let mut api = where_alice_may(world, &[rest.clone(), on_interface].join(","));
        let refusal = code(&mut api, Request::CreateTrafficMirrorSession(setting.session(1)));
        assert_eq!(refusal, refused, "{condition}");
    }
}

// Facts: 10-create-session
#[test]
fn a_tag_in_the_request_belongs_to_what_is_made_alone() {
    let setting = setting();
    let session = CreateTrafficMirrorSession { tags: tags_of([("owner", "prod")]), ..setting.session(1) };
    let mut api = where_alice_may(setting.world.clone(), &allow("ec2:*", "*", OURS));
    let why = message(&mut api, Request::CreateTrafficMirrorSession(session.clone()));
    assert!(why.contains("network-interface/"), "{why}");
    let statements = [
        allow("ec2:*", &arn("traffic-mirror-session"), OURS),
        allow("ec2:*", "arn:aws:ec2:*:*:network-interface/* arn:aws:ec2:*:*:traffic-mirror-filter/*", ""),
        allow("ec2:*", &arn("traffic-mirror-target"), ""),
    ];
    let mut api = where_alice_may(setting.world.clone(), &statements.join(","));
    assert_eq!(code(&mut api, Request::CreateTrafficMirrorSession(session)), "");
    let mut api = where_alice_may(setting.world.clone(), &statements.join(","));
    assert_eq!(code(&mut api, Request::CreateTrafficMirrorSession(setting.session(1))), DENIED);
}

// Facts: 10-modify-session
#[test]
fn a_modified_session_is_asked_for_with_what_changes_and_what_it_uses_from_then_on() {
    let mut setting = setting();
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let only_number =
        r#""ForAllValues:StringEquals": {"ec2:Attribute": "SessionNumber"}, "Null": {"ec2:Attribute": "false"}"#;
    let statement = allow("ec2:ModifyTrafficMirrorSession", &arn("traffic-mirror-session"), only_number);
    let mut api = where_alice_may(setting.world.clone(), &statement);
    let change = |change: fn(&mut ModifyTrafficMirrorSession)| {
        let mut wish = no_session_change(&made);
        change(&mut wish);
        Request::ModifyTrafficMirrorSession(wish)
    };
    assert_eq!(code(&mut api, change(|it| it.number = Some(2))), "");
    assert_eq!(code(&mut api, change(|it| (it.number, it.vni) = (Some(3), Some(4)))), DENIED);
    assert_eq!(code(&mut api, change(|it| it.remove = vec![SessionField::Description])), DENIED);
    let mut api = where_alice_may(setting.world.clone(), &allow("ec2:*", &arn("traffic-mirror-session"), ""));
    assert_eq!(code(&mut api, change(|it| it.number = Some(2))), "");
    let other = call!(api.world_mut(), CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let wish = ModifyTrafficMirrorSession { filter: Some(other), ..no_session_change(&made) };
    let why = message(&mut api, Request::ModifyTrafficMirrorSession(wish));
    assert!(why.contains("traffic-mirror-filter/"), "{why}");
}

// Facts: 10-create-target
#[test]
fn a_target_is_asked_for_with_the_interface_or_endpoint_that_it_sends_to_but_not_with_a_load_balancer() {
    let Setting { mut world, network, .. } = setting();
    let interface = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    let endpoint = world.add_gateway_load_balancer_endpoint();
    let balancer = world.add_network_load_balancer("sensor");
    let statement = allow("ec2:CreateTrafficMirrorTarget", &arn("traffic-mirror-target"), "");
    let mut api = where_alice_may(world, &statement);
    let create = |resource| Request::CreateTrafficMirrorTarget(target_for(resource));
    let why = message(&mut api, create(Resource::NetworkInterface(interface.clone())));
    assert!(why.contains(&format!("network-interface/{interface}")), "{why}");
    let why = message(&mut api, create(Resource::GatewayLoadBalancerEndpoint(endpoint.clone())));
    assert!(why.contains(&format!("vpc-endpoint/{endpoint}")), "{why}");
    assert_eq!(code(&mut api, create(Resource::NetworkLoadBalancer(balancer))), "");
}

// Facts: 10-tags
#[test]
fn tags_of_all_four_kinds_of_mirror_objects_can_be_granted_by_the_tags_they_have() {
    let mut setting = setting();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).id;
    let rule = call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1))).id;
    let ids = [session.to_string(), rule.to_string(), setting.filter.to_string(), setting.target.to_string()];
    let statement = allow("ec2:CreateTags ec2:DeleteTags", "arn:aws:ec2:*:*:traffic-mirror-*", HAS_OURS);
    let mut api = where_alice_may(setting.world, &statement);
    let remove =
        |id: &String| Request::DeleteTags(DeleteTags { resources: vec![id.clone()], tags: vec![("a".into(), None)] });
    for id in &ids {
        assert_eq!(code(&mut api, tag(id, tags_of([("a", "b")]))), DENIED, "{id}");
        assert_eq!(code(&mut api, remove(id)), DENIED, "{id}");
        api.world_mut().call(tag(id, tags_of([("owner", "prod")]))).unwrap();
        assert_eq!(code(&mut api, tag(id, tags_of([("a", "b")]))), "", "{id}");
        assert_eq!(code(&mut api, remove(id)), "", "{id}");
    }
}

// Facts: 10-tags
#[test]
fn the_keys_of_new_tags_can_be_bound() {
    let keys = r#""ForAllValues:StringEquals": {"aws:TagKeys": ["owner", "key"]}"#;
    let Setting { world, filter, .. } = setting();
    let mut api = where_alice_may(world, &allow("ec2:CreateTags", "*", keys));
    assert_eq!(code(&mut api, tag(&filter, tags_of([("owner", "x"), ("key", "y")]))), "");
    assert_eq!(code(&mut api, tag(&filter, tags_of([("owner", "x"), ("Name", "y")]))), DENIED);
}

// Facts: 10-arn-of-a-shared-target
#[test]
fn a_target_is_named_with_the_account_that_owns_it() {
    let setting = setting();
    let mut world = setting.world.clone();
    if let Some(target) = world.targets.get_mut(&setting.target) {
        target.owner = "999999999999".into();
    }
    let mut api = where_alice_may(world, &allow("ec2:*", &format!("arn:aws:ec2:*:{US}:*"), ""));
    let why = message(&mut api, Request::CreateTrafficMirrorSession(setting.session(1)));
    assert!(why.contains(":999999999999:traffic-mirror-target/"), "{why}");
}

#[test]
fn a_dry_run_says_whether_the_call_would_be_allowed() {
    let dry = |owner| Request::DryRun(Box::new(tagged_filter(owner)));
    let statements = [allow("ec2:CreateTrafficMirrorFilter", "*", OURS), allow("ec2:CreateTags", "*", "")].join(",");
    let mut api = where_alice_may(empty_world(), &statements);
    assert_eq!(code(&mut api, dry("prod")), "DryRunOperation");
    assert_eq!(code(&mut api, dry("test")), DENIED);
    assert_eq!(call!(api.world_mut(), DescribeTrafficMirrorFilters(Describe::all())).items, []);
}
