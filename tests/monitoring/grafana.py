"""Takes the chart's dashboards; gives what each panel asks, with everything in it that Grafana fills in. Never draws anything."""

import json
from dataclasses import dataclass
from pathlib import Path

from servers import SCRAPED

FOLDER = Path(__file__).resolve().parents[2] / "charts/vpc-mirror/files/dashboards"
# Grafana takes four scrapes, so that a rate has two of them even if one is lost.
ALWAYS = {"$__rate_interval": f"{4 * SCRAPED}s", "$__interval": f"{SCRAPED}s", "$job": ".*", "$account": ".*", "$region": ".*"}


@dataclass(frozen=True)
class Asked:
    """A query of a panel."""

    dashboard: str
    panel: str
    ref: str
    expr: str
    # Once, for the end of the time that is shown.
    now: bool

    def over(self, seconds: int) -> str:
        """What Prometheus is asked when so long a time is shown."""
        expr = self.expr
        for variable, value in (ALWAYS | {"$__range": f"{seconds}s"}).items():
            expr = expr.replace(variable, value)
        return expr

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel} {self.ref}".strip()


def asked() -> list[Asked]:
    """Every query of every panel, then of every annotation."""
    found = []
    for file in sorted(FOLDER.glob("*.json")):
        dashboard = json.loads(file.read_text())
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                found.append(Asked(file.stem, panel["title"], target["refId"], target["expr"], target["instant"]))
        for mark in dashboard["annotations"]["list"]:
            if "expr" in mark:
                found.append(Asked(file.stem, f"mark {mark['name']}", "", mark["expr"], False))
    return found
