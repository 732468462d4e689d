"""Takes queries and words; gives panels and dashboards as Grafana has them in JSON. Never knows what a metric means."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# Of Grafana 13; an older Grafana reads what it knows, a newer one migrates it.
SCHEMA = 42
COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

GOOD, SOON, WARN, BAD, CALM = "green", "yellow", "orange", "red", "blue"
# From where on which colour; `None` is below everything.
Steps = list[tuple[float | None, str]]
NONE_IS_GOOD: Steps = [(None, GOOD), (1, BAD)]
NONE_IS_BEST: Steps = [(None, GOOD), (1, WARN)]
ALL_IS_GOOD: Steps = [(None, BAD), (0.9, WARN), (1, GOOD)]
NEAR_THE_LIMIT: Steps = [(None, GOOD), (0.75, SOON), (0.9, BAD)]
# How many seconds something is old.
OLD: Steps = [(None, GOOD), (300, SOON), (900, BAD)]
PLAIN: Steps = [(None, CALM)]


@dataclass(frozen=True)
class Query:
    """What is asked, and how a series of the answer is called."""

    expr: str
    legend: str = ""
    # Once, for the end of the time that is shown.
    now: bool = False

    def json(self, ref: str, table: bool) -> Json:
        form = "table" if table else "time_series"
        now = self.now or table
        legend = {"legendFormat": self.legend or "__auto"}
        return {
            "refId": ref,
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": form,
            "instant": now,
            "range": not now,
        } | legend


def runbook(page: str) -> Json:
    """A link to a page of docs/runbooks, wherever those are read."""
    return _link(f"Runbook: {page.removesuffix('.md')}", "${runbooks:raw}/" + page, f"docs/runbooks/{page}", blank=True)


def dashboard_link(title: str, uid: str, tooltip: str) -> Json:
    """A link to another dashboard, for the same time and places."""
    return _link(title, f"/d/{uid}", tooltip, keep=True)


def _link(title: str, url: str, tooltip: str, blank: bool = False, keep: bool = False) -> Json:
    shown = {"asDropdown": False, "icon": "external link" if blank else "dashboard", "tags": [], "targetBlank": blank}
    return {"type": "link", "title": title, "url": url, "tooltip": tooltip, "includeVars": keep, "keepTime": keep, **shown}


@dataclass(frozen=True)
class Panel:
    """A panel, without its place."""

    title: str
    description: str
    kind: str
    unit: str
    queries: list[Query]
    size: tuple[int, int]
    steps: Steps = field(default_factory=lambda: PLAIN)
    defaults: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    overrides: list[Json] = field(default_factory=list)
    transformations: list[Json] = field(default_factory=list)
    links: list[Json] = field(default_factory=list)

    def json(self, number: int, x: int, y: int) -> Json:
        width, height = self.size
        thresholds = {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in self.steps]}
        defaults = {"unit": self.unit, "thresholds": thresholds, "color": {"mode": "thresholds"}, "mappings": []}
        refs = [chr(ord("A") + n) for n in range(len(self.queries))]
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            "fieldConfig": {"defaults": defaults | self.defaults, "overrides": self.overrides},
            "options": self.options,
            "targets": [query.json(ref, self.kind == "table") for ref, query in zip(refs, self.queries)],
            "transformations": self.transformations,
            "links": self.links,
        }


def override(name: str, **properties: Any) -> Json:
    """What is different of the field with that name. `custom_x` is the property `custom.x`."""
    told = [{"id": key.replace("custom_", "custom.", 1), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": told}


def fixed(color: str) -> Json:
    return {"mode": "fixed", "fixedColor": color}


def colors(given: dict[str, str]) -> list[Json]:
    """The colours of series by their names."""
    return [override(name, color=fixed(color)) for name, color in given.items()]


def _last(calc: str = "lastNotNull") -> Json:
    return {"calcs": [calc], "fields": "", "values": False}


def stat(
    title: str,
    description: str,
    unit: str,
    queries: Query | list[Query],
    width: int = 4,
    steps: Steps = PLAIN,
    none: str = "–",
    named: bool = False,
    graph: bool = True,
    decimals: int | None = None,
    links: Iterable[Json] = (),
    mappings: Iterable[Json] = (),
    height: int = 4,
) -> Panel:
    """One number, or a few with their names."""
    options = {
        "colorMode": "value",
        "graphMode": "area" if graph else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": _last(),
        "showPercentChange": False,
        "textMode": "value_and_name" if named else "value",
        "wideLayout": True,
    }
    defaults: Json = {"noValue": none, "mappings": list(mappings)} | ({} if decimals is None else {"decimals": decimals})
    queries = [queries] if isinstance(queries, Query) else queries
    return Panel(title, description, "stat", unit, queries, (width, height), steps, defaults, options, links=list(links))


def graph(
    title: str,
    description: str,
    unit: str,
    queries: Query | list[Query],
    width: int = 12,
    height: int = 8,
    stacked: bool = False,
    bars: bool = False,
    steps: Steps | None = None,
    least: float | None = None,
    most: float | None = None,
    overrides: Iterable[Json] = (),
    links: Iterable[Json] = (),
    calcs: Iterable[str] = ("lastNotNull", "max"),
    axis: str = "",
    log: bool = False,
) -> Panel:
    """How it goes over time. With `steps` their last is drawn as a line."""
    custom: Json = {
        "drawStyle": "bars" if bars else "line",
        "lineInterpolation": "stepAfter" if stacked else "linear",
        "lineWidth": 1 if bars or stacked else 2,
        "fillOpacity": 70 if bars else 40 if stacked else 0,
        "gradientMode": "none",
        "showPoints": "never",
        "spanNulls": not bars,
        "stacking": {"mode": "normal" if stacked or bars else "none", "group": "A"},
        "axisLabel": axis,
        "axisPlacement": "auto",
        "axisSoftMin": 0,
        "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
    }
    limits = {name: value for name, value in (("min", least), ("max", most)) if value is not None}
    defaults = {"color": {"mode": "palette-classic"}, "custom": custom, "noValue": "–", **limits}
    legend = {"showLegend": True, "displayMode": "table", "placement": "right" if width >= 12 else "bottom", "calcs": list(calcs)}
    options = {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc", "hideZeros": bars}}
    queries = [queries] if isinstance(queries, Query) else queries
    return Panel(
        title,
        description,
        "timeseries",
        unit,
        queries,
        (width, height),
        steps or PLAIN,
        defaults,
        options,
        list(overrides),
        links=list(links),
    )


def gauges(
    title: str,
    description: str,
    unit: str,
    queries: Query | list[Query],
    width: int = 8,
    height: int = 8,
    steps: Steps = PLAIN,
    least: float = 0,
    most: float | None = None,
    links: Iterable[Json] = (),
) -> Panel:
    """A bar for each, as it stands now."""
    options = {
        "displayMode": "gradient",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _last(),
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }
    defaults = {"min": least, "noValue": "–"} | ({} if most is None else {"max": most})
    queries = [queries] if isinstance(queries, Query) else queries
    return Panel(title, description, "bargauge", unit, queries, (width, height), steps, defaults, options, links=list(links))


def timeline(
    title: str,
    description: str,
    unit: str,
    queries: Query | list[Query],
    mappings: Iterable[Json],
    width: int = 12,
    height: int = 8,
    steps: Steps = PLAIN,
    links: Iterable[Json] = (),
    value: str = "never",
) -> Panel:
    """Since when each is as it is."""
    custom = {"fillOpacity": 75, "lineWidth": 0}
    options = {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": value,
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults = {"custom": custom, "mappings": list(mappings), "noValue": "–"}
    queries = [queries] if isinstance(queries, Query) else queries
    return Panel(title, description, "state-timeline", unit, queries, (width, height), steps, defaults, options, links=list(links))


@dataclass(frozen=True)
class Column:
    """A number of each line. One without a name is not shown: its query is there for the labels that it adds."""

    name: str
    query: str
    properties: Json = field(default_factory=dict)


def table(
    title: str,
    description: str,
    unit: str,
    labels: dict[str, str],
    columns: list[Column],
    width: int = 12,
    height: int = 8,
    sort: str = "",
    ascending: bool = False,
    links: Iterable[Json] = (),
    label_properties: dict[str, Json] | None = None,
    none: str = "–",
) -> Panel:
    """A line for each combination of labels, a column for each label and each number."""
    # One query alone leaves its numbers in a field without a letter.
    numbers = ["Value"] if len(columns) == 1 else [f"Value #{chr(ord('A') + n)}" for n in range(len(columns))]
    named = {number: column.name for number, column in zip(numbers, columns) if column.name}
    order, names = [*labels, *named], labels | named
    keep = {"id": "filterFieldsByName", "options": {"include": {"names": order}}}
    organize = {"excludeByName": {}, "indexByName": {name: place for place, name in enumerate(order)}, "renameByName": names}
    options: Json = {"cellHeight": "sm", "showHeader": True, "frameIndex": 0}
    if sort:
        options["sortBy"] = [{"displayName": sort, "desc": not ascending}]
    overrides = [override(column.name, **column.properties) for column in columns if column.properties]
    overrides += [override(name, **properties) for name, properties in (label_properties or {}).items()]
    return Panel(
        title,
        description,
        "table",
        unit,
        [Query(column.query) for column in columns],
        (width, height),
        defaults={"custom": {"align": "auto", "filterable": False, "inspect": False, "cellOptions": {"type": "auto"}}, "noValue": none},
        options=options,
        overrides=overrides,
        transformations=[{"id": "merge", "options": {}}, keep, {"id": "organize", "options": organize}],
        links=list(links),
    )


def words(given: dict[str, tuple[str, str]]) -> list[Json]:
    """What is written, and in which colour, in place of a value."""
    results = {value: {"text": text, "color": color, "index": n} for n, (value, (text, color)) in enumerate(given.items())}
    return [{"type": "value", "options": results}]


@dataclass(frozen=True)
class Annotation:
    """What is marked in every graph: moments at which a query has an answer."""

    name: str
    expr: str
    color: str
    title: str
    text: str
    # The answer is the moment, in milliseconds of Unix time.
    moment: bool = False

    def json(self) -> Json:
        told = {"titleFormat": self.title, "textFormat": self.text, "useValueForTime": self.moment, "step": "60s"}
        return {"name": self.name, "datasource": DATASOURCE, "enable": True, "iconColor": self.color, "expr": self.expr} | told


@dataclass(frozen=True)
class Dashboard:
    """Rows of panels, under a name that stays."""

    uid: str
    title: str
    description: str
    since: str
    links: list[Json]
    annotations: list[Annotation]
    rows: list[tuple[str, list[Panel]]]

    def json(self) -> Json:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["vpc-mirror", "aws", "security"],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "1m",
            "time": {"from": self.since, "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "links": self.links,
            "annotations": {"list": [BUILT_IN, *(it.json() for it in self.annotations)]},
            "templating": {"list": VARIABLES},
            "panels": list(self._placed()),
        }

    def _placed(self) -> Iterable[Json]:
        number, y = 0, 0
        for title, panels in self.rows:
            number += 1
            yield {
                "id": number,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
                "panels": [],
            }
            x, y, height = 0, y + 1, 0
            for panel in panels:
                if x + panel.size[0] > COLUMNS:
                    x, y, height = 0, y + height, 0
                number += 1
                yield panel.json(number, x, y)
                x, height = x + panel.size[0], max(height, panel.size[1])
            y += height


BUILT_IN = {
    "name": "Annotations & Alerts",
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "type": "dashboard",
}


def _chosen(name: str, label: str, query: str, description: str) -> Json:
    whole = {"text": ["All"], "value": ["$__all"]}
    choice = {"multi": True, "includeAll": True, "allValue": ".*", "current": whole, "options": [], "refresh": 2, "sort": 1, "regex": ""}
    asked = {
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
    }
    return {"name": name, "type": "query", "label": label, "description": description, **asked, **choice, "hide": 0}


# The chart writes `prometheusRule.runbooks` in its place.
RUNBOOKS = "https://runbooks.invalid"
PLACES = "vpc_mirror_observed_timestamp_seconds"
VARIABLES = [
    {
        "name": "datasource",
        "type": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "options": [],
        "refresh": 1,
        "regex": "",
        "hide": 0,
    },
    _chosen(
        "job",
        "Installation",
        "label_values(vpc_mirror_build_info, job)",
        "Two installations in one account, each with an owner of its own: choose one.",
    ),
    _chosen("account", "Account", f'label_values({PLACES}{{job=~"$job"}}, account)', "Accounts that are looked after."),
    _chosen("region", "Region", f'label_values({PLACES}{{job=~"$job",account=~"$account"}}, region)', "Regions that are looked after."),
    {
        "name": "runbooks",
        "type": "textbox",
        "label": "Runbooks at",
        "description": "Where the pages of docs/runbooks are read, as a URL: links of panels lead below it.",
        "query": RUNBOOKS,
        "current": {"text": RUNBOOKS, "value": RUNBOOKS},
        "options": [],
        "hide": 0,
    },
]
