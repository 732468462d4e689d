"""Takes names that AWS's clients have for an API and its operations; gives the action as the simulator and IAM write
it, and the other way round. Never calls one."""

from functools import cache

from botocore import xform_name
from botocore.model import ServiceModel
from botocore.session import get_session

# What stands before an action's name, by client. EC2 and ELB both have a DescribeTags: only one of them can do without.
BEFORE = {
    "ec2": "",
    "sts": "",
    "elbv2": "elasticloadbalancing:",
    "resourcegroupstaggingapi": "tag:",
    "elb": "elb:",
    "wafv2": "wafv2:",
}


@cache
def service(client: str) -> ServiceModel:
    """What botocore says of an API."""
    return get_session().get_service_model(client)


def actions_of(client: str) -> set[str]:
    """The actions that an API has, simulated or not."""
    return {BEFORE[client] + name for name in service(client).operation_names}


def client_of(action: str) -> str:
    """The client that has an action."""
    return next(client for client in BEFORE if action in actions_of(client))


def name_of(action: str) -> str:
    """The name that its own API has for an action."""
    return action.rpartition(":")[2]


def action_of(client: str, command: str) -> str:
    """The action of a command of the CLI: `aws elbv2 create-rule`."""
    return next(it for it in actions_of(client) if xform_name(name_of(it), "-") == command)
