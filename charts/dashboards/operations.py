"""Takes nothing; gives the dashboard for whoever keeps vpc-mirror running: who leads, what AWS answers, and what it waits for."""

from marks import ANOTHER_POLICY
from panels import (
    BAD,
    CALM,
    GOOD,
    NEAR_THE_LIMIT,
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
    colors,
    dashboard_link,
    gauges,
    graph,
    runbook,
    stat,
    table,
    timeline,
    words,
)
from queries import AGE, each, grown, of, quantile, rate, system, total

UID = "vpc-mirror-operations"
YES_NO = words({"0": ("no", "text"), "1": ("yes", GOOD)})
MAPPED = {"mappings": YES_NO, "custom_cellOptions": {"type": "color-text"}}
GAPS = words({"0": ("read", GOOD), "1": ("missing", BAD)})
RESULTS = {
    "ok": GOOD,
    "throttled": WARN,
    "retry": SOON,
    "denied": BAD,
    "quota": "purple",
    "gone": "#6e7077",
    "conflict": CALM,
    "bug": "dark-red",
}
THROTTLED = of(rate("aws_calls_total", result="throttled"), rate("aws_calls_total"))
FAILED = of(rate("aws_calls_total", result="!=ok"), rate("aws_calls_total"))


def of_replica(expr: str, *more: str) -> str:
    """What each replica says of itself, under the name of its pod; where there are no pods, under its address."""
    named = f'label_replace(label_replace({expr}, "replica", "$1", "instance", "(.*)"), "replica", "$1", "pod", "(.+)")'
    return f"max by ({', '.join(('replica', *more))}) ({named})"


def replica(metric: str, *more: str) -> str:
    return of_replica(f'vpc_mirror_{metric}{{job=~"$job"}}', *more)


def grown_of_replicas(counter: str, *by: str) -> str:
    """Replicas all follow the policy, so that the sum would count a change as often as there are of them."""
    return f'max by ({", ".join(by)}) (increase(vpc_mirror_{counter}{{job=~"$job"}}[$__rate_interval]))'


def percent(part: float) -> str:
    return f"{part * 100:g} %"


def load(sensor_metric: str) -> str:
    return total(sensor_metric, "sensor")


GLANCE: list[Panel] = [
    stat(
        "Leaders",
        "Replicas that change things: one, or one for each installation that is shown.",
        "short",
        Query('sum(vpc_mirror_leader{job=~"$job"})'),
        steps=[(None, BAD), (1, GOOD)],
        links=[runbook("no-leader.md")],
    ),
    stat(
        "Replicas",
        "Processes that are scraped. Without a second one nobody takes over.",
        "short",
        Query('count(vpc_mirror_build_info{job=~"$job"})'),
        steps=[(None, BAD), (1, GOOD)],
        links=[runbook("no-standby.md")],
    ),
    stat(
        "Oldest observation",
        "How old the oldest complete observation of any account and Region is.",
        "s",
        Query(f"max({AGE})"),
        steps=OLD,
        decimals=0,
        links=[runbook("observed-nothing-lately.md")],
    ),
    stat(
        "Lists that are missing",
        "Lists of AWS that could not be read to their end, or are too short to be true. On doubt nothing is removed.",
        "short",
        Query(total("gaps")),
        steps=NONE_IS_GOOD,
        links=[runbook("observed-nothing-lately.md")],
    ),
    stat(
        "Calls that fail",
        "The part of AWS calls that failed for whatever reason.",
        "percentunit",
        Query(FAILED),
        steps=[(None, GOOD), (0.01, SOON), (0.1, BAD)],
        decimals=1,
    ),
    stat(
        "Throttled",
        "The part of AWS calls that AWS throttled.",
        "percentunit",
        Query(THROTTLED),
        steps=[(None, GOOD), (0.01, SOON), (0.05, BAD)],
        decimals=1,
        links=[runbook("throttled.md")],
    ),
    stat(
        "Waiting",
        "Changes that wait for something: a target, a quota, the settle time, another call. `vpc-mirror plan` says for what.",
        "short",
        Query(total("waiting")),
        steps=NONE_IS_BEST,
        links=[runbook("not-all-mirrored.md")],
    ),
    stat(
        "Losses that are held",
        "Sessions that are to lose packets, more than limits.maxLosses allows: they wait for the hours, or for an approval.",
        "short",
        Query(total("held_losses")),
        steps=NONE_IS_BEST,
        links=[runbook("losses-held.md")],
    ),
    stat(
        "Policy",
        "Whether the policy file as it is now is followed.",
        "short",
        Query('min(vpc_mirror_policy_good{job=~"$job"})'),
        steps=[(None, BAD), (1, GOOD)],
        graph=False,
        mappings=words({"0": ("an earlier one", BAD), "1": ("followed", GOOD)}),
        links=[runbook("policy-refused.md")],
    ),
    stat(
        "Policy since",
        "Since when the policy that counts is followed.",
        "dateTimeFromNow",
        Query('max(vpc_mirror_policy_followed_timestamp_seconds{job=~"$job"}) * 1000', now=True),
        graph=False,
    ),
    stat(
        "Rounds a minute",
        "How often it reads, plans and acts, in all accounts and Regions together.",
        "opm",
        Query(f"{rate('rounds_total')} * 60"),
        decimals=1,
    ),
    stat(
        "A round, 95 %",
        "Of the rounds in the time shown, 95 % took no longer, the waiting for AWS's rate included.",
        "s",
        Query(quantile(0.95, "round_seconds", over="$__range"), now=True),
        graph=False,
        decimals=1,
        steps=[(None, GOOD), (30, SOON), (120, BAD)],
    ),
]

