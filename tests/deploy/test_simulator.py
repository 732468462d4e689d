"""The role and the service control policy together, in a cloud that enforces both: the simulator, and boto3."""

import os
import re
import subprocess
from collections.abc import Iterator

import botocore.exceptions
import pytest

from calls import OURS, THEIRS
from places import AUDITOR, AWS, BREAK_GLASS, EXAMPLE, EXAMPLES, ROLE, STRANGER
from simulator import REGION
from template import Stack, load
from waiting import eventually

EVERYTHING = {"everything": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}


def role(arn: str, policies: dict) -> dict:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}
    return {"principal": arn.split(":", 5)[5], "trust": {"Version": "2012-10-17", "Statement": trust}, "policies": policies}


@pytest.fixture
def clients(simulator) -> Iterator[dict]:
    """Clients of the role, of a stranger who may everything, of break-glass and of an auditor, under the service control policy."""
    stack = Stack(load(AWS / "role.yaml"), UsedBy="ec2")
    granted = {name: it["PolicyDocument"] for name, it in stack.resources("AWS::IAM::ManagedPolicy").items()}
    control = Stack(load(AWS / "protect.yaml"), TargetIds="x", ReaderArns=AUDITOR).resource("AWS::Organizations::Policy")["Content"]
    everybody = [role(ROLE, granted), *(role(arn, EVERYTHING) for arn in (STRANGER, BREAK_GLASS, AUDITOR))]
    for principal in [{"principal": "user/way-in", "keys": ["WAYIN"], "policies": EVERYTHING}, *everybody]:
        simulator.ask("POST", "principals", principal)
    found = {arn: simulator.as_role("WAYIN", arn) for arn in (ROLE, STRANGER, BREAK_GLASS, AUDITOR)}
    simulator.ask("PUT", "organization", {"policies": {"protect": control}})
    yield found
    simulator.ask("PUT", "organization", {"policies": {}})
    simulator.ask("DELETE", "principals")


def tags(kind: str, wish: dict) -> list[dict]:
    return [{"ResourceType": f"traffic-mirror-{kind}", "Tags": [{"Key": key, "Value": value} for key, value in wish.items()]}]


