//! Takes bodies as clients of AWS send them; gives sentences about what they get back. Never parses more than it asks for.

use super::http::{Reply, SIGNED, answer};
use super::*;

pub(super) fn ask(world: &mut World, body: &str) -> Reply {
    answer(world, Some(SIGNED), body)
}

/// What stands between the first `<name>` and its end.
pub(super) fn inside<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let rest = reply.body.split_once(&start).unwrap_or_else(|| panic!("no {name} in {}", reply.body)).1;
    rest.split_once(&end).unwrap().0
}

pub(super) fn code(world: &mut World, body: &str) -> String {
    inside(&ask(world, body), "Code").to_owned()
}

// Facts: 4-query-protocol, 4-request-id
#[test]
fn an_answer_is_named_after_its_action_and_has_a_request_id() {
    let reply = ask(&mut empty_world(), "Action=DescribeTrafficMirrorSessions&Version=2016-11-15");
    assert_eq!(reply.status, 200);
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
                 <DescribeTrafficMirrorSessionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>";
    assert!(reply.body.starts_with(start), "{}", reply.body);
    let groups: Vec<_> = inside(&reply, "requestId").split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
}

// Facts: 4-query-protocol, 4-creations, 4-absent
#[test]
fn a_session_is_made_from_nested_parameters() {
    let Setting { mut world, interface, filter, target, .. } = setting();
    let body = format!(
        "Action=CreateTrafficMirrorSession&Version=2016-11-15&NetworkInterfaceId={interface}&TrafficMirrorTargetId={target}\
         &TrafficMirrorFilterId={filter}&SessionNumber=3&TagSpecification.1.ResourceType=traffic-mirror-session\
         &TagSpecification.1.Tag.1.Key=a+%26+b&TagSpecification.1.Tag.1.Value=%3Cc%3E&ClientToken=t1"
    );
    let reply = ask(&mut world, &body);
    assert_eq!(inside(&reply, "sessionNumber"), "3");
    assert_eq!(inside(&reply, "tagSet"), "<item><key>a &amp; b</key><value>&lt;c&gt;</value></item>");
    assert_eq!(inside(&reply, "clientToken"), "t1");
    assert!(!reply.body.contains("packetLength"), "what is absent has no element");
}

// Facts: 4-places
#[test]
fn places_in_a_list_are_numbers() {
    let Setting { mut world, instance, .. } = setting();
    let tags: String = (1..=11).map(|n| format!("&Tag.{n}.Key=k&Tag.{n}.Value={n}")).collect();
    let body = format!("Action=CreateTags&Version=2016-11-15&ResourceId.1={instance}{tags}");
    assert_eq!(inside(&ask(&mut world, &body), "return"), "true");
    assert_eq!(seen(&mut world, &instance).instance.tags, tags_of([("k", "11")]));
}

// Facts: 3.1-document
#[test]
fn an_error_has_a_code_a_message_and_its_status() {
    let reply =
        ask(&mut empty_world(), "Action=DeleteTrafficMirrorFilter&Version=2016-11-15&TrafficMirrorFilterId=tmf-0");
    assert_eq!(reply.status, 400);
    let error = "<Response><Errors><Error><Code>InvalidTrafficMirrorFilterId.NotFound</Code>\
                 <Message>The traffic mirror filter 'tmf-0' does not exist</Message></Error></Errors><RequestID>";
    assert!(reply.body.replace("&apos;", "'").contains(error), "{}", reply.body);
}

// Facts: 3.1-dry-run
#[test]
fn a_dry_run_is_answered_before_anything_happens() {
    let mut world = empty_world();
    let reply = ask(&mut world, "Action=CreateTrafficMirrorFilter&Version=2016-11-15&DryRun=true");
    assert_eq!((reply.status, inside(&reply, "Code")), (412, "DryRunOperation"));
    assert_eq!(call!(world, DescribeTrafficMirrorFilters(Describe::all())).items, []);
}

// Facts: 3.1-unknown-action
#[test]
fn an_unknown_action_is_refused() {
    assert_eq!(code(&mut empty_world(), "Action=DescribeImages&Version=2016-11-15"), "InvalidAction");
    assert_eq!(code(&mut empty_world(), "Version=2016-11-15"), "MissingAction");
}

// Facts: 3.1-missing-parameter
#[test]
fn a_parameter_that_is_required_is_named_when_it_is_missing() {
    let reply = ask(&mut empty_world(), "Action=CreateTrafficMirrorFilterRule&TrafficMirrorFilterId=tmf-0");
    assert_eq!(inside(&reply, "Code"), "MissingParameter");
    assert_eq!(inside(&reply, "Message"), "The request must contain the parameter TrafficDirection");
    let reply = ask(&mut empty_world(), "Action=DescribeVpcs&Filter.1.Value.1=x");
    assert_eq!(inside(&reply, "Message"), "The request must contain the parameter Filter.1.Name");
}