REPLICAS: list[Panel] = [
    timeline(
        "Who leads",
        "Which replica changes things, and since when. While none does, sessions that stand go on.",
        "short",
        Query(replica("leader"), "{{replica}}"),
        words({"0": ("stands by", "#6e7077"), "1": ("leads", GOOD)}),
        height=6,
        links=[runbook("no-leader.md"), runbook("no-standby.md")],
    ),
    graph(
        "Replicas by policy",
        "How many replicas follow which policy, by the first digits of its SHA-256. Two for minutes: they read different files.",
        "short",
        Query('count by (digest) (vpc_mirror_policy_info{job=~"$job"})', "{{digest}}"),
        height=6,
        stacked=True,
        calcs=["lastNotNull"],
        links=[runbook("policy-refused.md")],
    ),
    table(
        "Each replica",
        "Each process, what it is, and the policy it follows: the first digits that `sha256sum` prints of the file.",
        "short",
        {"replica": "Replica", "version": "Version", "digest": "Policy"},
        [
            Column("Leads", replica("leader"), MAPPED),
            Column("Elects", replica("leader_election"), MAPPED),
            Column("Policy is good", replica("policy_good"), MAPPED),
            Column("Started", f"{of_replica(system('process_start_time_seconds'))} * 1000", {"unit": "dateTimeFromNow"}),
            Column("Memory", of_replica(system("process_resident_memory_bytes")), {"unit": "bytes"}),
            Column("", replica("build_info", "version")),
            Column("", replica("policy_info", "digest")),
        ],
        width=15,
        height=6,
        sort="Leads",
        none="",
    ),
    graph(
        "Changes of the policy",
        "How often the policy file has changed, and whether it is followed.",
        "short",
        Query(f"{grown_of_replicas('policy_changes_total', 'result')} > 0", "{{result}}"),
        width=9,
        height=6,
        bars=True,
        calcs=["max"],
        overrides=colors({"followed": CALM, "refused": BAD}),
        links=[runbook("policy-refused.md")],
    ),
]