def refusal(call, **wish: object) -> str:
    """Why AWS refuses a call."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**wish)
    return str(caught.value)


CONTROLLED = re.compile(r"UnauthorizedOperation.*explicit deny in a service control policy")


def test_the_role_creates_a_stranger_is_denied_by_the_service_control_policy_and_break_glass_ends_it(simulator, clients):
    daemon, stranger, rescue = clients[ROLE], clients[STRANGER], clients[BREAK_GLASS]
    on = next(
        interface["NetworkInterfaceId"]
        for reservation in daemon.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running" and not instance["InstanceType"].startswith("t2")
        for interface in instance["NetworkInterfaces"]
    )
    made = daemon.create_traffic_mirror_filter(TagSpecifications=tags("filter", OURS))["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    rule = {"TrafficDirection": "ingress", "RuleNumber": 100, "RuleAction": "accept", "SourceCidrBlock": "0.0.0.0/0", "DestinationCidrBlock": "0.0.0.0/0"}
    daemon.create_traffic_mirror_filter_rule(TrafficMirrorFilterId=made, **rule)
    target = daemon.create_traffic_mirror_target(NetworkLoadBalancerArn=simulator.sensor, TagSpecifications=tags("target", OURS))
    target = target["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    # What is new is not known everywhere at once.
    simulator.ask("PATCH", "clock", {"advance": "10s"})
    wish = {"NetworkInterfaceId": on, "TrafficMirrorFilterId": made, "TrafficMirrorTargetId": target}
    session = daemon.create_traffic_mirror_session(**wish, SessionNumber=100, TagSpecifications=tags("session", OURS))
    session = session["TrafficMirrorSession"]["TrafficMirrorSessionId"]
    simulator.ask("PATCH", "clock", {"advance": "10s"})
    daemon.modify_traffic_mirror_session(TrafficMirrorSessionId=session, PacketLength=128)

    denied = [
        (stranger.delete_traffic_mirror_session, {"TrafficMirrorSessionId": session}),
        (stranger.modify_traffic_mirror_session, {"TrafficMirrorSessionId": session, "PacketLength": 64}),
        (stranger.create_traffic_mirror_filter_rule, {"TrafficMirrorFilterId": made, **rule, "RuleNumber": 1, "RuleAction": "reject"}),
        (stranger.modify_traffic_mirror_filter_network_services, {"TrafficMirrorFilterId": made, "AddNetworkServices": ["amazon-dns"]}),
        (stranger.create_traffic_mirror_session, {**wish, "SessionNumber": 1}),
        (stranger.create_traffic_mirror_filter, {"TagSpecifications": tags("filter", OURS)}),
        (stranger.delete_tags, {"Resources": [session]}),
        (stranger.delete_tags, {"Resources": [session], "Tags": [{"Key": "vpc-mirror/owner"}]}),
        (stranger.create_tags, {"Resources": [made], "Tags": [{"Key": "vpc-mirror/owner", "Value": "mine"}]}),
        (stranger.describe_traffic_mirror_sessions, {}),
    ]
    for call, how in denied:
        assert CONTROLLED.search(refusal(call, **how)), (call.__name__, how)

    his = stranger.create_traffic_mirror_filter(TagSpecifications=tags("filter", THEIRS))["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    assert CONTROLLED.search(refusal(stranger.create_tags, Resources=[his], Tags=[{"Key": "vpc-mirror/owner", "Value": "prod"}]))
    assert "UnauthorizedOperation" in refusal(daemon.delete_traffic_mirror_filter, TrafficMirrorFilterId=his)
    stranger.delete_traffic_mirror_filter(TrafficMirrorFilterId=his)

    (seen,) = clients[AUDITOR].describe_traffic_mirror_sessions(TrafficMirrorSessionIds=[session])["TrafficMirrorSessions"]
    assert seen["PacketLength"] == 128 and {it["Key"]: it["Value"] for it in seen["Tags"]} == OURS
    assert CONTROLLED.search(refusal(clients[AUDITOR].delete_traffic_mirror_session, TrafficMirrorSessionId=session))
    rescue.delete_traffic_mirror_session(TrafficMirrorSessionId=session)

    # It was the service control policy that kept the stranger out, and nothing else.
    assert CONTROLLED.search(refusal(stranger.delete_traffic_mirror_target, TrafficMirrorTargetId=target))
    simulator.ask("PUT", "organization", {"policies": {}})
    stranger.delete_traffic_mirror_target(TrafficMirrorTargetId=target)


def test_the_daemon_works_as_the_role_under_the_service_control_policy(simulator, clients, binary, tmp_path):
    rescue = clients[BREAK_GLASS]
    tagged = [{"ResourceType": "instance", "Tags": [{"Key": "mirror", "Value": "crown-jewel"}]}]
    launched = rescue.run_instances(ImageId="ami-0123456789abcdef0", InstanceType="m5.large", MinCount=1, MaxCount=1, TagSpecifications=tagged)
    on = launched["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
    policy = tmp_path / "policy.yaml"
    policy.write_text(re.sub(r"arn:aws:elasticloadbalancing:\S+", simulator.sensor, (EXAMPLES / EXAMPLE).read_text()) + "settle: 1s\n")
    keys = {name.upper(): value for name, value in simulator.session("WAYIN", ROLE).items()}
    environment = os.environ | keys | {"AWS_ENDPOINT_URL": simulator.url, "AWS_REGION": REGION}
    command = [binary, "run", "--policy", policy, "--listen", "127.0.0.1:0", "--resync", "1s"]
    log = tmp_path / "log"
    with log.open("w") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as daemon:
        try:
            chosen = [{"Name": "network-interface-id", "Values": [on]}]
            mirrored = lambda: rescue.describe_traffic_mirror_sessions(Filters=chosen)["TrafficMirrorSessions"]  # noqa: E731
            eventually(f"it mirrors, as {log} says", mirrored)
            (session,) = mirrored()
            its_id = {"TrafficMirrorSessionId": session["TrafficMirrorSessionId"]}
            assert CONTROLLED.search(refusal(clients[STRANGER].delete_traffic_mirror_session, **its_id))
            rescue.delete_traffic_mirror_session(**its_id)
            again = lambda: any(it["TrafficMirrorSessionId"] != session["TrafficMirrorSessionId"] for it in mirrored())  # noqa: E731
            eventually(f"it mirrors again, as {log} says", again)
        finally:
            daemon.terminate()
    assert " failed: " not in log.read_text()
