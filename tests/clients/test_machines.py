"""Instances, interfaces, networks and tags, as boto3 sees them: what EC2 does when asked, and how it refuses."""

import pytest

from bench import Bench, refusal, rule, tags
from cloud import IMAGE
from models import IDS


def state(api, instance: str) -> str:
    (reservation,) = api.describe_instances(InstanceIds=[instance])["Reservations"]
    return reservation["Instances"][0]["State"]["Name"]


def test_a_network_is_listed_with_its_zones(api):
    (vpc,) = api.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    subnets = api.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    zones = api.describe_availability_zones()["AvailabilityZones"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == {zone["ZoneName"] for zone in zones}


def test_an_instance_stops_starts_and_terminates(bench: Bench):
    (machine,) = bench.run("t3.micro", 1)
    spare = bench.interface(machine.subnet)
    bench.api.stop_instances(InstanceIds=[machine.id])
    assert refusal(bench.api.start_instances, InstanceIds=[machine.id]) == "IncorrectInstanceState"
    bench.simulator.passes()
    assert state(bench.api, machine.id) == "stopped"
    bench.api.start_instances(InstanceIds=[machine.id])
    assert refusal(bench.api.stop_instances, InstanceIds=[machine.id]) == "IncorrectInstanceState"
    assert refusal(bench.api.attach_network_interface, **place(spare, machine.id)) == "IncorrectState"
    bench.api.terminate_instances(InstanceIds=[machine.id])
    bench.simulator.passes()
    assert state(bench.api, machine.id) == "terminated"
    assert refusal(bench.api.describe_network_interfaces, NetworkInterfaceIds=[machine.interface]) == (
        "InvalidNetworkInterfaceID.NotFound"
    )


@pytest.mark.parametrize("verb", ["start", "stop", "terminate"])
def test_one_unknown_instance_leaves_the_others_as_they_are(bench: Bench, verb: str):
    ids = [bench.machines[0].id, IDS["InstanceId"]]
    assert refusal(getattr(bench.api, f"{verb}_instances"), InstanceIds=ids) == "InvalidInstanceID.NotFound"
    assert state(bench.api, bench.machines[0].id) == "running"


def launch(**changes) -> dict:
    return {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1} | changes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MinCount": 0}, "InvalidParameterValue"),
        ({"MinCount": 2}, "InvalidParameterValue"),
        ({"SubnetId": IDS["SubnetId"]}, "InvalidSubnetID.NotFound"),
        ({"MinCount": 20_000, "MaxCount": 20_000}, "InsufficientFreeAddressesInSubnet"),
        ({"ClientToken": "x" * 65}, "InvalidClientToken"),
        ({"TagSpecifications": tags("vpc", Name="x")}, "InvalidParameterValue"),
    ],
)
def test_a_launch_that_cannot_be_is_refused(api, changes: dict, code: str):
    assert refusal(api.run_instances, **launch(**changes)) == code


def place(interface: str, instance: str, index: int = 1) -> dict:
    return {"NetworkInterfaceId": interface, "InstanceId": instance, "DeviceIndex": index}


def test_an_interface_is_attached_detached_and_deleted(bench: Bench):
    machine, interface = bench.machines[0], bench.interface()
    attachment = bench.api.attach_network_interface(**place(interface, machine.id))["AttachmentId"]
    attach = bench.api.attach_network_interface
    assert refusal(attach, **place(interface, machine.id, 2)) == "InvalidNetworkInterface.InUse"
    assert refusal(attach, **place(bench.interface(), machine.id)) == "InvalidParameterValue"
    assert refusal(bench.api.delete_network_interface, NetworkInterfaceId=interface) == "InvalidParameterValue"
    bench.api.detach_network_interface(AttachmentId=attachment)
    bench.simulator.passes()
    (detached,) = bench.api.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    assert detached["Status"] == "available"
    bench.api.delete_network_interface(NetworkInterfaceId=interface)
    assert refusal(bench.api.delete_network_interface, NetworkInterfaceId=interface) == (
        "InvalidNetworkInterfaceID.NotFound"
    )


def test_an_interface_is_attached_in_its_own_zone_only(bench: Bench):
    machine = bench.machines[0]
    subnets = bench.api.describe_subnets()["Subnets"]
    elsewhere = next(it["SubnetId"] for it in subnets if it["SubnetId"] != machine.subnet)
    code = refusal(bench.api.attach_network_interface, **place(bench.interface(elsewhere), machine.id))
    assert code == "InvalidParameterCombination"


def test_nothing_is_attached_to_or_by_what_is_not_there(bench: Bench):
    interface, machine = bench.interface(), bench.machines[0]
    attach = bench.api.attach_network_interface
    assert refusal(attach, **place(IDS["NetworkInterfaceId"], machine.id)) == "InvalidNetworkInterfaceID.NotFound"
    assert refusal(attach, **place(interface, IDS["InstanceId"])) == "InvalidInstanceID.NotFound"
    detach = bench.api.detach_network_interface
    assert refusal(detach, AttachmentId=IDS["AttachmentId"]) == "InvalidAttachmentID.NotFound"


