#!/usr/bin/python3
"""What one would write without runwatch: poll with `requests`, count with `prometheus_client`.

Keeps its connection alive, asks for each page once, remembers what it saw in a dictionary. It has no store, so that a
restart begins anew, and believes each walk. Counts as runwatch counts: the benchmark checks that before it measures.
"""
import argparse
import time
from datetime import datetime, timezone

import requests
from prometheus_client import Counter, Gauge, Histogram, start_http_server

STATUSES = {"pending", "scheduled", "processing", "in_progress", "hold", "completed", "partially_completed", "failed"}
FINISHED = {"completed", "partially_completed", "failed"}
CALL_STATUSES = {"completed": "completed", "connected": "connected", "notconnected": "not_connected", "busy": "busy",
                 "voicemail": "voicemail", "droped": "dropped", "dropped": "dropped", "cancelled": "cancelled",
                 "noanswer": "no_answer", "failed": "failed"}
CALL_TYPES = {"outbound": "outbound", "inbound": "inbound", "outboundPhoneCall": "outbound",
              "inboundPhoneCall": "inbound", "webCall": "web"}
REASONS = (("voicemail", "voicemail"), ("invalid", "invalid_number"), ("busy", "busy"), ("noanswer", "no_answer"),
           ("notanswer", "no_answer"), ("reject", "rejected"), ("timedout", "timeout"), ("maxduration", "timeout"),
           ("provider", "provider"), ("sip", "provider"), ("pipeline", "provider"))
SPANS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14400, 86400)

TASKS = Gauge("unpod_tasks", "Tasks by status", ["status"])
TRANSITIONS = Counter("unpod_task_transitions", "Changes of status", ["from", "to"])
FAILURES = Counter("unpod_task_failures", "Failed attempts", ["reason"])
RETRIES = Counter("unpod_task_retries", "Retries")
RECOVERIES = Counter("unpod_task_recoveries", "Failed tasks that completed")
INFERRED = Counter("unpod_task_transitions_inferred", "Attempts between two polls")
CALLS = Counter("unpod_calls", "Finished calls", ["call_status", "call_type"])
DURATION = Histogram("unpod_call_duration_seconds", "Duration", ["call_status"],
                     buckets=(5, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1800, 3600))
COST = Histogram("unpod_call_cost", "Cost", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5))
WAIT = Histogram("unpod_task_wait_seconds", "Creation to start", buckets=SPANS)
COMPLETION = Histogram("unpod_task_completion_seconds", "Creation to end", ["status"], buckets=SPANS)
POLLED = Counter("baseline_tasks_polled", "Tasks read")
ROUNDS = Counter("baseline_rounds", "Walks over all runs")


def plain(text):
    return text.lower().replace("-", "").replace("_", "").replace(" ", "").replace(".", "")


def moment(text):
    if isinstance(text, dict):
        return text["$date"] / 1000
    if not isinstance(text, str):
        return None
    try:
        value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()


def status_of(task):
    status = task.get("status")
    if not isinstance(status, str):
        return "unknown"
    status = status.strip().lower().replace("-", "_").replace(" ", "_")
    return status if status in STATUSES else "in_progress" if status in ("running", "inprogress") else "unknown"


def reason_of(task, out):
    for text in (task.get("last_failure_reason"), out.get("call_end_reason"), out.get("error"), out.get("endedReason")):
        for word, reason in REASONS:
            if text and word in plain(text):
                return reason
    return "other"


class Task:
    __slots__ = ("status", "call", "told", "last_finished")

    def __init__(self, status):
        self.status, self.call, self.told, self.last_finished = status, None, set(), None


class Watcher:
    def __init__(self, url, token, space, page_size):
        self.base = f"{url}/api/v2/platform/spaces/{space}/runs/"
        self.page_size = page_size
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Token {token}", "Accept": "application/json",
                                     "Content-Type": "application/json"})
        self.runs = {}  # id → {task id: Task}

    def pages(self, url):
        page, seen = 1, 0
        while True:
            answer = self.session.get(url, params={"page": page, "page_size": self.page_size}, timeout=30)
            answer.raise_for_status()
            document = answer.json()
            yield from document["data"]
            seen += len(document["data"])
            if not document["data"] or seen >= document["count"]:
                return
            page += 1

    def poll(self):
        for run in [row["run_id"] for row in self.pages(self.base)]:
            first = run not in self.runs
            known = self.runs.setdefault(run, {})
            number = 0
            for number, row in enumerate(self.pages(f"{self.base}{run}/tasks/"), 1):
                self.see(known, row, first)
            POLLED.inc(number)
        ROUNDS.inc()

    def see(self, known, row, baseline):
        status, out = status_of(row), row.get("output") or {}
        call = out.get("call_id") or out.get("id")
        task = known.get(row["task_id"])
        if task is None:
            task = known[row["task_id"]] = Task(status)
            task.call = call
            task.last_finished = status if status in FINISHED else None
            self.moved("none", task, status)
            if baseline:
                task.told = {"all"} if status in FINISHED else set()
                return
            if status == "failed":
                FAILURES.labels(reason_of(row, out)).inc()
        elif task.status != status:
            self.change(task, status, row, out)
        elif status in FINISHED and call and task.call and call != task.call:
            INFERRED.inc()
            RETRIES.inc()
            task.told = set()
            if status == "failed":
                FAILURES.labels(reason_of(row, out)).inc()
        if call and call != task.call:
            task.call = call
        if status in FINISHED and "all" not in task.told:
            self.observe(task, row, out)

    def change(self, task, status, row, out):
        before = task.status
        self.moved(before, task, status)
        if status == "failed":
            FAILURES.labels(reason_of(row, out)).inc()
        if before in FINISHED and status not in FINISHED:
            RETRIES.inc()
        if status == "completed" and task.last_finished == "failed":
            RECOVERIES.inc()
        call = out.get("call_id") or out.get("id")
        if status in FINISHED:
            task.last_finished = status
            if call != task.call or before in FINISHED:
                task.told = set()
        else:
            task.told = set()

    def moved(self, before, task, status):
        TRANSITIONS.labels(before, status).inc()
        if before != "none":
            TASKS.labels(before).dec()
        TASKS.labels(status).inc()
        task.status = status

    def observe(self, task, row, out):
        call_status = out.get("call_status", out.get("status"))
        outcome = CALL_STATUSES.get(plain(call_status), "other") if call_status else "other"
        start = moment(out.get("start_time", out.get("startedAt")))
        end = moment(out.get("end_time", out.get("endedAt")))
        duration = out.get("duration")
        if "startedAt" in out and start is not None and end is not None:
            duration = end - start
        cost = out.get("cost", (out.get("costBreakdown") or {}).get("total"))
        created = moment(row.get("created"))
        for what, value, tell in (
                ("call", call_status, lambda _: CALLS.labels(outcome, CALL_TYPES.get(
                    out.get("call_type", out.get("type")), "unknown")).inc()),
                ("duration", duration, DURATION.labels(outcome).observe),
                ("cost", cost, COST.observe),
                ("wait", start and created and start - created, WAIT.observe),
                ("completion", end and created and end - created, COMPLETION.labels(task.status).observe)):
            if value is not None and what not in task.told:
                task.told.add(what)
                tell(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--space", required=True)
    parser.add_argument("--page-size", type=int, default=50)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--interval", type=float, default=0.1)
    options = parser.parse_args()
    start_http_server(options.port, "127.0.0.1")
    watcher = Watcher(options.url, options.token, options.space, options.page_size)
    while True:
        watcher.poll()
        time.sleep(options.interval)


if __name__ == "__main__":
    main()
