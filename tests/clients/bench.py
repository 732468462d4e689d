"""Takes a simulator and a boto3 client for it; gives what calls are tried on: instances that run, and what is made for
one test. Never waits: where something takes its time, time passes."""

import functools
import itertools
from dataclasses import dataclass

import botocore.exceptions

from cloud import IMAGE
from simulator import Simulator

_numbers = itertools.count(1)


def refusal(call, **parameters) -> str:
    """The code of the error that a call must end with."""
    return _error(call, parameters)["Code"]


def why(call, **parameters) -> str:
    """What that error says to a person."""
    return _error(call, parameters)["Message"]


def _error(call, parameters: dict) -> dict[str, str]:
    try:
        answer = call(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]
    raise AssertionError(f"it was not refused: {answer}")


@dataclass(frozen=True)
class Machine:
    """An instance that runs, with its primary interface."""

    id: str
    interface: str
    attachment: str
    subnet: str
    address: str


@dataclass(frozen=True)
class Bench:
    """What calls are tried on."""

    simulator: Simulator
    api: object

    @functools.cached_property
    def machines(self) -> list[Machine]:
        """Instances of a supported type, more than an interface may have as sources."""
        return self.run("m5.large", 14)

    def run(self, instance_type: str, count: int) -> list[Machine]:
        """Launches instances; they run, with their interfaces attached."""
        launched = self.api.run_instances(ImageId=IMAGE, InstanceType=instance_type, MinCount=count, MaxCount=count)
        self.simulator.passes()
        return [_machine(instance) for instance in launched["Instances"]]

    def interface(self, subnet: str | None = None) -> str:
        """Makes an interface that hangs on nothing."""
        made = self.api.create_network_interface(SubnetId=subnet or self.machines[0].subnet)
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def filter(self) -> str:
        """Makes a filter without rules."""
        return self.api.create_traffic_mirror_filter()["TrafficMirrorFilter"]["TrafficMirrorFilterId"]

    def rule(self, mirror_filter: str, **changes) -> dict:
        """Makes a rule that accepts everything that comes in, or another one."""
        made = self.api.create_traffic_mirror_filter_rule(**rule(mirror_filter) | changes)
        return made["TrafficMirrorFilterRule"]

    def target(self, interface: str | None = None) -> str:
        """Makes a target of an interface; of a new one, unless one is named."""
        made = self.api.create_traffic_mirror_target(NetworkInterfaceId=interface or self.interface())
        return made["TrafficMirrorTarget"]["TrafficMirrorTargetId"]

    def session(self, interface: str, **changes) -> dict:
        """Mirrors an interface to a new target through a new filter, unless these are named."""
        made = self.api.create_traffic_mirror_session(**self.wish(interface, **changes))
        return made["TrafficMirrorSession"]

    def wish(self, interface: str, **changes) -> dict:
        """The parameters of a session."""
        ends = {"TrafficMirrorTargetId": self.target, "TrafficMirrorFilterId": self.filter}
        made = {name: make() for name, make in ends.items() if name not in changes}
        return {"NetworkInterfaceId": interface, "SessionNumber": next(_numbers)} | made | changes


def rule(mirror_filter: str) -> dict:
    """The parameters of a rule that accepts everything that comes in."""
    everywhere = {"SourceCidrBlock": "0.0.0.0/0", "DestinationCidrBlock": "0.0.0.0/0"}
    way = {"TrafficDirection": "ingress", "RuleAction": "accept", "RuleNumber": 1}
    return {"TrafficMirrorFilterId": mirror_filter} | way | everywhere


def tags(kind: str, **tags: str) -> list[dict]:
    """The tags with which something of this kind is to be made."""
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def _machine(instance: dict) -> Machine:
    (interface,) = instance["NetworkInterfaces"]
    attachment = interface["Attachment"]["AttachmentId"]
    place = {"subnet": instance["SubnetId"], "address": interface["PrivateIpAddress"]}
    return Machine(instance["InstanceId"], interface["NetworkInterfaceId"], attachment, **place)
