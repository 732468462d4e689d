"""What boto3 gets where the simulator is told to be otherwise: codes as they are documented, an account that is full,
calls that are denied, too many or lost."""

import botocore.exceptions
import pytest
from botocore import xform_name

from bench import Bench, refusal, rule
from models import IDS, of_ec2, smallest
from simulator import Simulator
from sources import actions

EC2 = of_ec2(actions())


# facts §3.1: the documented code is not the one on the wire
@pytest.mark.parametrize(
    ("action", "name", "code"),
    [
        ("delete_traffic_mirror_filter", "TrafficMirrorFilterId", "InvalidTrafficMirrorFilterNotFound"),
        ("delete_traffic_mirror_filter_rule", "TrafficMirrorFilterRuleId", "InvalidTrafficMirrorFilterRuleNotFound"),
        ("delete_traffic_mirror_session", "TrafficMirrorSessionId", "InvalidTrafficMirrorSessionNotFound"),
        ("delete_traffic_mirror_target", "TrafficMirrorTargetId", "InvalidTrafficMirrorTargetNoFound"),
    ],
)
def test_what_is_not_there_can_have_the_documented_code(simulator: Simulator, api, action: str, name: str, code: str):
    with simulator.where(codes="asDocumented"):
        assert refusal(getattr(api, action), **{name: IDS[name]}) == code


# facts §3.1, §12.8
def test_what_is_in_use_can_have_other_codes(simulator: Simulator, bench: Bench):
    made = bench.session(bench.run("m5.large", 1)[0].interface)
    target = {"TrafficMirrorTargetId": made["TrafficMirrorTargetId"]}
    with simulator.where(codes="asDocumented"):
        assert refusal(bench.api.delete_traffic_mirror_target, **target) == "TrafficMirrorTargetInUseException"
    mirror_filter = {"TrafficMirrorFilterId": made["TrafficMirrorFilterId"]}
    other = "InvalidTrafficMirrorFilter.InUse"
    with simulator.where(filterInUse=other):
        assert refusal(bench.api.delete_traffic_mirror_filter, **mirror_filter) == other


# facts §3.1
def test_a_target_of_no_interface_can_have_the_code_that_cloudformation_shows(simulator: Simulator, api):
    other = "InvalidTrafficMirrorTarget"
    with simulator.where(missingTargetInterface=other):
        code = refusal(api.create_traffic_mirror_target, NetworkInterfaceId=IDS["NetworkInterfaceId"])
    assert code == other


# facts §2, §12.11: what stands in other Regions counts too, so that an account is full without ten thousand calls
def test_an_account_has_ten_thousand_of_each_kind(simulator: Simulator, bench: Bench):
    wish = bench.wish(bench.machines[0].interface)
    receiver = {"NetworkInterfaceId": bench.interface()}
    api = bench.api
    with simulator.where(quotaScope={"allRegions": {"sessions": 10_000, "targets": 10_000, "filters": 10_000}}):
        assert refusal(api.create_traffic_mirror_filter) == "TrafficMirrorFilterLimitExceeded"
        assert refusal(api.create_traffic_mirror_target, **receiver) == "TrafficMirrorTargetLimitExceeded"
        assert refusal(api.create_traffic_mirror_session, **wish) == "TrafficMirrorSessionLimitExceeded"


# facts §3.1
@pytest.mark.parametrize("action", EC2)
def test_every_action_can_be_denied(simulator: Simulator, api, action: str):
    with simulator.with_fault("denied", action):
        assert refusal(getattr(api, xform_name(action)), **smallest(action)) == "UnauthorizedOperation"


# facts §6
@pytest.mark.parametrize("action", EC2)
def test_every_action_can_be_called_too_often(simulator: Simulator, api, action: str):
    with simulator.with_rates({action: {"burst": 0, "perSecond": 0}}):
        assert refusal(getattr(api, xform_name(action)), **smallest(action)) == "RequestLimitExceeded"


# facts §3.1
@pytest.mark.parametrize("code", ["InternalError", "Unavailable", "ServiceUnavailable"])
def test_aws_can_fail(simulator: Simulator, api, code: str):
    with simulator.with_fault({"error": {"code": code, "message": "try again", "status": 503}}, "Describe*"):
        assert refusal(api.describe_traffic_mirror_sessions) == code


# facts §3.2
def test_a_creation_whose_answer_is_lost_is_made_once(simulator: Simulator, bench: Bench):
    again = {"ClientToken": "lost"}
    mirror_filter = bench.filter()
    with (
        simulator.with_fault("lostAfter", "CreateTrafficMirrorFilterRule"),
        pytest.raises(botocore.exceptions.ConnectionClosedError),
    ):
        bench.api.create_traffic_mirror_filter_rule(**rule(mirror_filter), **again)
    made = bench.rule(mirror_filter, **again)["TrafficMirrorFilterRuleId"]
    (stands,) = bench.api.describe_traffic_mirror_filter_rules(TrafficMirrorFilterId=mirror_filter)[
        "TrafficMirrorFilterRules"
    ]
    assert stands["TrafficMirrorFilterRuleId"] == made