def test_a_primary_interface_and_one_of_aws_are_not_detached(bench: Bench):
    detach = bench.api.detach_network_interface
    assert refusal(detach, AttachmentId=bench.machines[0].attachment) == "OperationNotPermitted"
    of_aws = [{"Name": "requester-managed", "Values": ["true"]}]
    theirs, *_ = bench.api.describe_network_interfaces(Filters=of_aws)["NetworkInterfaces"]
    assert refusal(detach, AttachmentId=theirs["Attachment"]["AttachmentId"]) == "OperationNotPermitted"


def test_an_interface_gets_ipv6_addresses(bench: Bench):
    interface = bench.interface()
    given = bench.api.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=2)
    assert len(given["AssignedIpv6Addresses"]) == 2
    assign = bench.api.assign_ipv6_addresses
    assert refusal(assign, NetworkInterfaceId=interface, Ipv6AddressCount=0) == "InvalidParameterValue"
    unknown = IDS["NetworkInterfaceId"]
    assert refusal(assign, NetworkInterfaceId=unknown, Ipv6AddressCount=1) == "InvalidNetworkInterfaceID.NotFound"


def test_an_interface_is_made_in_a_subnet_that_is_there(api):
    assert refusal(api.create_network_interface, SubnetId=IDS["SubnetId"]) == "InvalidSubnetID.NotFound"


def makers(bench: Bench):
    """What makes something with tags, with its parameters and the type that they are for."""
    machine = bench.machines[0]
    api, mirror_filter = bench.api, bench.filter()
    yield api.run_instances, launch(), "instance"
    yield api.create_network_interface, {"SubnetId": machine.subnet}, "network-interface"
    yield api.create_traffic_mirror_filter, {}, "traffic-mirror-filter"
    yield api.create_traffic_mirror_filter_rule, rule(mirror_filter), "traffic-mirror-filter-rule"
    yield api.create_traffic_mirror_target, {"NetworkInterfaceId": bench.interface()}, "traffic-mirror-target"
    yield api.create_traffic_mirror_session, bench.wish(machine.interface), "traffic-mirror-session"


# facts §3.2
def test_tags_have_limits_wherever_something_is_made(bench: Bench):
    for make, parameters, kind in makers(bench):
        many = tags(kind, **{f"k{number}": "v" for number in range(51)})
        assert refusal(make, **parameters, TagSpecifications=many) == "TagLimitExceeded"
        for key, value in [("aws:name", "x"), ("", "x"), ("k" * 129, "x"), ("k", "v" * 257)]:
            bad = [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value}]}]
            assert refusal(make, **parameters, TagSpecifications=bad) == "InvalidParameterValue", (kind, key)


# facts §3.2
def test_a_token_used_again_for_something_else_is_a_mismatch_and_one_that_is_too_long_is_none(bench: Bench):
    for number, (make, parameters, _) in enumerate(makers(bench)):
        token = {"ClientToken": f"token-{number}"}
        first = make(**parameters, **token)
        again = make(**parameters, **token)
        assert [first.pop("ResponseMetadata"), again.pop("ResponseMetadata")] and first == again
        other = {"Description": "another"} if make != bench.api.run_instances else {"InstanceType": "m5.large"}
        assert refusal(make, **parameters | other, **token) == "IdempotentParameterMismatch"
        assert refusal(make, **parameters, ClientToken="x" * 65) == "InvalidClientToken"


def test_tags_come_and_go(bench: Bench):
    interface = bench.interface()
    bench.api.create_tags(Resources=[interface], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    bench.api.delete_tags(Resources=[interface], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "another"}])
    mine = [{"Name": "resource-id", "Values": [interface]}]
    assert [tag["Key"] for tag in bench.api.describe_tags(Filters=mine)["Tags"]] == ["b"]
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    assert refusal(bench.api.create_tags, Resources=[interface], Tags=many) == "TagLimitExceeded"


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (IDS["InstanceId"], "InvalidInstanceID.NotFound"),
        (IDS["NetworkInterfaceId"], "InvalidNetworkInterfaceID.NotFound"),
        (IDS["SubnetId"], "InvalidSubnetID.NotFound"),
        (IDS["VpcId"], "InvalidVpcID.NotFound"),
        # facts §3.1
        (IDS["TrafficMirrorFilterId"], "InvalidTrafficMirrorFilterId.NotFound"),
        (IDS["TrafficMirrorFilterRuleId"], "InvalidTrafficMirrorFilterRuleId.NotFound"),
        (IDS["TrafficMirrorSessionId"], "InvalidTrafficMirrorSessionId.NotFound"),
        (IDS["TrafficMirrorTargetId"], "InvalidTrafficMirrorTargetId.NotFound"),
        ("nothing", "InvalidID"),
    ],
)
def test_what_is_not_there_has_no_tags(api, resource: str, code: str):
    assert refusal(api.create_tags, Resources=[resource], Tags=[{"Key": "a", "Value": "1"}]) == code
    assert refusal(api.delete_tags, Resources=[resource]) == code
