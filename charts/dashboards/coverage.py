"""Takes nothing; gives the dashboard for whoever answers for what sensors see: are the crown jewels mirrored, since when, for how much, and
what is not seen."""

from marks import ANOTHER_POLICY
from panels import (
    ALL_IS_GOOD,
    BAD,
    CALM,
    GOOD,
    NONE_IS_BEST,
    NONE_IS_GOOD,
    OLD,
    SOON,
    WARN,
    Annotation,
    Column,
    Dashboard,
    Panel,
    Query,
    Steps,
    colors,
    dashboard_link,
    fixed,
    graph,
    override,
    runbook,
    stat,
    table,
    timeline,
)
from queries import AGE, each, grown, observed, of, quantile, total

UID = "vpc-mirror-coverage"
HOURS_A_MONTH = 730
MONEY = "currencyUSD"


def interfaces(state: str, *by: str) -> str:
    return total("strategy_interfaces", *by, state=state)


def to_show(*by: str) -> str:
    """Those that are chosen and have anything to show."""
    return f"({interfaces('chosen', *by)} - {interfaces('idle', *by)})"


def sessions(state: str, *by: str) -> str:
    return total("strategy_sessions", *by, state=state)


def running(state: str, *by: str) -> str:
    return total("role_instances", *by, state=state)


def named(label: str, empty: str, expr: str) -> str:
    """What has no value of a label is called something."""
    return f'label_replace({expr}, "{label}", "{empty}", "{label}", "")'


COVERED = of(interfaces("mirrored", "strategy"), to_show("strategy"))
# Of what the policy still has.
LAST_INCOMPLETE = f"max_over_time(timestamp({COVERED} < 1)[$__range:]) * 1000 and on (strategy) {interfaces('chosen', 'strategy')}"
COST = total("cost_usd_per_hour")
EVERYTHING = total("cost_everything_usd_per_hour")
SLOW: Steps = [(None, GOOD), (300, SOON), (1800, BAD)]
# What stands, and what does not for a reason that somebody has given, or that nobody has.
STATES = {
    "mirrored": GOOD,
    "covered": "dark-green",
    "starting": SOON,
    "ending": CALM,
    "optedOut": WARN,
    "notMirrored": BAD,
    "undecided": "purple",
    "unconcerned": "#6e7077",
}
RATIO = {"unit": "percentunit", "min": 0, "max": 1, "custom_cellOptions": {"type": "gauge", "mode": "gradient", "valueDisplayMode": "text"}}
SHARE = RATIO | {"thresholds": {"mode": "absolute", "steps": [{"value": v, "color": c} for v, c in ALL_IS_GOOD]}}
CALM_SHARE = RATIO | {"thresholds": {"mode": "absolute", "steps": [{"value": None, "color": CALM}]}}
ALARM = {"color": {"mode": "thresholds"}, "custom_cellOptions": {"type": "color-text"}}
SOME_IS_BAD = ALARM | {"thresholds": {"mode": "absolute", "steps": [{"value": None, "color": "text"}, {"value": 1, "color": WARN}]}}

