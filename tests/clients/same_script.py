"""Takes a boto3 client of any EC2; makes the same calls in the same order wherever it leads, and gives what came of
each, without what differs from run to run: ids by their form, times and addresses by their type. Never compares."""

import datetime
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import botocore.exceptions
import botocore.parsers

from bench import tags
from cloud import IMAGE
from models import IDS
from waiting import eventually

# What came of a call: by path of a field its form, and at "" how the call ended.
Came = dict[str, str]


@dataclass
class Script:
    """The calls that were made in one cloud, and what came of them."""

    ec2: object
    # Lets time pass in that cloud.
    passes: Callable[[], None]
    came: dict[str, Came] = field(default_factory=dict)

    def call(self, what: str, action: str, **parameters) -> dict:
        """Makes a call and notes what came of it. The answer is empty where there was none."""
        try:
            answer = getattr(self.ec2, action)(**parameters)
        except botocore.exceptions.ClientError as error:
            self.came[what] = {"": error.response["Error"]["Code"]}
            return {}
        except botocore.parsers.ResponseParserError:
            self.came[what] = {"": "no XML"}
            return {}
        del answer["ResponseMetadata"]
        self.came[what] = {"": "answered"} | dict(_forms(answer))
        return answer


def _forms(value: object, path: str = ""):
    """The fields of an answer, each with its form."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _forms(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        if not value:
            yield f"{path}[]", "none"
        for inner in value:
            yield from _forms(inner, f"{path}[]")
    else:
        yield path, _form(value)


def _form(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return "a time"
    if not isinstance(value, str):
        return type(value).__name__
    if found := re.fullmatch(r"([a-z]+(?:-[a-z]+)*-)([0-9a-f]{8,})", value):
        return f"{found[1]}{len(found[2])} digits"
    try:
        return f"an IPv{ipaddress.ip_address(value).version} address"
    except ValueError:
        return "text"


def ran(ec2, passes: Callable[[], None]) -> Script:
    """The whole script, in the cloud of this client, where time passes when it is told to, if it does not by itself."""
    script = Script(ec2, passes)
    instance, interface = _machines(script)
    _lists(script, instance)
    ends = _mirror_objects(script, interface)
    _sessions(script, interface, ends)
    _refused_machines(script, instance, interface)
    _refused_lists(script)
    _refused_targets(script, interface)
    _refused_sessions(script, {"NetworkInterfaceId": interface, "SessionNumber": 9} | ends)
    _tokens(script)
    script.call("the instance is terminated", "terminate_instances", InstanceIds=[instance])
    return script


def _machines(script: Script) -> tuple[str, str]:
    wish = {"ImageId": IMAGE, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    named = tags("instance", role="web")
    launched = script.call("an instance is launched", "run_instances", **wish, TagSpecifications=named)
    (instance,) = launched["Instances"]
    its_id, its_subnet = instance["InstanceId"], instance["SubnetId"]
    _becomes(script, its_id, "running")
    script.call("it is stopped", "stop_instances", InstanceIds=[its_id])
    _becomes(script, its_id, "stopped")
    script.call("it is started", "start_instances", InstanceIds=[its_id])
    _becomes(script, its_id, "running")
    _interfaces(script, its_id, its_subnet)
    return its_id, instance["NetworkInterfaces"][0]["NetworkInterfaceId"]


def _interfaces(script: Script, instance: str, subnet: str) -> None:
    wish = {"SubnetId": subnet, "Description": "spare", "TagSpecifications": tags("network-interface", role="spare")}
    made = script.call("an interface is made", "create_network_interface", **wish)
    spare = made["NetworkInterface"]["NetworkInterfaceId"]
    place = {"InstanceId": instance, "DeviceIndex": 1}
    attached = script.call("it is attached", "attach_network_interface", NetworkInterfaceId=spare, **place)
    script.passes()
    eventually("it is attached", lambda: _interface(script.ec2, spare)["Attachment"]["Status"] == "attached")
    script.call("an interface that hangs somewhere is read", "describe_network_interfaces", NetworkInterfaceIds=[spare])
    script.call("it is detached", "detach_network_interface", AttachmentId=attached["AttachmentId"])
    script.passes()
    eventually("it is detached", lambda: "Attachment" not in _interface(script.ec2, spare))
    script.call("it gets an IPv6 address", "assign_ipv6_addresses", NetworkInterfaceId=spare, Ipv6AddressCount=1)
    script.call("it is tagged", "create_tags", Resources=[spare], Tags=[{"Key": "a", "Value": "1"}])
    script.call("it loses a tag", "delete_tags", Resources=[spare], Tags=[{"Key": "a"}])
    script.call("it is deleted", "delete_network_interface", NetworkInterfaceId=spare)


def _becomes(script: Script, instance: str, state: str) -> None:
    def look() -> bool:
        (reservation,) = script.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        return reservation["Instances"][0]["State"]["Name"] == state

    script.passes()
    eventually(f"{instance} is {state}", look)


def _interface(ec2, interface: str) -> dict:
    return ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]


def _lists(script: Script, instance: str) -> None:
    script.call("instances are read by id", "describe_instances", InstanceIds=[instance])
    nobodys = [{"Name": "tag:role", "Values": ["nobody's"]}]
    script.call("instances are read by a tag that none has", "describe_instances", Filters=nobodys)
    of_it = [{"Name": "attachment.instance-id", "Values": [instance]}]
    script.call("interfaces are read by their instance", "describe_network_interfaces", Filters=of_it)
    script.call("tags are read", "describe_tags", Filters=[{"Name": "resource-id", "Values": [instance]}])
    default = [{"Name": "is-default", "Values": ["true"]}]
    script.call("the default VPC is read", "describe_vpcs", Filters=default)
    of_zone = [{"Name": "default-for-az", "Values": ["true"]}]
    script.call("default subnets are read", "describe_subnets", Filters=of_zone)
    script.call("zones are read", "describe_availability_zones")


def _mirror_objects(script: Script, interface: str) -> dict:
    wish = {"Description": "all", "TagSpecifications": tags("traffic-mirror-filter", role="all")}
    made = script.call("a filter is made", "create_traffic_mirror_filter", **wish, ClientToken="one")
    mirror_filter = made["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    script.call("it is read", "describe_traffic_mirror_filters", TrafficMirrorFilterIds=[mirror_filter])
    script.call("a filter of nothing is made", "create_traffic_mirror_filter")
    receiver = _receiver(script.ec2, interface)
    named = tags("traffic-mirror-target", role="sensor")
    wish = {"NetworkInterfaceId": receiver, "Description": "sensor", "TagSpecifications": named}
    made = script.call("a target is made", "create_traffic_mirror_target", **wish, ClientToken="one")
    target = made["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    script.call("the target is read", "describe_traffic_mirror_targets", TrafficMirrorTargetIds=[target])
    named = [{"Name": "description", "Values": ["sensor"]}]
    script.call("targets are read by their description", "describe_traffic_mirror_targets", Filters=named)
    return {"TrafficMirrorTargetId": target, "TrafficMirrorFilterId": mirror_filter}


def _receiver(ec2, interface: str) -> str:
    made = ec2.create_network_interface(SubnetId=_interface(ec2, interface)["SubnetId"])
    return made["NetworkInterface"]["NetworkInterfaceId"]


def _sessions(script: Script, interface: str, ends: dict) -> None:
    create, modify = "create_traffic_mirror_session", "modify_traffic_mirror_session"
    of_it = {"NetworkInterfaceId": interface}
    script.call("a session is made, with the least", create, **of_it, **ends, SessionNumber=1)
    named = tags("traffic-mirror-session", role="ours")
    most = {"PacketLength": 100, "VirtualNetworkId": 7, "Description": "headers", "TagSpecifications": named}
    wish = of_it | ends | most | {"SessionNumber": 2, "ClientToken": "one"}
    made = script.call("a session is made, with the most", create, **wish)
    itself = {"TrafficMirrorSessionId": made["TrafficMirrorSession"]["TrafficMirrorSessionId"]}
    read = "describe_traffic_mirror_sessions"
    script.call("it is read by its id", read, TrafficMirrorSessionIds=[itself["TrafficMirrorSessionId"]])
    for name, value in [("network-interface-id", interface), ("session-number", "2"), ("virtual-network-id", "7")]:
        script.call(f"sessions are read by {name}", read, Filters=[{"Name": name, "Values": [value]}])
    script.call("it is changed", modify, **itself, SessionNumber=3, VirtualNetworkId=8)
    removed = ["packet-length", "description", "virtual-network-id"]
    script.call("what can be removed from it is removed", modify, **itself, RemoveFields=removed)
    script.call("the session is deleted", "delete_traffic_mirror_session", **itself)
    script.call("it is deleted once more", "delete_traffic_mirror_session", **itself)
    script.call("a deleted session is changed", modify, **itself, SessionNumber=3)


def _refused_machines(script: Script, instance: str, interface: str) -> None:
    nothing = {name: IDS[name] for name in ("InstanceId", "NetworkInterfaceId", "AttachmentId", "SubnetId", "VpcId")}
    for action, kind in [("instances", "InstanceId"), ("network_interfaces", "NetworkInterfaceId")]:
        script.call(f"unknown {action} are read", f"describe_{action}", **{f"{kind}s": [nothing[kind]]})
    for action, kind in [("subnets", "SubnetId"), ("vpcs", "VpcId")]:
        script.call(f"unknown {action} are read", f"describe_{action}", **{f"{kind}s": [nothing[kind]]})
    for verb in ("start", "stop", "terminate"):
        script.call(f"an unknown instance is to {verb}", f"{verb}_instances", InstanceIds=[nothing["InstanceId"]])
    unknown = {"NetworkInterfaceId": nothing["NetworkInterfaceId"]}
    script.call("an unknown interface is deleted", "delete_network_interface", **unknown)
    place = {"InstanceId": instance, "DeviceIndex": 1}
    script.call("an unknown interface is attached", "attach_network_interface", **unknown, **place)
    detached = {"AttachmentId": nothing["AttachmentId"]}
    script.call("an unknown attachment is ended", "detach_network_interface", **detached)
    reserved = {"Resources": [instance], "Tags": [{"Key": "aws:name", "Value": "x"}]}
    script.call("a reserved tag is set", "create_tags", **reserved)
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    script.call("51 tags are set", "create_tags", Resources=[instance], Tags=many)
    script.call("what is not there is tagged", "create_tags", Resources=[nothing["InstanceId"]], Tags=many[:1])
    script.call("a launch is tried", "run_instances", DryRun=True, ImageId=IMAGE, MinCount=1, MaxCount=1)
    nowhere = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": nothing["SubnetId"]}
    script.call("a launch in an unknown subnet", "run_instances", **nowhere)
    hanging = {"NetworkInterfaceId": interface}
    script.call("an interface that hangs somewhere is deleted", "delete_network_interface", **hanging)


def _refused_lists(script: Script) -> None:
    unheard_of = [{"Name": "colour", "Values": ["blue"]}]
    script.call("instances are read by an undocumented filter", "describe_instances", Filters=unheard_of)
    for kind in ("Session", "Target", "Filter"):
        action = f"describe_traffic_mirror_{kind.lower()}s"
        name = f"TrafficMirror{kind}Id"
        script.call(f"an unknown {kind} is read", action, **{f"{name}s": [IDS[name]]})
        script.call(f"{kind}s are read by an undocumented filter", action, Filters=unheard_of)
        script.call(f"{kind}s are read in pages of 4", action, MaxResults=4)
        script.call(f"{kind}s are read with somebody's token", action, NextToken="x")


def _refused_targets(script: Script, interface: str) -> None:
    create = "create_traffic_mirror_target"
    script.call("a target of nothing is made", create)
    both = {"NetworkInterfaceId": interface, "GatewayLoadBalancerEndpointId": "vpce-0123456789abcdef0"}
    script.call("a target of two things is made", create, **both)
    script.call("a target of what is not there is made", create, NetworkInterfaceId=IDS["NetworkInterfaceId"])


def _refused_sessions(script: Script, session: dict) -> None:
    create = "create_traffic_mirror_session"
    script.call("a session is tried", create, DryRun=True, **session)
    for name in ("NetworkInterfaceId", "TrafficMirrorTargetId", "TrafficMirrorFilterId"):
        script.call(f"a session with an unknown {name}", create, **session | {name: IDS[name]})
    for name, value in [("SessionNumber", 0), ("PacketLength", 8501), ("VirtualNetworkId", 1 << 24)]:
        script.call(f"a session with a {name} of {value}", create, **session | {name: value})
    for number in (1, 21, 22, 23):
        script.call(f"a session with the number {number}", create, **session | {"SessionNumber": number})


def _tokens(script: Script) -> None:
    create = "create_traffic_mirror_filter"
    first = script.call("a filter is made with a token", create, ClientToken="two")
    again = script.call("a filter is made with a token, again", create, ClientToken="two")
    ids = {answer["TrafficMirrorFilter"]["TrafficMirrorFilterId"] for answer in (first, again)}
    script.came["a token used again"] = {"": "makes nothing" if len(ids) == 1 else "makes another"}
    script.call("a token used again for something else", create, ClientToken="two", Description="else")
