"""Users and what their policies allow, as AWS's clients meet them: who calls, and what is denied."""

from collections.abc import Iterator

import pytest
from botocore import xform_name

from bench import Bench, refusal, tags, why
from cloud import call_cli
from models import of_ec2, smallest
from registering import ACCOUNT, everything, policy, user
from simulator import Simulator
from sources import actions

EC2 = of_ec2(actions())


@pytest.fixture
def powerless(simulator: Simulator) -> Iterator[Simulator]:
    """A simulator in which Eve has a key, and no permissions."""
    with simulator.where_registered(user("eve", keys=["AKIAEVE"])):
        yield simulator


@pytest.mark.parametrize("action", EC2)
def test_no_action_is_allowed_to_whoever_has_no_policy(powerless: Simulator, action: str):
    eve = powerless.client(key="AKIAEVE")
    assert refusal(getattr(eve, xform_name(action)), **smallest(action)) == "UnauthorizedOperation"


def test_the_cli_says_who_may_not_do_what(powerless: Simulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", powerless.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEVE")
    denied = call_cli("create-traffic-mirror-filter").stderr
    assert "(UnauthorizedOperation) when calling the CreateTrafficMirrorFilter operation" in denied
    assert f"arn:aws:iam::{ACCOUNT}:user/eve is not authorized to perform: ec2:CreateTrafficMirrorFilter" in denied


def test_who_one_is_one_may_always_ask(powerless: Simulator):
    identity = powerless.client("sts", key="AKIAEVE").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/eve")


def test_a_key_that_is_nobodys_is_refused_by_each_api_with_its_own_code(powerless: Simulator):
    assert refusal(powerless.client().describe_vpcs) == "AuthFailure"
    assert refusal(powerless.client("sts").get_caller_identity) == "InvalidClientTokenId"


def test_a_user_may_what_his_policies_allow_and_nothing_that_one_of_them_denies(simulator: Simulator):
    policies = policy("look", "ec2:Describe*") | policy("not-tags", "ec2:DescribeTags", Effect="Deny")
    with simulator.where_registered(user("alice", keys=["AKIAALICE"], policies=policies)):
        alice = simulator.client(key="AKIAALICE")
        assert alice.describe_vpcs()["Vpcs"]
        denied = why(alice.describe_tags)
        not_allowed = why(alice.create_traffic_mirror_filter)
    assert f"arn:aws:iam::{ACCOUNT}:user/alice is not authorized to perform: ec2:DescribeTags" in denied
    assert "with an explicit deny in an identity-based policy" in denied
    assert "because no identity-based policy allows the ec2:CreateTrafficMirrorFilter action" in not_allowed


def test_a_dry_run_says_whether_one_may(simulator: Simulator):
    policies = policy("filters", "ec2:CreateTrafficMirrorFilter")
    with simulator.where_registered(user("alice", keys=["AKIAALICE"], policies=policies)):
        alice = simulator.client(key="AKIAALICE")
        assert refusal(alice.create_traffic_mirror_filter, DryRun=True) == "DryRunOperation"
        assert refusal(alice.describe_vpcs, DryRun=True) == "UnauthorizedOperation"


def test_creation_and_removal_can_be_bound_to_a_tag(simulator: Simulator, bench: Bench):
    made = policy("make", "ec2:CreateTrafficMirrorFilter", Condition={"StringEquals": {"aws:RequestTag/owner": "us"}})
    gone = policy("end", "ec2:DeleteTrafficMirrorFilter", Condition={"StringEquals": {"aws:ResourceTag/owner": "us"}})
    policies = made | gone | policy("tag", "ec2:CreateTags")
    theirs = {"TrafficMirrorFilterId": bench.filter()}
    with simulator.where_registered(user("alice", keys=["AKIAALICE"], policies=policies)):
        alice = simulator.client(key="AKIAALICE")
        create, kind = alice.create_traffic_mirror_filter, "traffic-mirror-filter"
        assert refusal(create) == "UnauthorizedOperation"
        assert refusal(create, TagSpecifications=tags(kind, owner="them")) == "UnauthorizedOperation"
        ours = create(TagSpecifications=tags(kind, owner="us"))["TrafficMirrorFilter"]
        assert refusal(alice.delete_traffic_mirror_filter, **theirs) == "UnauthorizedOperation"
        alice.delete_traffic_mirror_filter(TrafficMirrorFilterId=ours["TrafficMirrorFilterId"])


def test_a_service_control_policy_denies_what_a_policy_allows(simulator: Simulator):
    guard = policy("guard", "ec2:DescribeVpcs", Effect="Deny")
    with simulator.where_registered(everything("demo")), simulator.where_controlled(guard):
        denied = why(simulator.client().describe_vpcs)
        assert simulator.client().describe_subnets()["Subnets"]
    assert "with an explicit deny in a service control policy" in denied
    assert simulator.client().describe_vpcs()["Vpcs"]


def test_a_fault_of_one_principal_is_no_others(simulator: Simulator):
    fault = {"effect": "denied", "caller": {"account": ACCOUNT, "principal": "user/alice"}}
    with simulator.where_registered(everything("demo"), everything("alice")):
        simulator.ask("POST", "faults", fault)
        try:
            assert refusal(simulator.client(key="alice").describe_vpcs) == "UnauthorizedOperation"
            assert simulator.client().describe_vpcs()["Vpcs"]
        finally:
            simulator.ask("DELETE", "faults")


# facts §3.1; time has passed in there that has not passed here
def test_a_request_is_signed_within_fifteen_minutes_where_clocks_are_looked_at(simulator: Simulator):
    simulator.passes("1h")
    simulator.ask("PATCH", "clock", {"checked": True})
    try:
        assert refusal(simulator.client().describe_vpcs) == "RequestExpired"
        assert refusal(simulator.client("sts").get_caller_identity) == "SignatureDoesNotMatch"
    finally:
        simulator.ask("PATCH", "clock", {"checked": False})