GLANCE: list[Panel] = [
    stat(
        "What strategies get",
        "Of the interfaces that strategies choose, each counted for each strategy, the part of which they get what they want.",
        "percentunit",
        Query(of(interfaces("mirrored"), to_show())),
        steps=ALL_IS_GOOD,
        decimals=1,
        links=[runbook("coverage.md")],
    ),
    stat(
        "Least covered strategy",
        "The strategy that gets the smallest part of what it chooses. Which interfaces it lacks, `vpc-mirror sources` names.",
        "percentunit",
        Query(f"bottomk(1, {COVERED})", "{{strategy}}", now=True),
        steps=ALL_IS_GOOD,
        named=True,
        graph=False,
        decimals=1,
        links=[runbook("coverage.md")],
    ),
    stat(
        "Sessions that do not stand",
        "Mirror sessions that are wanted and do not stand: what they wait for, `vpc-mirror plan` shows.",
        "short",
        Query(f"{total('sessions', state='wanted')} - {total('sessions', state='mirrored')}"),
        steps=NONE_IS_GOOD,
        links=[runbook("not-all-mirrored.md")],
    ),
    stat(
        "Time to mirror, 95 %",
        "Of the sessions that were made in the time shown, 95 % had been missing for no longer than this.",
        "s",
        Query(quantile(0.95, "time_to_mirror_seconds", over="$__range"), now=True),
        steps=SLOW,
        graph=False,
        decimals=0,
        none="none made",
    ),
    stat(
        "Oldest observation",
        "How old the oldest complete observation of any account and Region is. What is older than 15 minutes nobody knows.",
        "s",
        Query(f"max({AGE})"),
        steps=OLD,
        decimals=0,
        links=[runbook("observed-nothing-lately.md")],
    ),
    stat(
        "Running instances with a session",
        "The part of all running instances that have a session of ours, whatever their role.",
        "percentunit",
        Query(of(running("mirrored"), running("running"))),
        decimals=1,
    ),
    stat(
        "Blind spots",
        "What strategies want and nobody sees, or name and nobody has. `vpc-mirror report` lists them.",
        "short",
        Query(total("blind_spots")),
        steps=NONE_IS_BEST,
        links=[runbook("blind-spots.md")],
    ),
    stat(
        "Opted out",
        "Interfaces that are not mirrored since a tag says so. Who may set that tag may hide.",
        "short",
        Query(total("opt_outs", result="effective")),
        steps=NONE_IS_BEST,
        links=[runbook("opted-out.md")],
    ),
    stat(
        "Tampered with",
        "Objects of ours that somebody else changed or deleted in the time shown. They are repaired; CloudTrail says who it was.",
        "short",
        Query(grown("tampering_total", over="$__range"), now=True),
        steps=NONE_IS_GOOD,
        graph=False,
        decimals=0,
        links=[runbook("tampering.md")],
    ),
    stat(
        "Fights",
        "Objects of ours that are left alone for a while, since somebody undoes each repair.",
        "short",
        Query(total("fights")),
        steps=NONE_IS_GOOD,
        links=[runbook("fight.md")],
    ),
    stat(
        "Cost a month",
        "What the sessions that are wanted cost in 730 hours at AWS's list price.",
        MONEY,
        Query(f"{COST} * {HOURS_A_MONTH}"),
        decimals=2,
    ),
    stat(
        "Less than mirroring everything",
        "What choosing saves, as a part of what it would cost to mirror whatever can be mirrored.",
        "percentunit",
        Query(f"1 - {of(COST, EVERYTHING)}"),
        decimals=1,
    ),
]

STRATEGIES: list[Panel] = [
    table(
        "Strategies",
        "What each strategy chooses, what it gets of that, and what it costs. A session is charged to the most important strategy in it. "
        "`Last incomplete`: the last moment in the time shown at which it did not get all; empty if it always did.",
        "short",
        {"strategy": "Strategy"},
        [
            Column("Covered", COVERED, SHARE),
            Column("Last incomplete", LAST_INCOMPLETE, {"unit": "dateTimeFromNow"}),
            Column("Chosen", interfaces("chosen", "strategy")),
            Column("Mirrored", interfaces("mirrored", "strategy")),
            Column("Instances", total("strategy_instances", "strategy", state="chosen")),
            Column("Blind spots", total("blind_spots", "strategy"), SOME_IS_BAD),
            Column("Sessions", f"{sessions('wanted', 'strategy')} or 0 * {interfaces('chosen', 'strategy')}"),
            Column("USD a month", f"{total('cost_usd_per_hour', 'strategy')} * {HOURS_A_MONTH}", {"unit": MONEY, "decimals": 2}),
        ],
        width=24,
        height=8,
        sort="Covered",
        ascending=True,
        label_properties={"Strategy": {"custom_width": 260}},
    ),
    timeline(
        "Since when each strategy gets what it wants",
        "Green: all of it. A strategy that chooses nothing has no bar.",
        "percentunit",
        Query(COVERED, "{{strategy}}"),
        [
            {"type": "value", "options": {"1": {"text": "all of it", "color": GOOD, "index": 0}}},
            {"type": "range", "options": {"from": 0.9, "to": 0.99999, "result": {"text": "nearly all", "color": WARN, "index": 1}}},
            {"type": "range", "options": {"from": 0, "to": 0.9, "result": {"text": "less", "color": BAD, "index": 2}}},
        ],
        steps=ALL_IS_GOOD,
        links=[runbook("coverage.md")],
    ),
    graph(
        "Coverage by strategy",
        "The part of the interfaces that a strategy chooses of which it gets what it wants.",
        "percentunit",
        Query(COVERED, "{{strategy}}"),
        most=1,
        calcs=["lastNotNull", "min"],
    ),
    graph(
        "Sessions by strategy",
        "Sessions that stand, each under the most important strategy in it.",
        "short",
        Query(sessions("mirrored", "strategy"), "{{strategy}}"),
        stacked=True,
        width=12,
    ),
    graph(
        "Sessions wanted and standing",
        "Where the lines part, something is not mirrored yet, or waits. Other people's sessions count against AWS's quota.",
        "short",
        [
            Query(total("sessions", state="wanted"), "wanted"),
            Query(total("sessions", state="mirrored"), "standing"),
            Query(total("sessions", state="foreign"), "other people's"),
        ],
        overrides=colors({"wanted": SOON, "standing": GOOD, "other people's": CALM}),
    ),
]

