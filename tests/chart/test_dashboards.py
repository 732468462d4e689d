"""Takes the chart's dashboards; holds them to the metrics that there are, to what Prometheus and Grafana take, and to what makes one
readable."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import CHART, Helm, case
from metrics import metrics, names

ROOT = CHART.parents[1]
FILES = sorted((CHART / "files/dashboards").glob("*.json"))
DASHBOARDS = {it.stem: json.loads(it.read_text()) for it in FILES}
EACH = pytest.mark.parametrize("name", DASHBOARDS)

# What Grafana puts in the place of its variables.
CHOSEN = {"$__rate_interval": "5m", "$__range": "1h", "$__interval": "1m", "$job": ".*", "$account": ".*", "$region": ".*"}
# A name with what it selects and over what time, and what comes before it.
ASKED = re.compile(r"(?P<before>[^{}\[\]]*?)\b(?P<name>(?:vpc_mirror|process)_\w+)(?P<matchers>\{[^}]*\})?(?P<range>\[[^\]]*\])?")
GROWS = ("rate(", "increase(")


def panels(name: str) -> list[dict[str, Any]]:
    return [it for it in DASHBOARDS[name]["panels"] if it["type"] != "row"]


def asked(name: str) -> list[str]:
    """What its panels ask Prometheus."""
    return [target["expr"] for panel in panels(name) for target in panel["targets"]]


def marked(name: str) -> list[str]:
    """What its annotations ask Prometheus."""
    return [it["expr"] for it in DASHBOARDS[name]["annotations"]["list"] if "expr" in it]


def in_place(expr: str) -> str:
    for variable, value in CHOSEN.items():
        expr = expr.replace(variable, value)
    return expr


def selected(name: str) -> Iterator[re.Match[str]]:
    for expr in asked(name):
        yield from ASKED.finditer(expr)


def test_the_dashboards_are_what_is_built() -> None:
    command = [sys.executable, "-B", ROOT / "charts/dashboards/dashboards.py", "--check"]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, f"{checked.stdout}: run {' '.join(map(str, command[2:3]))}"
    assert {it.stem for it in FILES} == {"coverage", "operations"}


@EACH
def test_every_metric_that_is_asked_for_is_one(name: str) -> None:
    mentioned = {it for expr in [*asked(name), *marked(name)] for it in re.findall(r"\b(?:vpc_mirror|process)_\w+", expr)}
    queried = {it for variable in DASHBOARDS[name]["templating"]["list"] for it in re.findall(r"vpc_mirror_\w+", str(variable["query"]))}
    assert mentioned and queried and (mentioned | queried) - names() == set()


def test_every_metric_of_ours_is_shown() -> None:
    shown = {it["name"] for name in DASHBOARDS for it in selected(name)}
    shown |= {re.sub(r"_(bucket|count|sum)$", "", it) for it in shown}
    # The dashboards make this from the interfaces, so that it is right for several accounts together.
    assert metrics().keys() - shown == {"vpc_mirror_coverage_ratio"}


@EACH
def test_what_only_grows_is_asked_for_by_how_it_grows_and_nothing_else_is(name: str) -> None:
    histograms = tuple(it.name for it in metrics().values() if it.kind == "histogram")
    counted = [it.name for it in metrics().values() if it.kind == "counter"]
    for it in selected(name):
        grows = it["name"] in counted or it["name"].startswith(histograms) or it["name"].endswith("_total")
        assert it["before"].endswith(GROWS) == grows, it[0]
        assert it["range"] in ({"[$__rate_interval]", "[$__range]"} if grows else {None}), it[0]


@EACH
def test_a_gauge_of_a_place_is_asked_for_once_however_many_replicas_tell_it(name: str) -> None:
    for it in selected(name):
        metric = metrics().get(it["name"])
        if metric and metric.kind == "gauge" and "account" in metric.labels:
            assert it["before"].endswith(f"max by ({', '.join(metric.labels)}) ("), it[0]


@EACH
def test_everything_is_asked_for_where_the_variables_say(name: str) -> None:
    for it in selected(name):
        labels = metrics()[re.sub(r"_(bucket|count)$", "", it["name"])].labels if it["name"].startswith("vpc_mirror") else ()
        wanted = ['job=~"$job"'] if it["name"].startswith("vpc_mirror") else []
        wanted += [f'{label}=~"${label}"' for label in ("account", "region") if label in labels]
        assert all(matcher in (it["matchers"] or "") for matcher in wanted), it[0]


@EACH
def test_prometheus_understands_what_is_asked(name: str, tmp_path: Path) -> None:
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool: what the dashboards ask was not parsed")
    every = [*asked(name), *marked(name)]
    rules = [{"record": f"asked:{number}", "expr": in_place(expr)} for number, expr in enumerate(every)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": name, "rules": rules}]}))
    checked = subprocess.run(["promtool", "check", "rules", "--lint=none", file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    # What is left is Prometheus' own: a part of what a label was.
    assert set(re.findall(r"\$\w+", "".join(map(in_place, every)))) <= {"$1"}


@EACH
def test_every_panel_says_what_it_shows_in_which_unit_and_from_where(name: str) -> None:
    for panel in panels(name):
        title = panel["title"]
        assert re.fullmatch(r"[A-Z].{2,60}", title) and not title.endswith("."), title
        assert re.fullmatch(r"[A-Z].{20,300}\.", panel["description"]), title
        assert panel["fieldConfig"]["defaults"]["unit"], title
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert all(it == {"type": "prometheus", "uid": "${datasource}"} for it in sources), title
        refs = [target["refId"] for target in panel["targets"]]
        assert refs and len(refs) == len(set(refs)), title
        several = panel["type"] != "table" and len(refs) > 1
        assert not several or all(target["legendFormat"] != "__auto" for target in panel["targets"]), title
    titles = [panel["title"] for panel in panels(name)]
    assert len(titles) == len(set(titles)), titles


@EACH
def test_the_panels_stand_beside_and_below_each_other_under_rows(name: str) -> None:
    every = DASHBOARDS[name]["panels"]
    ids = [it["id"] for it in every]
    assert len(ids) == len(set(ids)) and every[0]["type"] == "row"
    taken: dict[tuple[int, int], str] = {}
    for it in every:
        place = it["gridPos"]
        assert it["type"] == "row" or (3 <= place["w"] <= 24 and 4 <= place["h"] <= 12), it["title"]
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            assert cell[0] < 24 and cell not in taken, f"{it['title']} is over {taken.get(cell, 'the edge')}"
            taken[cell] = it["title"]
    # No holes: each line is full.
    lines = {y for _, y in taken}
    assert len(taken) == 24 * len(lines) and lines == set(range(len(lines)))


def test_the_dashboards_are_found_by_names_that_stay_and_lead_to_each_other() -> None:
    assert {name: it["uid"] for name, it in DASHBOARDS.items()} == {
        "coverage": "vpc-mirror-coverage",
        "operations": "vpc-mirror-operations",
    }
    for name, dashboard in DASHBOARDS.items():
        others = {f"/d/{it['uid']}" for it in DASHBOARDS.values()} - {f"/d/{dashboard['uid']}"}
        links = dashboard["links"]
        assert {it["url"] for it in links} == others and all(it["keepTime"] and it["includeVars"] for it in links), name
        assert "id" not in dashboard and dashboard["tags"][0] == "vpc-mirror" and dashboard["schemaVersion"] == 42


@EACH
def test_installations_accounts_and_regions_are_chosen_as_one_several_or_all(name: str) -> None:
    variables = {it["name"]: it for it in DASHBOARDS[name]["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "account", "region", "runbooks"]
    assert variables["datasource"]["query"] == "prometheus"
    for chosen in ("job", "account", "region"):
        it = variables[chosen]
        # Before AWS has said which account it is, the label is empty: `.*` fits that too.
        assert (it["multi"], it["includeAll"], it["allValue"]) == (True, True, ".*")


@EACH
def test_links_to_runbooks_lead_to_pages_that_there_are(name: str) -> None:
    links = [link["url"] for panel in panels(name) for link in panel["links"]]
    assert len(links) > 10
    for link in links:
        before, _, page = link.partition("/")
        assert before == "${runbooks:raw}" and (ROOT / "docs/runbooks" / page).is_file(), link


def test_the_chart_says_where_the_runbooks_are_and_changes_nothing_else(helm: Helm) -> None:
    for url, runbooks in [("", "https://runbooks.invalid"), ("https://wiki.example/pages/", "https://wiki.example/pages")]:
        changes = {"dashboards": {"enabled": True}, "prometheusRule": {"runbooks": url}}
        made = {key: text for it in helm.render(case("everything"), changes).all("ConfigMap") for key, text in it["data"].items()}
        for file in FILES:
            assert made[file.name] == file.read_text().replace("https://runbooks.invalid", runbooks)


def test_grafana_knows_every_field_and_every_word_in_them(tmp_path: Path) -> None:
    types = Path(os.environ.get("GRAFANA_TYPES", ""))
    if not (types / "node_modules/.bin/tsc").exists():
        pytest.skip("there is no npm, and so no types of Grafana's: the fields of the dashboards were not looked at")
    shutil.copy(Path(__file__).with_name("dashboard.ts"), tmp_path)
    (tmp_path / "node_modules").symlink_to(types / "node_modules")
    lines = ["import type { Frame, Panels } from './dashboard';"]
    for name, dashboard in DASHBOARDS.items():
        frame = {key: value for key, value in dashboard.items() if key != "panels"}
        lines.append(f"export const {name}: Frame = {json.dumps(frame)};")
        for panel in dashboard["panels"]:
            lines.append(f"export const {name}_{panel['id']}: Panels['{panel['type']}'] = {json.dumps(panel)};")
    (tmp_path / "check.ts").write_text("\n".join(lines))
    how = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", "--types", ""]
    checked = subprocess.run([types / "node_modules/.bin/tsc", *how, "check.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert checked.returncode == 0, checked.stdout + checked.stderr
