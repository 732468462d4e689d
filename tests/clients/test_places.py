"""Two accounts from one daemon: one by the credentials at hand, the other by a role, which is denied and given again."""

import json
import os
import subprocess
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloud import IMAGE
from daemon import Daemon
from demo import Demo
from registering import ACCOUNT, OTHER, everything, policy, role
from simulator import REGION, Simulator
from waiting import eventually

# What is denied is asked for once a minute.
DENIED_FOR = 150
ROLE = f"arn:aws:iam::{OTHER}:role/vpc-mirror"
HERE, THERE = f"{ACCOUNT}, {REGION}", f"{OTHER}, {REGION}"


def may_be_assumed(by: str) -> dict:
    """The role of the other account, as whoever comes from this account can take it on, if he knows the word."""
    known = {"StringEquals": {"sts:ExternalId": "4711"}}
    return role("vpc-mirror", trusts=by, condition=known, account=OTHER, policies=policy("everything", "*"))


@dataclass(frozen=True)
class Places:
    """A cloud with two accounts, each with an instance that is to be mirrored, and the policy for both."""

    binary: Path
    simulator: Simulator
    folder: Path
    ours: object
    theirs: object
    sensor: str
    jewels: dict[str, str] = field(default_factory=dict)

    def launch(self, api) -> str:
        """Launches an instance that is to be mirrored; its interface."""
        tagged = [{"ResourceType": "instance", "Tags": [{"Key": "mirror", "Value": "crown-jewel"}]}]
        (made,) = api.run_instances(
            ImageId=IMAGE, InstanceType="m5.large", MinCount=1, MaxCount=1, TagSpecifications=tagged
        )["Instances"]
        (interface,) = made["NetworkInterfaces"]
        self.jewels[interface["NetworkInterfaceId"]] = made["InstanceId"]
        return interface["NetworkInterfaceId"]

    def write(self, *accounts: str) -> Path:
        """Writes the policy, for these accounts, in place of the one before."""
        path = self.folder / "places.yaml"
        new = path.with_suffix(".new")
        new.write_text(f"""\
apiVersion: vpc-mirror/v1
kind: Policy
owner: places
scope: {{accounts: [{", ".join(accounts)}]}}
sensors: {{sta: {{targets: [{{networkLoadBalancer: "{self.simulator.sensor}"}}, {{networkInterface: {self.sensor}}}]}}}}
strategies: [{{name: crown-jewel, importance: {{}}}}]
limits: {{apiShare: 100%, maxLosses: 100%}}
settle: 1s
""")
        new.replace(path)
        return path

    def both(self) -> Path:
        """The policy for both accounts."""
        return self.write(f"{{region: {REGION}}}", f"{{region: {REGION}, roleArn: '{ROLE}', externalId: '4711'}}")

    @property
    def environment(self) -> dict[str, str]:
        keys = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo"}
        return keys | {"AWS_ENDPOINT_URL": self.simulator.url, "AWS_REGION": REGION}

    def says(self, *words: str) -> subprocess.CompletedProcess:
        """What a command prints, and its exit code."""
        env = os.environ | self.environment
        return subprocess.run([self.binary, *words], capture_output=True, text=True, timeout=120, env=env)


@pytest.fixture
def places(binary: Path, demo: Demo, tmp_path: Path) -> Iterator[Places]:
    with Simulator(binary, tmp_path) as simulator:
        simulator.ask("POST", "world", {"addDefaultVpc": {"account": OTHER}})
        somebody = (everything("demo"), everything("bob", account=OTHER), may_be_assumed(by="222222222222"))
        with simulator.where_registered(*somebody):
            ours, theirs = simulator.client(), simulator.client(key="bob")
            subnet = theirs.describe_subnets()["Subnets"][0]["SubnetId"]
            sensor = theirs.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
            yield Places(binary, simulator, tmp_path, ours, theirs, sensor)


def mirrored(api, *interfaces: str) -> bool:
    """Whether each of these interfaces has a session, as its account sees it."""
    sessions = api.describe_traffic_mirror_sessions()["TrafficMirrorSessions"]
    return set(interfaces) <= {session["NetworkInterfaceId"] for session in sessions}


def unready(daemon: Daemon) -> str:
    """What keeps the daemon from being ready."""
    try:
        return "" if daemon.asks("/readyz") == "ok\n" else "something else"
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.read().decode()


def series(daemon: Daemon, account: str) -> dict[str, float]:
    """What the metrics count for an account."""
    lines = (line.rsplit(" ", 1) for line in daemon.asks("/metrics").splitlines() if f'account="{account}"' in line)
    return {name: float(value) for name, value in lines}


