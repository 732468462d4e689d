"""What the control endpoint says to whoever registers users, roles and policies: it does it whole, or says what is
wrong with it."""

import pytest

from bench import refusal
from registering import ACCOUNT, OTHER, everything, policy, role, user
from simulator import Simulator

NOBODY = {"principals": []}


def test_who_is_registered_is_listed_as_he_was_registered(simulator: Simulator):
    alice = user("ops/alice", keys=["AKIAALICE"], tags={"team": "red"}, policies=policy("look", "ec2:Describe*"))
    mirror = role("mirror", longestSession="12h", account=OTHER)
    usual = {"account": ACCOUNT, "keys": [], "policies": {}, "tags": {}}
    arns = [f"arn:aws:iam::{ACCOUNT}:user/ops/alice", f"arn:aws:iam::{OTHER}:role/mirror"]
    with simulator.where_registered(alice, mirror) as registered:
        assert registered == arns
        listed = simulator.ask("GET", "principals")["principals"]
    assert listed == [{"arn": arn, "principal": usual | wish} for arn, wish in zip(arns, [alice, mirror], strict=True)]
    assert simulator.ask("GET", "principals") == NOBODY


def test_who_is_registered_once_more_is_what_is_said_then(simulator: Simulator):
    again = user("alice", keys=["another"])
    with simulator.where_registered(everything("demo"), everything("alice"), again):
        assert len(simulator.ask("GET", "principals")["principals"]) == 2
        assert refusal(simulator.client(key="alice").describe_vpcs) == "AuthFailure"
        assert refusal(simulator.client(key="another").describe_vpcs) == "UnauthorizedOperation"


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (user("a b"), "`principal` is `user/a b`: write `user/…` or `role/…`"),
        (user(""), "`principal` is `user/`"),
        (user("x" * 65), "up to 64 letters"),
        ({"principal": "group/ops"}, "`principal` is `group/ops`"),
        (user("alice", account="me"), "`account` is me: write twelve digits"),
        (user("alice", keys=["a/b"]), "`keys` has `a/b`: write up to 128 letters"),
        (user("alice", keys=["ASIAALICE"]), "of which the first four are not `ASIA`"),
        (user("alice", trust=role("x")["trust"]), "`trust` is a role's"),
        (user("alice", longestSession="2h"), "`longestSession` is a role's"),
        ({"principal": "role/mirror"}, "`trust` is missing"),
        (role("mirror", keys=["AKIAMIRROR"]), "`keys` are a user's"),
        (role("mirror", longestSession="13h"), "`longestSession` is 13h: write a duration from 1h to 12h"),
        (role("mirror", trusts="alice"), '`trust`: MalformedPolicyDocument: Invalid principal in policy: "AWS"'),
        (user("alice", policies={"p": {}}), "`p`: MalformedPolicyDocument: Syntax errors in policy"),
        (user("alice", policies=policy("p", "look")), "must be prefaced by a vendor"),
        (user("alice", policy={}), "unknown field `policy`, expected one of `principal`, `account`, `policies`"),
        (user("Demo"), f"`principal` is `user/Demo`, and there is arn:aws:iam::{ACCOUNT}:user/demo"),
        (user("ops/demo"), f"`principal` is `user/ops/demo`, and there is arn:aws:iam::{ACCOUNT}:user/demo"),
        (user("alice", keys=["demo"]), f"`keys` has `demo`, which is a key of arn:aws:iam::{ACCOUNT}:user/demo"),
    ],
    ids=str,
)
def test_a_principal_that_cannot_be_is_refused_with_what_is_wrong(simulator: Simulator, wish: dict, wrong: str):
    with simulator.where_registered(everything("demo")):
        assert wrong in simulator.refuses("POST", "principals", wish)
        assert len(simulator.ask("GET", "principals")["principals"]) == 1


def test_one_name_can_be_a_users_and_a_roles_and_anothers_in_another_account(simulator: Simulator):
    with simulator.where_registered(user("mirror"), role("mirror"), user("mirror", account=OTHER)) as arns:
        assert len(set(arns)) == 3


def test_who_is_not_there_cannot_be_removed(simulator: Simulator):
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert simulator.refuses("DELETE", f"principals/{arn}") == f"there is no principal `{arn}`: there are none"


def test_the_policies_of_an_account_are_those_that_it_was_given_last(simulator: Simulator):
    first, second = policy("first", "ec2:*", Effect="Deny"), policy("second", "sts:*", Effect="Deny")
    with simulator.where_controlled(first), simulator.where_controlled(second):
        assert simulator.ask("GET", "organization") == {"accounts": {ACCOUNT: second}}
        refused = simulator.refuses("PUT", "organization", {"policies": {"p": []}})
        assert "`p`: MalformedPolicyDocument" in refused
        assert simulator.ask("GET", "organization") == {"accounts": {ACCOUNT: second}}
    assert simulator.ask("GET", "organization") == {"accounts": {}}
