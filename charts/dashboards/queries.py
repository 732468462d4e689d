"""Takes names of metrics; gives what Prometheus is asked. All replicas tell of a place, and who leads has read it last, so that gauges are
the leader's; each counts what it did itself, so that counters are summed. Never asks for a counter itself: only for how it grows."""

from metrics import metrics

PREFIX = "vpc_mirror_"
# What the variables of a dashboard choose. What has no account yet is `""`, which `.*` fits.
PROCESS = 'job=~"$job"'
PLACE = f'{PROCESS},account=~"$account",region=~"$region"'


OPERATORS = ("=~", "!~", "!=")


def _select(metric: str, part: str = "", where: dict[str, str] | None = None) -> str:
    """With labels that have a value, or one that begins with another operator than `=`."""
    matchers = [PLACE if "account" in metrics()[PREFIX + metric].labels else PROCESS]
    for label, value in (where or {}).items():
        operator = next((it for it in OPERATORS if value.startswith(it)), "")
        matchers.append(f'{label}{operator or "="}"{value.removeprefix(operator)}"')
    return f"{PREFIX}{metric}{part}{{{','.join(matchers)}}}"


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def each(metric: str, **where: str) -> str:
    """A gauge of a place with all its labels, as who leads tells it."""
    known = metrics()[PREFIX + metric]
    assert known.kind == "gauge" and "account" in known.labels, f"{metric} is another kind"
    # One that stands by reads seldom: beside the leader's it would add states to the sum in which nothing is any more.
    return f"max{_by(known.labels)} ({_select(metric, where=where)} and on (job, instance) {_select('leader')} == 1)"


def total(metric: str, *by: str, **where: str) -> str:
    """A gauge, summed over every label that is not named."""
    return f"sum{_by(by)} ({each(metric, **where)})"


def grown(metric: str, *by: str, over: str = "$__rate_interval", **where: str) -> str:
    """By how much a counter has grown meanwhile."""
    return f"sum{_by(by)} (increase({_counter(metric, where)}[{over}]))"


def rate(metric: str, *by: str, over: str = "$__rate_interval", **where: str) -> str:
    """How much a counter grows in a second."""
    return f"sum{_by(by)} (rate({_counter(metric, where)}[{over}]))"


def _counter(metric: str, where: str) -> str:
    assert metrics()[PREFIX + metric].kind == "counter", f"{metric} is no counter"
    return _select(metric, where=where)


def observed(metric: str, *by: str, over: str = "$__rate_interval") -> str:
    """How many observations a histogram has taken meanwhile."""
    assert metrics()[PREFIX + metric].kind == "histogram", f"{metric} is no histogram"
    return f"sum{_by(by)} (increase({_select(metric, '_count')}[{over}]))"


def quantile(part: float, metric: str, *by: str, over: str = "$__rate_interval") -> str:
    """What that part of a histogram's observations does not exceed."""
    assert metrics()[PREFIX + metric].kind == "histogram", f"{metric} is no histogram"
    return f"histogram_quantile({part:g}, sum{_by(('le', *by))} (rate({_select(metric, '_bucket')}[{over}])))"


def system(expr: str) -> str:
    """What the operating system says of our processes: others are scraped that have metrics of that name."""
    return f"{expr} and on (job, instance) {_select('build_info')}"


def of(part: str, whole: str) -> str:
    """A part of a whole, where there is one."""
    return f"{part} / ({whole} > 0)"


# How old the last complete observation of each place is.
AGE = f"time() - {each('observed_timestamp_seconds')}"
