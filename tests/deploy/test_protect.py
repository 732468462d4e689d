"""The service control policy: whoever is not vpc-mirror or its administrator keeps his hands off the mirroring, and everything else is as it
was."""

import copy
import json

import pytest

from authorization import faults
from calls import OURS, THEIRS, others, reads, unrelated, writes
from iam import Need, denied, several
from places import ACCOUNT, AUDITOR, AWS, BREAK_GLASS, ROLE, STRANGER, USER
from template import Stack, load

# "Quotas and service limits for AWS Organizations": characters of a service control policy.
LONGEST = 5120

STRANGERS = [STRANGER, USER, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/vpc-mirror-2", f"arn:aws:iam::{ACCOUNT}:role/x/vpc-mirror"]
ROLES = "NobodyBecomesOneWhoMay"


def control(**given: str) -> dict:
    return Stack(load(AWS / "protect.yaml"), TargetIds="ou-abcd-12345678", **given).resource("AWS::Organizations::Policy")["Content"]


@pytest.fixture(params=[{}, {"ReaderArns": AUDITOR}], ids=["everybody reads", "few read"])
def either(request) -> dict:
    return control(**request.param)


@pytest.mark.parametrize("call", sorted(writes(OURS)))
def test_the_role_and_the_break_glass_role_may_what_the_daemon_does_and_a_stranger_may_nothing_of_it(either, call):
    needs = writes(OURS)[call]
    assert not denied(either, ROLE, needs)
    assert not denied(either, BREAK_GLASS, needs)
    for stranger in STRANGERS:
        assert denied(either, stranger, needs), stranger


def test_the_role_may_all_that_iam_policy_lists(either, printed):
    for example in ("one-tag-one-sensor.yaml", "all-strategies.yaml", "two-sensors.yaml"):
        for statement in printed(example, "--adopt")["Statement"]:
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    keys = {"aws:ResourceTag/vpc-mirror/owner": ["prod"], "aws:RequestTag/vpc-mirror/owner": ["prod"], "aws:TagKeys": list(OURS)}
                    assert not denied(either, ROLE, [Need(action, resource.replace("*", "x") if resource != "*" else "*", keys)])


@pytest.mark.parametrize("call", sorted(others()))
def test_a_stranger_can_neither_change_take_over_nor_use_what_is_ours_and_break_glass_can(either, call):
    for stranger in STRANGERS:
        assert denied(either, stranger, others()[call]), stranger
    assert not denied(either, BREAK_GLASS, others()[call])


@pytest.mark.parametrize("call", sorted(writes(THEIRS)))
@pytest.mark.parametrize("tags", [THEIRS, None, {"vpc-mirror/owner": "dev"}], ids=["tagged", "untagged", "another owner's"])
def test_a_stranger_goes_on_mirroring_with_what_is_his(either, call, tags):
    for stranger in STRANGERS:
        assert not denied(either, stranger, writes(tags)[call])


@pytest.mark.parametrize("call", sorted(unrelated()))
def test_whatever_has_nothing_to_do_with_mirroring_is_untouched(either, call):
    for anybody in (*STRANGERS, ROLE, BREAK_GLASS, AUDITOR):
        assert not denied(either, anybody, unrelated()[call])


@pytest.mark.parametrize("call", sorted(reads()))
def test_the_configuration_is_read_by_everybody_unless_readers_are_named_and_then_by_them_the_role_and_break_glass(call):
    needs = reads()[call]
    for anybody in (*STRANGERS, ROLE, BREAK_GLASS, AUDITOR):
        assert not denied(control(), anybody, needs)
        assert denied(control(ReaderArns=AUDITOR), anybody, needs) == (anybody in STRANGERS)


@pytest.mark.parametrize("action", ["AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "PassRole",
                                    "PutRolePolicy", "PutRolePermissionsBoundary", "UpdateAssumeRolePolicy", "UpdateRole"])
def test_nobody_but_an_administrator_makes_passes_or_changes_a_role_that_is_exempt(either, action):
    for role in (ROLE, BREAK_GLASS, "arn:aws:iam::999999999999:role/vpc-mirror"):
        needs = [Need(f"iam:{action}", role)]
        for anybody in (*STRANGERS, ROLE, AUDITOR):
            assert denied(either, anybody, needs)
        assert not denied(either, BREAK_GLASS, needs)


@pytest.mark.parametrize("action", ["CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion", "DeletePolicy"])
def test_nobody_but_an_administrator_changes_what_the_role_is_granted(action):
    path = Stack(load(AWS / "role.yaml"), UsedBy="ec2").resource("AWS::IAM::ManagedPolicy")["Path"]
    needs = [Need(f"iam:{action}", f"arn:aws:iam::{ACCOUNT}:policy{path}grants-1X2Y")]
    assert denied(control(), STRANGER, needs) and denied(control(), ROLE, needs)
    assert not denied(control(), BREAK_GLASS, needs)


def test_several_owners_and_roles_are_protected_at_once():
    found = control(Owners="prod,dev", RoleArns=f"{ROLE},{ROLE}-dev")
    for owner in ("prod", "dev"):
        needs = writes(OURS | {"vpc-mirror/owner": owner})["deletes a session"]
        assert denied(found, STRANGER, needs)
        assert not denied(found, ROLE, needs) and not denied(found, f"{ROLE}-dev", needs)


@pytest.mark.parametrize("sid", ["WhatIsOursOthersLeaveAlone", "OthersPutOurNameOnNothing", ROLES])
def test_no_statement_is_there_in_vain(sid):
    without = copy.deepcopy(control())
    without["Statement"] = [it for it in without["Statement"] if it["Sid"] != sid]
    calls = [*writes(OURS).values(), *others().values(), [Need("iam:PassRole", ROLE)]]
    assert not all(denied(without, STRANGER, needs) for needs in calls)


def test_it_only_denies_and_says_so_within_the_size_that_aws_takes():
    long = control(Owners=",".join(f"owner-{n}" for n in range(5)), RoleArns=",".join(f"{ROLE}-{n}" for n in range(5)), ReaderArns=AUDITOR)
    for found in (control(), control(ReaderArns=AUDITOR), long):
        assert {it["Effect"] for it in found["Statement"]} == {"Deny"}
        assert len(json.dumps(found, indent=1)) < LONGEST


def test_it_is_in_the_language_of_service_control_policies():
    for statement in control(ReaderArns=AUDITOR)["Statement"]:
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"} and statement["Sid"].isalnum()
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        # "SCP syntax", AWS Organizations User Guide: long the end was the only place for a wildcard.
        assert all("*" not in action[:-1] for action in actions)
        assert "" not in several(statement["Resource"]) + several(statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"])


def test_each_thing_that_it_denies_is_an_action_of_aws_on_a_resource_that_it_has_under_conditions_that_it_knows():
    assert faults(control(ReaderArns=AUDITOR)) == []


def test_what_aws_does_not_know_would_be_found():
    wrong = copy.deepcopy(control())
    wrong["Statement"][0]["Action"] = ["ec2:DeleteTrafficMirrorSesion"]
    wrong["Statement"][1]["Condition"]["StringEquals"] = {"ec2:Subnet": "x"}
    wrong["Statement"][2]["Resource"] = ["arn:aws:s3:::x"]
    assert [it.split(":")[0] for it in faults(wrong)][:3] == ["WhatIsOursOthersLeaveAlone"] * 2 + ["OthersPutOurNameOnNothing"]
    assert any(it.startswith(ROLES) for it in faults(wrong))


def test_the_policy_beside_the_template_is_what_it_makes_with_example_values():
    readers = "arn:aws:iam::*:role/security-audit"
    assert json.loads((AWS / "scp.json").read_text()) == control(ReaderArns=readers)
