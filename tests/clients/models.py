"""Takes botocore's model of EC2; gives for an action the smallest request that has its form, and what else the model
says of it. Never calls anything."""

from functools import cache

from botocore.model import OperationModel, Shape
from botocore.session import get_session

# Ids of nothing, in the form that AWS's have, by the name of the member that takes one; a list's name ends in "s".
IDS = {
    "AttachmentId": "eni-attach-0123456789abcdef0",
    "InstanceId": "i-0123456789abcdef0",
    "NetworkInterfaceId": "eni-0123456789abcdef0",
    "SubnetId": "subnet-0123456789abcdef0",
    "TrafficMirrorFilterId": "tmf-0123456789abcdef0",
    "TrafficMirrorFilterRuleId": "tmfr-0123456789abcdef0",
    "TrafficMirrorSessionId": "tms-0123456789abcdef0",
    "TrafficMirrorTargetId": "tmt-0123456789abcdef0",
    "VpcId": "vpc-0123456789abcdef0",
    "ZoneName": "eu-west-1z",
    "Resource": "tms-0123456789abcdef0",
}

# What an action wants that its model does not call required.
BESIDES = {
    "AssignIpv6Addresses": {"Ipv6AddressCount": 1},
    "CreateTrafficMirrorTarget": {"NetworkInterfaceId": IDS["NetworkInterfaceId"]},
    "AssignPrivateIpAddresses": {"SecondaryPrivateIpAddressCount": 1},
    "DetachNetworkInterface": {},
    "ModifyInstanceAttribute": {"InstanceType": {"Value": "m5.large"}},
    "ModifyNetworkInterfaceAttribute": {"Description": {"Value": "x"}},
    "RunInstances": {"ImageId": "ami-0123456789abcdef0"},
    "UnassignIpv6Addresses": {"Ipv6Addresses": ["2001:db8::1"]},
    "UnassignPrivateIpAddresses": {"PrivateIpAddresses": ["10.0.0.4"]},
}


def of_ec2(actions: frozenset[str]) -> list[str]:
    """Those of these actions that are EC2's, and not STS's or another service's."""
    return sorted(actions & set(get_session().get_service_model("ec2").operation_names))


@cache
def model(action: str) -> OperationModel:
    """The model of an action."""
    return get_session().get_service_model("ec2").operation_model(action)


def members(action: str) -> dict[str, Shape]:
    """What a request of this action can have."""
    shape = model(action).input_shape
    return shape.members if shape else {}


def required(action: str) -> list[str]:
    """What a request of this action must have, by its model."""
    shape = model(action).input_shape
    return list(shape.required_members) if shape else []


def smallest(action: str) -> dict:
    """A request of the right form that names nothing that exists."""
    wanted = {name: _example(name, shape) for name, shape in members(action).items() if name in required(action)}
    return wanted | BESIDES.get(action, {})


def ids_of(action: str) -> str | None:
    """The member by which a describe call takes ids, if it has one that we know."""
    return next((name for name in members(action) if name.removesuffix("s") in IDS and name.endswith("s")), None)


def _example(name: str, shape: Shape) -> object:
    if shape.type_name == "list":
        return [_example(name.removesuffix("s"), shape.member)]
    if shape.type_name == "structure":
        return {inner: "x" for inner in shape.members}
    if shape.type_name == "integer":
        return 1
    if name.endswith("CidrBlock"):
        return "10.0.0.0/8"
    return shape.enum[0] if getattr(shape, "enum", None) else IDS.get(name, "x")
