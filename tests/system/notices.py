"""What must be true of notices as a receiver got them, whatever happened meanwhile: judged from its journal alone."""
import json
from collections import Counter, defaultdict

ENDS = ("resolved", "ended")


def kind_of(document):
    return document["type"].rsplit(".", 1)[1]


def unique(entries):
    """{id: document}; the same id always comes with the same bytes."""
    bodies = {}
    for entry in entries:
        known = bodies.setdefault(entry["id"], entry["body"])
        if known != entry["body"]:
            raise AssertionError(f"{entry['id']} came with other bytes:\n{known}\n{entry['body']}")
    return {notice: json.loads(body) for notice, body in bodies.items()}


def told(entries, rule):
    """Σ counts.new of a rule over distinct ids."""
    return sum(d["data"]["counts"]["new"] for d in unique(entries).values()
               if d["data"]["rule"] == rule and kind_of(d) in ("firing", "update"))


def repeats(entries):
    """How often an id came again."""
    return sum(n - 1 for n in Counter(e["id"] for e in entries).values())


def faults(entries):
    """What is wrong, as lines: sums within a notice, order within an incident, what one says after the other."""
    lines = []
    by_incident = defaultdict(list)
    for notice, document in unique(entries).items():
        data = document["data"]
        counts = data.get("counts")
        if counts and "new" in counts and data.get("incident"):
            if "tasks" in data and len(data["tasks"]) + data.get("truncated", 0) != counts["new"]:
                lines.append(f"{notice}: new {counts['new']} is not {len(data['tasks'])} tasks + {data.get('truncated')}")
            if sum(counts.get("by_reason", {}).values()) != counts["new"] and counts.get("by_reason") is not None:
                lines.append(f"{notice}: by_reason {counts['by_reason']} is not new {counts['new']}")
        if data.get("incident"):
            by_incident[data["incident"]].append((notice, document))
    for incident, notices in by_incident.items():
        lines += _faults_of_incident(incident, notices)
    return lines


def _faults_of_incident(incident, notices):
    lines = []
    ordinals = [d["data"]["update"] for _, d in notices]
    kinds = [kind_of(d) for _, d in notices]
    if ordinals != sorted(ordinals):
        lines.append(f"{incident}: out of order: {list(zip(kinds, ordinals))}")
    if kinds[0] != "firing":
        lines.append(f"{incident}: begins with {kinds[0]}")
    for before, after in zip(kinds, kinds[1:]):
        if before in ENDS and after in ENDS:
            lines.append(f"{incident}: ends twice: {kinds}")
        if after == "firing":
            lines.append(f"{incident}: fires twice: {kinds}")
    total = 0
    for notice, document in notices:
        counts = document["data"].get("counts", {})
        if kind_of(document) in ("firing", "update") and "total" in counts:
            total += counts["new"]
            if counts["total"] != total:
                lines.append(f"{notice}: total {counts['total']} is not the sum so far, {total}")
        if kind_of(document) == "resolved" and counts.get("open"):
            lines.append(f"{notice}: resolved with {counts['open']} open")
    return lines
