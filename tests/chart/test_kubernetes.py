"""What the chart makes is valid for every Kubernetes that it says it is for, without an unknown field."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from helm import CASES, Helm

VERSIONS = [f"1.{minor}" for minor in range(25, 38)]
# Kinds of the Prometheus Operator: Kubernetes has no schema of them.
ELSEWHERE = {"ServiceMonitor", "PrometheusRule"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", CASES, ids=lambda it: it.stem.removesuffix("-values"))
def test_every_manifest_is_valid_for_every_kubernetes(one_helm: Helm, values: Path, version: str) -> None:
    validated = 0
    for it in one_helm.render(values, kubernetes=version):
        if it["kind"] not in ELSEWHERE:
            # An unknown kind or version raises here, where the command would only warn.
            kubernetes_validate.validate(it, version, strict=True)
            validated += 1
    assert validated > 3


@pytest.mark.parametrize("wrong", [{"kind": "Deploymint"}, {"apiVersion": "apps/v1beta1"}, {"spce": {}}], ids=str)
def test_the_validation_would_say_so_if_one_were_not(one_helm: Helm, wrong: dict[str, Any]) -> None:
    deployment = one_helm.render(CASES[0]).the("Deployment") | wrong
    with pytest.raises((kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError)):
        kubernetes_validate.validate(deployment, "1.37", strict=True)


def test_what_newer_versions_know_is_left_out_for_older_ones(helm: Helm) -> None:
    budgets = {version: helm.render(CASES[0], kubernetes=version).the("PodDisruptionBudget")["spec"] for version in ("1.26", "1.27")}
    assert "unhealthyPodEvictionPolicy" not in budgets["1.26"]
    assert budgets["1.27"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
