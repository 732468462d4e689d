"""Takes daemons that share a Lease of a real Kubernetes API server, in a cloud where machines come all the time; gives who
leads, for how long nobody did, and who changed what. Never decides who should."""

import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Self

from api_server import ApiServer
from cloud import IMAGE
from daemon import Daemon
from registering import everything
from simulator import REGION, Simulator
from waiting import eventually

# How long a lease lasts, how soon one who ends is followed, and for how long one leads who cannot renew.
LASTS, RENEWED_WITHIN, HANDED_OVER = 15.0, 10.0, 2.0
# What a machine with other work may be late by.
SLACK = 2.0
WRITES = ["Create", "Modify", "Delete"]

POLICY = """
apiVersion: vpc-mirror/v1
kind: Policy
owner: {owner}
settle: 5s
sensors: {{sta: {{targets: [{{networkLoadBalancer: "{sensor}"}}]}}}}
strategies: [{{name: crown-jewel, importance: {{}}, sensor: sta}}]
"""


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


@dataclass(frozen=True)
class Term:
    """A time in which one led: from when it said so, until it was told to stop, or said that it leads no longer."""

    name: str
    begins: float
    ends: float


@dataclass
class Replicas:
    """Daemons, each with an access key of its own, and whoever launches a machine every half second."""

    binary: Path
    simulator: Simulator
    kubernetes: ApiServer
    folder: Path
    namespace: str
    account: str
    lease: str
    # What else they find in their environment.
    settings: dict[str, str] = field(default_factory=dict)
    daemons: dict[str, Daemon] = field(default_factory=dict)
    ways: dict[str, Through] = field(default_factory=dict)
    # When somebody was told to stop.
    told: dict[str, float] = field(default_factory=dict)
    launched: list[str] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def where_machines_come(self, *names: str, later: tuple[str, ...] = ()) -> Iterator[Self]:
        """These run, and one of them leads; others may be started. In the end what is wanted stands once, whatever
        happened."""
        self.simulator.ask("PUT", "trace", {"keep": "lines"})
        known = [*names, *later, "launcher", "demo"]
        with self.simulator.where_registered(*(everything(name) for name in known)):
            thread = threading.Thread(target=self.launch, daemon=True)
            try:
                for name in names:
                    self.start(name)
                self.leader()
                thread.start()
                yield self
                self.ends.set()
                thread.join()
                eventually("what is wanted stands", lambda: self.wanted() <= set(self.sessions()), within=30)
                assert all(count == 1 for count in self.sessions().values()), "a double"
            finally:
                self.ends.set()
                for daemon in self.daemons.values():
                    daemon.__exit__()
                for way in self.ways.values():
                    way.close()
                self.kubernetes.ask("DELETE", self._path())

    def start(self, name: str) -> Daemon:
        """Starts one more."""
        self.ways[name] = Through(self.kubernetes.port)
        config = self.kubernetes.kubeconfig(self.namespace, self.account, name, self.ways[name].port)
        keys = {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": "secret"}
        aws = {"AWS_ENDPOINT_URL": self.simulator.url, "AWS_REGION": REGION}
        policy = self.folder / f"{name}.yaml"
        policy.write_text(POLICY.format(owner="replicas", sensor=self.simulator.sensor))
        environment = self.settings | keys | aws | {"KUBECONFIG": str(config), "HOSTNAME": name}
        self.daemons[name] = Daemon(self.binary, policy, environment, self.folder)
        return self.daemons[name]

    def stop(self, name: str) -> None:
        """Tells one to stop, and waits until it has."""
        self.told[name] = time.time()
        assert self.daemons[name].stop() == 0, name

    def holder(self) -> str:
        """Whose name the lease has."""
        return self.kubernetes.ask("GET", self._path())["spec"].get("holderIdentity", "").split("_")[0]

    def _path(self) -> str:
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{self.lease}"

    def leaders(self) -> list[str]:
        """Who says that he leads."""
        last = {name: [said for _, said in self._said(name)][-1:] for name in self.daemons if name not in self.told}
        return [name for name, said in last.items() if said == ["leading"]]

    def _said(self, name: str) -> list[tuple[float, str]]:
        """What one has said of leading, and when."""
        return [(when(it), it["message"]) for it in self.daemons[name].log() if it["message"].startswith("leading")]

    def terms(self) -> list[Term]:
        """All terms until now, in order."""
        found = []
        for name in self.daemons:
            said = self._said(name) + [(self.told.get(name, time.time()), "")]
            found += [Term(name, at, ends) for (at, what), (ends, _) in pairwise(said) if what == "leading"]
        return sorted(found, key=lambda it: it.begins)

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
        """Launches a machine that is to be mirrored, every half second until the end."""
        client = self.simulator.client(key="launcher")
        while not self.ends.wait(0.5):
            self.launched.append(launch_one(client))

    def writes(self) -> list[tuple[str, str]]:
        """Who has changed what of mirroring, in order."""
        with urllib.request.urlopen(f"{self.simulator.url}/_sim/trace", timeout=30) as answer:
            lines = [line.split() for line in answer.read().decode().splitlines()]
        return [(who.split("/")[-1], action) for _, who, action, *_ in lines if is_change(action)]

    def steps(self, name: str) -> list[float]:
        """When one had changed something, by its own log."""
        return [when(it) for it in self.daemons[name].log() if is_change(it.get("action", ""))]

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


def launch_one(client) -> str:
    """Launches a machine that is to be mirrored; gives its id."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "mirror", "Value": "crown-jewel"}]}]
    wish = {"ImageId": IMAGE, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    return client.run_instances(**wish, TagSpecifications=tags)["Instances"][0]["InstanceId"]


def is_change(action: str) -> bool:
    """Whether a call changes something of mirroring."""
    return "TrafficMirror" in action and action.startswith(tuple(WRITES))


def when(line: dict) -> float:
    """The time of a line of a log."""
    return datetime.fromisoformat(line["timestamp"]).timestamp()


def terms_of(writes: list[tuple[str, str]]) -> list[str]:
    """Who wrote, one after the other: a name for each time that it was another."""
    return [name for name, _ in groupby(writes, key=lambda write: write[0])]
