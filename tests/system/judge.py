"""The independent judge: what the daemon's counters and gauges must be, from the journal alone.

Written from the meanings in docs/metrics.md ("What is counted"), with its own reading of the platform's documents and its own
tables; shares nothing with the product. A run's tasks are held as immutable states, so that a world forks cheaply when
a killed daemon may or may not have committed what it read last.
"""
import bisect
from collections import Counter
from dataclasses import dataclass, replace
from typing import Optional

from sight import DAY, FINISHED, Sight

BUCKETS = {
    "unpod_call_duration_seconds": (5, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1800, 3600),
    "unpod_call_cost": (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    "unpod_task_wait_seconds": (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14400, 86400),
    "unpod_task_completion_seconds": (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14400, 86400),
}
LAG = "unpod_task_detection_lag_seconds"  # its values depend on when the daemon looked: only their number is judged
COUNTERS = ("unpod_task_transitions_total", "unpod_task_failures_total", "unpod_task_retries_total",
            "unpod_task_recoveries_total", "unpod_task_transitions_inferred_total", "unpod_task_unknown_status_total",
            "unpod_task_bad_fields_total", "unpod_calls_total")
GAUGES = ("unpod_tasks", "unpod_run_tasks")
JUDGED = frozenset((*COUNTERS, *GAUGES, LAG + "_count",
                    *(name + end for name in BUCKETS for end in ("_count", "_sum", "_bucket"))))
ALL_TOLD = frozenset(("call", "duration", "cost", "wait", "completion", "lag", "bad status", "bad created", "bad start",
                      "bad end", "bad duration", "bad cost"))
_OBSERVED = frozenset(("call", "duration", "cost", "wait", "completion", "lag"))


@dataclass(frozen=True)
class Task:
    status: str
    last_finished: Optional[str] = None
    call: Optional[str] = None     # of the attempt seen last while finished
    start: Optional[float] = None
    told: frozenset = frozenset()
    unclaimed: bool = True  # no call belongs to the newest entry into a finished status yet
    gone: bool = False
    misses: int = 0
    row: Optional[dict] = None  # as seen last


class Tally:
    """What one walk adds: {(name, labels): amount}."""

    def __init__(self):
        self.cells = Counter()

    def add(self, name, amount=1, **labels):
        self.cells[(name, tuple(sorted(labels.items())))] += amount

    def observe(self, name, value, **labels):
        bounds = BUCKETS[name]
        for bound in bounds[bisect.bisect_left(bounds, value):]:
            self.add(name + "_bucket", 1, le=repr(float(bound)), **labels)
        self.add(name + "_bucket", 1, le=repr(float("inf")), **labels)
        self.add(name + "_count", 1, **labels)
        self.add(name + "_sum", value, **labels)


def _relation(task, seen):
    """Of the identity that `seen` carries: "none", "first", "same" or "other" than the one known."""
    if not seen.has_identity:
        return "none"
    if task.call is None and task.start is None:
        return "first"
    if task.call is not None and seen.call is not None:
        return "same" if task.call == seen.call else "other"
    if task.start is not None and seen.start is not None:
        return "same" if int(task.start) == int(seen.start) else "other"
    return "same"


def _adopt(task, seen):
    return replace(task, call=seen.call or task.call, start=seen.start if seen.start is not None else task.start)


def _enter(seen, tally):
    if seen.status == "failed":
        tally.add("unpod_task_failures_total", reason=seen.reason)
    if seen.status == "unknown":
        tally.add("unpod_task_unknown_status_total")


def _tell_bad(task, seen, stale, tally):
    told = task.told
    for field in sorted(seen.bad):
        if (stale and field not in ("status", "created")) or "bad " + field in told:
            continue
        told |= {"bad " + field}
        tally.add("unpod_task_bad_fields_total", field=field)
    return replace(task, told=told)


def _tell(task, seen, now, tally):
    """What the current attempt can tell for the first time."""
    told = set(task.told)

    def first(what):
        if what in told:
            return False
        told.add(what)
        return True

    def span(what, field, name, until, **labels):
        if seen.created is None or until is None or what in told:
            return
        value = until - seen.created
        if 0 <= value <= DAY:
            told.add(what)
            tally.observe(name, value, **labels)
        elif first("bad " + field):
            tally.add("unpod_task_bad_fields_total", field=field)

    if seen.is_call:
        outcome = seen.call_status or "other"
        if seen.call_status and first("call"):
            tally.add("unpod_calls_total", call_status=outcome, call_type=seen.call_type)
        if seen.duration is not None and first("duration"):
            tally.observe("unpod_call_duration_seconds", seen.duration, call_status=outcome)
        if seen.cost is not None and first("cost"):
            tally.observe("unpod_call_cost", seen.cost)
    span("wait", "start", "unpod_task_wait_seconds", seen.start)
    span("completion", "end", "unpod_task_completion_seconds", seen.end, status=seen.status)
    if seen.end is not None and first("lag"):
        if 0 <= now - seen.end <= DAY:
            tally.add(LAG + "_count")
        elif first("bad end"):
            tally.add("unpod_task_bad_fields_total", field="end")
    return replace(task, told=frozenset(told))


def _first_sight(seen, baseline, now, tally):
    tally.add("unpod_task_transitions_total", **{"from": "none", "to": seen.status})
    task = Task(seen.status, last_finished=seen.status if seen.finished else None)
    if seen.finished:
        task = replace(_adopt(task, seen), unclaimed=not seen.has_identity)
    if baseline:
        told = ALL_TOLD if seen.finished else frozenset("bad " + field for field in seen.bad)
        return replace(task, told=told)
    _enter(seen, tally)
    task = _tell_bad(task, seen, False, tally)
    return _tell(task, seen, now, tally) if seen.finished else task


def _meet(task, seen, now, tally):
    was_finished = task.status in FINISHED
    relation = _relation(task, seen)
    if task.status != seen.status or task.gone:
        source = "none" if task.gone else task.status
        tally.add("unpod_task_transitions_total", **{"from": source, "to": seen.status})
    if task.status != seen.status:
        _enter(seen, tally)
        if was_finished and not seen.finished:
            tally.add("unpod_task_retries_total")
            task = replace(task, told=frozenset(), unclaimed=True)
        if seen.status == "completed" and task.last_finished == "failed":
            tally.add("unpod_task_recoveries_total")
        if seen.finished:
            task = _begin(task, relation, was_finished)
            task = replace(task, last_finished=seen.status)
    elif seen.finished and relation in ("first", "other"):
        if not task.unclaimed:
            tally.add("unpod_task_transitions_inferred_total")
            tally.add("unpod_task_retries_total")
            if seen.status == "failed":
                tally.add("unpod_task_failures_total", reason=seen.reason)
            task = replace(task, told=frozenset())
        task = replace(task, unclaimed=False)
    task = replace(task, status=seen.status, gone=False)
    stale = task.unclaimed and relation == "same"
    task = _tell_bad(task, seen, stale, tally)
    if not seen.finished:
        return task
    return _adopt(task if stale else _tell(task, seen, now, tally), seen)


def _begin(task, relation, was_finished):
    """The entry into a finished status: a new attempt, unless it still shows the outputs of the one before."""
    if relation in ("first", "other"):
        return replace(task, told=task.told - _OBSERVED, unclaimed=False)
    if relation == "same" and was_finished and not task.unclaimed:
        return task  # the same call in another status: the same attempt
    if relation == "same":
        return replace(task, told=task.told if was_finished else task.told - _OBSERVED, unclaimed=True)
    return replace(task, told=task.told - _OBSERVED, unclaimed=True)


def _is_shrunken(missing, live):
    return missing > 0 and (missing == live or (missing >= 5 and missing * 5 > live))


@dataclass(frozen=True)
class Run:
    tasks: dict
    polled: bool = False
    streak: int = 0  # of shrunken walks

    def restarted(self):
        """What no restart remembers: how often something was missing."""
        if self.streak == 0 and not any(t.misses for t in self.tasks.values()):
            return self
        return replace(self, streak=0, tasks={i: replace(t, misses=0) for i, t in self.tasks.items()})

    def counts(self):
        return Counter(t.status for t in self.tasks.values() if not t.gone)

    def after(self, walk, baseline):
        """(the run after this whole walk, what the walk adds to the counters)."""
        tally, tasks = Tally(), dict(self.tasks)
        for task_id, row in walk.rows.items():
            known = tasks.get(task_id)
            if known is not None and not known.gone and known.row == row:
                tasks[task_id] = replace(known, misses=0) if known.misses else known
                continue
            seen = Sight(row)
            if known is None:
                task = _first_sight(seen, baseline and not self.polled, walk.ended, tally)
            else:
                task = _meet(known, seen, walk.ended, tally)
            tasks[task_id] = replace(task, misses=0, row=row)
        return Run(tasks, True, self._settle_missing(tasks, walk, tally)), tally.cells

    def _settle_missing(self, tasks, walk, tally):
        live = sum(not t.gone for t in self.tasks.values())
        missing = [i for i, t in self.tasks.items() if not t.gone and i not in walk.rows]
        shrunken = _is_shrunken(len(missing), live)
        goes_on = shrunken == (self.streak > 0)
        left = 0
        for task_id in missing:
            task = tasks[task_id]
            task = replace(task, misses=task.misses + 1 if goes_on else 1)
            if task.misses >= 3 and (not shrunken or self.streak >= 2):
                tally.add("unpod_task_transitions_total", **{"from": task.status, "to": "gone"})
                task = replace(task, gone=True, misses=0)
                left += 1
            tasks[task_id] = task
        if left:
            shrunken = _is_shrunken(len(missing) - left, live - left)
        return self.streak + 1 if shrunken else 0


def compare(expected, observed):
    """The series in which two {(name, labels): value} differ, as lines; an absent one is 0."""
    lines = []
    for series in sorted({*expected, *observed}):
        if series[0] not in JUDGED:
            continue
        want, have = expected.get(series, 0), observed.get(series, 0)
        if abs(want - have) > 1e-4 * max(1.0, abs(want)):
            lines.append(f"{series[0]}{dict(series[1])}: the journal says {want:g}, the daemon {have:g}")
    return lines
