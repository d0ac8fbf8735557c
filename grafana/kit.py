"""Parts that all dashboards are made of: what must not differ between them stands here once.

In queries `@M` stands for the matchers of job and instance, `@S` for those and the space's, `@R` for those and the run's.
"""
import pathlib
import re

RULES = pathlib.Path(__file__).parents[1] / "etc/prometheus/rules.yml"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
MATCHERS = {"@M": 'job=~"$job",instance=~"$instance"',
            "@S": 'job=~"$job",instance=~"$instance",space=~"$space"',
            "@R": 'job=~"$job",instance=~"$instance",space=~"$space",run_id=~"$run"'}
GOOD, WARNING, BAD, CALM = "#56A64B", "#FF9830", "#E02F44", "#3274D9"
STATUS_COLOURS = {"completed": GOOD, "partially_completed": "#96D98D", "failed": BAD, "in_progress": CALM,
                  "processing": "#8AB8FF", "pending": "#8E8E8E", "scheduled": "#C7C7C7", "hold": "#8F3BB8",
                  "unknown": "#F2CC0C"}
WAITING = "pending|scheduled|processing|in_progress|hold|unknown"
FINISHED = "completed|partially_completed|failed"
RUN_PAGE = "${scheme}://${__data.fields.instance}/run?space=${__data.fields.space:percentencode}&run=${__data.fields.run_id:percentencode}"
RUN_BOARD = ("/d/runwatch-run?${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&var-space=%s"
             "&var-run=%s&${__url_time_range}")


def once(expression):
    """Of what several instances see alike, the one that saw most: never their sum."""
    return f"max without (instance) ({expression})"


def seen(gauge):
    """A gauge about a space or its runs: of instances that see all of the space, or of all where none does."""
    up = "unpod_up{@S} == 1"
    return f"({once(f'{gauge} and on (job, instance, space) {up}')} or {once(f'{gauge} unless on (job, space) {up}')})"


def run_tasks(status, matchers="@S"):
    """Tasks of each run in one of these statuses."""
    selector = 'unpod_run_tasks{%s,status=~"%s"}' % (matchers, status)
    return f"sum by (job, space, run_id) ({seen(selector)})"


def moving(matchers="@S"):
    """Tasks of each run that somebody is to move, as UnpodRunStalled has them."""
    tasks = lambda status: seen('unpod_run_tasks{%s,status=~"%s"}' % (matchers, status))
    parked = seen('unpod_run_status{%s,status=~"scheduled|hold"}' % matchers)
    return (f"sum by (job, space, run_id) ({tasks('processing|in_progress|unknown')}"
            f" or ({tasks('pending')} unless on (job, space, run_id) {parked} == 1))")


def quantile(q, family, by="", matchers="@S", per_instance=False, only=""):
    """Of a histogram; by more labels, and for each instance or of what all see."""
    buckets = f"rate({family}_bucket{{{matchers}}}[$__rate_interval]) {only}"
    labels = ", ".join(filter(None, [by, "instance" if per_instance else "", "le"]))
    return f"histogram_quantile({q}, sum by ({labels}) ({buckets if per_instance else once(buckets)}))"


def rule(alert):
    return re.search(rf"- alert: {alert}\n(.*?)(?=\n      - |\n  - |\Z)", RULES.read_text(), re.S)[1]


def limits(alert):
    """What the alert's expression compares with, in its order, as a query writes it."""
    return re.findall(r" (?:[<>]=?|==) ([0-9.]+)", rule(alert))


def levels(alert=None, low_is_bad=False):
    """`any`: one is too many, and no alert of its own."""
    if alert is None:
        return {"mode": "absolute", "steps": [{"color": CALM, "value": None}]}
    number = 1 if alert == "any" else float(limits(alert)[0])
    colour = BAD if alert != "any" and "severity: page" in rule(alert) else WARNING
    if low_is_bad:
        steps = [{"color": colour, "value": None}, {"color": GOOD, "value": number + 1}]
    else:
        steps = [{"color": GOOD, "value": None}, {"color": colour, "value": number}]
    return {"mode": "absolute", "steps": steps}


def expand(expression):
    for short, matchers in MATCHERS.items():
        expression = expression.replace(short, matchers)
    return " ".join(expression.split())


def targets(queries, instant=False):
    made = []
    for index, (expression, legend) in enumerate(queries):
        target = {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expand(expression),
                  "legendFormat": legend, "range": not instant, "instant": instant}
        if instant:
            target["format"] = "table"
        made.append(target)
    return made


