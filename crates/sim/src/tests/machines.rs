//! Takes instances of all platforms and markets; gives sentences about how they look, and what becomes of their sessions when they
//! change. Never runs anything on one.

use mirror_core::inventory::InstanceState::{Pending, Running, ShuttingDown, Stopping, Terminated};

use super::on_the_wire::{ask, code, inside};
use super::*;

const ONE_TIME: SpotOptions = SpotOptions { persistent: false, interruption: Interruption::Terminate };
const STOPS: SpotOptions = SpotOptions { persistent: true, interruption: Interruption::Stop };

/// The description of an instance on the wire.
fn described(world: &mut World, id: &InstanceId) -> String {
    let reply = ask(world, &format!("Action=DescribeInstances&InstanceId.1={id}"));
    inside(&reply, "instancesSet").to_owned()
}

fn state(world: &mut World, id: &InstanceId) -> mirror_core::inventory::InstanceState {
    seen(world, id).instance.state
}

fn resize(id: &InstanceId, instance_type: &str) -> ModifyInstanceAttribute {
    let attribute = InstanceAttribute::InstanceType(instance_type.into());
    ModifyInstanceAttribute { instance: id.clone(), attribute }
}

/// The ids that a list with this filter has.
fn filtered(world: &mut World, name: &str, value: &str) -> Vec<InstanceId> {
    let found = call!(world, DescribeInstances(Describe::all().filtered(name, value))).items;
    found.into_iter().map(|detail| detail.instance.id).collect()
}

// Facts: 8-windows, 8-platform-details
#[test]
fn the_platform_is_windows_in_lower_case_and_absent_otherwise() {
    let mut world = empty_world();
    network(&mut world);
    for (details, windows) in [
        ("Windows", true),
        ("Windows BYOL", true),
        ("Windows with SQL Server Enterprise", true),
        ("Windows with SQL Server Standard", true),
        ("Windows with SQL Server Web", true),
        ("SQL Server Standard", false),
        ("Linux/UNIX", false),
        ("Red Hat Enterprise Linux", false),
        ("SUSE Linux", false),
        ("Ubuntu Pro", false),
    ] {
        let id = running(&mut world, instance().on_platform(details));
        let text = described(&mut world, &id);
        assert_eq!(text.contains("<platform>windows</platform>"), windows, "{details}");
        assert_eq!(text.contains("<platform>"), windows, "{details}");
        assert!(text.contains(&format!("<platformDetails>{details}</platformDetails>")), "{details}");
        assert_eq!(filtered(&mut world, "platform", "windows").contains(&id), windows, "{details}");
        assert!(filtered(&mut world, "platform-details", details).contains(&id), "{details}");
    }
}

#[test]
fn an_instance_says_where_it_is_since_when_and_that_nobody_manages_it() {
    let Setting { mut world, instance, .. } = setting();
    let text = described(&mut world, &instance);
    let placement = "<placement><availabilityZone>eu-west-1a</availabilityZone><availabilityZoneId>euw1-az1\
                     </availabilityZoneId><groupName></groupName><tenancy>default</tenancy></placement>";
    for part in
        [placement, "<launchTime>1970-01-01T00:00:00Z</launchTime>", "<operator><managed>false</managed></operator>"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("instanceLifecycle"), "an on-demand instance has none");
}

// Facts: 8-managed-instances
#[test]
fn a_hidden_managed_instance_is_listed_only_to_who_asks_for_managed_resources() {
    let Setting { mut world, instance, interface, .. } = setting();
    let operator = Operator { principal: "eks.amazonaws.com".into(), hidden_by_default: true };
    world.set_operator(&instance, &operator).unwrap();
    assert_eq!(call!(world, DescribeInstances(Describe::all())).items, []);
    assert_eq!(call!(world, DescribeNetworkInterfaces(Describe::all())).items, []);
    let gone = Describe::only([instance.clone()]);
    assert_eq!(refused!(world, DescribeInstances(gone)), "InvalidInstanceID.NotFound");
    assert_eq!(call!(world, DescribeInstances(Describe::all().with_managed())).items.len(), 1);
    let found = call!(world, DescribeNetworkInterfaces(Describe::all().with_managed())).items;
    assert_eq!(found[0].id, interface);
    let reply = ask(&mut world, "Action=DescribeInstances&IncludeManagedResources=true");
    let who = "<operator><managed>true</managed><principal>eks.amazonaws.com</principal>\
               <hiddenByDefault>true</hiddenByDefault></operator>";
    assert!(reply.body.contains(who), "{}", reply.body);
}

#[test]
fn a_managed_instance_that_is_not_hidden_is_listed_to_all() {
    let Setting { mut world, instance, .. } = setting();
    let operator = Operator { principal: "eks.amazonaws.com".into(), hidden_by_default: false };
    world.set_operator(&instance, &operator).unwrap();
    assert_eq!(filtered(&mut world, "operator.managed", "true"), std::slice::from_ref(&instance));
    assert_eq!(filtered(&mut world, "operator.principal", "eks.*"), [instance]);
    assert_eq!(filtered(&mut world, "operator.managed", "false"), []);
}