// Facts: 3.1-unknown-parameter
#[test]
fn a_parameter_that_the_world_does_not_understand_is_refused_unless_it_changes_nothing() {
    let mut world = empty_world();
    network(&mut world);
    let launch = "Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=1";
    assert_eq!(ask(&mut world, &format!("{launch}&KeyName=k&SecurityGroupId.1=sg-1")).status, 200);
    assert_eq!(
        code(&mut world, &format!("{launch}&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.Colour=0")),
        "UnknownParameter"
    );
    assert_eq!(code(&mut world, "Action=DescribeVpcs&Filter.1.Name=vpc-id&Filter.1.Colour=red"), "UnknownParameter");
}

// Facts: 3.1-invalid-value
#[test]
fn a_value_that_cannot_be_read_is_refused() {
    for body in [
        "Action=DescribeInstances&MaxResults=many",
        "Action=CreateTrafficMirrorFilter&DryRun=perhaps",
        "Action=CreateTrafficMirrorFilterRule&TrafficMirrorFilterId=tmf-0&TrafficDirection=sideways",
        "Action=ModifyTrafficMirrorSession&TrafficMirrorSessionId=tms-0&RemoveField.1=session-number",
        "Action=CreateTrafficMirrorFilter&TagSpecification.1.ResourceType=instance",
    ] {
        assert_eq!(code(&mut empty_world(), body), "InvalidParameterValue", "{body}");
    }
}

#[test]
fn a_body_that_makes_no_sense_is_refused_and_does_no_harm() {
    let mut world = empty_world();
    network(&mut world);
    for body in [
        "",
        "&&=&",
        "%FF=%FE",
        "Action=%01",
        "Action=CreateTrafficMirrorFilter&Description=%00",
        "Action=DescribeVpcs&Filter.=x",
        "Action=DescribeVpcs&Filter.1=x",
        "Action=DescribeVpcs&Filter.99999999999.Name=x",
        "Action=DescribeInstances&NextToken=%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9",
        "Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=2147483647&Ipv6AddressCount=2147483647",
        "Action=RunInstances&ImageId=ami-1&MinCount=-2147483648&MaxCount=-1",
    ] {
        assert_eq!(ask(&mut world, body).status, 400, "{body}");
    }
    assert_eq!(call!(world, DescribeInstances(Describe::all())).items, []);
}

// Facts: 1.2-one-resource
#[test]
fn a_target_sends_to_one_resource() {
    let create = "Action=CreateTrafficMirrorTarget";
    assert_eq!(code(&mut empty_world(), create), "MissingParameter");
    let two = format!("{create}&NetworkInterfaceId=eni-0&NetworkLoadBalancerArn=arn:x");
    assert_eq!(code(&mut empty_world(), &two), "InvalidParameterCombination");
}

// Facts: 3.1-without-credentials
#[test]
fn nobody_is_answered_without_credentials() {
    let body = "Action=DescribeVpcs&Version=2016-11-15";
    let reply = answer(&mut empty_world(), None, body);
    assert_eq!((reply.status, inside(&reply, "Code")), (403, "MissingAuthenticationToken"));
    let reply = answer(&mut empty_world(), Some("Basic eDp5"), body);
    assert_eq!((reply.status, inside(&reply, "Code")), (401, "AuthFailure"));
}

// Facts: 10-identity
#[test]
fn sts_answers_in_its_own_form() {
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let reply = answer(&mut empty_world(), Some(&SIGNED.replace("/ec2/", "/sts/")), body);
    assert_eq!(inside(&reply, "Account"), "123456789012");
    assert!(reply.body.contains("<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"));
    let reply = answer(&mut empty_world(), None, body);
    assert!(reply.body.contains("<ErrorResponse><Error><Type>Sender</Type>"), "{}", reply.body);
}

// Facts: 8-interfaces-of-an-instance
#[test]
fn an_instance_describes_its_interfaces_without_their_tags() {
    let Setting { mut world, instance, .. } = setting();
    let reply = ask(&mut world, &format!("Action=DescribeInstances&InstanceId.1={instance}"));
    let interfaces = inside(&reply, "networkInterfaceSet");
    assert!(interfaces.contains("<status>attached</status>"), "{interfaces}");
    assert!(!interfaces.contains("tagSet") && !interfaces.contains("requesterManaged"), "{interfaces}");
}

#[test]
fn the_same_seed_and_bodies_give_the_same_bytes() {
    let played = || {
        let mut world = empty_world();
        fleet::demo(&mut world, 12).unwrap();
        pass(&mut world, 60);
        ["Action=DescribeInstances", "Action=CreateTrafficMirrorFilter", "Action=DescribeNetworkInterfaces"]
            .map(|body| ask(&mut world, body).body)
    };
    assert_eq!(played(), played());
}

#[test]
fn what_no_document_can_hold_is_refused_and_not_repeated() {
    for bad in ["%00", "%7F", "%EF%BF%BE", "%EF%BF%BF"] {
        let reply = ask(&mut empty_world(), &format!("Action={bad}"));
        assert_eq!((reply.status, inside(&reply, "Code")), (400, "InvalidParameterValue"), "{bad}");
    }
}
