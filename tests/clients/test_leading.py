"""Three daemons with one Lease of a real Kubernetes API server, in a cloud where machines come all the time. One leads;
whatever becomes of it, another takes over, nobody else changes anything, and nothing is doubled."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_server import ApiServer
from daemon import Daemon
from replicas import HANDED_OVER, LASTS, POLICY, RENEWED_WITHIN, SLACK, Replicas, terms_of
from rights import of_the_daemon
from simulator import REGION, Simulator
from waiting import eventually

NAMESPACE, ACCOUNT, LEASE = "mirroring", "vpc-mirror", "vpc-mirror"
SETTINGS = {"VPC_MIRROR_LEADER_ELECTION": "lease", "VPC_MIRROR_LEASE_NAME": LEASE}


@pytest.fixture(scope="module", autouse=True)
def namespace(kubernetes: ApiServer) -> None:
    """With a service account that may do what the chart grants."""
    kubernetes.namespace(NAMESPACE)
    kubernetes.grant(NAMESPACE, ACCOUNT, of_the_daemon(LEASE))


@pytest.fixture
def replicas(binary: Path, kubernetes: ApiServer, tmp_path: Path) -> Iterator[Replicas]:
    """Three daemons of which one leads, in a cloud of their own. In the end what is wanted stands once, whatever
    happened, and each term's writes were its leader's."""
    with Simulator(binary, tmp_path) as simulator:
        it = Replicas(binary, simulator, kubernetes, tmp_path, NAMESPACE, ACCOUNT, LEASE, SETTINGS)
        with it.where_machines_come("one", "two", "three"):
            yield it


def test_when_the_leader_is_killed_another_takes_over_when_its_lease_has_lapsed(replicas: Replicas) -> None:
    first = replicas.leader()
    eventually("it mirrors", lambda: len(replicas.writes()) > 5)
    replicas.daemons[first].kill(signal.SIGKILL)
    killed = time.monotonic()
    second = replicas.others(first)
    took = time.monotonic() - killed
    assert LASTS - 3 < took < LASTS + 1 + SLACK, took
    mirrored = len(replicas.writes())
    eventually("the other one mirrors", lambda: len(replicas.writes()) > mirrored + 5)
    assert terms_of(replicas.writes()) == [first, second]
    print(f"killed: {took:.1f} s without a leader")


def test_a_leader_that_ends_hands_over_at_once(replicas: Replicas) -> None:
    first = replicas.leader()
    replicas.stop(first)
    stopped = time.monotonic()
    second = replicas.others(first)
    took = time.monotonic() - stopped
    assert took < HANDED_OVER + SLACK, took
    mirrored = len(replicas.writes())
    eventually("the other one mirrors", lambda: len(replicas.writes()) > mirrored + 5)
    assert terms_of(replicas.writes())[-1] == second
    print(f"handed over: {took:.1f} s without a leader")


def test_a_leader_that_was_frozen_changes_nothing_when_it_goes_on(replicas: Replicas) -> None:
    first = replicas.leader()
    eventually("it mirrors", lambda: len(replicas.writes()) > 5)
    replicas.daemons[first].kill(signal.SIGSTOP)
    second = replicas.others(first)
    mirrored = len(replicas.writes())
    eventually("the other one mirrors", lambda: len(replicas.writes()) > mirrored + 5)
    replicas.daemons[first].kill(signal.SIGCONT)
    eventually("it sees that it leads no longer", lambda: replicas.leaders() == [second])
    mirrored = len(replicas.writes())
    eventually("the other one goes on", lambda: len(replicas.writes()) > mirrored + 5)
    assert terms_of(replicas.writes()) == [first, second], "one call at most may have been on its way"


def test_while_the_api_server_stands_still_nobody_leads_and_then_one_does(replicas: Replicas) -> None:
    first = replicas.leader()
    replicas.kubernetes.freeze()
    frozen = time.monotonic()
    try:
        eventually("nobody leads", lambda: not replicas.leaders(), within=RENEWED_WITHIN + 5, every=0.05)
        led = time.monotonic() - frozen
        assert led < RENEWED_WITHIN + SLACK, led
        mirrored, launched = len(replicas.writes()), len(replicas.launched)
        eventually("ten machines come", lambda: len(replicas.launched) > launched + 10)
        assert len(replicas.writes()) == mirrored, "somebody changes something although nobody leads"
    finally:
        replicas.kubernetes.thaw()
    thawed = time.monotonic()
    one = replicas.leader()
    print(
        f"frozen: led for {led:.1f} s more; {time.monotonic() - thawed:.1f} s after it goes on {one} leads, before {first}"
    )


def test_a_leader_that_is_cut_off_steps_down_before_another_leads(replicas: Replicas) -> None:
    first = replicas.leader()
    eventually("it mirrors", lambda: len(replicas.writes()) > 5)
    replicas.ways[first].cut()
    cut = time.monotonic()
    eventually("it steps down", lambda: first not in replicas.leaders(), within=RENEWED_WITHIN + 5, every=0.05)
    led = time.monotonic() - cut
    second = replicas.others(first)
    took = time.monotonic() - cut
    assert led < RENEWED_WITHIN + SLACK and took > led, (led, took)
    replicas.ways[first].mend()
    eventually("it stands by", lambda: replicas.leaders() == [second])
    mirrored = len(replicas.writes())
    eventually("the other one mirrors", lambda: len(replicas.writes()) > mirrored + 5)
    assert terms_of(replicas.writes()) == [first, second]
    print(f"cut off: led for {led:.1f} s more; another after {took:.1f} s")


def test_who_may_not_ask_for_the_lease_says_what_to_grant(
    binary: Path, simulator: Simulator, kubernetes: ApiServer, tmp_path: Path
) -> None:
    config = kubernetes.kubeconfig(NAMESPACE, "stranger", "stranger")
    aws = {"AWS_ENDPOINT_URL": simulator.url, "AWS_REGION": REGION}
    keys = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "secret"}
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(owner="stranger", sensor=simulator.sensor))
    environment = aws | keys | {"KUBECONFIG": str(config)}
    with Daemon(binary, policy, environment, tmp_path, "--leader-election", "lease") as daemon:
        said = eventually(
            "it says so", lambda: [it["message"] for it in daemon.log() if "lease" in it["message"].lower()]
        )
        assert "grant get, create and update on leases" in said[0] and NAMESPACE in said[0], said
        assert "vpc_mirror_leader 0" in daemon.asks("/metrics")
        assert daemon.stop() == 0
