"""The rule that reports: every call of Traffic Mirroring that vpc-mirror has not made, and none that it has."""

import json

import botocore.session
import pytest

from places import ACCOUNT, AWS, BREAK_GLASS, ROLE, STRANGER
from rule import matches
from template import Stack, load

THERE = "arn:aws:iam::444455556666:role/vpc-mirror"
# By the model of the API: one that AWS adds is found with the next botocore.
MIRROR = sorted(it for it in botocore.session.Session().get_service_model("ec2").operation_names if "TrafficMirror" in it)


def session(role: str) -> dict:
    """Who CloudTrail says it was. Source: "CloudTrail userIdentity element", CloudTrail User Guide."""
    name = role.rsplit("/", 1)[1]
    issuer = {"type": "Role", "arn": role, "accountId": ACCOUNT, "userName": name}
    return {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/i-1", "sessionContext": {"sessionIssuer": issuer}}


OTHERS = {
    "another role": session(STRANGER),
    "an administrator": session(BREAK_GLASS),
    "a role whose name begins as ours": session(ROLE + "-2"),
    "the role of that name in an account that is not ours": session("arn:aws:iam::999999999999:role/vpc-mirror"),
    "a user": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/eve", "userName": "eve"},
    "a user with a session": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/eve", "sessionContext": {"attributes": {}}},
    "the root user": {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"},
    "a service": {"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"},
}


def pattern(**given: str) -> dict:
    return Stack(load(AWS / "notify.yaml"), **{"RoleArns": f"{ROLE},{THERE}"} | given).resource("AWS::Events::Rule")["EventPattern"]


def event(name: str, identity: dict, source: str = "ec2", **detail: object) -> dict:
    """What EventBridge gets from CloudTrail."""
    usual = {"eventSource": f"{source}.amazonaws.com", "eventName": name, "userIdentity": identity, "eventType": "AwsApiCall", "requestParameters": {}}
    outside = {"source": f"aws.{source}", "detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT, "region": "eu-west-1"}
    return outside | {"detail": usual | detail}


def tagging(name: str, identity: dict, *ids: str) -> dict:
    return event(name, identity, requestParameters={"resourcesSet": {"items": [{"resourceId": it} for it in ids]}, "tagSet": {"items": [{"key": "x"}]}})


def test_the_api_has_the_calls_that_this_is_about():
    assert len(MIRROR) >= 15 and {"DeleteTrafficMirrorSession", "ModifyTrafficMirrorFilterNetworkServices"} <= set(MIRROR)


@pytest.mark.parametrize("name", MIRROR)
def test_a_call_is_reported_whoever_made_it_but_the_roles_of_vpc_mirror(name):
    for who, identity in OTHERS.items():
        assert matches(pattern(), event(name, identity)), who
        assert matches(pattern(), event(name, identity, errorCode="Client.UnauthorizedOperation")), f"denied: {who}"
    for ours in (ROLE, THERE):
        assert not matches(pattern(), event(name, session(ours)))


@pytest.mark.parametrize("name", ["CreateTags", "DeleteTags"])
@pytest.mark.parametrize("thing", ["tms-1", "tmf-1", "tmfr-1", "tmt-1"])
def test_tags_of_mirror_objects_are_reported_beside_others_too_and_the_daemons_own_are_not(name, thing):
    for who, identity in OTHERS.items():
        assert matches(pattern(), tagging(name, identity, thing)), who
        assert matches(pattern(), tagging(name, identity, "i-1", thing)), who
    assert not matches(pattern(), tagging(name, session(ROLE), thing))


@pytest.mark.parametrize("name", ["RunInstances", "TerminateInstances", "DescribeInstances", "CreateNetworkInterface", "CreateTags", "DeleteTags"])
def test_other_calls_of_ec2_are_not_reported(name):
    for identity in OTHERS.values():
        assert not matches(pattern(), event(name, identity))
        assert not matches(pattern(), tagging(name, identity, "i-1", "eni-1", "tgw-1"))


def test_what_only_looks_like_a_call_is_not_reported():
    stranger = OTHERS["another role"]
    assert not matches(pattern(), event("DeleteTrafficMirrorSession", stranger, source="s3"))
    assert not matches(pattern(), event("DeleteTrafficMirrorSession", stranger) | {"detail-type": "AWS Service Event via CloudTrail"})


def test_reading_reaches_the_rule_when_it_is_asked_for():
    state = lambda **given: Stack(load(AWS / "notify.yaml"), RoleArns=ROLE, **given).resource("AWS::Events::Rule")["State"]  # noqa: E731
    assert state() == "ENABLED"
    assert state(Reading="yes") == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def test_what_is_named_is_told_and_nothing_is_made_for_it():
    stack = Stack(load(AWS / "notify.yaml"), RoleArns=ROLE, TargetArn="arn:aws:sqs:eu-west-1:111122223333:told", TargetRoleArn=ROLE, Email="a@b.example")
    assert list(stack.resources()) == ["Rule"]
    assert stack.resource("AWS::Events::Rule")["Targets"] == [{"Id": "told", "Arn": "arn:aws:sqs:eu-west-1:111122223333:told", "RoleArn": ROLE}]


def test_where_nothing_is_named_a_topic_is_made_that_the_rule_alone_writes_to_and_can_encrypt_for():
    stack = Stack(load(AWS / "notify.yaml"), RoleArns=ROLE, Email="a@b.example")
    assert stack.resource("AWS::Events::Rule")["Targets"] == [{"Id": "told", "Arn": "<Topic>"}]
    topic = stack.resource("AWS::SNS::Topic")
    assert topic["KmsMasterKeyId"] == "<Key.Arn>" and topic["Subscription"] == [{"Protocol": "email", "Endpoint": "a@b.example"}]
    (statement,) = stack.resource("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Principal"], statement["Condition"]) == ({"Service": "events.amazonaws.com"}, {"ArnEquals": {"aws:SourceArn": "<Rule.Arn>"}})
    _, rule = stack.resource("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert rule["Principal"] == {"Service": "events.amazonaws.com"} and {"kms:Decrypt", "kms:GenerateDataKey*"} == set(rule["Action"])


def test_the_pattern_is_no_longer_than_eventbridge_takes():
    # The API takes 4096 characters; by "Amazon EventBridge quotas" a pattern has 2048 unless more is asked for.
    roles = ",".join(f"{ROLE}-{n}" for n in range(5))
    assert len(json.dumps(pattern(RoleArns=roles), separators=(",", ":"))) < 2048
