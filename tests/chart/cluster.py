"""Takes a folder with etcd and kube-apiserver; gives a real API server on this machine, and what kubectl and Helm need to ask it. It has no
controllers and no nodes: nothing starts a pod or ends a Job."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helm import CHART

# The certificate is its own authority.
OPENSSL = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key -out crt"
PATIENCE = 120


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [it.getsockname()[1] for it in sockets]
    for it in sockets:
        it.close()
    return ports


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.5)


class Cluster:
    """An API server that runs until it is left."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.folder = folder
        store, peers, port = free_ports(3)
        subprocess.run(OPENSSL.split(), cwd=folder, check=True, capture_output=True)
        subprocess.run("openssl genrsa -out sa.key 2048".split(), cwd=folder, check=True, capture_output=True)
        subprocess.run("openssl rsa -in sa.key -pubout -out sa.pub".split(), cwd=folder, check=True, capture_output=True)
        (folder / "tokens.csv").write_text('of-an-admin,admin,1,"system:masters"\n')
        self.log = (folder / "log").open("w")
        etcd, peer = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
        self.processes = [
            self._start(binaries / "etcd", "--data-dir=etcd", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
                        f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"),
            self._start(binaries / "kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
                        "--endpoint-reconciler-type=none", f"--secure-port={port}", "--tls-cert-file=crt", "--tls-private-key-file=key",
                        "--service-account-issuer=https://kubernetes.default.svc", "--service-account-signing-key-file=sa.key",
                        "--service-account-key-file=sa.pub", "--authorization-mode=RBAC", "--token-auth-file=tokens.csv",
                        "--service-cluster-ip-range=10.96.0.0/16", "--disable-admission-plugins=ServiceAccount"),
        ]  # fmt: skip
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / "crt")}
        (folder / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": cluster}], "users": [{"name": "it", "user": {"token": "of-an-admin"}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }))  # fmt: skip
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig")}

    def _start(self, *command: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*map(str, command)], cwd=self.folder, stdout=self.log, stderr=self.log)

    def __enter__(self) -> "Cluster":
        ready = lambda: all(self.run("kubectl", "get", "--raw", path).returncode == 0 for path in ("/readyz", "/openapi/v2"))
        try:
            wait_until("the API server answers", ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.log.close()

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*map(str, command)], env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def get(self, namespace: str, kind: str, name: str) -> dict[str, Any] | None:
        """The object, or nothing if it is not there."""
        asked = self.run("kubectl", "--namespace", namespace, "get", kind, name, "--ignore-not-found", "--output", "json")
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout) if asked.stdout else None


class Release:
    """A release of the chart, in a namespace of its own."""

    def __init__(self, cluster: Cluster, helm: str, namespace: str, values: Path) -> None:
        self.cluster, self.helm, self.namespace = cluster, helm, namespace
        # What is tested does not change meanwhile, and Helm's values are a file.
        self.chart = shutil.copytree(CHART, cluster.folder / namespace)
        # policy/v1 is younger than this API server.
        self.values = ["--values", str(values), "--set", "podDisruptionBudget.enabled=false"]

    def command(self, *arguments: str) -> list[str]:
        return [self.helm, "--namespace", self.namespace, *arguments]

    def do(self, *arguments: str) -> str:
        done = self.cluster.run(*self.command(*arguments))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, *more: str) -> str:
        return self.do("install", "mirroring", str(self.chart), "--create-namespace", *self.values, *more)

    def upgrade(self, *more: str) -> str:
        return self.do("upgrade", "mirroring", str(self.chart), *self.values, *more)

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.cluster.get(self.namespace, kind, name)

    def may(self, verb: str, what: str) -> bool:
        """Whether the ServiceAccount that the chart made may do that."""
        account = f"--as=system:serviceaccount:{self.namespace}:mirroring-vpc-mirror"
        return self.cluster.run("kubectl", "--namespace", self.namespace, "auth", "can-i", verb, what, account).stdout.strip() == "yes"