ROUNDS: list[Panel] = [
    graph(
        "Rounds by place",
        "How often it reads, plans and acts.",
        "opm",
        Query(f"{rate('rounds_total', 'account', 'region')} * 60", "{{account}} {{region}}"),
        width=8,
    ),
    graph(
        "How long a round takes",
        "The calls of a round and the waiting for AWS's rate included.",
        "s",
        [Query(quantile(part, "round_seconds"), percent(part)) for part in (0.5, 0.9, 0.99)],
        width=8,
        calcs=["mean", "max"],
    ),
    graph(
        "Waiting and held",
        "Changes that wait for something, losses that are held, and how many may be lost now without anybody's approval.",
        "short",
        [Query(total("waiting"), "waiting"), Query(total("held_losses"), "held"), Query(total("losses_allowed"), "may be lost now")],
        width=8,
        overrides=colors({"waiting": SOON, "held": BAD, "may be lost now": GOOD}),
        links=[runbook("losses-held.md")],
    ),
]

CALLS: list[Panel] = [
    graph(
        "AWS calls by action",
        "Calls in a second. Reads come with each resync, changes with the fleet.",
        "reqps",
        Query(rate("aws_calls_total", "action") + " > 0", "{{action}}"),
        stacked=True,
        height=9,
        calcs=["mean", "max"],
    ),
    graph(
        "AWS calls by result",
        "Calls in a second, by what came of them.",
        "reqps",
        Query(rate("aws_calls_total", "result") + " > 0", "{{result}}"),
        stacked=True,
        height=9,
        overrides=colors(RESULTS),
        calcs=["mean", "max"],
        links=[runbook("denied.md"), runbook("throttled.md")],
    ),
    graph(
        "Errors by code",
        "Calls that failed, by AWS's code.",
        "short",
        Query(grown("aws_errors_total", "action", "code") + " > 0", "{{action}} {{code}}"),
        bars=True,
        calcs=["max"],
    ),
    graph(
        "Throttled and failed",
        "The part of calls that AWS throttled, and that failed at all.",
        "percentunit",
        [Query(THROTTLED, "throttled"), Query(FAILED, "failed")],
        width=12,
        overrides=colors({"throttled": WARN, "failed": BAD}),
        calcs=["mean", "max"],
        links=[runbook("throttled.md")],
    ),
    graph(
        "How long calls take",
        "Of all calls, without the waiting for their turn.",
        "s",
        [Query(quantile(part, "aws_call_seconds"), percent(part)) for part in (0.5, 0.9, 0.99)],
        width=8,
        calcs=["mean", "max"],
    ),
    graph(
        "Slowest actions",
        "Of each action, 99 % of the calls took no longer.",
        "s",
        Query(f"topk(5, {quantile(0.99, 'aws_call_seconds', 'action')})", "{{action}}"),
        width=8,
        calcs=["mean", "max"],
    ),
    graph(
        "Request tokens",
        "Calls that our share of AWS's request rate allows at once now. At 0 the next one waits.",
        "short",
        Query(f"min by (action) ({each('aws_request_tokens')})", "{{action}}"),
        width=8,
        calcs=["lastNotNull", "min"],
    ),
]

SIGHT: list[Panel] = [
    timeline(
        "Lists of AWS",
        "Red: a list that could not be read to its end, or is too short to be true.",
        "short",
        Query(total("gaps", "list"), "{{list}}"),
        GAPS,
        height=10,
        steps=NONE_IS_GOOD,
        links=[runbook("observed-nothing-lately.md"), runbook("denied.md")],
    ),
    graph(
        "Age of observations",
        "How old the last complete observation of each account and Region is.",
        "s",
        Query(AGE, "{{account}} {{region}}"),
        width=6,
        height=10,
        steps=OLD,
        links=[runbook("observed-nothing-lately.md")],
    ),
    graph(
        "What is listed",
        "Instances and network interfaces of all accounts and Regions.",
        "short",
        [Query(total("instances"), "instances"), Query(total("interfaces"), "interfaces")],
        width=6,
        height=10,
    ),
]

