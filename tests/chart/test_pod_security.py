"""Every pod that the chart can make passes the restricted Pod Security Standard: the daemon's, the test's, the teardown's."""

from pathlib import Path

import pytest

from helm import CASES, Helm
from manifests import Object, containers

EACH_CASE = pytest.mark.parametrize("values", CASES, ids=lambda it: it.stem.removesuffix("-values"))
# Source: "Pod Security Standards", restricted: volume types.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def faults(pod: Object) -> list[str]:
    """What the restricted standard has against a pod; nothing is left to defaults, which could be the cluster's."""
    context = pod.get("securityContext", {})
    wrong = [it for it in ("hostNetwork", "hostPID", "hostIPC") if pod.get(it)]
    wrong += [f"volume {it['name']}" for it in pod.get("volumes", []) if not set(it) - {"name"} <= VOLUMES]
    wrong += [] if context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0 else ["may be root"]
    wrong += [] if context.get("seccompProfile") == {"type": "RuntimeDefault"} else ["no seccomp profile"]
    for it in containers(pod):
        own = it.get("securityContext", {})
        wrong += [] if own.get("allowPrivilegeEscalation") is False else [f"{it['name']} may escalate"]
        wrong += [] if own.get("capabilities") == {"drop": ["ALL"]} else [f"{it['name']} has capabilities"]
        wrong += [] if own.get("privileged") is False else [f"{it['name']} may be privileged"]
        # Not in the standard, and ours all the same: nothing of the daemon is on disk.
        wrong += [] if own.get("readOnlyRootFilesystem") is True else [f"{it['name']} can write"]
        wrong += [f"{it['name']} has a port of the host" for port in it.get("ports", []) if port.get("hostPort")]
    return wrong


@EACH_CASE
def test_every_pod_is_restricted(one_helm: Helm, values: Path) -> None:
    pods = one_helm.render(values).pods()
    assert len(pods) >= 2, "the daemon's and the test's"
    assert {name: faults(pod) for name, pod in pods} == {name: [] for name, _ in pods}


def test_a_pod_that_is_not_restricted_would_be_seen(one_helm: Helm) -> None:
    (_, pod), *_ = one_helm.render(CASES[0], {"podSecurityContext": {"runAsUser": 0}, "securityContext": {"capabilities": None}}).pods()
    assert faults(pod) == ["may be root", "vpc-mirror has capabilities"]


@EACH_CASE
def test_only_the_daemon_has_a_token_of_the_api_server_and_only_to_elect(one_helm: Helm, values: Path) -> None:
    made = one_helm.render(values)
    elects = any(it["name"] == "VPC_MIRROR_LEADER_ELECTION" and it["value"] == "lease" for it in made.daemon()["env"])
    for name, pod in made.pods():
        assert pod["automountServiceAccountToken"] is (elects and name.startswith("Deployment ")), name
    assert all(it["automountServiceAccountToken"] is False for it in made.all("ServiceAccount"))
