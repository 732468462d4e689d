"""Takes the chart's alerts; gives them to Prometheus' own promtool with series by hand. Each fires, does not fire, and
resolves, and each has its runbook."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from helm import CHART

ROOT = CHART.parents[1]
ALERTS = CHART / "files/alerts.yaml"
RULES = {it["alert"]: it for group in yaml.safe_load(ALERTS.read_text())["groups"] for it in group["rules"]}
PLACE = 'account="111122223333",region="eu-west-1"'

# For each alert: series whose first 60 minutes are well, then bad for 60, then well again.
SERIES = {
    "VpcMirrorAbsent": {'vpc_mirror_build_info{version="1"}': ("1", "_", "1")},
    "VpcMirrorNoLeader": {'vpc_mirror_leader{pod="a"}': ("1", "0", "1"), 'vpc_mirror_leader{pod="b"}': ("0", "0", "0")},
    "VpcMirrorObservedNothingLately": {f"vpc_mirror_observed_timestamp_seconds{{{PLACE}}}": ("now", "still", "now")},
    "VpcMirrorNotAllMirrored": {
        f'vpc_mirror_sessions{{{PLACE},state="wanted"}}': ("9", "9", "9"),
        f'vpc_mirror_sessions{{{PLACE},state="mirrored"}}': ("9", "7", "9"),
    },
    "VpcMirrorLossesHeld": {f"vpc_mirror_held_losses{{{PLACE}}}": ("0", "12", "0")},
    "VpcMirrorTampering": {f'vpc_mirror_tampering_total{{{PLACE},kind="session-deleted"}}': ("0", "grows", "stays")},
    "VpcMirrorFight": {f"vpc_mirror_fights{{{PLACE}}}": ("0", "1", "0")},
    "VpcMirrorDenied": {f'vpc_mirror_aws_calls_total{{{PLACE},action="X",result="denied"}}': ("0", "grows", "stays")},
    "VpcMirrorThrottled": {
        f'vpc_mirror_aws_calls_total{{{PLACE},action="X",result="throttled"}}': ("0", "grows", "stays"),
        f'vpc_mirror_aws_calls_total{{{PLACE},action="X",result="ok"}}': ("grows", "grows", "grows"),
    },
    "VpcMirrorPolicyRefused": {"vpc_mirror_policy_good": ("1", "0", "1")},
}
HOUR = 60


def values(phases: tuple[str, str, str]) -> str:
    """A value a minute, three hours long."""
    said, last = [], 0
    for hour, phase in enumerate(phases):
        for minute in range(HOUR):
            match phase:
                case "_":
                    said.append("_")
                    continue
                case "now":
                    last = (hour * HOUR + minute) * 60
                case "grows":
                    last += 1
                case "still" | "stays":
                    pass
                case number:
                    last = int(number)
            said.append(str(last))
    return " ".join(said)


def promtool(*words: str | Path) -> str:
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool: the alerts were not tried")
    done = subprocess.run(["promtool", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fires(alert: str, at: int, tmp_path: Path) -> bool:
    """Whether it fires that many minutes after the beginning, as promtool finds."""
    series = [{"series": name, "values": values(phases)} for name, phases in SERIES[alert].items()]
    # That nothing fires is what promtool is told to expect: it fails if something does.
    expected = {"eval_time": f"{at}m", "alertname": alert, "exp_alerts": []}
    case = {"interval": "1m", "input_series": series, "alert_rule_test": [expected]}
    file = tmp_path / f"{alert}-{at}.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": [case]}))
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool: the alerts were not tried")
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    told = done.stdout + done.stderr
    assert (done.returncode == 0) == ("FAILED" not in told), told
    assert done.returncode == 0 or f"alertname: {alert}" in told, told
    return done.returncode != 0


def test_promtool_finds_nothing_wrong_with_the_alerts() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "--lint=all", "--lint-fatal", ALERTS)


@pytest.mark.parametrize("alert", RULES)
def test_each_alert_fires_when_it_should_and_resolves(alert: str, tmp_path: Path) -> None:
    assert not fires(alert, HOUR - 5, tmp_path), "while all is well"
    if "for" in RULES[alert]:
        assert not fires(alert, HOUR, tmp_path), "before it has been so for long enough"
    assert fires(alert, 2 * HOUR - 1, tmp_path), "after an hour"
    assert not fires(alert, 3 * HOUR - 1, tmp_path), "when it is well again"


@pytest.mark.parametrize("alert", RULES)
def test_each_alert_has_its_runbook_which_says_what_to_do(alert: str) -> None:
    page = (ROOT / "docs/runbooks" / RULES[alert]["annotations"]["runbook"]).read_text()
    assert page.startswith(f"# {alert}: ")
    assert all(f"\n## {part}\n" in page for part in ["How to see why", "What to do"])


def test_each_runbook_is_of_an_alert_and_each_metric_of_the_daemon() -> None:
    pages = {it.name for it in (ROOT / "docs/runbooks").glob("*.md")}
    assert pages == {it["annotations"]["runbook"] for it in RULES.values()}
    made = (ROOT / "crates/daemon/src/record/metrics.rs").read_text()
    asked = {name for rule in RULES.values() for name in re.findall(r"vpc_mirror_\w+", rule["expr"])}
    assert asked and [name for name in asked if f'"{name}"' not in made] == []
