"""Addresses, prefixes and attributes of machines, as boto3 sees them; spot instances and nodes of EKS, which
AWS moves by itself."""

import pytest
from botocore.exceptions import ClientError

from bench import Bench, refusal
from cloud import IMAGE
from models import IDS


def interface_of(api, interface: str) -> dict:
    (found,) = api.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return found


def secondary(api, interface: str) -> list[str]:
    listed = interface_of(api, interface)["PrivateIpAddresses"]
    return [address["PrivateIpAddress"] for address in listed if not address["Primary"]]


def fits(assign, **wish: object) -> bool:
    try:
        assign(**wish)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InsufficientCidrBlocks"
        return False
    return True


# facts §8
def test_secondary_addresses_and_prefixes_come_and_go(bench: Bench):
    interface = bench.interface()
    assign, unassign = bench.api.assign_private_ip_addresses, bench.api.unassign_private_ip_addresses
    assign(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=2)
    first, second = secondary(bench.api, interface)
    unassign(NetworkInterfaceId=interface, PrivateIpAddresses=[first])
    assert secondary(bench.api, interface) == [second]
    assert refusal(assign, NetworkInterfaceId=interface, PrivateIpAddresses=[second]) == "InvalidIPAddress.InUse"
    assign(NetworkInterfaceId=interface, Ipv4PrefixCount=1)
    (prefix,) = interface_of(bench.api, interface)["Ipv4Prefixes"]
    assert prefix["Ipv4Prefix"].endswith("/28")
    unassign(NetworkInterfaceId=interface, Ipv4Prefixes=[prefix["Ipv4Prefix"]])
    assert not interface_of(bench.api, interface).get("Ipv4Prefixes")


def test_an_interface_has_a_bounded_number_of_addresses_and_prefixes(bench: Bench):
    interface = bench.interface()
    assign = bench.api.assign_private_ip_addresses
    code = refusal(assign, NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=1_000)
    assert code == "PrivateIpAddressLimitExceeded"
    assert secondary(bench.api, interface) == []


def test_a_subnet_runs_out_of_prefixes_and_gets_them_back(bench: Bench):
    assign, made = bench.api.assign_private_ip_addresses, [bench.interface()]
    while fits(assign, NetworkInterfaceId=made[-1], Ipv4PrefixCount=49):
        assert len(made) < 100, "no subnet has so many prefixes"
        made.append(bench.interface())
    bench.api.delete_network_interface(NetworkInterfaceId=made.pop(0))
    assert fits(assign, NetworkInterfaceId=made[-1], Ipv4PrefixCount=49)
    for interface in made:
        bench.api.delete_network_interface(NetworkInterfaceId=interface)


def test_ipv6_addresses_are_given_back(bench: Bench):
    interface = bench.interface()
    given = bench.api.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=2)["AssignedIpv6Addresses"]
    bench.api.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=given[:1])
    left = interface_of(bench.api, interface)["Ipv6Addresses"]
    assert [address["Ipv6Address"] for address in left] == given[1:]


# facts §8
def test_the_type_of_a_stopped_instance_changes(bench: Bench):
    (machine,) = bench.run("t3.micro", 1)
    modify = bench.api.modify_instance_attribute
    wish = {"InstanceId": machine.id, "InstanceType": {"Value": "m5.large"}}
    assert refusal(modify, **wish) == "IncorrectInstanceState"
    bench.api.stop_instances(InstanceIds=[machine.id])
    bench.simulator.passes()
    modify(**wish)
    (reservation,) = bench.api.describe_instances(InstanceIds=[machine.id])["Reservations"]
    assert reservation["Instances"][0]["InstanceType"] == "m5.large"


