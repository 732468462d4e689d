"""Takes a demo that has had trouble; asks the Prometheus that has scraped it what the dashboards ask, and whether alerts are what they
say."""

import math
import subprocess
import time
import urllib.request

import pytest
import yaml

from conftest import ALERTS
from demo import Demo
from grafana import Asked, asked
from servers import SCRAPED, Prometheus, Webhook
from trouble import Trouble
from waiting import eventually

RULES = {it["alert"]: it for group in yaml.safe_load(ALERTS.read_text())["groups"] for it in group["rules"]}
# What nobody's trouble here brings about: the demo is one process, which asks nobody whether it leads.
NEVER_HERE = {"operations: mark Another leads"}


@pytest.fixture(scope="module")
def since(trouble: Trouble, scraping: Prometheus) -> float:
    """When Prometheus began to scrape."""
    return float(scraping.ask("query", query="min_over_time(timestamp(up)[30m:1s])")["result"][0]["value"][1])


def test_promtool_finds_nothing_wrong_with_what_is_scraped(demo: Demo, trouble: Trouble) -> None:
    with urllib.request.urlopen(f"{demo.url}/metrics", timeout=5) as answer:
        told = answer.read()
    checked = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("query", asked(), ids=str)
def test_every_panel_has_an_answer(query: Asked, scraping: Prometheus, since: float) -> None:
    def numbers() -> list[float]:
        now = time.time()
        expr = query.over(int(now - since))
        if query.now:
            return [float(it["value"][1]) for it in scraping.now(expr)]
        answer = scraping.ask("query_range", query=expr, start=since, end=now, step=SCRAPED)["result"]
        return [float(value) for it in answer for _, value in it["values"]]

    def has_one() -> bool:
        return any(not math.isnan(it) for it in numbers())

    if str(query) in NEVER_HERE:
        assert numbers() == []
    else:
        eventually("it has an answer", has_one)


def test_the_dashboards_show_the_sessions_that_there_are(trouble: Trouble, scraping: Prometheus) -> None:
    def shown(panel: str, ref: str) -> float | None:
        (query,) = [it for it in asked() if (it.panel, it.ref) == (panel, ref)]
        return scraping.number(query.over(60))

    def agree() -> bool:
        return shown("Sessions and their limits", "C") == len(trouble.sessions()) + len(trouble.sessions(ours=False))

    eventually("as many are shown as stand", agree)
    assert shown("Sessions wanted and standing", "C") == len(trouble.sessions(ours=False)) == 1


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_is_evaluated(alert: str, scraping: Prometheus, trouble: Trouble) -> None:
    groups = scraping.ask("rules", type="alert")["groups"]
    (rule,) = [it for group in groups for it in group["rules"] if it["name"] == alert]
    assert (rule["health"], rule.get("lastError", "")) == ("ok", "")


# Those whose trouble there is; the others must not be on.
ON = {
    "VpcMirrorTampering",
    "VpcMirrorFight",
    "VpcMirrorDenied",
    "VpcMirrorStrategyNotCovered",
    "VpcMirrorBlindSpots",
    "VpcMirrorOptedOut",
    "VpcMirrorSessionsNearTheLimit",
    "VpcMirrorTargetsFull",
    "VpcMirrorThrottled",
}
# It depends on the moment: a fleet that lives always has something that is not mirrored yet, or waits.
AT_TIMES = {"VpcMirrorNotAllMirrored", "VpcMirrorLossesHeld", "VpcMirrorPolicyRefused"}


def on(scraping: Prometheus) -> set[str]:
    """Alerts that fire, or will if it stays so."""
    return {it["metric"]["alertname"] for it in scraping.now("ALERTS")}


@pytest.mark.parametrize("alert", sorted(ON))
def test_an_alert_is_on_where_there_is_its_trouble(alert: str, scraping: Prometheus, trouble: Trouble) -> None:
    eventually("it is on", lambda: alert in on(scraping), within=60)


def test_no_alert_is_on_of_which_there_is_no_trouble(scraping: Prometheus, trouble: Trouble) -> None:
    assert on(scraping) <= ON | AT_TIMES


def test_whoever_is_to_be_told_hears_of_tampering(webhook: Webhook, scraping: Prometheus, trouble: Trouble) -> None:
    told = eventually("the alert has arrived", lambda: webhook.alerts("VpcMirrorTampering", "firing"))
    kinds = {it["labels"]["kind"] for it in told}
    assert "session-deleted" in kinds and all(it["labels"]["severity"] == "critical" for it in told)
    (deleted,) = [it for it in told if it["labels"]["kind"] == "session-deleted"][:1]
    assert deleted["annotations"]["summary"] == "Somebody changed or deleted mirroring in 111122223333 eu-west-1 (session-deleted)."
