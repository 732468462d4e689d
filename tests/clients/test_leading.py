"""Three daemons with one Lease of a real Kubernetes API server, in a cloud where machines come all the time. One leads;
whatever becomes of it, another takes over, nobody else changes anything, and nothing is doubled."""

import signal
import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest

import api_server
from api_server import ApiServer
from cloud import IMAGE
from daemon import Daemon
from registering import everything
from simulator import REGION, Simulator
from waiting import eventually

NAMESPACE, ACCOUNT, LEASE = "mirroring", "vpc-mirror", "vpc-mirror"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
LASTS, RENEWED_WITHIN, HANDED_OVER = 15.0, 10.0, 2.0
# What a machine with other work may be late by.
SLACK = 2.0
WRITES = ["Create", "Modify", "Delete"]

RULES = [
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": [LEASE],
        "verbs": ["get", "update"],
    },
]

POLICY = """
apiVersion: vpc-mirror/v1
kind: Policy
owner: {owner}
settle: 5s
sensors: {{sta: {{targets: [{{networkLoadBalancer: "{sensor}"}}]}}}}
strategies: [{{name: crown-jewel, importance: {{}}, sensor: sta}}]
"""


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server, with a namespace, and a service account that may do what the chart grants."""
    assets = api_server.found()
    if not assets:
        pytest.skip(f"{api_server.MISSING}: no real API server")
    with ApiServer(assets, tmp_path_factory.mktemp("cluster")) as running:
        running.namespace(NAMESPACE)
        running.grant(NAMESPACE, ACCOUNT, RULES)
        yield running


class Through:
    """A way to the API server that can be cut."""

    def __init__(self, port: int):
        self._to, self._open, self._pairs = port, True, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._to))
            self._pairs.append((here, there))
            for source, sink in [(here, there), (there, here)]:
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                # What is sent while it is cut is lost, as by a firewall that drops: nothing is closed.
                if self._open:
                    sink.sendall(data)
        except OSError:
            pass

    def cut(self) -> None:
        self._open = False

    def mend(self) -> None:
        """New connections are carried; those that have lost something end."""
        for pair in self._pairs:
            for it in pair:
                it.close()
        self._pairs, self._open = [], True

    def close(self) -> None:
        self._listener.close()
        self.mend()


@dataclass
class Replicas:
    """Three daemons, each with an access key of its own, and whoever launches a machine every half second."""

    binary: Path
    simulator: Simulator
    kubernetes: ApiServer
    folder: Path
    daemons: dict[str, Daemon] = field(default_factory=dict)
    ways: dict[str, Through] = field(default_factory=dict)
    launched: list[str] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str) -> None:
        self.ways[name] = Through(self.kubernetes.port)
        config = self.kubernetes.kubeconfig(NAMESPACE, ACCOUNT, name, self.ways[name].port)
        keys = {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": "secret"}
        aws = {"AWS_ENDPOINT_URL": self.simulator.url, "AWS_REGION": REGION}
        policy = self.folder / f"{name}.yaml"
        policy.write_text(POLICY.format(owner="replicas", sensor=self.simulator.sensor))
        environment = keys | aws | {"KUBECONFIG": str(config), "HOSTNAME": name}
        how = ["--leader-election", "lease", "--lease-name", LEASE]
        self.daemons[name] = Daemon(self.binary, policy, environment, self.folder, *how)

    def holder(self) -> str:
        """Whose name the lease has."""
        lease = self.kubernetes.ask("GET", f"{LEASES}/{LEASE}")
        return lease["spec"].get("holderIdentity", "").split("_")[0]

    def leaders(self) -> list[str]:
        """Who says that he leads."""
        told = {name: daemon.log() for name, daemon in self.daemons.items()}
        last = {
            name: [it["message"] for it in log if it["message"].startswith("leading")] for name, log in told.items()
        }
        return [name for name, messages in last.items() if messages and messages[-1] == "leading"]

    def leader(self) -> str:
        """The one who leads, and has the lease."""
        return eventually("one leads", lambda: self._only(), within=LASTS + 10)

    def _only(self) -> str | None:
        leaders = self.leaders()
        return leaders[0] if len(leaders) == 1 and leaders[0] == self.holder() else None

    def others(self, than: str) -> str:
        """Another one who leads."""

        def another() -> str | None:
            return next((name for name in self.leaders() if name != than), None)

        return eventually(f"another than {than} leads", another, within=LASTS + 10, every=0.05)

    def launch(self) -> None:
        client = self.simulator.client(key="launcher")
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "mirror", "Value": "crown-jewel"}]}]
        while not self.ends.wait(0.5):
            wish = {"ImageId": IMAGE, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
            self.launched.append(client.run_instances(**wish, TagSpecifications=tags)["Instances"][0]["InstanceId"])

    def writes(self) -> list[tuple[str, str]]:
        """Who has changed what of mirroring, in order."""
        with urllib.request.urlopen(f"{self.simulator.url}/_sim/trace", timeout=30) as answer:
            lines = [line.split() for line in answer.read().decode().splitlines()]
        calls = [(who.split("/")[-1], action) for _, who, action, *_ in lines if "TrafficMirror" in action]
        return [(who, action) for who, action in calls if action.startswith(tuple(WRITES))]

    def sessions(self) -> Counter:
        """How many sessions each interface of what was launched has."""
        client = self.simulator.client(key="launcher")
        pages = client.get_paginator("describe_traffic_mirror_sessions").paginate()
        return Counter(it["NetworkInterfaceId"] for page in pages for it in page["TrafficMirrorSessions"])

    def wanted(self) -> set[str]:
        client = self.simulator.client(key="launcher")
        pages = client.get_paginator("describe_instances").paginate(
            Filters=[
                {"Name": "tag:mirror", "Values": ["crown-jewel"]},
                {"Name": "instance-state-name", "Values": ["running"]},
            ]
        )
        all_ = (instance for page in pages for it in page["Reservations"] for instance in it["Instances"])
        return {it["NetworkInterfaces"][0]["NetworkInterfaceId"] for it in all_}


@pytest.fixture
def replicas(binary: Path, kubernetes: ApiServer, tmp_path: Path) -> Iterator[Replicas]:
    """Three daemons of which one leads, in a cloud of their own. In the end what is wanted stands once, whatever
    happened, and each term's writes were its leader's."""
    with Simulator(binary, tmp_path) as simulator:
        names = ["one", "two", "three"]
        simulator.ask("PUT", "trace", {"keep": "lines"})
        with simulator.where_registered(*(everything(name) for name in [*names, "launcher", "demo"])):
            it = Replicas(binary, simulator, kubernetes, tmp_path)
            thread = threading.Thread(target=it.launch, daemon=True)
            try:
                for name in names:
                    it.start(name)
                it.leader()
                thread.start()
                yield it
                it.ends.set()
                thread.join()
                eventually("what is wanted stands", lambda: it.wanted() <= set(it.sessions()), within=30)
                assert all(count == 1 for count in it.sessions().values()), "a double"
            finally:
                it.ends.set()
                for daemon in it.daemons.values():
                    daemon.__exit__()
                for way in it.ways.values():
                    way.close()
                kubernetes.ask("DELETE", f"{LEASES}/{LEASE}")


def terms_of(writes: list[tuple[str, str]]) -> list[str]:
    """Who wrote, one after the other: a name for each time that it was another."""
    return [name for name, _ in groupby(writes, key=lambda write: write[0])]


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
    assert replicas.daemons[first].stop() == 0
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