def test_the_attributes_of_an_interface_change(bench: Bench):
    machine = bench.machines[0]
    modify = bench.api.modify_network_interface_attribute
    modify(NetworkInterfaceId=machine.interface, Description={"Value": "the first"})
    assert interface_of(bench.api, machine.interface)["Description"] == "the first"
    stays = {"AttachmentId": machine.attachment, "DeleteOnTermination": False}
    modify(NetworkInterfaceId=machine.interface, Attachment=stays)
    assert not interface_of(bench.api, machine.interface)["Attachment"]["DeleteOnTermination"]
    code = refusal(modify, NetworkInterfaceId=machine.interface, Groups=["sg-0123456789abcdef0"])
    assert code == "InvalidGroup.NotFound"
    unknown = refusal(modify, NetworkInterfaceId=IDS["NetworkInterfaceId"], Description={"Value": "x"})
    assert unknown == "InvalidNetworkInterfaceID.NotFound"


# facts §8
def test_a_spot_instance_is_interrupted_and_starts_when_aws_says(bench: Bench):
    persistent = {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"}
    spot = {"MarketType": "spot", "SpotOptions": persistent}
    launched = bench.api.run_instances(
        ImageId=IMAGE, InstanceType="m5.large", MinCount=1, MaxCount=1, InstanceMarketOptions=spot
    )
    instance = launched["Instances"][0]
    assert instance["InstanceLifecycle"] == "spot"
    bench.simulator.passes()
    bench.simulator.ask("POST", "world", {"interruptSpotInstance": {"instance": instance["InstanceId"]}})
    bench.simulator.passes("2m")
    bench.simulator.passes()
    (reservation,) = bench.api.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "stopped"
    code = refusal(bench.api.start_instances, InstanceIds=[instance["InstanceId"]])
    assert code == "IncorrectSpotRequestState"


# facts §8
def test_a_spot_instance_that_was_asked_for_once_does_not_stop(bench: Bench):
    once = {"MarketType": "spot"}
    launched = bench.api.run_instances(
        ImageId=IMAGE, InstanceType="m5.large", MinCount=1, MaxCount=1, InstanceMarketOptions=once
    )
    instance = launched["Instances"][0]["InstanceId"]
    bench.simulator.passes()
    assert refusal(bench.api.stop_instances, InstanceIds=[instance]) == "UnsupportedOperation"
    bench.api.terminate_instances(InstanceIds=[instance])


def test_groups_are_changed_through_an_instance_with_one_interface_only(bench: Bench):
    (machine,) = bench.run("m5.large", 1)
    wish = {"InstanceId": machine.id, "Groups": ["sg-0123456789abcdef0"]}
    assert refusal(bench.api.modify_instance_attribute, **wish) == "InvalidGroup.NotFound"
    another = bench.interface(machine.subnet)
    bench.api.attach_network_interface(NetworkInterfaceId=another, InstanceId=machine.id, DeviceIndex=1)
    assert refusal(bench.api.modify_instance_attribute, **wish) == "InvalidInstanceID"


# facts §8
@pytest.mark.parametrize(("source", "listed"), [("secondaryAddresses", "PrivateIpAddresses"), ("ipv4Prefixes", "Ipv4Prefixes")])
def test_interfaces_of_a_node_come_and_go_with_its_pods(bench: Bench, source: str, listed: str):
    wish = {"cluster": "prod", "subnet": bench.machines[0].subnet, "instanceType": "m5.large"}
    node = bench.simulator.ask("POST", "world", {"addEksNode": wish})["made"]
    bench.simulator.passes()
    of_node = [{"Name": "attachment.instance-id", "Values": [node]}]
    for pods, interfaces in [(20, 4), (0, 1)]:
        bench.simulator.ask("POST", "world", {"setPods": {"node": node, "pods": pods, "from": source}})
        bench.simulator.passes()
        found = bench.api.describe_network_interfaces(Filters=of_node)["NetworkInterfaces"]
        assert len(found) == interfaces
        theirs = [it for it in found if it["Attachment"]["DeviceIndex"] > 0]
        assert all(it["Description"].startswith("aws-K8S-") and it[listed] for it in theirs)
