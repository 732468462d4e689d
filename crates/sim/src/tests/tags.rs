//! Takes tags; gives sentences about what they can be put on, and which are refused. Never looks at what they mean.

use super::*;

fn create(resources: &[&str], tags: Tags) -> CreateTags {
    CreateTags { resources: resources.iter().map(ToString::to_string).collect(), tags }
}

// Facts: 3.2-tags-of-any-resource, 1.2-target-tags
#[test]
fn everything_that_has_an_id_can_be_tagged() {
    let mut setting = setting();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).id;
    let rule = call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1))).id;
    let Setting { mut world, network, instance, interface, filter, target, .. } = setting;
    let subnet = network.subnets[0].to_string();
    let ids = [
        instance.as_str(),
        interface.as_str(),
        network.vpc.as_str(),
        &subnet,
        filter.as_str(),
        rule.as_str(),
        target.as_str(),
        session.as_str(),
    ];
    world.call(Request::CreateTags(create(&ids, tags_of([("k", "v")])))).unwrap();
    let found = call!(world, DescribeTags(Describe::all().filtered("key", "k"))).items;
    let found: Vec<_> = found.iter().map(|tag| tag.resource.as_str()).collect();
    assert!(ids.iter().all(|id| found.contains(id)), "{found:?}");
}

// Facts: 3.1-session-not-found
#[test]
fn one_unknown_resource_fails_the_call_for_all() {
    let Setting { mut world, instance, .. } = setting();
    for (id, code) in [("tms-0", "InvalidTrafficMirrorSessionId.NotFound"), ("what", "InvalidID")] {
        let wish = create(&[instance.as_str(), id], tags_of([("k", "v")]));
        assert_eq!(refused!(world, CreateTags(wish)), code);
    }
    assert_eq!(seen(&mut world, &instance).instance.tags, Tags::new());
}

// Facts: 3.2-reserved-tags, 8-group-tag
#[test]
fn what_aws_keeps_for_itself_cannot_be_set_or_removed() {
    let Setting { mut world, network, instance, .. } = setting();
    let reserved = create(&[instance.as_str()], tags_of([("aws:autoscaling:groupName", "mine")]));
    assert_eq!(refused!(world, CreateTags(reserved)), "InvalidParameterValue");
    world.add_scaling_group(ScalingGroup::of("g", 1, crate::fleet::instance().template(), &network.subnets)).unwrap();
    let member = call!(world, DescribeInstances(Describe::all().filtered("tag-key", "aws:*"))).items.remove(0).instance;
    let wish = DeleteTags { resources: vec![member.id.to_string()], tags: Vec::new() };
    world.call(Request::DeleteTags(wish)).unwrap();
    assert_eq!(seen(&mut world, &member.id).instance.tags, member.tags);
}

// Facts: 3.2-fifty-tags
#[test]
fn a_resource_has_fifty_tags_at_most() {
    let Setting { mut world, instance, .. } = setting();
    let tags = |range: std::ops::Range<u8>| range.map(|n| (n.to_string(), String::new())).collect();
    world.call(Request::CreateTags(create(&[instance.as_str()], tags(0..50)))).unwrap();
    world.call(Request::CreateTags(create(&[instance.as_str()], tags(0..50)))).unwrap();
    assert_eq!(refused!(world, CreateTags(create(&[instance.as_str()], tags(50..51)))), "TagLimitExceeded");
}

// Facts: 3.2-removed-tags
#[test]
fn a_tag_is_removed_by_its_key_and_by_its_value_only_if_that_is_named() {
    let Setting { mut world, instance, .. } = setting();
    let tags = tags_of([("a", "1"), ("b", "1"), ("c", "1")]);
    world.call(Request::CreateTags(create(&[instance.as_str()], tags))).unwrap();
    let named = vec![("a".into(), None), ("b".into(), Some("1".into())), ("c".into(), Some("2".into()))];
    world.call(Request::DeleteTags(DeleteTags { resources: vec![instance.to_string()], tags: named })).unwrap();
    assert_eq!(seen(&mut world, &instance).instance.tags, tags_of([("c", "1")]));
}
