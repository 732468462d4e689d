//! Takes the interfaces that services of AWS keep in a customer's subnets; gives sentences about how they look and what may be done with
//! them. Never runs a service.

use super::on_the_wire::{ask, code, inside};
use super::*;

/// The description of an interface on the wire.
fn described(world: &mut World, id: &InterfaceId) -> String {
    let reply = ask(world, &format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={id}"));
    inside(&reply, "networkInterfaceSet").to_owned()
}

/// What a session on an interface of this service is answered.
fn mirrored(requester: Requester) -> Result<Response, ApiError> {
    let mut setting = setting();
    let interface = setting.world.add_interface_of(requester, &setting.network.subnets[0]).unwrap();
    let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
    setting.world.call(Request::CreateTrafficMirrorSession(wish))
}

// Facts: 1.1-rds-and-elasticache
#[test]
fn of_the_interfaces_that_aws_manages_only_those_of_rds_and_elasticache_are_sources() {
    for requester in Requester::ALL {
        match mirrored(requester) {
            Ok(_) => assert!(matches!(requester, Requester::Rds | Requester::ElastiCache), "{requester:?}"),
            Err(error) => {
                assert_eq!(error.code, "NetworkInterfaceNotSupported", "{requester:?}");
                assert!(!matches!(requester, Requester::Rds | Requester::ElastiCache), "{requester:?}");
            }
        }
    }
}

// Facts: 1.1-other-managed-interfaces
#[test]
fn an_interface_of_a_load_balancer_or_of_fargate_is_no_source_though_its_type_is_interface() {
    for requester in [Requester::ApplicationLoadBalancer, Requester::Fargate] {
        assert_eq!(requester.interface_type(), "interface");
        assert_eq!(mirrored(requester).unwrap_err().code, "NetworkInterfaceNotSupported");
    }
}

#[test]
fn an_interface_of_an_application_load_balancer_is_a_source_or_refused() {
    for verdict in [Verdict::Accepted, Verdict::Refused("NetworkInterfaceNotSupported")] {
        let mut setting = setting();
        setting.world.unknowns.load_balancer_source = verdict;
        let subnet = &setting.network.subnets[0];
        let interface = setting.world.add_interface_of(Requester::ApplicationLoadBalancer, subnet).unwrap();
        let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
        let answer = setting.world.call(Request::CreateTrafficMirrorSession(wish));
        assert_eq!(answer.is_ok(), verdict == Verdict::Accepted);
    }
}

// Facts: 8-fargate
#[test]
fn an_interface_of_fargate_is_managed_or_says_it_is_not_and_is_no_source_in_either_case() {
    for managed in [true, false] {
        let mut setting = setting();
        setting.world.unknowns.fargate_is_requester_managed = managed;
        let id = setting.world.add_interface_of(Requester::Fargate, &setting.network.subnets[0]).unwrap();
        let text = described(&mut setting.world, &id);
        assert!(text.contains(&format!("<requesterManaged>{managed}</requesterManaged>")), "{text}");
        let wish = CreateTrafficMirrorSession { interface: id, ..setting.session(1) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wish)), "NetworkInterfaceNotSupported");
    }
}

#[test]
fn an_interface_of_a_service_is_attached_to_a_machine_that_has_no_instance_id() {
    let Setting { mut world, network, .. } = setting();
    for requester in Requester::ALL {
        let id = world.add_interface_of(requester, &network.subnets[0]).unwrap();
        let text = described(&mut world, &id);
        let managed = requester != Requester::Fargate;
        assert!(text.contains(&format!("<requesterManaged>{managed}</requesterManaged>")), "{text}");
        assert!(text.contains(&format!("<requesterId>{}</requesterId>", requester.id())), "{text}");
        assert!(text.contains(&format!("<instanceOwnerId>{}</instanceOwnerId>", requester.instance_owner())), "{text}");
        assert!(text.contains("<status>in-use</status>") && text.contains("<status>attached</status>"), "{text}");
        assert!(!text.contains("<instanceId>"), "{text}");
    }
}

// Facts: 8-interface-types
#[test]
fn types_are_written_as_the_filter_names_them_and_not_as_the_enumeration_does() {
    let Setting { mut world, network, .. } = setting();
    for (requester, name) in [
        (Requester::NatGateway, "nat_gateway"),
        (Requester::VpcEndpoint, "vpc_endpoint"),
        (Requester::NetworkLoadBalancer, "network_load_balancer"),
        (Requester::GatewayLoadBalancer, "gateway_load_balancer"),
        (Requester::GatewayLoadBalancerEndpoint, "gateway_load_balancer_endpoint"),
        (Requester::Lambda, "lambda"),
        (Requester::QuickSight, "quicksight"),
        (Requester::TransitGateway, "transit_gateway"),
    ] {
        let id = world.add_interface_of(requester, &network.subnets[0]).unwrap();
        assert!(described(&mut world, &id).contains(&format!("<interfaceType>{name}</interfaceType>")), "{name}");
        let by_type = Describe::all().filtered("interface-type", name);
        assert_eq!(call!(world, DescribeNetworkInterfaces(by_type)).items[0].id, id, "{name}");
    }
    let by_enumeration = Describe::all().filtered("interface-type", "natGateway");
    assert_eq!(call!(world, DescribeNetworkInterfaces(by_enumeration)).items, []);
}