LIMITS: list[Panel] = [
    gauges(
        "Sessions of what is allowed",
        "Wanted sessions as a part of what the quota and the policy's limits allow. Beyond it the least important go without.",
        "percentunit",
        Query(
            of(total("sessions", "account", "region", state="wanted"), total("sessions_allowed", "account", "region")),
            "{{account}} {{region}}",
        ),
        height=5,
        most=1,
        steps=NEAR_THE_LIMIT,
        links=[runbook("sessions-near-the-limit.md")],
    ),
    gauges(
        "AWS's quota of sessions",
        "Sessions of the account, whoever made them, as a part of AWS's quota.",
        "percentunit",
        Query(
            of(total("quota_sessions", "account", "region"), total("quota_sessions_limit", "account", "region")), "{{account}} {{region}}"
        ),
        height=5,
        most=1,
        steps=NEAR_THE_LIMIT,
        links=[runbook("quota-near.md")],
    ),
    gauges(
        "Targets' load",
        "Interfaces that send to a sensor's targets, as a part of what they may take by AWS's quota. 0 where one takes any number.",
        "percentunit",
        Query(of(load("target_sources"), load("target_capacity")), "{{sensor}}"),
        height=5,
        most=1,
        steps=NEAR_THE_LIMIT,
        links=[runbook("targets-full.md")],
    ),
    graph(
        "Sessions and their limits",
        "Wanted sessions, what may stand of ours, all sessions of the accounts, and AWS's quota.",
        "short",
        [
            Query(total("sessions", state="wanted"), "wanted"),
            Query(total("sessions_allowed"), "allowed"),
            Query(total("quota_sessions"), "in the accounts"),
            Query(total("quota_sessions_limit"), "AWS's quota"),
        ],
        overrides=colors({"wanted": GOOD, "allowed": WARN, "in the accounts": CALM, "AWS's quota": BAD}),
        log=True,
    ),
    graph(
        "Targets",
        "Mirror targets of each sensor: usable ones, those of them that take no further source, and those that nobody hears behind.",
        "short",
        Query(total("targets", "sensor", "state"), "{{sensor}} {{state}}"),
        width=6,
        links=[runbook("targets-full.md")],
    ),
    graph(
        "Interfaces that send",
        "Network interfaces that send to each sensor's usable targets, as far as this account shows.",
        "short",
        Query(load("target_sources"), "{{sensor}}"),
        width=6,
    ),
]

PROCESS: list[Panel] = [
    graph(
        "Memory",
        "Resident memory of each replica.",
        "bytes",
        Query(of_replica(system("process_resident_memory_bytes")), "{{replica}}"),
        width=8,
    ),
    graph(
        "CPU",
        "Cores that each replica uses.",
        "none",
        Query(of_replica(system("rate(process_cpu_seconds_total[$__rate_interval])")), "{{replica}}"),
        width=8,
        calcs=["mean", "max"],
    ),
    graph(
        "Open files",
        "File descriptors of each replica, as a part of what it may open.",
        "percentunit",
        Query(of_replica(system("process_open_fds / process_max_fds")), "{{replica}}"),
        width=8,
        steps=NEAR_THE_LIMIT,
    ),
]

OPERATIONS = Dashboard(
    uid=UID,
    title="vpc-mirror: operations",
    description="Who leads, what AWS answers, what waits, and what is near its limit. docs/dashboards.md explains it.",
    since="now-6h",
    links=[dashboard_link("Coverage", "vpc-mirror-coverage", "What sensors see")],
    annotations=[
        ANOTHER_POLICY,
        Annotation(
            "Another leads",
            'changes(vpc_mirror_leader{job=~"$job"}[$__interval]) > 0 and vpc_mirror_leader{job=~"$job"} == 1',
            SOON,
            "Another leads",
            "{{replica}}",
        ),
        Annotation(
            "Start",
            f"{of_replica(system('process_start_time_seconds'))} * 1000",
            GOOD,
            "A replica starts",
            "{{replica}}",
            moment=True,
        ),
    ],
    rows=[
        ("At a glance", GLANCE),
        ("Replicas and policy", REPLICAS),
        ("Rounds", ROUNDS),
        ("AWS calls", CALLS),
        ("What it sees", SIGHT),
        ("Limits", LIMITS),
        ("Process", PROCESS),
    ],
)
