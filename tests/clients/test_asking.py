"""`plan` and `explain`, asked beside the running daemon and with the environment of the AWS CLI."""

import functools
from pathlib import Path

import pytest

import asking
from cloud import add_interface, run_instance, session_on
from demo import Demo


@pytest.fixture
def ask(binary: Path, demo: Demo):
    return functools.partial(asking.ask, binary, demo)


def test_a_plan_says_with_its_exit_code_whether_anything_would_change(ask):
    plan = ask("plan")
    # The fleet changes by itself: either may be true.
    said = {0: "no change: what stands is what the policy asks for\n", 2: " calls now, "}
    assert plan.returncode in said, plan.stderr
    assert said[plan.returncode] in plan.stdout


def test_an_explanation_goes_the_whole_way_of_each_interface(ask):
    instance = run_instance("crown-jewel")
    interfaces = sorted([instance.interface, add_interface(instance)])
    sessions = [session_on(interface)["TrafficMirrorSessionId"] for interface in interfaces]
    explanation = ask("explain", instance.id)
    assert explanation.returncode == 0, explanation.stderr
    lines = explanation.stdout.splitlines()
    results = [line for line in lines if line.startswith("eni-")]
    assert results == [
        f"{interface}: mirrored to sta by {session}" for interface, session in zip(interfaces, sessions, strict=True)
    ]
    reason = "crown-jewel: tag mirror=crown-jewel on the instance"
    assert len([line for line in lines if line.endswith(reason)]) == len(interfaces)


def test_an_instance_that_nothing_concerns_is_explained_too(ask):
    instance = run_instance()
    explanation = ask("explain", instance.id)
    result = f"{instance.interface}: not mirrored: no tag and no selector concerns it"
    assert result in explanation.stdout.splitlines()


def test_what_does_not_exist_cannot_be_explained(ask):
    explanation = ask("explain", "i-0123456789abcdef0")
    assert explanation.returncode == 1
    assert "there is no instance or network interface i-0123456789abcdef0" in explanation.stderr
