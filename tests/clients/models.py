"""Takes botocore's models; gives for an action the smallest request that has its form, and what else the model
says of it. Never calls anything."""

from functools import cache

from botocore.model import OperationModel, Shape

import apis

# Ids of nothing, in the form that AWS's have, by the name of the member that takes one; a list's name ends in "s".
ELB = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"

IDS = {
    "AttachmentId": "eni-attach-0123456789abcdef0",
    "GroupId": "sg-0123456789abcdef0",
    "InstanceId": "i-0123456789abcdef0",
    "ListenerArn": f"{ELB}:listener/net/none/0123456789abcdef/0123456789abcdef",
    "LoadBalancerArn": f"{ELB}:loadbalancer/net/none/0123456789abcdef",
    "NetworkAclId": "acl-0123456789abcdef0",
    "NetworkInterfaceId": "eni-0123456789abcdef0",
    "PrefixListId": "pl-0123456789abcdef0",
    "ResourceArn": f"{ELB}:targetgroup/none/0123456789abcdef",
    "RuleArn": f"{ELB}:listener-rule/app/none/0123456789abcdef/0123456789abcdef/0123456789abcdef",
    "SecurityGroupRuleId": "sgr-0123456789abcdef0",
    "Subnet": "subnet-0123456789abcdef0",
    "SubnetId": "subnet-0123456789abcdef0",
    "TargetGroupArn": f"{ELB}:targetgroup/none/0123456789abcdef",
    "TrafficMirrorFilterId": "tmf-0123456789abcdef0",
    "TrafficMirrorFilterRuleId": "tmfr-0123456789abcdef0",
    "TrafficMirrorSessionId": "tms-0123456789abcdef0",
    "TrafficMirrorTargetId": "tmt-0123456789abcdef0",
    "VpcId": "vpc-0123456789abcdef0",
    "ZoneName": "eu-west-1z",
    "Resource": "tms-0123456789abcdef0",
}

FORWARD = [{"Type": "forward", "TargetGroupArn": IDS["TargetGroupArn"]}]

PERMISSION = {
    "GroupId": IDS["GroupId"],
    "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
}

# What an action wants that its model does not call required.
BESIDES = {
    "AuthorizeSecurityGroupEgress": PERMISSION,
    "AuthorizeSecurityGroupIngress": PERMISSION,
    "DeleteSecurityGroup": {"GroupId": IDS["GroupId"]},
    "RevokeSecurityGroupEgress": PERMISSION,
    "RevokeSecurityGroupIngress": PERMISSION,
    "AssignIpv6Addresses": {"Ipv6AddressCount": 1},
    "CreateTrafficMirrorTarget": {"NetworkInterfaceId": IDS["NetworkInterfaceId"]},
    "AssignPrivateIpAddresses": {"SecondaryPrivateIpAddressCount": 1},
    "DetachNetworkInterface": {},
    "ModifyInstanceAttribute": {"InstanceType": {"Value": "m5.large"}},
    "ModifyNetworkInterfaceAttribute": {"Description": {"Value": "x"}},
    "RunInstances": {"ImageId": "ami-0123456789abcdef0"},
    "UnassignIpv6Addresses": {"Ipv6Addresses": ["2001:db8::1"]},
    "UnassignPrivateIpAddresses": {"PrivateIpAddresses": ["10.0.0.4"]},
    "elasticloadbalancing:CreateListener": {"DefaultActions": FORWARD},
    "elasticloadbalancing:CreateRule": {
        "Actions": FORWARD,
        "Conditions": [{"Field": "path-pattern", "Values": ["/x"]}],
    },
    "elasticloadbalancing:SetSubnets": {"Subnets": [IDS["SubnetId"]]},
}


def of(client: str, actions: frozenset[str]) -> list[str]:
    """Those of these actions that are one API's."""
    return sorted(actions & apis.actions_of(client))


def of_ec2(actions: frozenset[str]) -> list[str]:
    """Those of these actions that are EC2's, and not STS's or another service's."""
    return of("ec2", actions)


@cache
def model(action: str) -> OperationModel:
    """The model of an action."""
    return apis.service(apis.client_of(action)).operation_model(apis.name_of(action))


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
        return {inner: _example(inner, shape.members[inner]) for inner in shape.required_members or shape.members}
    if shape.type_name == "integer":
        return 1
    if name.endswith("CidrBlock"):
        return "10.0.0.0/8"
    return shape.enum[0] if getattr(shape, "enum", None) else IDS.get(name, "x")