WHERE: list[Panel] = [
    table(
        "Roles",
        "Running instances by what they are for, as the tag says that `--role-tag` names, and those of them with a session.",
        "short",
        {"role": "Role"},
        [
            Column("With a session", named("role", "(no tag)", of(running("mirrored", "role"), running("running", "role"))), CALM_SHARE),
            Column("Running", named("role", "(no tag)", running("running", "role"))),
            Column("Mirrored", named("role", "(no tag)", running("mirrored", "role"))),
        ],
        width=10,
        height=7,
        sort="With a session",
    ),
    table(
        "Zones and sensors",
        "Sessions that are wanted, and those that stand, by the zone of their source and the sensor that they send to.",
        "short",
        {"zone": "Zone", "sensor": "Sensor"},
        [
            Column("Standing", of(sessions("mirrored", "zone", "sensor"), sessions("wanted", "zone", "sensor")), SHARE),
            Column("Wanted", sessions("wanted", "zone", "sensor")),
            Column("Mirrored", sessions("mirrored", "zone", "sensor")),
        ],
        width=14,
        height=7,
        sort="Zone",
        ascending=True,
    ),
    graph(
        "Instances with a session, by role",
        "Whom sensors see of each role: the part of its running instances.",
        "percentunit",
        Query(named("role", "(no tag)", of(running("mirrored", "role"), running("running", "role"))), "{{role}}"),
        most=1,
    ),
    graph(
        "Sessions by zone",
        "Sessions that stand, by the zone of their source.",
        "short",
        Query(sessions("mirrored", "zone"), "{{zone}}"),
        stacked=True,
    ),
]

UNSEEN: list[Panel] = [
    table(
        "Every interface, by state and reason",
        "Where interfaces are on the way to a session, and the last reason for it. `vpc-mirror sources` names each.",
        "short",
        {"state": "State", "reason": "Reason"},
        [Column("Interfaces", f"{total('sources', 'state', 'reason')} > 0")],
        width=9,
        height=9,
        sort="Interfaces",
        label_properties={
            "State": {
                "custom_cellOptions": {"type": "color-text"},
                "mappings": [
                    {
                        "type": "value",
                        "options": {it: {"text": it, "color": color, "index": n} for n, (it, color) in enumerate(STATES.items())},
                    }
                ],
            }
        },
    ),
    graph(
        "Concerned and not mirrored",
        "Interfaces that a strategy or a tag concerns and that have no session, by state and reason.",
        "short",
        Query(f"{total('sources', 'state', 'reason', state='!~mirrored|covered|unconcerned')} > 0", "{{state}} {{reason}}"),
        width=15,
        height=9,
        stacked=True,
        links=[runbook("not-all-mirrored.md")],
    ),
    graph(
        "Blind spots by strategy",
        "What a strategy wants and nobody sees, or names and nobody has.",
        "short",
        Query(total("blind_spots", "strategy"), "{{strategy}}"),
        width=8,
        links=[runbook("blind-spots.md")],
    ),
    graph(
        "Opt-outs and unknown tags",
        "Interfaces that a tag opts out: effective where they are not mirrored for it, overruled where a strategy forbids it. And those whose "
        "tag names a strategy that the policy does not have.",
        "short",
        [Query(total("opt_outs", "result"), "{{result}}"), Query(total("unknown_tags"), "unknown strategy")],
        width=8,
        overrides=colors({"effective": WARN, "overruled": CALM, "unknown strategy": BAD}),
        links=[runbook("opted-out.md"), runbook("unknown-strategy.md")],
    ),
    graph(
        "All interfaces",
        "Every interface by its state. What is unconcerned no tag and no selector names: sensors see nothing of it, as the policy says.",
        "short",
        Query(total("sources", "state"), "{{state}}"),
        width=8,
        stacked=True,
        overrides=colors(STATES),
    ),
]

