"""Takes what a person wants of EC2; asks the real AWS CLI for it, and looks at what stands with boto3. Never says which
cloud is meant: like every AWS tool, both follow the environment."""

import functools
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3

import apis
import reached
from waiting import eventually

# The one that is pinned: beside the Python that runs the tests.
AWS = Path(sys.executable).with_name("aws")

IMAGE = "ami-0123456789abcdef0"

OWNER, KEY, PROOF = "vpc-mirror/owner", "vpc-mirror/key", "vpc-mirror/proof"


@dataclass(frozen=True)
class Instance:
    """An instance that has just been launched."""

    id: str
    interface: str
    subnet: str


def call_cli(*words: str, service: str = "ec2") -> subprocess.CompletedProcess:
    """Runs `aws ec2 …`, or another API's commands, whatever comes of it."""
    done = subprocess.run([AWS, service, *words, "--output", "json"], capture_output=True, text=True, timeout=60)
    refused = re.search(r"An error occurred \((\S+)\) when calling the", done.stderr)
    reached.note("cli", apis.action_of(service, words[0]), refused[1] if refused else reached.OK)
    return done


def aws(*words: str, service: str = "ec2") -> dict:
    """What `aws ec2 …`, or another API's command, answers."""
    done = call_cli(*words, service=service)
    assert done.returncode == 0, f"aws {service} {' '.join(words)}: {done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else {}


@functools.cache
def ec2():
    """A boto3 client. It takes milliseconds to look where the CLI takes most of a second."""
    return reached.listen(boto3.client("ec2"))


def run_instance(mirror: str | None = None, **how) -> Instance:
    """Launches an instance, with the tag `mirror` if one is given, and waits until it runs."""
    (instance,) = run_instances(1, mirror, **how)
    return instance


def run_instances(
    count: int, mirror: str | None = None, *, kind: str = "t3.micro", subnet: str | None = None, **tags: str
) -> list[Instance]:
    """Launches instances of a type at once, with these tags, and waits until they run."""
    every = tags | ({"mirror": mirror} if mirror else {})
    pairs = ",".join(f"{{Key={key},Value={value}}}" for key, value in every.items())
    tagged = ["--tag-specifications", f"ResourceType=instance,Tags=[{pairs}]"] if every else []
    place = ["--subnet-id", subnet] if subnet else []
    what = ["--image-id", IMAGE, "--instance-type", kind, "--count", str(count)]
    launched = [_launched(it) for it in aws("run-instances", *what, *place, *tagged)["Instances"]]
    ids = [instance.id for instance in launched]
    wanted = {"InstanceIds": ids, "Filters": [{"Name": "instance-state-name", "Values": ["running"]}]}

    def run() -> bool:
        found = ec2().describe_instances(**wanted)["Reservations"]
        return sum(len(reservation["Instances"]) for reservation in found) == count

    eventually(f"{', '.join(ids)} run", run)
    return launched


def _launched(instance: dict) -> Instance:
    (interface,) = instance["NetworkInterfaces"]
    return Instance(instance["InstanceId"], interface["NetworkInterfaceId"], instance["SubnetId"])


def create_interface(subnet: str) -> str:
    """Makes a network interface that is attached to nothing."""
    made = aws("create-network-interface", "--subnet-id", subnet)
    return made["NetworkInterface"]["NetworkInterfaceId"]


def add_interface(instance: Instance) -> str:
    """Makes a second network interface and attaches it."""
    interface = create_interface(instance.subnet)
    place = ["--instance-id", instance.id, "--device-index", "1"]
    aws("attach-network-interface", "--network-interface-id", interface, *place)
    return interface


def tag(resource: str, mirror: str) -> None:
    """Tags anything with `mirror`."""
    aws("create-tags", "--resources", resource, "--tags", f"Key=mirror,Value={mirror}")


def tags(thing: dict) -> dict[str, str]:
    """The tags of anything that EC2 describes."""
    return {tag["Key"]: tag["Value"] for tag in thing["Tags"]}


def sessions_on(*interfaces: str) -> list[dict]:
    """All mirror sessions of these network interfaces."""
    chosen = [{"Name": "network-interface-id", "Values": list(interfaces)}]
    return ec2().describe_traffic_mirror_sessions(Filters=chosen)["TrafficMirrorSessions"]


def session(session_id: str) -> dict:
    """One mirror session, by its id."""
    (found,) = ec2().describe_traffic_mirror_sessions(TrafficMirrorSessionIds=[session_id])["TrafficMirrorSessions"]
    return found


def session_on(interface: str) -> dict:
    """The only mirror session of a network interface, as soon as there is one."""
    (found,) = eventually(f"{interface} is mirrored", lambda: sessions_on(interface))
    return found


def filter_of(mirrored: dict) -> dict:
    """The filter of a session."""
    wanted = [mirrored["TrafficMirrorFilterId"]]
    (found,) = ec2().describe_traffic_mirror_filters(TrafficMirrorFilterIds=wanted)["TrafficMirrorFilters"]
    return found


def target_of(mirrored: dict) -> dict:
    """The target of a session."""
    wanted = [mirrored["TrafficMirrorTargetId"]]
    (found,) = ec2().describe_traffic_mirror_targets(TrafficMirrorTargetIds=wanted)["TrafficMirrorTargets"]
    return found
