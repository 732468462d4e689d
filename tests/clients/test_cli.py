"""The AWS CLI makes each call of the simulator once: an instance's life, an interface's, and a mirror's."""

import subprocess

import pytest

import reached
from bench import Bench
from cloud import AWS, IMAGE, aws
from simulator import Simulator

EVERYTHING = ["--source-cidr-block", "0.0.0.0/0", "--destination-cidr-block", "0.0.0.0/0"]


@pytest.fixture(autouse=True)
def there(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the CLI at the simulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)


def test_the_cli_knows_who_calls():
    whole = [AWS, "sts", "get-caller-identity", "--query", "Account", "--output", "text"]
    assert subprocess.run(whole, capture_output=True, text=True, check=True).stdout.strip().isdigit()
    reached.note("cli", "GetCallerIdentity", reached.OK)


def test_the_cli_launches_an_instance_and_ends_it(simulator: Simulator):
    (instance,) = aws("run-instances", "--image-id", IMAGE, "--instance-type", "t3.micro")["Instances"]
    itself = ["--instance-ids", instance["InstanceId"]]
    for verb, then in [("stop", "stopping"), ("start", "pending"), ("terminate", "shutting-down")]:
        simulator.passes()
        answer = aws(f"{verb}-instances", *itself)
        (change,) = answer.get("StoppingInstances") or answer.get("StartingInstances") or answer["TerminatingInstances"]
        assert change["CurrentState"]["Name"] == then
    simulator.passes()
    (reservation,) = aws("describe-instances", *itself)["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "terminated"


def test_the_cli_attaches_an_interface_and_takes_it_away(simulator: Simulator):
    (instance,) = aws("run-instances", "--image-id", IMAGE, "--instance-type", "t3.micro")["Instances"]
    zones = {zone["ZoneName"] for zone in aws("describe-availability-zones")["AvailabilityZones"]}
    (subnet,) = aws("describe-subnets", "--subnet-ids", instance["SubnetId"])["Subnets"]
    assert subnet["AvailabilityZone"] in zones
    (vpc,) = aws("describe-vpcs", "--vpc-ids", subnet["VpcId"])["Vpcs"]
    assert vpc["IsDefault"]
    made = aws("create-network-interface", "--subnet-id", instance["SubnetId"])["NetworkInterface"]
    itself = ["--network-interface-id", made["NetworkInterfaceId"]]
    aws("assign-ipv6-addresses", *itself, "--ipv6-address-count", "1")
    aws("create-tags", "--resources", made["NetworkInterfaceId"], "--tags", "Key=Name,Value=spare")
    mine = ["--filters", f"Name=resource-id,Values={made['NetworkInterfaceId']}"]
    assert [tag["Value"] for tag in aws("describe-tags", *mine)["Tags"]] == ["spare"]
    aws("delete-tags", "--resources", made["NetworkInterfaceId"])
    simulator.passes()
    place = ["--instance-id", instance["InstanceId"], "--device-index", "1"]
    attachment = aws("attach-network-interface", *itself, *place)["AttachmentId"]
    aws("detach-network-interface", "--attachment-id", attachment)
    simulator.passes()
    aws("delete-network-interface", *itself)
    it = ["--filters", f"Name=network-interface-id,Values={made['NetworkInterfaceId']}"]
    assert aws("describe-network-interfaces", *it)["NetworkInterfaces"] == []


def test_the_cli_changes_addresses_and_attributes(simulator: Simulator):
    (instance,) = aws("run-instances", "--image-id", IMAGE, "--instance-type", "t3.micro")["Instances"]
    simulator.passes()
    (interface,) = instance["NetworkInterfaces"]
    itself = ["--network-interface-id", interface["NetworkInterfaceId"]]
    given = aws("assign-private-ip-addresses", *itself, "--secondary-private-ip-address-count", "1")
    (address,) = given["AssignedPrivateIpAddresses"]
    aws("unassign-private-ip-addresses", *itself, "--private-ip-addresses", address["PrivateIpAddress"])
    (ipv6,) = aws("assign-ipv6-addresses", *itself, "--ipv6-address-count", "1")["AssignedIpv6Addresses"]
    aws("unassign-ipv6-addresses", *itself, "--ipv6-addresses", ipv6)
    aws("modify-network-interface-attribute", *itself, "--description", "Value=changed")
    aws("stop-instances", "--instance-ids", instance["InstanceId"])
    simulator.passes()
    aws("modify-instance-attribute", "--instance-id", instance["InstanceId"], "--instance-type", "Value=m5.large")
    (described,) = aws("describe-network-interfaces", "--network-interface-ids", itself[1])["NetworkInterfaces"]
    assert described["Description"] == "changed"


def test_the_cli_makes_a_filter_with_a_rule_and_takes_both_away():
    made = aws("create-traffic-mirror-filter", "--description", "by hand")["TrafficMirrorFilter"]
    itself = ["--traffic-mirror-filter-id", made["TrafficMirrorFilterId"]]
    aws("modify-traffic-mirror-filter-network-services", *itself, "--add-network-services", "amazon-dns")
    way = ["--traffic-direction", "ingress", "--rule-number", "1", "--rule-action", "accept"]
    rule = aws("create-traffic-mirror-filter-rule", *itself, *way, *EVERYTHING)["TrafficMirrorFilterRule"]
    the_rule = ["--traffic-mirror-filter-rule-id", rule["TrafficMirrorFilterRuleId"]]
    aws("modify-traffic-mirror-filter-rule", *the_rule, "--rule-number", "2")
    (found,) = aws("describe-traffic-mirror-filter-rules", *itself)["TrafficMirrorFilterRules"]
    assert found["RuleNumber"] == 2
    the_filter = ["--traffic-mirror-filter-ids", made["TrafficMirrorFilterId"]]
    (found,) = aws("describe-traffic-mirror-filters", *the_filter)["TrafficMirrorFilters"]
    assert (found["NetworkServices"], len(found["IngressFilterRules"])) == (["amazon-dns"], 1)
    aws("delete-traffic-mirror-filter-rule", *the_rule)
    aws("delete-traffic-mirror-filter", *itself)


def test_the_cli_makes_a_session_changes_it_and_takes_it_away(bench: Bench):
    receiver = bench.interface()
    of_it = ["--network-interface-id", receiver]
    target = aws("create-traffic-mirror-target", *of_it)["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    mirror_filter = aws("create-traffic-mirror-filter")["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    ends = ["--traffic-mirror-target-id", target, "--traffic-mirror-filter-id", mirror_filter]
    of_source = ["--network-interface-id", bench.machines[0].interface, "--session-number", "1001"]
    made = aws("create-traffic-mirror-session", *of_source, *ends)["TrafficMirrorSession"]
    itself = ["--traffic-mirror-session-id", made["TrafficMirrorSessionId"]]
    aws("modify-traffic-mirror-session", *itself, "--packet-length", "100", "--description", "headers")
    aws("modify-traffic-mirror-session", *itself, "--remove-fields", "description")
    the_session = ["--traffic-mirror-session-ids", made["TrafficMirrorSessionId"]]
    (found,) = aws("describe-traffic-mirror-sessions", *the_session)["TrafficMirrorSessions"]
    assert found == made | {"PacketLength": 100, "Tags": []}
    (found,) = aws("describe-traffic-mirror-targets", "--traffic-mirror-target-ids", target)["TrafficMirrorTargets"]
    assert found["NetworkInterfaceId"] == receiver
    aws("delete-traffic-mirror-session", *itself)
    aws("delete-traffic-mirror-target", "--traffic-mirror-target-id", target)
