"""Takes docs/metrics.md; gives what is said there of each metric. Never knows a name by itself."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/metrics.md"
ROW = re.compile(r"\| `(?P<name>\w+)` \| (?P<kind>counter|gauge|histogram) \| [^|]* \| (?P<labels>[^|]*) \|")
OF_PLACE = "## Of each account and Region"
OF_SYSTEM = "## What the operating system says"


@dataclass(frozen=True)
class Metric:
    """A metric, with the labels that it has beside those of whoever scraped it."""

    name: str
    kind: str
    labels: tuple[str, ...]


@cache
def metrics() -> dict[str, Metric]:
    """Every metric of ours."""
    text = DOCUMENT.read_text()
    of_process, _, of_place = text.partition(OF_PLACE)
    found = {}
    for part, before in [(of_process, ()), (of_place, ("account", "region"))]:
        for row in ROW.finditer(part):
            labels = (*before, *re.findall(r"`(\w+)`", row["labels"]))
            found[row["name"]] = Metric(row["name"], row["kind"], labels)
    assert found, f"{DOCUMENT} has no table"
    return found


@cache
def names() -> frozenset[str]:
    """Every name that can be asked for: a histogram has three, and the process has what the operating system says of it."""
    system = re.findall(r"^\| `(process_\w+)` \|", DOCUMENT.read_text().partition(OF_SYSTEM)[2], re.MULTILINE)
    histograms = [it.name for it in metrics().values() if it.kind == "histogram"]
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    return frozenset(metrics().keys() - set(histograms) | parts | set(system))
