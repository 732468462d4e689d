//! Takes networks; gives sentences about the addresses in them. Never routes.

use super::*;

fn small_subnet(world: &mut World) -> SubnetId {
    let vpc = world.add_vpc("10.0.0.0/16".parse().unwrap(), None);
    world.add_subnet(&vpc, &"eu-west-1a".into(), "10.0.0.0/28".parse().unwrap(), None)
}

// Facts: 8-subnet-addresses
#[test]
fn a_subnet_keeps_five_addresses_for_aws() {
    let mut world = empty_world();
    let subnet = small_subnet(&mut world);
    let free = call!(world, DescribeSubnets(Describe::only([subnet]))).items[0].available_addresses();
    assert_eq!(free, 16 - 5);
}

// Facts: 8-full-subnet
#[test]
fn a_full_subnet_takes_no_interface_until_one_is_deleted() {
    let mut world = empty_world();
    let subnet = small_subnet(&mut world);
    let wish = loose_interface(&Network { vpc: "vpc-1".into(), subnets: vec![subnet] });
    let made: Vec<_> = (0..11).map(|_| call!(world, CreateNetworkInterface(wish.clone()))).collect();
    assert_eq!(refused!(world, CreateNetworkInterface(wish.clone())), "InsufficientFreeAddressesInSubnet");
    world.call(Request::DeleteNetworkInterface(made[4].id.clone())).unwrap();
    assert_eq!(call!(world, CreateNetworkInterface(wish)).address, made[4].address);
}

// Facts: 8-ipv6-of-a-subnet
#[test]
fn a_subnet_without_an_ipv6_block_gives_no_ipv6_address() {
    let mut world = empty_world();
    let subnet = small_subnet(&mut world);
    let error = instance().in_subnet(&subnet).dual_stack().launch(&mut world).unwrap_err();
    assert_eq!(error.code, "InvalidParameterValue");
}

// Facts: 8-zone-ids
#[test]
fn zones_have_a_name_for_the_account_and_an_id_for_everyone() {
    let mut world = World::new("1".into(), "ap-southeast-2".into(), 1, Time::UNIX_EPOCH);
    let zones = call!(world, DescribeAvailabilityZones(Describe::all())).items;
    assert_eq!((zones[1].name.as_str(), zones[1].id.as_str()), ("ap-southeast-2b", "apse2-az2"));
}
