"""Takes values; gives what a Helm makes of the chart with them, or what it says against them. Never asks a cluster."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests import Manifests

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/vpc-mirror"
CASES = sorted((CHART / "ci").glob("*-values.yaml"))
RELEASE = ["mirroring", "--namespace", "security"]

# What a Helm finds in its environment: nothing of the caller's, whose plugins, repositories and clusters would count.
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": tempfile.gettempdir(), "KUBECONFIG": os.devnull}

_MADE: dict[object, Manifests] = {}


def case(name: str) -> Path:
    """A file of values of the chart's ci folder."""
    return CHART / "ci" / f"{name}-values.yaml"


@dataclass(frozen=True)
class Helm:
    """A Helm of one major version."""

    binary: str

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [self.binary, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False)

    def lint(self, values: Path) -> str:
        linted = self.run("lint", "--strict", CHART, "--values", values)
        assert linted.returncode == 0, linted.stdout + linted.stderr
        return linted.stdout

    def render(self, values: Path, *changes: dict[str, Any], kubernetes: str = "1.34", chart: Path = CHART) -> Manifests:
        """What is made of a file of values, with values that count before it."""
        known = (self.binary, values, json.dumps(changes), kubernetes, chart)
        # What is in the checkout does not change while it is tested. What is made of it is never changed either.
        if chart != CHART or known not in _MADE:
            made = self._template(values, changes, kubernetes, chart)
            assert made.returncode == 0, made.stderr
            _MADE[known] = Manifests.parse(made.stdout)
        return _MADE[known]

    def refusal(self, values: Path, *changes: dict[str, Any]) -> str:
        """What it says against values that are wrong."""
        made = self._template(values, changes, "1.34", CHART)
        assert made.returncode != 0, f"it takes {changes}"
        return made.stderr

    def _template(
        self, values: Path, changes: tuple[dict[str, Any], ...], kubernetes: str, chart: Path
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            files: list[object] = ["--values", values]
            for number, change in enumerate(changes):
                file = Path(folder) / f"{number}.json"
                file.write_text(json.dumps(change))
                files += ["--values", file]
            return self.run("template", *RELEASE, chart, "--kube-version", kubernetes, *files)
