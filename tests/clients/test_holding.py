"""What a policy takes away beyond its allowance is held and shown, until a person lets it go."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import control
from asking import ask
from cloud import run_instances, sessions_on
from demo import Demo
from waiting import eventually

# How many may always lose packets.
ALWAYS = 5


def policy(balancer: str, strategy: str, approve: str = "") -> str:
    """A policy whose evidence settles as quickly as may be, and that allows no more losses than it has to."""
    return f"""\
apiVersion: vpc-mirror/v1
kind: Policy
owner: demo
sensors: {{sta: {{targets: [{{networkLoadBalancer: '{balancer}'}}]}}}}
strategies: [{{name: {strategy}, importance: {{}}}}]
limits: {{apiShare: 100%, maxLosses: 0%}}
settle: 1s
approve: [{approve}]
"""


def approve(binary: Path, demo: Demo, *words: str) -> subprocess.CompletedProcess:
    command = [binary, "approve", "--listen", demo.url.removeprefix("http://"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def held(demo: Demo) -> int:
    return int(demo.metrics()["vpc_mirror_held_losses"])


@pytest.fixture
def left(own: Demo) -> tuple[str, list[str], int]:
    """Twelve jewels that a policy wants no more, of which a few have lost their sessions: the load balancer, the interfaces
    of all of them, and how many losses are held."""
    balancer = control.ask(own.cloud, "POST", "world", {"addNetworkLoadBalancer": {"name": "second"}})["made"]
    own.follows(policy(balancer, "crown-jewel"))
    interfaces = [instance.interface for instance in run_instances(12, "crown-jewel")]
    eventually("all of them are mirrored", lambda: len(sessions_on(*interfaces)) == len(interfaces))
    own.follows(policy(balancer, "nobody"))
    all_shown = len(interfaces)
    eventually("what may go has gone", lambda: 0 < held(own) == len(sessions_on(*interfaces)) < all_shown)
    return balancer, interfaces, held(own)


def test_what_is_held_is_shown_and_a_word_on_this_machine_lets_it_go(binary: Path, own: Demo, left):
    _, interfaces, losses = left
    assert losses > ALWAYS
    shown = approve(binary, own)
    assert shown.returncode == 0, shown.stderr
    (digest,) = set(re.findall("[0-9a-f]{32}", shown.stdout))
    assert f"`vpc-mirror approve {digest}` lets them go now" in own.log()
    wrong = approve(binary, own, "0" * 32)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert f"{'0' * 32} is no digest of what is held" in wrong.stderr
    assert digest in wrong.stderr
    assert len(sessions_on(*interfaces)) >= len(interfaces) - ALWAYS
    approved = approve(binary, own, digest)
    assert approved.returncode == 0, approved.stderr
    assert re.fullmatch(r"approved for 24 hours: \d{12}, [a-z]+-[a-z]+-\d\n", approved.stdout)
    eventually("all of them are gone", lambda: not sessions_on(*interfaces))
    eventually("nothing is held", lambda: held(own) == 0 and "nothing is held any more" in own.log())
    assert approve(binary, own).stdout == "nothing is held\n"


def test_who_reads_the_plan_may_approve_what_it_shows_in_the_policy(binary: Path, own: Demo, left):
    balancer, interfaces, _ = left
    answer = ask(binary, own, "plan", "--output", "json")
    assert answer.returncode == 2, answer.stderr
    planned = json.loads(answer.stdout)["held"]
    assert len(planned["losses"]) > ALWAYS
    assert all(re.fullmatch(r"remove tms-[0-9a-f]{17}", loss) for loss in planned["losses"])
    lines = ask(binary, own, "plan").stdout.splitlines()
    assert f"held: {len(planned['losses'])} sessions are to lose packets, more than limits.maxLosses allows" in lines
    assert f"  to let all of them go: vpc-mirror approve {planned['digest']}" in lines
    past = f"{{losses: {planned['digest']}, until: '2020-01-01T00:00:00Z'}}"
    own.follows(policy(balancer, "nobody", past))
    assert sessions_on(*interfaces)
    own.follows(policy(balancer, "nobody", past.replace("2020", "2100")))
    eventually("all of them are gone", lambda: not sessions_on(*interfaces))


def test_where_no_daemon_listens_nothing_is_approved_and_it_is_said_where_it_was_looked_for(binary: Path):
    command = [binary, "approve", "--listen", "127.0.0.1:1", "0" * 32]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "no daemon answers on 127.0.0.1:1: start it, or say with --listen where it listens" in answer.stderr
