"""What an operator would look up with kubectl: the leader writes events about the Lease."""

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api_server import ApiServer
from cloud import IMAGE
from daemon import Daemon
from rights import of_the_daemon, of_the_lease
from simulator import REGION, Simulator
from waiting import eventually

NAMESPACE, ACCOUNT, LEASE = "announcing", "vpc-mirror", "vpc-mirror"
EVENTS = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"

POLICY = """
apiVersion: vpc-mirror/v1
kind: Policy
owner: announcing
settle: 1s
limits: {{apiShare: 100%, maxLosses: 0%}}
sensors: {{sta: {{targets: [{{networkLoadBalancer: "{sensor}"}}]}}}}
strategies: [{{name: {strategy}, importance: {{}}, sensor: sta}}]
"""


@pytest.fixture(scope="module", autouse=True)
def namespace(kubernetes: ApiServer) -> None:
    """With a service account that may write events, and one that may not."""
    kubernetes.namespace(NAMESPACE)
    kubernetes.grant(NAMESPACE, ACCOUNT, of_the_daemon(LEASE))
    kubernetes.grant(NAMESPACE, "quiet", of_the_lease(LEASE))


@dataclass
class Announcing:
    """Daemons with one Lease, and a cloud with twelve jewels."""

    binary: Path
    simulator: Simulator
    kubernetes: ApiServer
    folder: Path

    def policy(self, strategy: str = "crown-jewel", text: str = POLICY) -> Path:
        path = self.folder / "policy.yaml"
        path.write_text(text.format(sensor=self.simulator.sensor, strategy=strategy))
        return path

    def daemon(self, name: str, account: str = ACCOUNT) -> Daemon:
        config = self.kubernetes.kubeconfig(NAMESPACE, account, name)
        keys = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "secret"}
        aws = {"AWS_ENDPOINT_URL": self.simulator.url, "AWS_REGION": REGION}
        folder = self.folder / name
        folder.mkdir()
        environment = keys | aws | {"KUBECONFIG": str(config), "HOSTNAME": name}
        return Daemon(self.binary, self.policy(), environment, folder, "--leader-election", "lease")

    def approves(self, daemon: Daemon, digest: str) -> subprocess.CompletedProcess:
        """What a daemon answers to whoever approves that."""
        (listens,) = [line["listen"] for line in daemon.log() if "listen" in line]
        return subprocess.run([self.binary, "approve", "--listen", listens, digest], capture_output=True, text=True, timeout=60)

    def events(self, reason: str) -> list[dict]:
        return [it for it in self.kubernetes.ask("GET", EVENTS)["items"] if it["reason"] == reason]

    def eventually(self, reason: str, which: Callable[[dict], bool] = bool) -> dict:
        found = eventually(f"an event {reason}", lambda: [it for it in self.events(reason) if which(it)], within=60)
        return found[-1]


@pytest.fixture
def announcing(binary: Path, kubernetes: ApiServer, tmp_path: Path) -> Iterator[Announcing]:
    with Simulator(binary, tmp_path) as simulator:
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "mirror", "Value": "crown-jewel"}]}]
        wish = {"ImageId": IMAGE, "InstanceType": "m5.large", "MinCount": 12, "MaxCount": 12}
        simulator.client().run_instances(**wish, TagSpecifications=tags)
        yield Announcing(binary, simulator, kubernetes, tmp_path)
        kubernetes.ask("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{LEASE}")


def sessions(announcing: Announcing) -> list[str]:
    answer = announcing.simulator.client().describe_traffic_mirror_sessions()
    return [it["TrafficMirrorSessionId"] for it in answer["TrafficMirrorSessions"]]


def test_the_leader_writes_events_about_the_lease_and_nobody_else_does(announcing: Announcing) -> None:
    with announcing.daemon("one") as one, announcing.daemon("two") as two:
        leading = announcing.eventually("Leading")
        assert leading["regarding"]["kind"] == "Lease" and leading["regarding"]["name"] == LEASE
        lease = announcing.kubernetes.ask("GET", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{LEASE}")
        assert leading["regarding"]["uid"] == lease["metadata"]["uid"], "`kubectl describe` asks for it by that"
        assert leading["type"] == "Normal" and leading["reportingController"] == "vpc-mirror"
        leader = lease["spec"]["holderIdentity"]
        assert leading["reportingInstance"] == leader

        eventually("all are mirrored", lambda: len(sessions(announcing)) >= 12)
        deleted = sessions(announcing)[0]
        announcing.simulator.client().delete_traffic_mirror_session(TrafficMirrorSessionId=deleted)
        tampering = announcing.eventually("Tampering")
        assert tampering["type"] == "Warning" and deleted in tampering["note"], tampering["note"]

        announcing.policy(text="owner: [nonsense\n")
        refused = announcing.eventually("PolicyRefused")
        assert refused["type"] == "Warning" and "policy.yaml" in refused["note"], refused["note"]

        announcing.policy("nobody")
        announcing.eventually("PolicyFollowed")
        held = announcing.eventually("LossesHeld")
        assert "vpc-mirror approve" in held["note"] and REGION in held["note"], held["note"]

        other = next(it for it in (one, two) if "vpc_mirror_leader 0" in it.asks("/metrics"))
        refused = announcing.approves(other, re.search("vpc-mirror approve ([0-9a-f]+)", held["note"])[1])
        assert refused.returncode == 1 and "stands by" in refused.stderr, refused.stdout + refused.stderr

        everyone = announcing.kubernetes.ask("GET", EVENTS)["items"]
        assert {it["reportingInstance"] for it in everyone} == {leader}, "one of the two speaks"
        assert one.stop() == two.stop() == 0


def test_who_may_not_write_events_says_what_to_grant_and_mirrors_all_the_same(announcing: Announcing) -> None:
    with announcing.daemon("quiet", account="quiet") as daemon:

        def said() -> list[str]:
            return [it["message"] for it in daemon.log() if "events cannot be written" in it["message"]]

        assert "grant create on events" in eventually("it says so", said)[0]
        eventually("all are mirrored", lambda: len(sessions(announcing)) >= 12)
        assert len(said()) == 1, "once is enough"
        assert daemon.stop() == 0