INTERFERENCE: list[Panel] = [
    graph(
        "Tampering",
        "What somebody else changed or deleted of ours, by kind.",
        "short",
        Query(f"{grown('tampering_total', 'kind')} > 0", "{{kind}}"),
        bars=True,
        calcs=["max"],
        links=[runbook("tampering.md")],
    ),
    graph(
        "Objects left alone",
        "Objects of ours that are left alone for a while, since somebody undoes each repair.",
        "short",
        Query(each("fights"), "{{account}} {{region}}"),
        width=6,
        overrides=[],
        links=[runbook("fight.md")],
    ),
    graph(
        "Other people's sessions",
        "Mirror sessions that are not ours. They take slots of interfaces, and of the account's quota.",
        "short",
        Query(total("sessions", "account", "region", state="foreign"), "{{account}} {{region}}"),
        width=6,
    ),
]

MONEY_PANELS: list[Panel] = [
    graph(
        "Cost by strategy",
        "What the sessions that are wanted cost in a month at list price, each charged to the most important strategy in it.",
        MONEY,
        Query(f"{total('cost_usd_per_hour', 'strategy')} * {HOURS_A_MONTH}", "{{strategy}}"),
        stacked=True,
    ),
    graph(
        "Against mirroring everything",
        "What it costs in a month, and what it would cost to mirror whatever can be mirrored.",
        MONEY,
        [Query(f"{COST} * {HOURS_A_MONTH}", "as it is"), Query(f"{EVERYTHING} * {HOURS_A_MONTH}", "everything")],
        width=8,
        overrides=colors({"as it is": GOOD, "everything": "#6e7077"}),
    ),
    stat(
        "Cost an hour",
        "What the sessions that are wanted cost at AWS's list price.",
        MONEY,
        [Query(COST, "as it is"), Query(EVERYTHING, "everything")],
        named=True,
        decimals=2,
        height=8,
        graph=False,
    ),
]

CHANGES: list[Panel] = [
    graph(
        "Changes of sessions",
        "Sessions that were made, changed in place and removed. Autoscaling makes and removes; a new policy changes.",
        "short",
        Query(
            f"{grown('aws_calls_total', 'action', action='=~(Create|Modify|Delete)TrafficMirrorSession', result='ok')} > 0", "{{action}}"
        ),
        bars=True,
        calcs=["max"],
        overrides=[
            override("CreateTrafficMirrorSession", displayName="made", color=fixed(GOOD)),
            override("ModifyTrafficMirrorSession", displayName="changed", color=fixed(CALM)),
            override("DeleteTrafficMirrorSession", displayName="removed", color=fixed(WARN)),
        ],
    ),
    graph(
        "Time to mirror",
        "How long sessions that were made had been missing at most: half of them no longer than the lowest line.",
        "s",
        [Query(quantile(part, "time_to_mirror_seconds"), f"{part * 100:g} %") for part in (0.5, 0.9, 0.99)],
        calcs=["mean", "max"],
    ),
    graph(
        "Sessions made",
        "How many sessions were made whose time to mirror was measured.",
        "short",
        Query(f"{observed('time_to_mirror_seconds')} > 0", "made"),
        width=12,
        bars=True,
        calcs=["max"],
        overrides=colors({"made": GOOD}),
    ),
    graph(
        "Age of observations, and the longest missing",
        "How old the last complete observation of each account and Region is; and for how long the session has been wanted there that is missing "
        "the longest.",
        "s",
        [
            Query(AGE, "{{account}} {{region}}"),
            Query(each("longest_missing_seconds"), "{{account}} {{region}}: missing the longest"),
        ],
        steps=OLD,
        links=[runbook("observed-nothing-lately.md")],
    ),
]

COVERAGE = Dashboard(
    uid=UID,
    title="vpc-mirror: coverage",
    description="Are the crown jewels mirrored, since when, for how much, and what is not seen. docs/dashboards.md explains it.",
    since="now-24h",
    links=[dashboard_link("Operations", "vpc-mirror-operations", "How vpc-mirror itself runs")],
    annotations=[
        ANOTHER_POLICY,
        Annotation(
            "Tampering",
            f"{grown('tampering_total', 'account', 'region', 'kind')} > 0",
            BAD,
            "Tampering: {{kind}}",
            "{{account}} {{region}}",
        ),
    ],
    rows=[
        ("At a glance", GLANCE),
        ("What each strategy gets", STRATEGIES),
        ("Where", WHERE),
        ("What is not seen, and why", UNSEEN),
        ("Who interferes", INTERFERENCE),
        ("What it costs", MONEY_PANELS),
        ("How it changes", CHANGES),
    ],
)
