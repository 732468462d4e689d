//! Takes interfaces that are chosen; gives sentences about which of them can be sources.

use super::*;
use crate::lessons::Unsupported;

const POLICY: &str = "\
sensors: {sta: {targets: [{networkInterface: eni-sensor}, {existing: tmt-9}]}}
strategies: [{name: jewel, importance: {select: {}}}]";

fn of_type(instance_type: &str) -> Facts {
    let facts = Facts::new().instance("i-1", &[]).interface("eni-1", "i-1");
    facts.change_instance("i-1", |instance| instance.instance_type = instance_type.into())
}

/// The last thing that is said of `eni-1`.
fn said(policy: &str, facts: Facts, lessons: &Lessons) -> String {
    let decisions = decide(&policy_of(policy), &facts.read(0), lessons, &mut Fits::default(), at(0));
    decisions.interfaces[&"eni-1".into()].reasons.last().unwrap().to_string()
}

fn refused(interfaces: &[&str]) -> Lessons {
    let mut lessons = Lessons::default();
    for id in interfaces {
        let attachment = format!("eni-attach-{id}").into();
        let lesson = Unsupported { attachment, instance_type: "x99.large".into() };
        lessons.unsupported.insert((*id).into(), lesson);
    }
    lessons
}

#[test]
fn an_instance_type_that_aws_does_not_mirror_is_refused_by_name_unless_the_policy_knows_better() {
    let none = Lessons::default();
    assert!(said(POLICY, of_type("t2.micro"), &none).contains("does not mirror instances of type t2.micro"));
    assert_eq!(said(POLICY, of_type("m5.large"), &none), "jewel: its selector matches");
    let knowing = format!("{POLICY}\ninstanceTypes: {{supported: [t2], unsupported: [m5.large]}}");
    assert_eq!(said(&knowing, of_type("t2.micro"), &Lessons::default()), "jewel: its selector matches");
    assert!(said(&knowing, of_type("m5.large"), &Lessons::default()).contains("m5.large"));
}

#[test]
fn a_family_in_neither_list_is_tried_until_aws_has_refused_three_of_it() {
    assert_eq!(said(POLICY, of_type("x99.large"), &refused(&["eni-7", "eni-8"])), "jewel: its selector matches");
    let said_of_type = said(POLICY, of_type("x99.large"), &refused(&["eni-7", "eni-8", "eni-9"]));
    assert!(said_of_type.contains("refused every interface of an instance of type x99.large"), "{said_of_type}");
}

#[test]
fn what_the_policy_calls_supported_is_tried_whatever_aws_said_of_others() {
    let knowing = format!("{POLICY}\ninstanceTypes: {{supported: [x99]}}");
    let others = refused(&["eni-7", "eni-8", "eni-9"]);
    assert_eq!(said(&knowing, of_type("x99.large"), &others), "jewel: its selector matches");
    let itself = said(&knowing, of_type("x99.large"), &refused(&["eni-1"]));
    assert!(itself.contains("AWS has refused this interface"), "{itself}");
}

#[test]
fn an_interface_that_aws_refused_is_tried_again_once_it_is_attached_anew() {
    let mut lessons = refused(&["eni-1"]);
    assert!(said(POLICY, of_type("x99.large"), &lessons).contains("AWS has refused this interface"));
    lessons.unsupported.get_mut(&"eni-1".into()).unwrap().attachment = "eni-attach-before".into();
    assert_eq!(said(POLICY, of_type("x99.large"), &lessons), "jewel: its selector matches");
}

#[test]
fn nothing_of_a_sensors_own_instance_is_a_source_whoever_made_its_target() {
    let named = Facts::new().instance("i-1", &[]).interface("eni-1", "i-1").interface("eni-sensor", "i-1");
    assert!(said(POLICY, named, &Lessons::default()).contains("its instance is a sensor"));
    let foreign = Facts::new()
        .instance("i-1", &[])
        .interface("eni-1", "i-1")
        .interface("eni-2", "i-1")
        .target("tmt-1", Resource::NetworkInterface("eni-2".into()));
    assert!(said(POLICY, foreign, &Lessons::default()).contains("its instance is a sensor"));
}

#[test]
fn what_is_out_of_scope_is_not_wanted_and_no_doubt() {
    let scoped = policy_of(&format!("{POLICY}\nscope: {{vpcs: [vpc-2]}}"));
    let decisions = decided(&scoped, &of_type("m5.large").read(0));
    let decision = &decisions.interfaces[&"eni-1".into()];
    assert!(decision.lanes.is_empty() && !decision.doubt);
    assert_eq!(decision.reasons.last().unwrap().to_string(), "not mirrored: vpc-1 is not in the policy's scope");
}
