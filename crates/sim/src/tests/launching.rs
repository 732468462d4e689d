//! Takes launches with interfaces of all types; gives sentences about where each hangs. Never looks at what becomes of them later.

use super::on_the_wire::{ask, code, inside};
use super::*;

// Facts: 1.1-trunk-branch-efa
#[test]
fn efa_interfaces_are_launched_on_network_cards_and_are_no_sources() {
    let mut setting = setting();
    let body = "Action=RunInstances&ImageId=ami-1&InstanceType=p4d.24xlarge&MinCount=1&MaxCount=1\
                &NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.InterfaceType=efa\
                &NetworkInterface.2.DeviceIndex=1&NetworkInterface.2.NetworkCardIndex=1\
                &NetworkInterface.2.InterfaceType=efa-only\
                &NetworkInterface.3.DeviceIndex=1&NetworkInterface.3.NetworkCardIndex=3";
    let reply = ask(&mut setting.world, body);
    let id = InstanceId::from(inside(&reply, "instanceId"));
    pass(&mut setting.world, 3);
    let interfaces = seen(&mut setting.world, &id).interfaces;
    let types: Vec<_> = interfaces.iter().map(|it| it.interface_type.as_str()).collect();
    assert_eq!(types, ["efa", "efa-only", "interface"]);
    assert_eq!(interfaces[1].ipv4_addresses().count(), 0, "an efa-only interface has no address");
    assert!(
        ask(&mut setting.world, &format!("Action=DescribeInstances&InstanceId.1={id}"))
            .body
            .contains("<networkCardIndex>3</networkCardIndex>")
    );
    for (interface, accepted) in interfaces.into_iter().zip([false, false, true]) {
        let wish = CreateTrafficMirrorSession { interface: interface.id, ..setting.session(1) };
        let answer = setting.world.call(Request::CreateTrafficMirrorSession(wish));
        assert_eq!(answer.is_ok(), accepted, "{}", interface.interface_type);
    }
}

#[test]
fn a_launch_gives_each_interface_a_place_of_its_own_that_there_is() {
    let mut world = empty_world();
    let network = network(&mut world);
    let subnet = &network.subnets[0];
    let launch = "Action=RunInstances&ImageId=ami-1&InstanceType=m5.large&MinCount=1&MaxCount=1\
                  &NetworkInterface.1.DeviceIndex";
    for (rest, expected) in [
        (format!("=0&SubnetId={subnet}"), "InvalidParameterCombination"),
        ("=1".into(), "InvalidParameterValue"),
        ("=0&NetworkInterface.2.DeviceIndex=0".into(), "InvalidParameterValue"),
        ("=0&NetworkInterface.2.DeviceIndex=1&NetworkInterface.2.NetworkCardIndex=1".into(), "InvalidParameterValue"),
        ("=0&NetworkInterface.1.InterfaceType=efa-only".into(), "InvalidParameterCombination"),
        ("=0&NetworkInterface.1.InterfaceType=lambda".into(), "InvalidParameterValue"),
        ("=0&NetworkInterface.1.NetworkInterfaceId=eni-0".into(), "InvalidNetworkInterfaceID.NotFound"),
        ("=0&NetworkInterface.1.SubnetId=subnet-0".into(), "InvalidSubnetID.NotFound"),
        (
            format!("=0&NetworkInterface.2.DeviceIndex=1&NetworkInterface.2.SubnetId={}", network.subnets[1]),
            "InvalidParameterCombination",
        ),
        (
            "=0&NetworkInterface.1.NetworkInterfaceId=eni-0&NetworkInterface.2.DeviceIndex=1             &NetworkInterface.2.NetworkInterfaceId=eni-0"
                .into(),
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(code(&mut world, &format!("{launch}{rest}")), expected, "{rest}");
    }
    let free = call!(world, DescribeSubnets(Describe::only([subnet.clone()]))).items[0].available_addresses();
    assert_eq!(free, 16384 - 5, "a launch that is refused takes no address");
}

#[test]
fn a_launch_takes_an_interface_that_is_there_and_leaves_it_behind() {
    let mut world = empty_world();
    let network = network(&mut world);
    let id = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    let body = format!(
        "Action=RunInstances&ImageId=ami-1&InstanceType=m5.large&MinCount=1&MaxCount=1&NetworkInterface.1.DeviceIndex=0\
         &NetworkInterface.1.NetworkInterfaceId={id}"
    );
    let reply = ask(&mut world, &body);
    let instance = InstanceId::from(inside(&reply, "instanceId"));
    assert_eq!(code(&mut world, &body), "InvalidNetworkInterface.InUse");
    call!(world, TerminateInstances(vec![instance]));
    pass(&mut world, 3);
    let left = call!(world, DescribeNetworkInterfaces(Describe::only([id]))).items.remove(0);
    assert_eq!(left.attachment, None);
}

#[test]
fn an_efa_interface_is_attached_to_a_network_card_that_there_is() {
    let mut world = empty_world();
    let network = network(&mut world);
    let create = format!("Action=CreateNetworkInterface&SubnetId={}&InterfaceType=", network.subnets[0]);
    let reply = ask(&mut world, &format!("{create}efa"));
    assert_eq!(inside(&reply, "interfaceType"), "efa");
    let id = inside(&reply, "networkInterfaceId").to_owned();
    assert_eq!(code(&mut world, &format!("{create}lambda")), "InvalidParameterValue");
    let [small, large] = ["m5.large", "p4d.24xlarge"].map(|it| running(&mut world, instance().of_type(it)));
    let attach = |instance: &InstanceId| {
        format!(
            "Action=AttachNetworkInterface&NetworkInterfaceId={id}&InstanceId={instance}&DeviceIndex=1&NetworkCardIndex=2"
        )
    };
    assert_eq!(code(&mut world, &attach(&small)), "InvalidParameterValue");
    let reply = ask(&mut world, &attach(&large));
    assert_eq!(inside(&reply, "networkCardIndex"), "2");
}

// Facts: 1.1-ipv6-only-subnet
#[test]
fn an_interface_in_an_ipv6_only_subnet_is_no_source() {
    let mut setting = setting();
    let vpc = setting.network.vpc.clone();
    let block = "2001:db8:0:9::/64".parse().unwrap();
    let subnet = setting.world.add_ipv6_only_subnet(&vpc, &"eu-west-1a".into(), block);
    let reply = ask(&mut setting.world, &format!("Action=DescribeSubnets&SubnetId.1={subnet}"));
    assert_eq!(inside(&reply, "ipv6Native"), "true");
    assert!(!reply.body.contains("<cidrBlock>"), "{}", reply.body);
    let id = running(&mut setting.world, instance().in_subnet(&subnet));
    let interface = seen(&mut setting.world, &id).interfaces.remove(0);
    assert_eq!((interface.address, interface.ipv6_addresses.len()), (None, 1));
    let wish = CreateTrafficMirrorSession { interface: interface.id, ..setting.session(1) };
    assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wish)), "NetworkInterfaceNotSupported");
}
