//! Takes resources with and without tags; gives sentences about what the tagging API says of them. Never tags anything through it.

use super::*;

fn resources(world: &mut World, asked: GetResources) -> Vec<TaggedResource> {
    call!(world, GetResources(asked)).items
}

fn named(resources: &[TaggedResource]) -> Vec<&str> {
    resources.iter().filter_map(|it| it.arn.split(':').next_back()?.split('/').next()).collect()
}

fn tag(key: &str, values: &[&str]) -> (String, Vec<String>) {
    (key.into(), values.iter().map(ToString::to_string).collect())
}

/// A world with this many tagged instances, and one without tags.
fn tagged(count: usize) -> World {
    let mut world = empty_world();
    network(&mut world);
    (0..count).for_each(|number| {
        let role = ["web", "db"][number % 2];
        drop(running(&mut world, instance().tagged("role", role).tagged("all", "x")));
    });
    running(&mut world, instance());
    world
}

#[test]
fn only_what_is_or_was_tagged_is_listed() {
    let mut world = tagged(1);
    let found = resources(&mut world, GetResources::default());
    assert_eq!(named(&found), ["instance"]);
    assert!(found[0].arn.starts_with("arn:aws:ec2:eu-west-1:123456789012:instance/i-"));
    let id = found[0].arn.split_once('/').unwrap().1.to_owned();
    call!(world, DescribeTags(Describe::all()));
    assert_eq!(
        world.call(Request::DeleteTags(DeleteTags { resources: vec![id], tags: Vec::new() })),
        Ok(Response::DeleteTags)
    );
    let found = resources(&mut world, GetResources::default());
    assert_eq!((found.len(), &found[0].tags), (1, &Tags::new()), "what has lost its tags is listed without any");
}

#[test]
fn filters_want_all_keys_and_one_of_the_values_of_each() {
    let mut world = tagged(4);
    let mut count = |tags| resources(&mut world, GetResources { tags, ..GetResources::default() }).len();
    assert_eq!(count(vec![tag("role", &["web"])]), 2);
    assert_eq!(count(vec![tag("role", &["web", "db"]), tag("all", &[])]), 4);
    assert_eq!(count(vec![tag("role", &["web"]), tag("other", &[])]), 0);
}

#[test]
fn types_are_those_of_the_arn() {
    let mut world = tagged(1);
    let arn = world.add_network_load_balancer("sensor").to_string();
    let tags = tags_of([("team", "net")]);
    let wish = ElbRequest::AddTags(AddTags { arns: vec![arn], tags });
    assert_eq!(world.call(Request::Elb(wish)), Ok(Response::Elb(ElbResponse::AddTags)));
    let mut found = |kind: &str| {
        let found = resources(&mut world, GetResources { types: vec![kind.into()], ..GetResources::default() });
        named(&found).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("ec2"), ["instance"]);
    assert_eq!(found("ec2:instance"), ["instance"]);
    assert_eq!(found("ec2:inst"), Vec::<String>::new());
    assert_eq!(found("ec2:vpc"), Vec::<String>::new());
    assert_eq!(found("elasticloadbalancing:loadbalancer"), ["loadbalancer"]);
    assert_eq!(found("elasticloadbalancing:loadbalancer/net"), ["loadbalancer"]);
}

#[test]
fn whether_mirror_objects_are_listed_is_a_switch() {
    let mut world = empty_world();
    let wish = CreateTrafficMirrorFilter { tags: tags_of([("k", "v")]), ..CreateTrafficMirrorFilter::default() };
    call!(world, CreateTrafficMirrorFilter(wish));
    let filters = GetResources { types: vec!["ec2:traffic-mirror-filter".into()], ..GetResources::default() };
    assert_eq!(resources(&mut world, GetResources::default()), []);
    assert_eq!(refused!(world, GetResources(filters.clone())), "InvalidParameterException");
    world.unknowns.mirrors_in_tagging = Verdict::Accepted;
    assert_eq!(named(&resources(&mut world, filters)), ["traffic-mirror-filter"]);
}

// Facts: 6-tagging-pages, 6-tagging-expired
#[test]
fn a_page_has_1_to_100_resources_and_its_token_lasts_a_quarter_of_an_hour() {
    let mut world = tagged(5);
    let page = |size, token| GetResources { page_size: Some(size), token, ..GetResources::default() };
    for size in [0, 101] {
        assert_eq!(refused!(world, GetResources(page(size, None))), "InvalidParameterException");
    }
    let first = call!(world, GetResources(page(3, None)));
    let second = call!(world, GetResources(page(3, first.next.clone())));
    assert_eq!((first.items.len(), second.items.len(), second.next), (3, 2, None));
    assert_eq!(refused!(world, GetResources(page(3, Some("x".into())))), "InvalidParameterException");
    pass(&mut world, 15 * 60 + 1);
    assert_eq!(refused!(world, GetResources(page(3, first.next))), "PaginationTokenExpiredException");
}

fn only(arns: Vec<String>) -> GetResources {
    GetResources { arns, ..GetResources::default() }
}

#[test]
fn named_resources_come_alone_and_one_that_is_not_there_is_left_out() {
    let mut world = tagged(2);
    let arn = resources(&mut world, GetResources::default()).remove(0).arn;
    let gone = String::from("arn:aws:ec2:eu-west-1:123456789012:instance/i-0");
    assert_eq!(resources(&mut world, only(vec![arn.clone(), gone])).len(), 1);
    for wrong in [
        GetResources { types: vec!["ec2".into()], ..only(vec![arn.clone()]) },
        GetResources { page_size: Some(5), ..only(vec![arn.clone()]) },
    ] {
        assert_eq!(refused!(world, GetResources(wrong)), "InvalidParameterException");
    }
}

// Facts: 6-tagging-filters
#[test]
fn fifty_filters_of_twenty_values_or_a_hundred_resources_can_be_asked_for() {
    let mut world = tagged(1);
    let arn = resources(&mut world, GetResources::default()).remove(0).arn;
    let filtered = |tags| GetResources { tags, ..GetResources::default() };
    for (most, more) in [
        (only(vec![arn.clone(); 100]), only(vec![arn; 101])),
        (filtered(vec![tag("role", &["web"; 20])]), filtered(vec![tag("role", &["web"; 21])])),
        (filtered(vec![tag("role", &[]); 50]), filtered(vec![tag("role", &[]); 51])),
    ] {
        assert_eq!(resources(&mut world, most).len(), 1);
        assert_eq!(refused!(world, GetResources(more)), "InvalidParameterException");
    }
}
