//! Takes nodes of EKS clusters and numbers of pods; gives sentences about the interfaces and addresses that come and go with them. Never
//! runs a pod.

use super::on_the_wire::{ask, code, inside};
use super::*;

/// A node that runs, and the world that it is in.
fn node(setting: &mut Setting) -> InstanceId {
    let node = EksNode {
        cluster: "prod".into(),
        subnet: setting.network.subnets[0].clone(),
        instance_type: "m5.large".into(),
        tags: tags_of([("role", "node")]),
    };
    let id = setting.world.add_eks_node(&node).unwrap();
    pass(&mut setting.world, 3);
    id
}

/// The interfaces that an instance lists.
fn listed(world: &mut World, id: &InstanceId) -> Vec<NetworkInterface> {
    seen(world, id).interfaces
}

fn interface(world: &mut World, id: &InterfaceId) -> NetworkInterface {
    call!(world, DescribeNetworkInterfaces(Describe::only([id.clone()]))).items.remove(0)
}

fn free_addresses(setting: &mut Setting) -> usize {
    let subnet = setting.network.subnets[0].clone();
    call!(setting.world, DescribeSubnets(Describe::only([subnet]))).items[0].available_addresses()
}

#[test]
fn a_node_has_the_tags_of_its_cluster() {
    let mut setting = setting();
    let id = node(&mut setting);
    let tags = seen(&mut setting.world, &id).instance.tags;
    let expected = [("aws:eks:cluster-name", "prod"), ("kubernetes.io/cluster/prod", "owned"), ("role", "node")];
    assert_eq!(tags, tags_of(expected));
}

// Facts: 8-cni-churn
#[test]
fn interfaces_come_and_go_with_the_pods() {
    let mut setting = setting();
    let id = node(&mut setting);
    for (pods, interfaces) in [(1, 2), (9, 2), (10, 3), (40, 6), (9, 2), (0, 1)] {
        setting.world.set_pods(&id, pods, PodAddresses::Secondary).unwrap();
        pass(&mut setting.world, 2);
        assert_eq!(listed(&mut setting.world, &id).len(), interfaces, "{pods} pods");
    }
    let all = call!(setting.world, DescribeNetworkInterfaces(Describe::all())).items;
    assert_eq!(all.len(), 2, "what was detached is deleted");
}

// Facts: 8-cni-interfaces
#[test]
fn an_interface_of_the_cni_is_a_plain_one_with_its_description_and_tags() {
    let mut setting = setting();
    let id = node(&mut setting);
    setting.world.set_pods(&id, 1, PodAddresses::Secondary).unwrap();
    pass(&mut setting.world, 2);
    let of_cni = listed(&mut setting.world, &id).remove(1);
    assert_eq!((of_cni.interface_type.as_str(), of_cni.requester_managed), ("interface", false));
    assert_eq!(of_cni.description, format!("aws-K8S-{id}"));
    let tags = [
        ("cluster.k8s.amazonaws.com/name", "prod"),
        ("eks:eni:owner", "amazon-vpc-cni"),
        ("node.k8s.amazonaws.com/createdAt", "1970-01-01T00:00:06Z"),
        ("node.k8s.amazonaws.com/instance_id", id.as_str()),
    ];
    assert_eq!(of_cni.tags, tags_of(tags));
    assert_eq!(of_cni.secondary_addresses.len(), 9);
}

#[test]
fn an_interface_of_the_cni_can_be_mirrored_and_its_session_goes_with_it() {
    let mut setting = setting();
    let id = node(&mut setting);
    setting.world.set_pods(&id, 1, PodAddresses::Secondary).unwrap();
    pass(&mut setting.world, 2);
    setting.interface = listed(&mut setting.world, &id).remove(1).id;
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    setting.world.set_pods(&id, 0, PodAddresses::Secondary).unwrap();
    assert_eq!(setting.sessions().len(), 1, "it is being detached");
    pass(&mut setting.world, 2);
    assert_eq!(setting.sessions(), []);
}

