"""Who calls: what the simulator says to requests that are not signed, or signed otherwise than AWS wants it, and to
whoever would be somebody else."""

import http.client
import re
import urllib.parse

import pytest
from botocore import UNSIGNED

import reached
from bench import refusal
from simulator import Simulator

DATE = "20261124T120000Z"
SIGNED = {
    "Credential": "demo/20261124/eu-west-1/ec2/aws4_request",
    "SignedHeaders": "host;x-amz-date",
    "Signature": "0" * 64,
}
ROLE = "arn:aws:iam::111122223333:role/nobody"


def post(simulator: Simulator, authorization: str, body: str = "Action=DescribeVpcs&Version=2016-11-15") -> str:
    """The error code that a client gets which is none of AWS's."""
    place = urllib.parse.urlsplit(simulator.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    form = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded", "X-Amz-Date": DATE}
    connection.request("POST", "/", body, form)
    answer = connection.getresponse().read().decode()
    code = re.search("<Code>(.+)</Code>", answer)[1]
    reached.note("by hand", urllib.parse.parse_qs(body).get("Action", ["none"])[0], code)
    return code


def signed(**changes: str | None) -> str:
    """An authorization of the right form, but for these changes. That it is true, nobody in there can say."""
    parts = {name: part for name, part in (SIGNED | changes).items() if part is not None}
    return "AWS4-HMAC-SHA256 " + ", ".join(f"{name}={part}" for name, part in parts.items())


def test_nobody_is_let_in_without_a_signature(simulator: Simulator):
    stranger = simulator.client(signature_version=UNSIGNED)
    assert refusal(stranger.describe_vpcs) == "MissingAuthenticationToken"


def test_a_signature_of_another_kind_is_no_signature(simulator: Simulator):
    assert post(simulator, "Basic ZGVtbzpkZW1v") == "AuthFailure"


@pytest.mark.parametrize("part", SIGNED)
def test_a_signature_has_all_of_its_parts(simulator: Simulator, part: str):
    assert post(simulator, signed(**{part: None})) == "IncompleteSignature"


@pytest.mark.parametrize(
    "changes",
    [
        {"Credential": "demo/20261124/us-east-2/ec2/aws4_request"},
        {"Credential": "demo/20261123/eu-west-1/ec2/aws4_request"},
        {"Credential": "demo/20261124/eu-west-1/s3/aws4_request"},
        {"SignedHeaders": "host"},
        {"Signature": "0" * 63},
    ],
    ids=str,
)
def test_a_signature_is_for_this_request(simulator: Simulator, changes: dict):
    assert post(simulator, signed(**changes)) == "SignatureDoesNotMatch"


def test_a_request_without_an_action_is_refused(simulator: Simulator):
    assert post(simulator, signed(), "Version=2016-11-15") == "MissingAction"


def test_nobody_becomes_a_role_that_does_not_trust_him(simulator: Simulator):
    sts = simulator.client("sts")
    assert refusal(sts.assume_role, RoleArn=ROLE, RoleSessionName="test") == "AccessDenied"


def test_somebody_calls(simulator: Simulator):
    identity = simulator.client("sts").get_caller_identity()
    assert identity["Account"] in identity["Arn"]
