"""Takes a real API server; gives what kubectl and Helm need to ask it, and releases of the chart there. Nothing starts a pod or ends a
Job."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from api_server import ADMIN, ApiServer
from helm import CHART
from manifests import environment

PATIENCE = 120

# What the chart calls what it makes: the Deployment, the ServiceAccount, the Role and its binding, the Lease.
NAMED = "mirroring-vpc-mirror"


class Cluster(ApiServer):
    """An API server that kubectl and Helm ask as its administrator."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        super().__init__(binaries, folder)
        self.folder = folder
        config = self.kubeconfig_of(ADMIN, "default", "admin")
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(config)}

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

    def kubectl(self, *arguments: str) -> str:
        done = self.cluster.run("kubectl", "--namespace", self.namespace, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pod(self, folder: Path) -> tuple[Path, dict[str, str]]:
        """What a pod of the Deployment finds: the policy, and its environment, with the files that are mounted put into a folder."""
        deployment, policy, key = (
            self.get(kind, NAMED + name) for kind, name in [("deployment", ""), ("configmap", "-policy"), ("secret", "-sample-key")]
        )
        assert deployment and policy and key
        files = {"VPC_MIRROR_POLICY": folder / "policy.yaml", "VPC_MIRROR_SAMPLE_KEY_FILE": folder / "sample-key"}
        files["VPC_MIRROR_POLICY"].write_text(policy["data"]["policy.yaml"])
        files["VPC_MIRROR_SAMPLE_KEY_FILE"].write_bytes(base64.b64decode(key["data"]["sample-key"]))
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        return files["VPC_MIRROR_POLICY"], environment(container) | {name: str(file) for name, file in files.items()}

    def may(self, verb: str, what: str) -> bool:
        """Whether the ServiceAccount that the chart made may do that."""
        account = f"--as=system:serviceaccount:{self.namespace}:{NAMED}"
        return self.cluster.run("kubectl", "--namespace", self.namespace, "auth", "can-i", verb, what, account).stdout.strip() == "yes"