// Facts: 8-lifecycle
#[test]
fn a_spot_instance_says_so() {
    let mut world = empty_world();
    network(&mut world);
    let body = "Action=RunInstances&ImageId=ami-1&InstanceType=m5.large&MinCount=1&MaxCount=1\
                &InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.MaxPrice=1";
    let reply = ask(&mut world, body);
    assert_eq!(inside(&reply, "instanceLifecycle"), "spot");
    assert!(inside(&reply, "spotInstanceRequestId").starts_with("sir-"));
    assert_eq!(filtered(&mut world, "instance-lifecycle", "spot").len(), 1);
}

#[test]
fn an_interrupted_spot_instance_is_terminated_two_minutes_later_and_its_sessions_go() {
    let mut setting = setting();
    let id = running(&mut setting.world, instance().spot(ONE_TIME));
    setting.interface = primary_interface(&mut setting.world, &id);
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let at = setting.world.interrupt_spot(&id).unwrap();
    assert_eq!(at, setting.world.now() + SignedDuration::from_mins(2));
    pass(&mut setting.world, 119);
    assert_eq!(state(&mut setting.world, &id), Running);
    assert_eq!(setting.world.interrupt_spot(&id).unwrap(), at, "it is warned once");
    pass(&mut setting.world, 1);
    assert_eq!(state(&mut setting.world, &id), ShuttingDown);
    pass(&mut setting.world, 2);
    assert_eq!(state(&mut setting.world, &id), Terminated);
    assert_eq!(setting.sessions(), []);
}

#[test]
fn a_spot_instance_that_stops_when_interrupted_keeps_its_sessions_and_starts_when_aws_says() {
    let mut setting = setting();
    let id = running(&mut setting.world, instance().spot(STOPS));
    setting.interface = primary_interface(&mut setting.world, &id);
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    setting.world.interrupt_spot(&id).unwrap();
    pass(&mut setting.world, 120);
    assert_eq!(state(&mut setting.world, &id), Stopping);
    pass(&mut setting.world, 2);
    assert_eq!(refused!(setting.world, StartInstances(vec![id.clone()])), "IncorrectSpotRequestState");
    assert_eq!(setting.sessions(), [session]);
    setting.world.return_spot_capacity(&id).unwrap();
    assert_eq!(state(&mut setting.world, &id), Pending);
}

#[test]
fn only_a_persistent_spot_instance_can_be_stopped() {
    let mut world = empty_world();
    network(&mut world);
    let once = running(&mut world, instance().spot(ONE_TIME));
    assert_eq!(refused!(world, StopInstances(vec![once])), "UnsupportedOperation");
    let persistent = running(&mut world, instance().spot(STOPS));
    call!(world, StopInstances(vec![persistent]));
}

#[test]
fn a_spot_launch_stops_when_interrupted_only_if_it_is_persistent() {
    let mut world = empty_world();
    network(&mut world);
    for options in [SpotOptions { persistent: true, ..ONE_TIME }, SpotOptions { persistent: false, ..STOPS }] {
        assert_eq!(instance().spot(options).launch(&mut world).unwrap_err().code, "InvalidParameterCombination");
    }
}

#[test]
fn an_on_demand_instance_is_not_interrupted() {
    let Setting { mut world, instance, .. } = setting();
    assert_eq!(world.interrupt_spot(&instance).unwrap_err().code, "IncorrectInstanceState");
}

// Facts: 3-unsupported-by-change
#[test]
fn a_session_stays_when_its_instance_becomes_one_of_an_unsupported_type() {
    let mut setting = setting();
    let id = setting.instance.clone();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    call!(setting.world, StopInstances(vec![id.clone()]));
    pass(&mut setting.world, 3);
    let body = format!("Action=ModifyInstanceAttribute&InstanceId={id}&InstanceType.Value=t2.large");
    assert_eq!(inside(&ask(&mut setting.world, &body), "return"), "true");
    call!(setting.world, StartInstances(vec![id.clone()]));
    pass(&mut setting.world, 3);
    assert_eq!(seen(&mut setting.world, &id).instance.instance_type, "t2.large");
    assert_eq!(setting.sessions(), [session]);
    let another = setting.session(2);
    assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(another)), "NetworkInterfaceNotSupported");
}

// Facts: 8-type-changes
#[test]
fn the_type_of_an_instance_changes_only_while_it_is_stopped() {
    let Setting { mut world, instance, .. } = setting();
    let change = resize(&instance, "m5.xlarge");
    assert_eq!(refused!(world, ModifyInstanceAttribute(change)), "IncorrectInstanceState");
    let unknown = resize(&"i-0".into(), "m5.xlarge");
    assert_eq!(refused!(world, ModifyInstanceAttribute(unknown)), "InvalidInstanceID.NotFound");
}

