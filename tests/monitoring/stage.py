"""Takes the binary, how long it is to last and, in KUBEBUILDER_ASSETS, an API server; lets three replicas look after a demo's fleet that
has trouble now and then, and a Prometheus scrape them. Prints where that answers, and goes on until it is ended. For pictures, not for
tests."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import api_server
import control
from api_server import ApiServer
from conftest import ALERTS
from demo import Demo
from ports import free_ports
from rights import of_the_daemon
from servers import Webhook, alertmanager, prometheus
from trouble import Trouble
from waiting import eventually

NAMESPACE, ACCOUNT, LEASE = "mirroring", "vpc-mirror", "vpc-mirror"
PODS = ["vpc-mirror-6d5c-4xk2p", "vpc-mirror-6d5c-9wq7t", "vpc-mirror-6d5c-tm8vz"]


class Pods:
    """Three processes that elect one by a real Lease."""

    def __init__(self, binary: Path, folder: Path, cluster: ApiServer, policy: Path, cloud: dict[str, str]) -> None:
        self.at = dict(zip(PODS, free_ports(len(PODS))))
        how = ["--policy", policy, "--resync", "5s", "--leader-election", "lease"]
        self._folder, self._command = folder, [binary, "run", *how]
        settings = {"VPC_MIRROR_LEASE_NAME": LEASE, "VPC_MIRROR_LEASE_NAMESPACE": NAMESPACE}
        self._environment = os.environ | cloud | settings
        self._cluster = cluster
        self._running: dict[str, subprocess.Popen] = {}
        for pod in PODS:
            self.start(pod)

    def start(self, pod: str) -> None:
        config = self._cluster.kubeconfig(NAMESPACE, ACCOUNT, pod)
        own = {"KUBECONFIG": str(config), "HOSTNAME": pod}
        with (self._folder / f"{pod}.log").open("a") as log:
            command = [*self._command, "--listen", f"127.0.0.1:{self.at[pod]}"]
            self._running[pod] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment | own)

    def leader(self) -> str:
        def leads(pod: str) -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.at[pod]}/metrics", timeout=5) as answer:
                    return "\nvpc_mirror_leader 1\n" in answer.read().decode()
            except OSError:
                return False

        return eventually("one leads", lambda: next((pod for pod in PODS if leads(pod)), None), within=60)

    def replace(self, kill: bool) -> None:
        """The leader ends, in one way or the other, and comes back a little later."""
        pod = self.leader()
        self._running[pod].kill() if kill else self._running[pod].terminate()
        self._running[pod].wait(timeout=30)
        self.leader()
        self.start(pod)

    def close(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait(timeout=15)


def acts(pods: Pods, demo: Demo, trouble: Trouble) -> list[tuple[float, str, Callable[[], object]]]:
    """What happens when, as a part of the time that it lasts."""
    fault = partial(control.ask, demo.cloud, "POST", "faults")
    throttled = {"code": "RequestLimitExceeded", "message": "Request limit exceeded.", "status": 503}

    def throttle() -> None:
        fault({"effect": {"error": throttled}, "odds": 0.12})

    def heal() -> None:
        control.ask(demo.cloud, "DELETE", "faults")

    def hide() -> None:
        fault({"effect": "denied", "actions": ["wafv2:ListWebACLs"]})

    return [
        (0.10, "somebody mirrors for himself", trouble.mirror_by_hand),
        (0.15, "a jewel that cannot be mirrored", trouble.launch_what_cannot_be_mirrored),
        (0.22, "somebody deletes sessions", partial(trouble.delete_some, 4)),
        (0.32, "the leader is killed", partial(pods.replace, True)),
        (0.40, "AWS throttles", throttle),
        (0.47, "AWS is well again", heal),
        (0.52, "the policy asks for more", trouble.ask_for_too_much),
        (0.60, "somebody opts out", trouble.opt_out),
        (0.66, "somebody fights", trouble.fight),
        (0.74, "a list is denied", hide),
        (0.82, "it may be read again", heal),
        (0.86, "the policy is broken for a while", trouble.break_the_policy),
        (0.92, "the leader ends", partial(pods.replace, False)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12)
    asked = parser.parse_args()
    assets = api_server.found()
    assert assets, api_server.MISSING
    # Whoever ends it ends what it has started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with ExitStack() as stage:
        folder = Path(stage.enter_context(tempfile.TemporaryDirectory(prefix="stage-")))
        for name in ("demo", "cluster"):
            (folder / name).mkdir()
        demo = stage.enter_context(Demo(asked.binary, folder / "demo", lasts="2h", instances=120, strategies="all"))
        os.environ.update(demo.environment | {"AWS_EC2_METADATA_DISABLED": "true"})
        cluster = stage.enter_context(ApiServer(assets, folder / "cluster"))
        cluster.namespace(NAMESPACE)
        cluster.grant(NAMESPACE, ACCOUNT, of_the_daemon(LEASE))
        policy = folder / "policy.yaml"
        policy.write_text(demo.policy.read_text())
        # From here on others look after its cloud.
        demo.follows(demo.policy.read_text() + "paused: true\n")
        demo.policy = policy
        pods = Pods(asked.binary, folder, cluster, policy, demo.environment)
        stage.callback(pods.close)
        demo.url = f"http://127.0.0.1:{pods.at[pods.leader()]}"
        webhook = Webhook()
        stage.callback(webhook.close)
        told = stage.enter_context(alertmanager(folder / "alertmanager", webhook.url))
        scraped = {f"127.0.0.1:{port}": {"pod": pod} for pod, port in pods.at.items()}
        running = stage.enter_context(prometheus(folder / "prometheus", scraped, ALERTS, told, every=2))
        print(running.url, flush=True)
        began = time.monotonic()
        for part, what, act in acts(pods, demo, Trouble(demo)):
            time.sleep(max(0, began + part * asked.minutes * 60 - time.monotonic()))
            demo.url = f"http://127.0.0.1:{pods.at[pods.leader()]}"
            print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)
            try:
                act()
            except (AssertionError, OSError) as error:
                print(f"        {error}", flush=True)
        time.sleep(max(0, began + asked.minutes * 60 - time.monotonic()))
        print("ready for pictures", flush=True)
        # Until it is ended.
        signal.pause()


if __name__ == "__main__":
    main()
