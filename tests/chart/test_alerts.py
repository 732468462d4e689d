"""Takes the chart's alerts; gives them to Prometheus' own promtool with series by hand. Each fires, does not fire, and
resolves, and each has its runbook."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from helm import CHART
from metrics import names

ROOT = CHART.parents[1]
ALERTS = CHART / "files/alerts.yaml"
RULES = {it["alert"]: it for group in yaml.safe_load(ALERTS.read_text())["groups"] for it in group["rules"]}
PLACE = 'account="111122223333",region="eu-west-1"'


Series = dict[str, tuple[str, str, str]]


def targets(sources=("0", "0", "0"), capacity=("inf", "inf", "inf"), usable=("2", "2", "2"), full=("0", "0", "0")) -> Series:
    """What is told of a sensor whose two load balancers take any number of sources, unless it is said otherwise."""
    of_state = {
        f'vpc_mirror_targets{{{PLACE},sensor="sta",state="{state}"}}': phases for state, phases in [("usable", usable), ("full", full)]
    }
    return of_state | {
        f'vpc_mirror_target_sources{{{PLACE},sensor="sta"}}': sources,
        f'vpc_mirror_target_capacity{{{PLACE},sensor="sta"}}': capacity,
    }


# For each alert: series whose first 60 minutes are well, then bad for 60, then well again.
SERIES = {
    "VpcMirrorAbsent": {'vpc_mirror_build_info{version="1"}': ("1", "_", "1")},
    "VpcMirrorNoLeader": {'vpc_mirror_leader{pod="a"}': ("1", "0", "1"), 'vpc_mirror_leader{pod="b"}': ("0", "0", "0")},
    "VpcMirrorObservedNothingLately": {f"vpc_mirror_observed_timestamp_seconds{{{PLACE}}}": ("now", "still", "now")},
    "VpcMirrorNotAllMirrored": {f"vpc_mirror_longest_missing_seconds{{{PLACE}}}": ("90", "3600", "0")},
    "VpcMirrorLossesHeld": {f"vpc_mirror_held_losses{{{PLACE}}}": ("0", "12", "0")},
    "VpcMirrorTampering": {f'vpc_mirror_tampering_total{{{PLACE},kind="session-deleted"}}': ("0", "grows", "stays")},
    "VpcMirrorFight": {f"vpc_mirror_fights{{{PLACE}}}": ("0", "1", "0")},
    "VpcMirrorDenied": {f'vpc_mirror_aws_calls_total{{{PLACE},action="X",result="denied"}}': ("0", "grows", "stays")},
    "VpcMirrorThrottled": {
        f'vpc_mirror_aws_calls_total{{{PLACE},action="X",result="throttled"}}': ("0", "grows", "stays"),
        f'vpc_mirror_aws_calls_total{{{PLACE},action="X",result="ok"}}': ("grows", "grows", "grows"),
    },
    "VpcMirrorPolicyRefused": {"vpc_mirror_policy_good": ("1", "0", "1")},
    "VpcMirrorNoStandby": {
        'vpc_mirror_leader_election{job="m",pod="a"}': ("1", "1", "1"),
        'vpc_mirror_leader_election{job="m",pod="b"}': ("1", "_", "1"),
    },
    "VpcMirrorStrategyNotCovered": {
        f'vpc_mirror_strategy_interfaces{{{PLACE},strategy="crown-jewel",state="refused",pod="a"}}': ("0", "1", "0"),
        f'vpc_mirror_strategy_interfaces{{{PLACE},strategy="crown-jewel",state="refused",pod="b"}}': ("0", "0", "0"),
        f'vpc_mirror_strategy_interfaces{{{PLACE},strategy="crown-jewel",state="starting",pod="a"}}': ("1", "1", "1"),
    },
    "VpcMirrorBlindSpots": {f'vpc_mirror_blind_spots{{{PLACE},strategy="cardholder"}}': ("0", "2", "0")},
    "VpcMirrorOptedOut": {
        f'vpc_mirror_opt_outs{{{PLACE},result="effective"}}': ("0", "1", "0"),
        f'vpc_mirror_opt_outs{{{PLACE},result="overruled"}}': ("1", "1", "1"),
    },
    "VpcMirrorUnknownStrategy": {f"vpc_mirror_unknown_tags{{{PLACE}}}": ("0", "1", "0")},
    "VpcMirrorSessionsNearTheLimit": {
        f'vpc_mirror_sessions{{{PLACE},state="wanted"}}': ("90", "91", "90"),
        f"vpc_mirror_sessions_allowed{{{PLACE}}}": ("100", "100", "100"),
    },
    "VpcMirrorQuotaNear": {
        f"vpc_mirror_quota_sessions{{{PLACE}}}": ("9000", "9001", "9000"),
        f"vpc_mirror_quota_sessions_limit{{{PLACE}}}": ("10000", "10000", "10000"),
    },
    "VpcMirrorTargetsFull": targets(sources=("90", "91", "90"), capacity=("100", "100", "100")),
}
# What an alert tells of in other ways too, and what is near to it and is none.
OTHER_WAYS = {
    "VpcMirrorTargetsFull": [
        targets(sources=("1", "20", "1"), capacity=("20", "20", "20"), full=("1", "2", "1")),
        targets(usable=("1", "0", "1"), capacity=("inf", "0", "inf")),
    ],
}
QUIET = {
    "VpcMirrorNoStandby": [{'vpc_mirror_leader_election{job="m",pod="a"}': ("0", "0", "0")}],
    "VpcMirrorTargetsFull": [targets(sources=("9", "9999", "9")), targets(full=("0", "1", "0"))],
    "VpcMirrorSessionsNearTheLimit": [
        {f'vpc_mirror_sessions{{{PLACE},state="wanted"}}': ("0", "0", "0"), f"vpc_mirror_sessions_allowed{{{PLACE}}}": ("0", "0", "0")},
    ],
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
                    last = float(number)
            said.append(str(last))
    return " ".join(said)


def promtool(*words: str | Path) -> str:
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool: the alerts were not tried")
    done = subprocess.run(["promtool", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def firing(alert: str, minutes: list[int], tmp_path: Path, told: Series | None = None) -> list[bool]:
    """Whether it fires so many minutes after the beginning, each time, as promtool finds."""
    series = [{"series": name, "values": values(phases)} for name, phases in (told or SERIES[alert]).items()]
    # That nothing fires is what promtool is told to expect: it complains of each time at which something does.
    expected = [{"eval_time": f"{at}m", "alertname": alert, "exp_alerts": []} for at in minutes]
    case = {"interval": "1m", "input_series": series, "alert_rule_test": expected}
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": [case]}))
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool: the alerts were not tried")
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    text = done.stdout + done.stderr
    fired = re.findall(rf"alertname: {alert}, time: (?:(\d+)h)?(?:(\d+)m)?", text)
    at = {int(hours or 0) * HOUR + int(rest or 0) for hours, rest in fired}
    assert (done.returncode != 0) == ("FAILED" in text) == bool(at) and at <= set(minutes), text
    return [it in at for it in minutes]


def test_promtool_finds_nothing_wrong_with_the_alerts() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "--lint=all", "--lint-fatal", ALERTS)


@pytest.mark.parametrize("alert", RULES)
def test_each_alert_fires_when_it_should_and_resolves(alert: str, tmp_path: Path) -> None:
    while_well, begins, after_an_hour, well_again = firing(alert, [HOUR - 5, HOUR, 2 * HOUR - 1, 3 * HOUR - 1], tmp_path)
    assert (while_well, after_an_hour, well_again) == (False, True, False)
    assert not begins or "for" not in RULES[alert], "before it has been so for long enough"


@pytest.mark.parametrize(("alert", "told"), [(alert, told) for alert, ways in OTHER_WAYS.items() for told in ways])
def test_an_alert_fires_for_each_thing_that_it_tells_of(alert: str, told: Series, tmp_path: Path) -> None:
    assert firing(alert, [HOUR - 1, 2 * HOUR - 1, 3 * HOUR - 1], tmp_path, told) == [False, True, False]


@pytest.mark.parametrize(("alert", "told"), [(alert, told) for alert, ways in QUIET.items() for told in ways])
def test_an_alert_does_not_fire_for_what_is_as_it_may_be(alert: str, told: Series, tmp_path: Path) -> None:
    assert firing(alert, [HOUR - 1, 2 * HOUR - 1, 3 * HOUR - 1], tmp_path, told) == [False, False, False]


@pytest.mark.parametrize("alert", RULES)
def test_each_alert_has_its_runbook_which_says_what_to_do(alert: str) -> None:
    page = (ROOT / "docs/runbooks" / RULES[alert]["annotations"]["runbook"]).read_text()
    assert page.startswith(f"# {alert}: ")
    assert all(f"\n## {part}\n" in page for part in ["How to see why", "What to do"])


def test_each_runbook_is_of_an_alert_and_each_metric_of_the_daemon() -> None:
    pages = {it.name for it in (ROOT / "docs/runbooks").glob("*.md")}
    assert pages == {it["annotations"]["runbook"] for it in RULES.values()}
    asked = {name for rule in RULES.values() for name in re.findall(r"vpc_mirror_\w+", rule["expr"])}
    assert asked and asked - names() == set()