#[test]
fn one_attribute_is_changed_at_a_time() {
    let Setting { mut world, instance, interface, .. } = setting();
    let of_instance = format!("Action=ModifyInstanceAttribute&InstanceId={instance}");
    let of_interface = format!("Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId={interface}");
    for body in [
        of_instance.clone(),
        format!("{of_instance}&InstanceType.Value=m5.large&GroupId.1=sg-0"),
        of_interface.clone(),
        format!("{of_interface}&Description.Value=x&SecurityGroupId.1=sg-0"),
    ] {
        assert_eq!(code(&mut world, &body), "InvalidParameterCombination", "{body}");
    }
}

#[test]
fn security_groups_are_changed_on_an_interface_or_on_an_instance_that_has_one() {
    let Setting { mut world, network, instance: one, interface, .. } = setting();
    let [web, db] = ["web", "db"].map(|name| world.add_security_group(&network.vpc, name));
    let body = format!("Action=ModifyInstanceAttribute&InstanceId={one}&GroupId.1={web}");
    assert_eq!(ask(&mut world, &body).status, 200);
    assert_eq!(seen(&mut world, &one).interfaces[0].security_groups, std::slice::from_ref(&web));
    let body = format!(
        "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId={interface}&SecurityGroupId.1={db}&SecurityGroupId.2={web}"
    );
    assert_eq!(ask(&mut world, &body).status, 200);
    let group = format!("<groupSet><item><groupId>{db}</groupId><groupName>db</groupName></item>");
    assert!(described(&mut world, &one).contains(&group));
    assert_eq!(filtered(&mut world, "instance.group-id", &db.to_string()), [one]);
    let two = running(&mut world, instance().with_another_interface());
    let change = ModifyInstanceAttribute { instance: two, attribute: InstanceAttribute::Groups(vec![web]) };
    assert_eq!(refused!(world, ModifyInstanceAttribute(change)), "InvalidInstanceID");
}

#[test]
fn a_security_group_that_is_unknown_or_of_another_network_is_refused() {
    let Setting { mut world, interface, .. } = setting();
    let elsewhere = world.add_vpc("10.1.0.0/16".parse().unwrap(), None);
    let foreign = world.add_security_group(&elsewhere, "foreign");
    for (groups, code) in [
        (vec!["sg-0".into()], "InvalidGroup.NotFound"),
        (vec![foreign], "InvalidParameterValue"),
        (vec![], "MissingParameter"),
    ] {
        let attribute = InterfaceAttribute::Groups(groups);
        let change = ModifyNetworkInterfaceAttribute { interface: interface.clone(), attribute };
        assert_eq!(refused!(world, ModifyNetworkInterfaceAttribute(change)), code);
    }
}

#[test]
fn an_interface_that_shall_not_go_with_its_instance_survives_it_with_its_sessions() {
    let mut setting = setting();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let interface = setting.interface.clone();
    let attachment = seen(&mut setting.world, &setting.instance.clone()).interfaces.remove(0).attachment.unwrap();
    let change = |attachment: &str| {
        format!(
            "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId={interface}&Attachment.AttachmentId={attachment}\
             &Attachment.DeleteOnTermination=false"
        )
    };
    assert_eq!(code(&mut setting.world, &change("eni-attach-0")), "InvalidAttachmentID.NotFound");
    assert_eq!(ask(&mut setting.world, &change(attachment.id.as_str())).status, 200);
    call!(setting.world, TerminateInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3);
    let now = call!(setting.world, DescribeNetworkInterfaces(Describe::only([interface]))).items.remove(0);
    assert_eq!(now.status(), "available");
    assert_eq!(setting.sessions(), [session]);
}

#[test]
fn instances_are_found_by_what_their_interfaces_are() {
    let Setting { mut world, instance: first, interface, .. } = setting();
    let other = running(&mut world, instance().tagged("role", "web"));
    let address = seen(&mut world, &first).interfaces[0].address.unwrap().to_string();
    for (name, value) in [
        ("network-interface.network-interface-id", interface.as_str()),
        ("network-interface.addresses.private-ip-address", &address),
        ("private-ip-address", &address),
    ] {
        assert_eq!(filtered(&mut world, name, value), std::slice::from_ref(&first), "{name}");
    }
    for (name, value) in [
        ("network-interface.attachment.status", "attached"),
        ("network-interface.owner-id", "123456789012"),
        ("owner-id", "123456789012"),
    ] {
        let found = filtered(&mut world, name, value);
        assert!(found.contains(&first) && found.contains(&other), "{name}");
    }
    assert_eq!(filtered(&mut world, "owner-id", "999999999999"), []);
    let unknown = Describe::all().filtered("network-interface.interface-type", "interface");
    assert_eq!(refused!(world, DescribeInstances(unknown)), "InvalidParameterValue");
}
