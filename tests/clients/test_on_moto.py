"""The daemon on a cloud that lacks calls which it needs: it names them, goes on, and makes no session that it cannot
finish. moto has no filter rules and no network services, and removes neither filters nor targets."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import tags
from cloud import IMAGE
from daemon import Daemon
from other_cloud import Moto
from waiting import eventually

POLICY = """\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
tagKey: mirror
sensors:
  sta:
    targets:
      - networkLoadBalancer: {sensor}
strategies:
  - name: crown-jewel
    importance: {{}}
limits: {{apiShare: 100%}}
settle: 1s
"""

# Of another account, so that nobody looks for its listeners: moto gives every load balancer the ARN of an application's.
SENSOR = "arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/net/{name}/0123456789abcdef"


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    with Moto(tmp_path) as running:
        yield running


@pytest.fixture
def jewel(moto: Moto) -> str:
    """The interface of an instance that is to be mirrored."""
    of_jewel = tags("instance", mirror="crown-jewel")
    wish = {"ImageId": IMAGE, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1, "TagSpecifications": of_jewel}
    (instance,) = moto.client().run_instances(**wish)["Instances"]
    return instance["NetworkInterfaces"][0]["NetworkInterfaceId"]


def policy(folder: Path, name: str) -> Path:
    """A policy file for a sensor of this name."""
    path = folder / f"{name}.yaml"
    path.write_text(POLICY.format(sensor=SENSOR.format(name=name)))
    return path


def standing(moto: Moto) -> tuple[int, int, int]:
    """How many filters, targets and sessions there are."""
    ec2 = moto.client()
    return (
        len(ec2.describe_traffic_mirror_filters()["TrafficMirrorFilters"]),
        len(ec2.describe_traffic_mirror_targets()["TrafficMirrorTargets"]),
        len(ec2.describe_traffic_mirror_sessions()["TrafficMirrorSessions"]),
    )


def test_calls_that_the_cloud_lacks_are_named_and_no_session_is_made(
    binary: Path, moto: Moto, jewel: str, tmp_path: Path
):
    first = policy(tmp_path, "first")
    with Daemon(binary, first, moto.environment, tmp_path) as daemon:
        missing = {"CreateTrafficMirrorFilterRule", "ModifyTrafficMirrorFilterNetworkServices"}
        # More than once each: it goes on trying.
        eventually(f"{missing} are tried again", lambda: all(len(daemon.failures().get(it, [])) > 1 for it in missing))
        assert set(daemon.failures()) == missing
        assert all("HTTP 500" in message for messages in daemon.failures().values() for message in messages)
        rounds = daemon.rounds()
        eventually("it goes on", lambda: daemon.rounds() > rounds + 2)
        assert daemon.asks("/readyz") == "ok\n"
        # A filter that has not all of its rules mirrors nothing, or too little.
        assert standing(moto) == (1, 1, 0)
        assert daemon.stop() == 0

    command, there = [binary, "plan", "--policy", first], os.environ | moto.environment
    plan = subprocess.run(command, env=there, capture_output=True, text=True, timeout=60)
    assert plan.returncode == 2, plan.stderr
    assert f"session of {jewel} to sta" in plan.stdout
    assert "waits for its filter" in plan.stdout

    # Another daemon, to whom another sensor is named, goes on with the filter of the first. The target of the first is
    # not needed any more, and moto does not remove one.
    with Daemon(binary, policy(tmp_path, "second"), moto.environment, tmp_path) as daemon:
        missing = {"CreateTrafficMirrorFilterRule", "DeleteTrafficMirrorTarget"}
        eventually(f"{missing} are tried", lambda: missing <= set(daemon.failures()))
        assert standing(moto) == (1, 2, 0)
        assert daemon.stop() == 0


def test_a_filter_that_the_cloud_does_not_remove_is_named_and_stays(
    binary: Path, moto: Moto, jewel: str, tmp_path: Path
):
    with Daemon(binary, policy(tmp_path, "wanted"), moto.environment, tmp_path) as daemon:
        eventually("there is a filter", lambda: standing(moto)[0])
        assert daemon.stop() == 0
    (reservation,) = moto.client().describe_instances()["Reservations"]
    instances = [instance["InstanceId"] for instance in reservation["Instances"]]
    moto.client().create_tags(Resources=instances, Tags=[{"Key": "mirror", "Value": "off"}])
    with Daemon(binary, policy(tmp_path, "unwanted"), moto.environment, tmp_path) as daemon:
        eventually("it is tried", lambda: "DeleteTrafficMirrorFilter" in daemon.failures())
        rounds = daemon.rounds()
        eventually("it goes on", lambda: daemon.rounds() > rounds + 2)
        assert standing(moto)[0] == 1
        assert daemon.stop() == 0
