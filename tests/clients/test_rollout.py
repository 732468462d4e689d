"""The daemon as the pods of the chart run it: with the ServiceAccount, the Role and the settings that the chart has put onto a
real API server. They elect by that; without it they say what to grant; and they are replaced one by one, as a Deployment does,
while machines come all the time."""

import shutil
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest

import api_server
from cluster import NAMED, Cluster, Release
from daemon import Daemon
from helm import case
from registering import everything
from replicas import HANDED_OVER, POLICY, RENEWED_WITHIN, SLACK, Replicas, launch_one, terms_of
from simulator import Simulator
from waiting import eventually

HELM = "helm-3"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real API server, and who asks it by kubectl and Helm."""
    assets = api_server.found()
    if not assets:
        pytest.skip(f"{api_server.MISSING}: no real API server")
    if not all(shutil.which(name) for name in [HELM, "kubectl"]):
        pytest.skip(f"{HELM} and kubectl are not on the PATH, where tests/run puts them: the chart was not installed")
    with Cluster(assets, tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def release(cluster: Cluster, simulator_alone: Simulator, tmp_path: Path) -> Release:
    """The chart in a namespace of its own, with a policy for the simulator's sensor. Nothing is installed yet."""
    release = Release(cluster, HELM, f"mirroring-{next(NUMBERS)}", case("irsa"))
    policy = tmp_path / "chart-policy.yaml"
    policy.write_text(POLICY.format(owner="replicas", sensor=simulator_alone.sensor))
    release.values += ["--set-file", f"policy={policy}"]
    return release


@pytest.fixture
def simulator_alone(binary: Path, tmp_path: Path) -> Iterator[Simulator]:
    """A cloud for one test alone."""
    with Simulator(binary, tmp_path) as running:
        yield running


@pytest.fixture
def pods(binary: Path, simulator_alone: Simulator, release: Release, tmp_path: Path) -> Replicas:
    """Whoever runs as the pods of the release do."""
    return Replicas(binary, simulator_alone, release.cluster, tmp_path, release.namespace, NAMED, NAMED)


def install(release: Release, pods: Replicas, folder: Path, *more: str) -> None:
    """Installs the chart, and has the daemons find what its pods would find."""
    release.install(*more)
    assert release.get("serviceaccount", NAMED), "or a token would be for one that nobody made"
    policy, pods.settings = release.pod(folder)
    assert policy.read_text() == POLICY.format(owner="replicas", sensor=pods.simulator.sensor)


def is_ready(daemon: Daemon) -> bool:
    """Whether it would be sent to, were it a pod."""
    try:
        return daemon.asks("/readyz") == "ok\n"
    except urllib.error.HTTPError as answer:
        assert answer.code == 503
        return False


def complaints(daemon: Daemon) -> list[str]:
    """What it has said of the Lease that it cannot have."""
    return [it["message"] for it in daemon.log() if it["message"].startswith("the lease cannot be asked for")]


def test_the_role_of_the_chart_is_enough_to_lead_and_without_its_binding_it_is_said_what_to_grant(
    release: Release, pods: Replicas, tmp_path: Path
) -> None:
    install(release, pods, tmp_path, "--set", "rbac.create=false")
    assert release.get("role", NAMED) is None and release.get("rolebinding", NAMED) is None
    pods.simulator.ask("PUT", "trace", {"keep": "lines"})
    known = [everything(name) for name in ["one", "launcher"]]
    with pods.simulator.where_registered(*known), pods.start("one") as daemon:
        launch_one(pods.simulator.client(key="launcher"))
        (said, *_) = eventually("it says what it may not", lambda: complaints(daemon))
        assert f"may not get the Lease {NAMED} in the namespace {release.namespace}" in said
        assert "grant get, create and update on leases of the API group coordination.k8s.io" in said
        eventually("it has read everything, all the same", lambda: is_ready(daemon))
        assert "vpc_mirror_leader 0\n" in daemon.asks("/metrics") and not pods.writes()

        release.upgrade()
        eventually("it leads, although nobody has started it anew", lambda: pods.leaders() == ["one"])
        assert pods.holder() == "one"
        eventually("it mirrors", pods.sessions)

        release.kubectl("delete", "rolebinding", NAMED)
        taken = time.monotonic()
        eventually("it leads no longer", lambda: not pods.leaders(), within=RENEWED_WITHIN + 5, every=0.05)
        led = time.monotonic() - taken
        assert led < RENEWED_WITHIN + SLACK, led
        assert f"the Lease {NAMED} in the namespace {release.namespace}: grant get" in complaints(daemon)[-1]
        release.upgrade()
        eventually("Helm puts the binding back, and it leads again", lambda: pods.leaders() == ["one"])
        pods.stop("one")
    print(f"without its RoleBinding it led for {led:.1f} s more")


@pytest.mark.parametrize("goes_first", ["the leader", "the other"])
def test_pods_that_are_replaced_one_by_one_hand_over_and_only_who_leads_changes_anything(
    release: Release, pods: Replicas, tmp_path: Path, goes_first: str
) -> None:
    install(release, pods, tmp_path)
    with pods.where_machines_come("old1", "old2", later=("new1", "new2")):
        eventually("both are ready", lambda: all(is_ready(it) for it in pods.daemons.values()))
        leader = pods.leader()
        eventually("it mirrors", lambda: len(pods.writes()) > 10)
        other = next(name for name in pods.daemons if name != leader)
        old = [leader, other] if goes_first == "the leader" else [other, leader]
        for new, goes in zip(["new1", "new2"], old, strict=True):
            # As the chart says: one more first, and the old one ends when the new one is ready.
            daemon = pods.start(new)
            eventually(f"{new} is ready", lambda daemon=daemon: is_ready(daemon))
            pods.stop(goes)
            mirrored = len(pods.writes())
            eventually("somebody goes on", lambda mirrored=mirrored: len(pods.writes()) > mirrored + 10)
        assert pods.leader().startswith("new")
    terms = pods.terms()
    assert len(terms) == len({it.name for it in terms}) <= 3, "each leads once at most"
    assert only_in_their_terms(pods)
    gaps = [then.begins - now.ends for now, then in pairwise(terms)]
    assert all(gap < HANDED_OVER + SLACK for gap in gaps), gaps
    changes = [min(pods.steps(then.name)) - now.ends for now, then in pairwise(terms) if pods.steps(then.name)]
    order = ", ".join(it.name for it in terms)
    longest = f"{max(gaps):.2f} s without a leader, {max(changes):.2f} s until the next one had changed something"
    print(f"{goes_first} first: {order}; {longest}")


def only_in_their_terms(pods: Replicas) -> bool:
    """Whether who has changed something, as the cloud has it, led then, as the logs have it: nobody before he began to lead, nor when
    the next one did."""
    terms, writes = pods.terms(), pods.writes()
    steps = {it.name: pods.steps(it.name) for it in terms}
    assert {name: len(it) for name, it in steps.items() if it} == Counter(who for who, _ in writes)
    assert terms_of(writes) == [it.name for it in terms if steps[it.name]]
    assert all(it.begins <= min(steps[it.name], default=it.begins) for it in terms)
    assert all(max(steps[now.name], default=0) <= then.begins for now, then in pairwise(terms))
    return True
