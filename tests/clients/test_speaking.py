"""AWS's clients understand the demo's cloud: its pages and its errors."""

import itertools

import boto3
import botocore.config
import botocore.exceptions
import pytest

from cloud import aws, call_cli, ec2
from waiting import eventually

UNKNOWN = "tms-0123456789abcdef0"
NOT_FOUND = "InvalidTrafficMirrorSessionId.NotFound"


def ids(sessions: list[dict]) -> list[str]:
    return [session["TrafficMirrorSessionId"] for session in sessions]


def while_nothing_changes(look):
    """What `look` sees, and the ids of all sessions as one call lists them before and after: the fleet changes."""

    def compare():
        before = ids(ec2().describe_traffic_mirror_sessions()["TrafficMirrorSessions"])
        seen = look()
        after = ids(ec2().describe_traffic_mirror_sessions()["TrafficMirrorSessions"])
        return (seen, before) if before == after else None

    return eventually("the sessions stay the same for a moment", compare)


def test_pages_of_five_hold_as_many_sessions_as_one_call_without_paging():
    paginator = ec2().get_paginator("describe_traffic_mirror_sessions")
    pages, every = while_nothing_changes(
        lambda: [ids(page["TrafficMirrorSessions"]) for page in paginator.paginate(PaginationConfig={"PageSize": 5})]
    )
    assert len(every) > 10
    assert [len(page) for page in pages[:-1]] == [5] * (len(pages) - 1)
    assert list(itertools.chain(*pages)) == every


def test_the_cli_finds_as_many_sessions_in_pages_as_without():
    paged, every = while_nothing_changes(lambda: aws("describe-traffic-mirror-sessions", "--page-size", "5"))
    assert ids(paged["TrafficMirrorSessions"]) == every


def error_code(call, **parameters) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_deleting_an_unknown_session_is_the_error_that_it_is_on_aws():
    assert error_code(ec2().delete_traffic_mirror_session, TrafficMirrorSessionId=UNKNOWN) == NOT_FOUND
    refused = call_cli("delete-traffic-mirror-session", "--traffic-mirror-session-id", UNKNOWN)
    assert refused.returncode != 0
    assert f"({NOT_FOUND})" in refused.stderr


def test_a_missing_parameter_is_named():
    careless = boto3.client("ec2", config=botocore.config.Config(parameter_validation=False))
    with pytest.raises(botocore.exceptions.ClientError, match="TrafficMirrorSessionId") as caught:
        careless.delete_traffic_mirror_session()
    assert caught.value.response["Error"]["Code"] == "MissingParameter"


def test_an_action_that_the_cloud_does_not_have_is_refused():
    assert error_code(ec2().describe_key_pairs) == "InvalidAction"
