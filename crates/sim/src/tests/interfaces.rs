//! Takes interfaces; gives sentences about how they are attached, and when they go. Never looks at addresses.

use super::*;

fn attach(interface: &InterfaceId, instance: &InstanceId, device_index: i32) -> AttachNetworkInterface {
    AttachNetworkInterface { interface: interface.clone(), instance: instance.clone(), device_index, network_card: 0 }
}

fn status(world: &mut World, id: &InterfaceId) -> Option<AttachmentStatus> {
    let interface = call!(world, DescribeNetworkInterfaces(Describe::only([id.clone()]))).items.remove(0);
    interface.attachment.map(|attachment| attachment.status)
}

// Facts: 8-attachment
#[test]
fn an_interface_takes_two_seconds_to_attach_and_two_to_detach() {
    let Setting { mut world, network, instance, .. } = setting();
    let id = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    assert_eq!(status(&mut world, &id), None);
    let attachment = call!(world, AttachNetworkInterface(attach(&id, &instance, 1)));
    assert_eq!(status(&mut world, &id), Some(AttachmentStatus::Attaching));
    pass(&mut world, 2);
    assert_eq!(status(&mut world, &id), Some(AttachmentStatus::Attached));
    world.call(Request::DetachNetworkInterface(attachment)).unwrap();
    assert_eq!(status(&mut world, &id), Some(AttachmentStatus::Detaching));
    pass(&mut world, 2);
    assert_eq!(status(&mut world, &id), None);
}

// Facts: 8-attached-again
#[test]
fn attaching_again_is_another_attachment() {
    let Setting { mut world, network, instance, .. } = setting();
    let id = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    let first = call!(world, AttachNetworkInterface(attach(&id, &instance, 1)));
    world.call(Request::DetachNetworkInterface(first.clone())).unwrap();
    pass(&mut world, 3);
    assert_ne!(call!(world, AttachNetworkInterface(attach(&id, &instance, 1))), first);
}

// Facts: 8-one-place-one-interface
#[test]
fn a_place_on_an_instance_holds_one_interface() {
    let Setting { mut world, network, instance, interface, .. } = setting();
    let id = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    assert_eq!(refused!(world, AttachNetworkInterface(attach(&id, &instance, 0))), "InvalidParameterValue");
    let again = attach(&interface, &instance, 1);
    assert_eq!(refused!(world, AttachNetworkInterface(again)), "InvalidNetworkInterface.InUse");
}

// Facts: 8-attached-in-its-zone
#[test]
fn an_interface_is_attached_in_its_own_zone() {
    let Setting { mut world, network, .. } = setting();
    let elsewhere = running(&mut world, instance().in_subnet(&network.subnets[1]));
    let id = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    assert_eq!(refused!(world, AttachNetworkInterface(attach(&id, &elsewhere, 1))), "InvalidParameterCombination");
}

// Facts: 8-primary-stays
#[test]
fn the_primary_interface_and_those_of_aws_cannot_be_detached() {
    let Setting { mut world, network, instance, .. } = setting();
    let primary = seen(&mut world, &instance).interfaces.remove(0).attachment.unwrap().id;
    assert_eq!(refused!(world, DetachNetworkInterface(primary)), "OperationNotPermitted");
    let of_aws = world.add_requester_managed_interface(&network.subnets[0], "network_load_balancer").unwrap();
    let of_aws = call!(world, DescribeNetworkInterfaces(Describe::only([of_aws]))).items.remove(0);
    assert_eq!(refused!(world, DetachNetworkInterface(of_aws.attachment.unwrap().id)), "OperationNotPermitted");
    assert_eq!(refused!(world, DetachNetworkInterface("eni-attach-0".into())), "InvalidAttachmentID.NotFound");
}

// Facts: 8-attached-is-not-deleted
#[test]
fn an_attached_interface_cannot_be_deleted() {
    let Setting { mut world, interface, .. } = setting();
    assert_eq!(refused!(world, DeleteNetworkInterface(interface)), "InvalidParameterValue");
}

// Facts: 8-delete-on-termination
#[test]
fn termination_takes_the_interfaces_that_it_shall_and_frees_the_others() {
    let Setting { mut world, network, instance, interface, .. } = setting();
    let kept = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    call!(world, AttachNetworkInterface(attach(&kept, &instance, 1)));
    call!(world, TerminateInstances(vec![instance]));
    assert!(status(&mut world, &interface).is_some());
    pass(&mut world, 3);
    assert_eq!(status(&mut world, &kept), None);
    let gone = Describe::only([interface]);
    assert_eq!(refused!(world, DescribeNetworkInterfaces(gone)), "InvalidNetworkInterfaceID.NotFound");
}

#[test]
fn an_interface_can_be_given_ipv6_addresses_later() {
    let Setting { mut world, interface, .. } = setting();
    let wish = AssignIpv6Addresses { interface: interface.clone(), count: 2, prefix_count: 0 };
    let Response::AssignIpv6Addresses(AssignedAddresses { addresses: added, .. }) =
        world.call(Request::AssignIpv6Addresses(wish)).unwrap()
    else {
        panic!("another answer")
    };
    let now = call!(world, DescribeNetworkInterfaces(Describe::only([interface]))).items.remove(0);
    assert_eq!((added.len(), now.ipv6_addresses), (2, added));
}