def override(name, **properties):
    return {"matcher": {"id": "byName", "options": name},
            "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]}


STATUS_OVERRIDES = [override(name, color={"mode": "fixed", "fixedColor": colour})
                    for name, colour in STATUS_COLOURS.items()]


def panel(kind, title, about, unit, queries, alert=None, low_is_bad=False, instant=False, **more):
    """`alert`: whose threshold is shown; the description names it."""
    about = f"{about} Threshold: {alert}." if alert not in (None, "any") else about
    return {"type": kind, "title": title, "description": about, "datasource": SOURCE,
            "targets": targets(queries, instant),
            "fieldConfig": {"defaults": {"unit": unit, "thresholds": levels(alert, low_is_bad), "custom": {},
                                         "color": {"mode": "palette-classic"}, "links": more.pop("links", [])},
                            "overrides": more.pop("overrides", [])},
            "options": more.pop("options", {}), **more}


def stat(title, about, unit, query, alert=None, low_is_bad=False, names=None, legend="__auto"):
    made = panel("stat", title, about, unit, [(query, legend)], alert, low_is_bad,
                 options={"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                          "colorMode": "background" if alert else "value", "graphMode": "area" if names is None else "none",
                          "textMode": "name" if legend != "__auto" else "auto", "justifyMode": "auto"})
    made["fieldConfig"]["defaults"]["color"] = {"mode": "thresholds"}
    if names:
        made["fieldConfig"]["defaults"]["mappings"] = [
            {"type": "value", "options": {value: {"text": text, "index": i} for i, (value, text) in enumerate(names.items())}}]
    return made


def lines(title, about, unit, queries, alert=None, by_status=False, stacked=False, links=()):
    made = panel("timeseries", title, about, unit, queries, alert, links=list(links),
                 overrides=list(STATUS_OVERRIDES) if by_status else [],
                 options={"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                          "tooltip": {"mode": "multi", "sort": "desc"}})
    made["fieldConfig"]["defaults"]["custom"] = {
        "drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if stacked else 8, "showPoints": "never",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if alert else "off"}}
    made["fieldConfig"]["defaults"]["min"] = 0
    return made


def table(title, about, unit, queries, columns, hidden=(), sort=None, overrides=(), alert=None):
    """`columns`: what each query, and label, is called, in their order."""
    made = panel("table", title, about, unit, [(query, "") for query in queries], alert, instant=True,
                 overrides=list(overrides),
                 options={"showHeader": True, "cellHeight": "sm",
                          "sortBy": [{"displayName": name, "desc": True} for name in (sort or ())]},
                 transformations=[
                     {"id": "merge", "options": {}},
                     {"id": "organize", "options": {
                         "excludeByName": {name: True for name in ("Time", *hidden)},
                         "indexByName": {name: i for i, name in enumerate(columns)},
                         "renameByName": {key: name for key, name in columns.items() if key != name}}}])
    made["fieldConfig"]["defaults"]["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}
    return made


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def place(rows):
    """Rows of (height, panels side by side with their widths)."""
    made, y = [], 0
    for height, panels in rows:
        x = 0
        for width, one in panels:
            made.append({"id": len(made) + 1, "gridPos": {"x": x, "y": y, "w": width, "h": height}, **one})
            x += width
        y += height
    return made


def choice(name, label, query, every=".+", multi=True):
    made = {"name": name, "label": label, "type": "query", "datasource": SOURCE,
            "query": {"query": expand(query), "refId": "PrometheusVariableQueryEditor-VariableQuery"}, "refresh": 2,
            "sort": 1, "multi": multi, "includeAll": multi, "options": [], "regex": "", "hide": 0,
            "skipUrlSync": False}
    if multi:
        made |= {"allValue": every, "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}
    return made


VARIABLES = {
    "job": choice("job", "Job", "label_values(runwatch_build_info, job)"),
    "instance": choice("instance", "Instance", 'label_values(runwatch_build_info{job=~"$job"}, instance)'),
    "space": choice("space", "Space", "label_values(runwatch_polls_total{@M}, space)", every=".*"),
    "run": choice("run", "Run", "label_values(unpod_run_info{@S}, run_id)", multi=False),
}
DATASOURCE = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1,
              "multi": False, "includeAll": False, "options": [], "regex": "", "hide": 0,
              "skipUrlSync": False}
SCHEME = {"name": "scheme", "label": "Status page by", "type": "custom", "query": "http,https", "multi": False,
          "includeAll": False, "hide": 0, "skipUrlSync": False, "current": {"selected": True, "text": "http", "value": "http"},
          "options": [{"selected": name == "http", "text": name, "value": name} for name in ("http", "https")]}


def annotation(name, colour, expression, title, text, **more):
    return {"name": name, "datasource": SOURCE, "enable": True, "hide": False, "iconColor": colour,
            "expr": expand(expression), "titleFormat": title, "textFormat": text, "step": "1m",
            **more}


ANNOTATIONS = [
    {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True,
     "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"},
    annotation("Incidents", BAD, once("increase(runwatch_incidents_opened_total{@M}[$__rate_interval])") + " > 0",
               "{{rule}}", "an incident of this rule opened"),
    annotation("Restarts", CALM, "process_start_time_seconds{@M} * 1000", "start", "{{instance}}", useValueForTime=True),
]


def dashboard(uid, title, about, variables, rows, pages=False):
    return {"uid": uid, "title": title, "description": about, "tags": ["runwatch"], "editable": False, "graphTooltip": 1,
            "schemaVersion": 38, "version": 1, "refresh": "30s", "timezone": "browser",
            "time": {"from": "now-6h", "to": "now"}, "timepicker": {}, "fiscalYearStartMonth": 0, "weekStart": "",
            "links": [{"type": "dashboards", "title": "runwatch", "tags": ["runwatch"], "asDropdown": False,
                       "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "external link",
                       "tooltip": "", "url": ""}],
            "annotations": {"list": ANNOTATIONS},
            "templating": {"list": [DATASOURCE] + [VARIABLES[name] for name in variables] + ([SCHEME] if pages else [])},
            "panels": place(rows)}
