"""Roles, as AWS's clients take them on: whom they trust, what their sessions may, and when these end."""

import json
import subprocess
from pathlib import Path

import pytest

import reached
from bench import refusal, why
from cloud import AWS, aws, call_cli
from registering import ACCOUNT, OTHER, everything, policy, role
from simulator import Simulator

WHO = {"RoleSessionName": "me"}


def as_session(simulator: Simulator, service: str, session: dict, **changes: str):
    """A client with the keys of a session, or with others in their place."""
    keys = session["Credentials"] | changes
    return simulator.client(service, key=keys["AccessKeyId"], token=keys.get("SessionToken"))


def test_a_role_is_taken_on_until_its_time_is_over(simulator: Simulator):
    mirror = role("ops/mirror", policies=policy("look", "ec2:DescribeVpcs"))
    with simulator.where_registered(everything("demo"), mirror) as (_, arn):
        session = simulator.client("sts").assume_role(RoleArn=arn, DurationSeconds=900, **WHO)
        sts, ec2 = (as_session(simulator, service, session) for service in ("sts", "ec2"))
        identity = sts.get_caller_identity()
        assert identity["Arn"] == session["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/mirror/me"
        assert identity["UserId"] == session["AssumedRoleUser"]["AssumedRoleId"]
        assert ec2.describe_vpcs()["Vpcs"]
        assert refusal(ec2.describe_subnets) == "UnauthorizedOperation"
        simulator.passes("15m")
        assert (refusal(ec2.describe_vpcs), refusal(sts.get_caller_identity)) == ("RequestExpired", "ExpiredToken")


def test_the_keys_of_a_session_are_good_with_its_token_alone(simulator: Simulator):
    mirror = role("mirror", policies=policy("look", "ec2:DescribeVpcs"))
    with simulator.where_registered(everything("demo"), mirror) as (_, arn):
        session = simulator.client("sts").assume_role(RoleArn=arn, **WHO)
        for token in ("", "another"):
            ec2 = as_session(simulator, "ec2", session, SessionToken=token)
            sts = as_session(simulator, "sts", session, SessionToken=token)
            codes = refusal(ec2.describe_vpcs), refusal(sts.get_caller_identity)
            assert codes == ("AuthFailure", "InvalidClientTokenId")


def test_a_session_ends_with_its_role(simulator: Simulator):
    mirror = role("mirror", policies=policy("look", "ec2:DescribeVpcs"))
    with simulator.where_registered(everything("demo"), mirror) as (_, arn):
        session = simulator.client("sts").assume_role(RoleArn=arn, **WHO)
        ec2 = as_session(simulator, "ec2", session)
        assert ec2.describe_vpcs()["Vpcs"]
        simulator.ask("DELETE", f"principals/{arn}")
        simulator.ask("POST", "principals", mirror)
        assert refusal(ec2.describe_vpcs) == "AuthFailure"


def test_a_role_says_whom_it_trusts_and_on_which_condition(simulator: Simulator):
    wanted = role("mirror", condition={"StringEquals": {"sts:ExternalId": "s3cret"}})
    stranger = role("strangers", trusts=OTHER)
    with simulator.where_registered(everything("demo"), wanted, stranger) as (_, arn, strangers):
        assume = simulator.client("sts").assume_role
        for wish in ({"RoleArn": arn}, {"RoleArn": arn, "ExternalId": "other"}, {"RoleArn": strangers}):
            assert refusal(assume, **wish, **WHO) == "AccessDenied"
        absent = why(assume, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/absent", **WHO)
        assert "user/demo is not authorized to perform: sts:AssumeRole on resource" in absent
        assume(RoleArn=arn, ExternalId="s3cret", **WHO)


@pytest.mark.parametrize(
    "change",
    [
        {"RoleArn": "mirror"},
        {"RoleSessionName": "x"},
        {"RoleSessionName": "a b"},
        {"DurationSeconds": 899},
        {"DurationSeconds": 43_201},
        {"ExternalId": "x"},
        # As long as AWS gives, and longer than this role does.
        {"DurationSeconds": 43_200},
    ],
    ids=str,
)
def test_the_wish_for_a_role_has_a_form(simulator: Simulator, change: dict):
    with simulator.where_registered(everything("demo"), role("mirror")) as (_, arn):
        wish = {"RoleArn": arn, **WHO} | change
        assert refusal(simulator.client("sts").assume_role, **wish) == "ValidationError"


def test_a_role_gives_up_to_twelve_hours_and_a_session_of_it_gets_one(simulator: Simulator):
    long = role("long", longestSession="12h", policies=policy("on", "sts:AssumeRole"))
    with simulator.where_registered(everything("demo"), long) as (_, arn):
        session = simulator.client("sts").assume_role(RoleArn=arn, DurationSeconds=43_200, **WHO)
        again = as_session(simulator, "sts", session).assume_role
        assert refusal(again, RoleArn=arn, DurationSeconds=3601, **WHO) == "ValidationError"
        again(RoleArn=arn, DurationSeconds=3600, **WHO)


def test_the_cli_takes_on_a_role(simulator: Simulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)
    mirror = role("mirror", policies=policy("look", "ec2:DescribeVpcs"))
    with simulator.where_registered(everything("demo"), mirror) as (_, arn):
        words = ["sts", "assume-role", "--role-arn", arn, "--role-session-name", "me", "--output", "json"]
        taken = subprocess.run([AWS, *words], capture_output=True, text=True, check=True, timeout=60)
        reached.note("cli", "AssumeRole", reached.OK)
        session = json.loads(taken.stdout)["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", session["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", session["SessionToken"])
        assert aws("describe-vpcs")["Vpcs"]
        denied = call_cli("describe-subnets")
    assert "(UnauthorizedOperation) when calling the DescribeSubnets operation" in denied.stderr
    assert f"User: arn:aws:sts::{ACCOUNT}:assumed-role/mirror/me is not authorized" in denied.stderr


def test_the_cli_takes_on_the_role_of_a_profile_by_itself(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    mirror = role("mirror", policies=policy("look", "ec2:DescribeVpcs"))
    with simulator.where_registered(everything("demo"), mirror) as (_, arn):
        profile = ["[profile mirror]", f"role_arn = {arn}", "role_session_name = me", "credential_source = Environment"]
        (tmp_path / "config").write_text("\n".join(profile))
        assert aws("describe-vpcs", "--profile", "mirror")["Vpcs"]
        denied = call_cli("describe-subnets", "--profile", "mirror")
    assert f"User: arn:aws:sts::{ACCOUNT}:assumed-role/mirror/me is not authorized" in denied.stderr
