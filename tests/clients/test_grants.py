"""What `vpc-mirror iam-policy` prints, given to the daemon's own user as it is printed: enough for it, and out of reach
of everybody else's."""

import json
import subprocess
from pathlib import Path

import pytest

from bench import refusal, tags
from cloud import IMAGE, call_cli
from daemon import Daemon
from registering import ACCOUNT, OTHER, everything, role, user
from simulator import REGION, Simulator
from waiting import eventually

OWNER, KEY = "granted", "AKIAMIRROR"
ROLE = f"arn:aws:iam::{OTHER}:role/vpc-mirror"


def write(folder: Path, targets: str, scope: str = "") -> Path:
    """A policy for everything that is tagged, and settles as quickly as a policy may say."""
    path = folder / "policy.yaml"
    path.write_text(f"""\
apiVersion: vpc-mirror/v1
kind: Policy
owner: {OWNER}
tagKey: granted
{scope}
sensors: {{sta: {{targets: [{targets}]}}}}
strategies: [{{name: crown-jewel, importance: {{}}}}]
limits: {{apiShare: 100%, maxLosses: 100%}}
settle: 1s
""")
    return path


def printed(binary: Path, policy: Path) -> object:
    """What is printed for a policy."""
    command = [binary, "iam-policy", "--policy", policy]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


def environment(simulator: Simulator) -> dict[str, str]:
    """Where the daemon's user finds the cloud, and who he is there."""
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": "secret"}
    return keys | {"AWS_ENDPOINT_URL": simulator.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}


def launch(api) -> tuple[str, str]:
    """Launches an instance that is to be mirrored: it, and its interface."""
    tagged = tags("instance", granted="crown-jewel")
    made = api.run_instances(ImageId=IMAGE, InstanceType="m5.large", MinCount=1, MaxCount=1, TagSpecifications=tagged)
    (instance,) = made["Instances"]
    return instance["InstanceId"], instance["NetworkInterfaces"][0]["NetworkInterfaceId"]


def sessions(api, interface: str) -> list[dict]:
    """The sessions of an interface."""
    chosen = [{"Name": "network-interface-id", "Values": [interface]}]
    return api.describe_traffic_mirror_sessions(Filters=chosen)["TrafficMirrorSessions"]


def test_the_daemon_works_with_what_is_printed_and_a_strangers_session_is_out_of_its_keys_reach(
    binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Simulator(binary, tmp_path) as simulator:
        path = write(tmp_path, f'{{networkLoadBalancer: "{simulator.sensor}"}}')
        mirror = user("mirror", keys=[KEY], policies={"printed": printed(binary, path)})
        with simulator.where_registered(everything("demo"), mirror):
            boss = simulator.client()
            instance, interface = launch(boss)
            with Daemon(binary, path, environment(simulator), tmp_path) as daemon:
                (ours,) = eventually("it is mirrored", lambda: sessions(boss, interface))
                its_id = {"TrafficMirrorSessionId": ours["TrafficMirrorSessionId"]}
                boss.modify_traffic_mirror_session(**its_id, PacketLength=64)

                def whole() -> bool:
                    return [it.get("PacketLength") == 64 for it in sessions(boss, interface)] == [False]

                eventually("it sends whole packets again", whole)
                boss.delete_tags(Resources=[instance], Tags=[{"Key": "granted"}])
                eventually("it is gone", lambda: not sessions(boss, interface))
                assert daemon.failures() == {}

            theirs = a_strangers(simulator, boss, ours["TrafficMirrorTargetId"])
            for name, value in environment(simulator).items():
                monkeypatch.setenv(name, value)
            denied = call_cli("delete-traffic-mirror-session", "--traffic-mirror-session-id", theirs)
            assert "(UnauthorizedOperation) when calling the DeleteTrafficMirrorSession operation" in denied.stderr
            api = simulator.client(key=KEY)
            assert refusal(api.delete_traffic_mirror_session, TrafficMirrorSessionId=theirs) == "UnauthorizedOperation"
            assert boss.describe_traffic_mirror_sessions(TrafficMirrorSessionIds=[theirs])["TrafficMirrorSessions"]


def a_strangers(simulator: Simulator, boss, target: str) -> str:
    """The id of a session that somebody else makes, to this target."""
    _, interface = launch(boss)
    simulator.passes()
    made = boss.create_traffic_mirror_filter()["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    session = boss.create_traffic_mirror_session(
        NetworkInterfaceId=interface,
        TrafficMirrorTargetId=target,
        TrafficMirrorFilterId=made,
        SessionNumber=1,
    )
    return session["TrafficMirrorSession"]["TrafficMirrorSessionId"]


def test_each_place_works_with_its_document_and_whoever_is_at_hand_takes_its_role_on(binary: Path, tmp_path: Path):
    with Simulator(binary, tmp_path) as simulator:
        simulator.ask("POST", "world", {"addDefaultVpc": {"account": OTHER}})
        with simulator.where_registered(everything("demo"), everything("bob", account=OTHER)):
            ours, theirs = simulator.client(), simulator.client(key="bob")
            subnet = theirs.describe_subnets()["Subnets"][0]["SubnetId"]
            sensor = theirs.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
            places = f"{{region: {REGION}}}, {{region: {REGION}, roleArn: '{ROLE}'}}"
            targets = f'{{networkLoadBalancer: "{simulator.sensor}"}}, {{networkInterface: {sensor}}}'
            path = write(tmp_path, targets, f"scope: {{accounts: [{places}]}}")
            grants = printed(binary, path)
            assert [(it["role"], it["region"]) for it in grants] == [(None, None), (None, REGION), (ROLE, REGION)]
            take_on, here, there = (it["document"] for it in grants)
            everybody = (
                user("mirror", keys=[KEY], policies={"take-on": take_on, "printed": here}),
                role("vpc-mirror", trusts=ACCOUNT, account=OTHER, policies={"printed": there}),
            )
            for principal in everybody:
                simulator.ask("POST", "principals", principal)
            jewels = [(api, *launch(api)) for api in (ours, theirs)]
            with Daemon(binary, path, environment(simulator), tmp_path) as daemon:
                for api, instance, interface in jewels:
                    eventually("it is mirrored", lambda api=api, on=interface: sessions(api, on))
                    api.delete_tags(Resources=[instance], Tags=[{"Key": "granted"}])
                    eventually("it is gone", lambda api=api, on=interface: not sessions(api, on))
                assert daemon.failures() == {}
                assert daemon.stop() == 0
