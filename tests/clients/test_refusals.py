"""What EC2 refuses for its form, of every action that has that form: asked with boto3, with requests made from
botocore's model."""

import json

import pytest
from botocore import xform_name

from bench import Bench, refusal
from models import IDS, ids_of, members, of_ec2, required, smallest
from sources import actions

EC2 = of_ec2(actions())
LISTS = [action for action in EC2 if action.startswith("Describe")]
PAGED = [action for action in LISTS if "MaxResults" in members(action)]

# The code for an id that is not there. An availability zone has none of its own.
ABSENT = {
    "DescribeAvailabilityZones": "InvalidParameterValue",
    "DescribeInstances": "InvalidInstanceID.NotFound",
    "DescribeNetworkInterfaces": "InvalidNetworkInterfaceID.NotFound",
    "DescribeManagedPrefixLists": "InvalidPrefixListID.NotFound",
    "DescribeNetworkAcls": "InvalidNetworkAclID.NotFound",
    "DescribeSecurityGroupRules": "InvalidSecurityGroupRuleId.NotFound",
    "DescribeSecurityGroups": "InvalidGroup.NotFound",
    "DescribeSubnets": "InvalidSubnetID.NotFound",
    "DescribeVpcs": "InvalidVpcID.NotFound",
    # facts §3.1: as on the wire, not as documented
    "DescribeTrafficMirrorFilters": "InvalidTrafficMirrorFilterId.NotFound",
    "DescribeTrafficMirrorFilterRules": "InvalidTrafficMirrorFilterRuleId.NotFound",
    "DescribeTrafficMirrorSessions": "InvalidTrafficMirrorSessionId.NotFound",
    "DescribeTrafficMirrorTargets": "InvalidTrafficMirrorTargetId.NotFound",
}


def call(api, action: str):
    return getattr(api, xform_name(action))


# facts §3.1, §3.2
@pytest.mark.parametrize("action", [action for action in EC2 if "DryRun" in members(action)])
def test_every_action_can_be_tried_without_doing_it(api, action: str):
    assert refusal(call(api, action), DryRun=True, **smallest(action)) == "DryRunOperation"


# facts §4
@pytest.mark.parametrize("action", [action for action in EC2 if required(action)])
def test_what_the_model_requires_is_required(api, action: str):
    for name in required(action):
        rest = {other: value for other, value in smallest(action).items() if other != name}
        assert refusal(call(api, action), **rest) == "MissingParameter", name


@pytest.mark.parametrize("action", LISTS)
def test_a_filter_that_is_not_documented_is_refused(api, action: str):
    unheard_of = [{"Name": "colour", "Values": ["blue"]}]
    assert refusal(call(api, action), Filters=unheard_of) == "InvalidParameterValue"


# facts §12.5
@pytest.mark.parametrize("action", [action for action in LISTS if "TrafficMirror" in action])
def test_mirror_objects_are_not_filtered_by_tag(api, action: str):
    assert refusal(call(api, action), Filters=[{"Name": "tag:Name", "Values": ["*"]}]) == "InvalidParameterValue"


@pytest.mark.parametrize("action", sorted(ABSENT))
def test_one_id_that_is_not_there_fails_the_whole_call(api, action: str):
    name = ids_of(action)
    assert refusal(call(api, action), **{name: [IDS[name.removesuffix("s")]]}) == ABSENT[action]


# facts §3.2
@pytest.mark.parametrize("action", [action for action in PAGED if "PrefixList" not in action])
@pytest.mark.parametrize("size", [0, 4, 1001])
def test_a_page_holds_5_to_1000(api, action: str, size: int):
    assert refusal(call(api, action), MaxResults=size) == "InvalidParameterValue"


@pytest.mark.parametrize("action", [action for action in PAGED if ids_of(action)])
def test_pages_and_ids_do_not_go_together(api, action: str):
    name = ids_of(action)

    def asked(there: str | None) -> str | None:
        return refusal(call(api, action), MaxResults=5, **{name: [there or IDS[name.removesuffix("s")]]})

    # An id that is there, if there is any: else it might be the id that is refused.
    there = _one_that_is_there(api, action)
    code = asked(there)
    while there and code == ABSENT.get(action) and there not in json.dumps(call(api, action)(), default=str):
        # The fleet lives: it has gone meanwhile.
        there = _one_that_is_there(api, action)
        code = asked(there)
    assert code == "InvalidParameterCombination" if there else code in ("InvalidParameterCombination", ABSENT[action])


def _one_that_is_there(api, action: str) -> str | None:
    name = ids_of(action)
    answer = json.dumps(call(api, action)(), default=str)
    _, _, rest = answer.partition(f'"{name.removesuffix("s")}": "')
    return rest.partition('"')[0] or None


@pytest.mark.parametrize("action", PAGED)
@pytest.mark.parametrize("token", ["x", "0123456789abcdef", "0123456789abcdef74"])
def test_a_token_of_nobody_leads_to_no_page(api, action: str, token: str):
    assert refusal(call(api, action), NextToken=token) == "InvalidNextToken"


def test_a_token_leads_to_pages_of_its_own_list_only(bench: Bench):
    for _ in range(6):
        bench.filter()
    token = bench.api.describe_traffic_mirror_filters(MaxResults=5)["NextToken"]
    assert bench.api.describe_traffic_mirror_filters(MaxResults=5, NextToken=token)["TrafficMirrorFilters"]
    assert refusal(bench.api.describe_instances, MaxResults=5, NextToken=token) == "InvalidNextToken"


def test_a_parameter_that_the_simulator_does_not_understand_is_refused(api):
    request = smallest("RunInstances") | {"LaunchTemplate": {"LaunchTemplateName": "web"}}
    assert refusal(api.run_instances, **request) == "UnknownParameter"


def test_an_action_that_ec2_does_not_have_is_refused(api):
    assert refusal(api.describe_key_pairs) == "InvalidAction"