def test_an_account_whose_role_is_denied_stops_no_other_and_one_that_leaves_is_emptied(places: Places):
    ours, theirs = places.launch(places.ours), places.launch(places.theirs)
    with Daemon(places.binary, places.both(), places.environment, places.folder) as daemon:
        # Its role is denied, and the other goes on.
        eventually("ours is mirrored", lambda: mirrored(places.ours, ours))
        missing = eventually("it is not ready", lambda: "the role cannot be assumed" in unready(daemon) and unready(daemon))
        assert all(line.startswith(f"{THERE}: ") for line in missing.splitlines()), missing
        assert series(daemon, OTHER)[f'vpc_mirror_sessions{{account="{OTHER}",region="{REGION}",state="mirrored"}}'] == 0

        # The role is given.
        places.simulator.ask("POST", "principals", may_be_assumed(by=ACCOUNT))
        eventually("theirs is mirrored", lambda: mirrored(places.theirs, theirs), within=DENIED_FOR)
        eventually("it is ready", lambda: not unready(daemon))
        for account, interface in ((ACCOUNT, ours), (OTHER, theirs)):
            stands = f'vpc_mirror_sessions{{account="{account}",region="{REGION}",state="mirrored"}}'
            eventually(f"it counts {interface}", lambda name=stands, of=account: series(daemon, of)[name] > 0)
        made = [line for line in daemon.log() if line.get("action") == "CreateTrafficMirrorSession"]
        assert {line["span"]["account"] for line in made} == {ACCOUNT, OTHER}
        assert {line["span"]["region"] for line in made} == {REGION}

        # All that it may do there is denied: nothing is removed, and the other goes on.
        guard = policy("guard", "ec2:*", Effect="Deny")
        places.simulator.ask("PUT", "organization", {"account": OTHER, "policies": guard})
        gaps = f'vpc_mirror_gaps{{account="{OTHER}",region="{REGION}",list="sessions"}}'
        eventually("it sees that it sees nothing", lambda: series(daemon, OTHER)[gaps] > 0)
        another = places.launch(places.ours)
        eventually("the other goes on", lambda: mirrored(places.ours, another))
        places.simulator.ask("PUT", "organization", {"account": OTHER, "policies": {}})
        assert mirrored(places.theirs, theirs)

        # It leaves the scope.
        eventually("it sees again", lambda: series(daemon, OTHER)[gaps] == 0, within=DENIED_FOR)
        places.write(f"{{region: {REGION}}}")

        def left() -> int:
            listed = (
                places.theirs.describe_traffic_mirror_sessions()["TrafficMirrorSessions"],
                places.theirs.describe_traffic_mirror_filters()["TrafficMirrorFilters"],
                places.theirs.describe_traffic_mirror_targets()["TrafficMirrorTargets"],
            )
            return sum(map(len, listed))

        eventually("nothing of ours is left there", lambda: left() == 0, within=60)
        over = f"{THERE}: nothing of ours is left there, and it is looked after no longer"
        eventually("it is looked after no longer", lambda: any(line["message"] == over for line in daemon.log()))
        assert series(daemon, OTHER) == {}
        assert mirrored(places.ours, ours, another)
        assert daemon.stop() == 0


def test_each_command_goes_over_all_accounts_and_one_that_fails_hides_no_other(places: Places):
    ours, theirs = places.launch(places.ours), places.launch(places.theirs)
    places.simulator.passes()
    policy_file = ["--policy", str(places.both())]
    planned = places.says("plan", *policy_file, "--output", "json")
    assert planned.returncode == 1, planned
    assert f"{THERE}: not everything could be seen" in planned.stderr
    here, there = json.loads(planned.stdout)["places"]
    assert [(it["account"], it["region"]) for it in (here, there)] == [(ACCOUNT, REGION), (OTHER, REGION)]
    assert here["steps"]
    assert any("the role cannot be assumed" in gap for gap in there["notSeen"])

    places.simulator.ask("POST", "principals", may_be_assumed(by=ACCOUNT))
    planned = places.says("plan", *policy_file)
    assert planned.returncode == 2, planned
    heads = [line for line in planned.stdout.splitlines() if line.startswith("owner ")]
    assert heads == [f"owner places, account {HERE}", f"owner places, account {THERE}"]

    for interface, name in ((ours, HERE), (theirs, THERE)):
        explained = places.says("explain", *policy_file, places.jewels[interface])
        assert explained.returncode == 0, explained
        assert explained.stdout.startswith(f"{name}\n\n{places.jewels[interface]}  ")
    nowhere = places.says("explain", *policy_file, "i-0123456789abcdef0")
    assert nowhere.returncode == 1
    assert nowhere.stderr.endswith(f"there is no instance or network interface i-0123456789abcdef0 in {HERE}; {THERE}\n")

    listed = json.loads(places.says("sources", *policy_file, "--output", "json").stdout)["places"]
    assert [theirs in {it["interface"] for it in place["interfaces"]} for place in listed] == [False, True]

    with Daemon(places.binary, places.folder / "places.yaml", places.environment, places.folder) as daemon:
        eventually("both are mirrored", lambda: mirrored(places.ours, ours) and mirrored(places.theirs, theirs))
        assert daemon.stop() == 0
    gone = places.says("teardown", *policy_file, "--yes", "--output", "json")
    assert gone.returncode == 0, gone
    assert all(place["done"] for place in json.loads(gone.stdout)["places"])
    assert not mirrored(places.ours, ours)
    assert not mirrored(places.theirs, theirs)


def test_two_entries_that_are_one_place_are_told_with_both_lines(places: Places):
    own = role("vpc-mirror", policies=policy("everything", "*"))
    arn = places.simulator.ask("POST", "principals", own)["arn"]
    path = places.write(f"{{region: {REGION}}}", f"\n  {{region: {REGION}, roleArn: '{arn}'}}")
    planned = places.says("plan", "--policy", str(path))
    assert planned.returncode == 1, planned
    assert f"lines 4 and 5 of the policy are the same place, {HERE.replace(', ', ' in ')}" in planned.stdout