// Facts: 8-interface-types
#[test]
fn an_interface_of_a_type_that_aws_adds_some_day_is_no_source() {
    let mut setting = setting();
    let subnet = setting.network.subnets[0].clone();
    for name in ["interface", "nat_gateway", "lambda", "efs", "agentic_ai"] {
        let interface = setting.world.add_requester_managed_interface(&subnet, name).unwrap();
        assert!(described(&mut setting.world, &interface).contains(&format!("<interfaceType>{name}</interfaceType>")));
        let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wish)), "NetworkInterfaceNotSupported", "{name}");
    }
}

#[test]
fn descriptions_are_those_of_aws() {
    let Setting { mut world, network, .. } = setting();
    for (requester, start) in [
        (Requester::Rds, "RDSNetworkInterface"),
        (Requester::ElastiCache, "ElastiCache "),
        (Requester::ApplicationLoadBalancer, "ELB app/"),
        (Requester::NetworkLoadBalancer, "ELB net/"),
        (Requester::NatGateway, "Interface for NAT Gateway nat-"),
        (Requester::VpcEndpoint, "VPC Endpoint Interface vpce-"),
        (Requester::Lambda, "AWS Lambda VPC ENI-"),
        (Requester::Fargate, "arn:aws:ecs:eu-west-1:123456789012:attachment/"),
    ] {
        let id = world.add_interface_of(requester, &network.subnets[0]).unwrap();
        let found = call!(world, DescribeNetworkInterfaces(Describe::only([id]))).items.remove(0);
        assert!(found.description.starts_with(start), "{}", found.description);
    }
}

#[test]
fn a_nat_gateway_checks_neither_source_nor_destination() {
    let Setting { mut world, network, interface, .. } = setting();
    let id = world.add_interface_of(Requester::NatGateway, &network.subnets[0]).unwrap();
    assert!(described(&mut world, &id).contains("<sourceDestCheck>false</sourceDestCheck>"));
    assert!(described(&mut world, &interface).contains("<sourceDestCheck>true</sourceDestCheck>"));
}

#[test]
fn nobody_but_the_service_changes_or_removes_its_interface() {
    let Setting { mut world, network, instance, .. } = setting();
    let id = world.add_interface_of(Requester::Rds, &network.subnets[0]).unwrap();
    for (body, expected) in [
        (format!("Action=DeleteNetworkInterface&NetworkInterfaceId={id}"), "InvalidParameterValue"),
        (
            format!("Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId={id}&Description.Value=mine"),
            "OperationNotPermitted",
        ),
        (
            format!("Action=AssignPrivateIpAddresses&NetworkInterfaceId={id}&SecondaryPrivateIpAddressCount=1"),
            "OperationNotPermitted",
        ),
        (
            format!("Action=AttachNetworkInterface&NetworkInterfaceId={id}&InstanceId={instance}&DeviceIndex=1"),
            "InvalidNetworkInterface.InUse",
        ),
    ] {
        assert_eq!(code(&mut world, &body), expected, "{body}");
    }
}

#[test]
fn a_session_goes_when_the_service_removes_its_interface() {
    let mut setting = setting();
    setting.interface = setting.world.add_interface_of(Requester::Rds, &setting.network.subnets[0]).unwrap();
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let own = primary_interface(&mut setting.world, &setting.instance);
    assert_eq!(setting.world.remove_interface_of_aws(&own).unwrap_err().code, "InvalidParameterValue");
    setting.world.remove_interface_of_aws(&setting.interface).unwrap();
    assert_eq!(setting.sessions(), []);
}

// Facts: 8-interfaces-by-owner
#[test]
fn interfaces_are_found_by_who_made_them_and_by_whose_machine_they_are_on() {
    let Setting { mut world, network, interface, .. } = setting();
    let rds = world.add_interface_of(Requester::Rds, &network.subnets[0]).unwrap();
    let loose = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    for (name, value, expected) in [
        ("requester-managed", "true", vec![&rds]),
        ("requester-id", "amazon-rds", vec![&rds]),
        ("attachment.instance-owner-id", "amazon-rds", vec![&rds]),
        ("attachment.instance-owner-id", "123456789012", vec![&interface]),
        ("attachment.instance-id", "i-*", vec![&interface]),
        ("attachment.status", "attached", vec![&interface, &rds]),
        ("attachment.status", "detached", vec![&loose]),
        ("status", "available", vec![&loose]),
        ("status", "in-use", vec![&interface, &rds]),
        ("operator.managed", "true", vec![]),
        ("owner-id", "123456789012", vec![&interface, &rds, &loose]),
        ("owner-id", "amazon-rds", vec![]),
        ("vpc-id", network.vpc.as_str(), vec![&interface, &rds, &loose]),
        ("description", "RDS*", vec![&rds]),
    ] {
        let found = call!(world, DescribeNetworkInterfaces(Describe::all().filtered(name, value))).items;
        let found: std::collections::BTreeSet<_> = found.into_iter().map(|it| it.id).collect();
        assert_eq!(found, expected.into_iter().cloned().collect(), "{name}={value}");
    }
}