#[test]
fn pods_give_back_the_addresses_that_they_had() {
    for from in [PodAddresses::Secondary, PodAddresses::Ipv4Prefix] {
        let mut setting = setting();
        let id = node(&mut setting);
        let before = free_addresses(&mut setting);
        setting.world.set_pods(&id, 20, from).unwrap();
        let taken = if from == PodAddresses::Secondary { 3 * 10 } else { 3 * 17 };
        assert_eq!(free_addresses(&mut setting), before - taken, "{from:?}");
        setting.world.set_pods(&id, 0, from).unwrap();
        pass(&mut setting.world, 2);
        assert_eq!(free_addresses(&mut setting), before, "{from:?}");
    }
}

#[test]
fn only_a_node_has_pods_and_not_more_than_it_has_interfaces_for() {
    let mut setting = setting();
    let stranger = setting.instance.clone();
    assert_eq!(
        setting.world.set_pods(&stranger, 1, PodAddresses::Secondary).unwrap_err().code,
        "InvalidParameterValue"
    );
    let id = node(&mut setting);
    let error = setting.world.set_pods(&id, 1000, PodAddresses::Secondary).unwrap_err();
    assert_eq!(error.code, "AttachmentLimitExceeded");
}

// Facts: 8-prefixes
#[test]
fn the_addresses_of_pods_with_prefixes_are_listed_nowhere() {
    let mut setting = setting();
    let id = node(&mut setting);
    setting.world.set_pods(&id, 1, PodAddresses::Ipv4Prefix).unwrap();
    pass(&mut setting.world, 2);
    let of_cni = listed(&mut setting.world, &id).remove(1);
    let prefix = of_cni.ipv4_prefixes[0];
    assert_eq!((prefix.prefix_len(), of_cni.ipv4_addresses().count()), (28, 1));
    let pod = prefix.hosts().nth(2).unwrap().to_string();
    let by_pod = Describe::all().filtered("addresses.private-ip-address", &pod);
    assert_eq!(call!(setting.world, DescribeNetworkInterfaces(by_pod)).items, []);
    let by_own = Describe::all().filtered("addresses.private-ip-address", &of_cni.address.unwrap().to_string());
    assert_eq!(call!(setting.world, DescribeNetworkInterfaces(by_own)).items, std::slice::from_ref(&of_cni));
    let reply =
        ask(&mut setting.world, &format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={}", of_cni.id));
    assert_eq!(inside(&reply, "ipv4PrefixSet"), format!("<item><ipv4Prefix>{prefix}</ipv4Prefix></item>"));
}

#[test]
fn a_node_of_an_ipv6_cluster_has_ipv6_prefixes() {
    let mut setting = setting();
    let id = node(&mut setting);
    setting.world.set_pods(&id, 10, PodAddresses::Ipv6Prefix).unwrap();
    pass(&mut setting.world, 2);
    let prefixes: Vec<_> = listed(&mut setting.world, &id).into_iter().flat_map(|it| it.ipv6_prefixes).collect();
    assert_eq!(prefixes.iter().map(ipnet::Ipv6Net::prefix_len).collect::<Vec<_>>(), [80, 80]);
    assert_ne!(prefixes[0], prefixes[1]);
    let reply = ask(&mut setting.world, &format!("Action=DescribeInstances&InstanceId.1={id}"));
    assert!(reply.body.contains(&format!("<ipv6PrefixSet><item><ipv6Prefix>{}", prefixes[0])), "{}", reply.body);
}

// Facts: 8-branches-are-not-on-instances, 8-trunk-and-branch
#[test]
fn branch_interfaces_are_in_use_and_not_listed_under_the_instance() {
    let mut setting = setting();
    let id = node(&mut setting);
    let trunk = setting.world.add_trunk_interface(&id).unwrap();
    pass(&mut setting.world, 2);
    let subnet = setting.network.subnets[0].clone();
    let branch = setting.world.add_branch_interface(&trunk, &subnet).unwrap();
    let listed: Vec<_> = listed(&mut setting.world, &id).into_iter().map(|it| (it.id, it.interface_type)).collect();
    assert_eq!(listed[1..], [(trunk, "trunk".to_owned())]);
    let seen = interface(&mut setting.world, &branch);
    assert_eq!((seen.interface_type.as_str(), seen.status(), &seen.attachment), ("branch", "in-use", &None));
    assert_eq!(seen.description, "aws-k8s-branch-eni");
    assert_eq!(refused!(setting.world, DeleteNetworkInterface(branch.clone())), "InvalidParameterValue");
    setting.world.remove_branch_interface(&branch).unwrap();
    assert!(setting.world.remove_branch_interface(&branch).is_err());
}

// Facts: 1.1-trunk-branch-efa
#[test]
fn trunk_and_branch_interfaces_are_sources_or_refused() {
    for verdict in [Verdict::Accepted, Verdict::Refused("NetworkInterfaceNotSupported")] {
        let mut setting = setting();
        setting.world.unknowns.special_source = verdict;
        let id = node(&mut setting);
        let trunk = setting.world.add_trunk_interface(&id).unwrap();
        pass(&mut setting.world, 2);
        let branch = setting.world.add_branch_interface(&trunk, &setting.network.subnets[0]).unwrap();
        for interface in [trunk, branch] {
            let wish = CreateTrafficMirrorSession { interface, ..setting.session(1) };
            let answer = setting.world.call(Request::CreateTrafficMirrorSession(wish));
            assert_eq!(answer.is_ok(), verdict == Verdict::Accepted);
        }
    }
}

#[test]
fn branch_interfaces_outlive_their_trunk_and_are_available_then() {
    let mut setting = setting();
    let id = node(&mut setting);
    let trunk = setting.world.add_trunk_interface(&id).unwrap();
    let branch = setting.world.add_branch_interface(&trunk, &setting.network.subnets[0]).unwrap();
    call!(setting.world, TerminateInstances(vec![id]));
    pass(&mut setting.world, 3);
    assert_eq!(interface(&mut setting.world, &branch).status(), "available");
}

#[test]
fn secondary_addresses_are_assigned_listed_found_and_taken_away() {
    let Setting { mut world, interface: id, .. } = setting();
    let assign = format!("Action=AssignPrivateIpAddresses&NetworkInterfaceId={id}");
    let reply = ask(&mut world, &format!("{assign}&SecondaryPrivateIpAddressCount=2"));
    assert_eq!(inside(&reply, "assignedPrivateIpAddressesSet").matches("<privateIpAddress>").count(), 2);
    assert_eq!(ask(&mut world, &format!("{assign}&PrivateIpAddress.1=10.0.9.9")).status, 200);
    let seen = interface(&mut world, &id);
    assert_eq!((seen.ipv4_addresses().count(), seen.secondary_addresses[2].to_string()), (4, "10.0.9.9".into()));
    let by_address = Describe::all().filtered("addresses.private-ip-address", "10.0.9.9");
    assert_eq!(call!(world, DescribeNetworkInterfaces(by_address)).items, [seen]);
    let reply = ask(&mut world, &format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={id}"));
    let set = inside(&reply, "privateIpAddressesSet");
    assert!(
        set.ends_with("<item><privateIpAddress>10.0.9.9</privateIpAddress><primary>false</primary></item>"),
        "{set}"
    );
    let unassign = format!("Action=UnassignPrivateIpAddresses&NetworkInterfaceId={id}&PrivateIpAddress.1=10.0.9.9");
    assert_eq!(ask(&mut world, &unassign).status, 200);
    assert_eq!(code(&mut world, &unassign), "InvalidParameterValue");
    assert_eq!(interface(&mut world, &id).secondary_addresses.len(), 2);
}

#[test]
fn addresses_and_prefixes_that_cannot_be_had_are_refused_and_change_nothing() {
    let Setting { mut world, interface: id, .. } = setting();
    let before = interface(&mut world, &id);
    let taken = before.address.unwrap();
    for (rest, expected) in [
        (String::new(), "MissingParameter"),
        ("&SecondaryPrivateIpAddressCount=1&Ipv4PrefixCount=1".into(), "InvalidParameterCombination"),
        ("&SecondaryPrivateIpAddressCount=0".into(), "InvalidParameterValue"),
        ("&SecondaryPrivateIpAddressCount=50".into(), "PrivateIpAddressLimitExceeded"),
        (format!("&PrivateIpAddress.1=10.0.9.9&PrivateIpAddress.2={taken}"), "InvalidIPAddress.InUse"),
        ("&PrivateIpAddress.1=10.9.9.9".into(), "InvalidParameterValue"),
        ("&PrivateIpAddress.1=ten".into(), "InvalidParameterValue"),
        ("&Ipv4Prefix.1=10.0.9.0/24".into(), "InvalidParameterValue"),
        (format!("&Ipv4Prefix.1={}", ipnet::Ipv4Net::new(taken, 28).unwrap().trunc()), "InvalidParameterValue"),
    ] {
        let body = format!("Action=AssignPrivateIpAddresses&NetworkInterfaceId={id}{rest}");
        assert_eq!(code(&mut world, &body), expected, "{rest}");
    }
    assert_eq!(interface(&mut world, &id), before);
}

#[test]
fn an_address_in_a_prefix_is_not_given_to_anyone_else() {
    let Setting { mut world, network, interface: id, .. } = setting();
    let assign = format!("Action=AssignPrivateIpAddresses&NetworkInterfaceId={id}");
    assert_eq!(ask(&mut world, &format!("{assign}&Ipv4Prefix.1=10.0.0.16/28")).status, 200);
    assert_eq!(code(&mut world, &format!("{assign}&Ipv4Prefix.1=10.0.0.16/28")), "InsufficientCidrBlocks");
    assert_eq!(code(&mut world, &format!("{assign}&PrivateIpAddress.1=10.0.0.20")), "InvalidIPAddress.InUse");
    let prefix: ipnet::Ipv4Net = "10.0.0.16/28".parse().unwrap();
    for _ in 0..20 {
        let made = call!(world, CreateNetworkInterface(loose_interface(&network)));
        assert!(!prefix.contains(&made.address.unwrap()), "{made:?}");
    }
    let unassign = format!("Action=UnassignPrivateIpAddresses&NetworkInterfaceId={id}&Ipv4Prefix.1={prefix}");
    assert_eq!(ask(&mut world, &unassign).status, 200);
    assert_eq!(ask(&mut world, &format!("{assign}&PrivateIpAddress.1=10.0.0.20")).status, 200);
}

#[test]
fn a_subnet_without_a_free_block_gives_no_prefix() {
    let mut world = empty_world();
    let vpc = world.add_vpc("10.0.0.0/16".parse().unwrap(), None);
    let subnet = world.add_subnet(&vpc, &"eu-west-1a".into(), "10.0.0.0/26".parse().unwrap(), None);
    let create = format!("Action=CreateNetworkInterface&SubnetId={subnet}&Ipv4PrefixCount=");
    let reply = ask(&mut world, &format!("{create}2"));
    let prefixes =
        "<item><ipv4Prefix>10.0.0.32/28</ipv4Prefix></item><item><ipv4Prefix>10.0.0.16/28</ipv4Prefix></item>";
    assert_eq!(inside(&reply, "ipv4PrefixSet"), prefixes);
    assert_eq!(code(&mut world, &format!("{create}1")), "InsufficientCidrBlocks");
    let left = call!(world, DescribeNetworkInterfaces(Describe::all())).items;
    assert_eq!(left.len(), 1, "an interface that cannot have all that it was to have is not made");
}

#[test]
fn ipv6_prefixes_are_assigned_and_taken_away() {
    let Setting { mut world, interface: id, .. } = setting();
    let reply = ask(&mut world, &format!("Action=AssignIpv6Addresses&NetworkInterfaceId={id}&Ipv6PrefixCount=1"));
    let prefix = inside(&reply, "item").to_owned();
    assert_eq!(inside(&reply, "assignedIpv6PrefixSet"), format!("<item>{prefix}</item>"));
    let unassign = format!("Action=UnassignIpv6Addresses&NetworkInterfaceId={id}&Ipv6Prefix.1={prefix}");
    let reply = ask(&mut world, &unassign);
    assert_eq!(inside(&reply, "unassignedIpv6PrefixSet"), format!("<item>{prefix}</item>"));
    assert_eq!(code(&mut world, &unassign), "InvalidParameterValue");
}
