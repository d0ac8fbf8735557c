"""Alerts, measured: what rules cost a poll, and what a dead receiver costs the others.

What is compared is compared in one run: both watch the same world and take turns.
"""
import http.client
import json
import pathlib
import signal
import statistics
import sys
import time
from collections import Counter
from datetime import datetime

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "system"))
import notices  # noqa: E402
from harness import Daemon, Simulator, folder, total, wait_for, write_config  # noqa: E402
from receiver import Receiver  # noqa: E402
from whole_job import only_space, user_seconds  # noqa: E402

# About no run: without any rule the default ones hold.
NO_RULES = [{"name": "poll-failing", "when": "poll_failing", "for": "30d"}]
TASK_FAILED = {"name": "task-failed", "when": "task_failed"}


class Watching(Daemon):
    """A daemon on one space of a simulated platform, with these rules and webhooks {name: Receiver}."""

    def __init__(self, *world, config=None, **more):
        self.config = config or self.configure(*world, **more)
        super().__init__(self.config)
        self.wait_ready()

    @staticmethod
    def configure(platform, token, rules, receivers, poll, alerts=None):
        hooks = [{"name": name, "type": "webhook", "url": receiver.url, "rate_limit": 1000.0}
                 for name, receiver in receivers.items()]
        return write_config(
            folder() / "c.toml", platform.url, [{"token": token, "name": "bench", "max_runs": 100_000}],
            api={"page_size": 100, "rate_limit": 100_000.0, "burst": 1000}, poll=poll, alerts=alerts,
            rules=rules or NO_RULES, receivers=hooks)

    def hold(self):
        self.signal(signal.SIGSTOP)

    def go_on(self):
        self.signal(signal.SIGCONT)

    def total(self, name, **labels):
        return total(self.metrics(), name, **labels) or 0

    def spent(self):
        """Seconds of CPU of all threads but those that answer us; exact, for a tick is too coarse for a poll."""
        threads = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads
                   if not (thread / "comm").read_text().startswith("http-")) / 1e9


def say_many(platform, words):
    """As `platform.say`, over one connection: [(word, query)]."""
    connection = http.client.HTTPConnection(*platform.address.split(":"))
    for word, query in words:
        connection.request("GET", f"/_sim/{word}?{query}")
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
    connection.close()


def fail_tasks(platform, run, indexes):
    say_many(platform, [("task", f"run={run}&index={i}&status=failed&call=new") for i in indexes])


def storm(tasks, times):
    """All tasks of a run fail in one poll: CPU seconds of that poll with one rule, of that and all until the notice is
    delivered, and of the poll without any rule; medians."""
    return [statistics.median(taken) for taken in zip(*(one_storm(tasks) for _ in range(times)))]


def one_storm(tasks):
    platform = Simulator("--spaces", 1, "--runs", 0, "--fixed", journal=False)
    receiver, token = Receiver(), only_space(platform)
    poll = {"interval": "2s", "discovery_interval": "1s"}
    ours = Watching(platform, token, [TASK_FAILED], {"ops": receiver}, poll, {"group_wait": "1s"})
    other = Watching(platform, token, [], {"ops": receiver}, poll)
    platform.say("freeze")
    run = platform.say("run", space=token, tasks=tasks)["run_id"]
    for daemon in (ours, other):
        wait_for(lambda d=daemon: d.total("unpod_tasks") == tasks, "all tasks", pause=0.1)
        daemon.hold()
    fail_tasks(platform, run, range(tasks))
    without = see_storm(other, tasks)
    other.hold()
    before = ours.spent()
    poll = see_storm(ours, tasks)
    wait_for(lambda: ours.total("runwatch_deliveries_total"), "the notice", pause=0.05)
    whole = ours.spent() - before
    check_told(receiver, tasks)
    for process in (ours, other, platform):
        process.kill()
    receiver.stop()
    return poll, whole, without


def see_storm(daemon, tasks):
    before = daemon.spent()
    daemon.go_on()
    wait_for(lambda: daemon.total("unpod_task_failures_total"), "the poll", pause=0.05)
    spent = daemon.spent() - before
    assert daemon.total("unpod_task_failures_total") == tasks, "not all at once"
    assert daemon.total("unpod_tasks", status="failed") == tasks
    return spent


def check_told(receiver, tasks):
    time.sleep(1)  # nothing more comes
    (document,) = notices.unique(receiver.entries()).values()
    counts = document["data"]["counts"]
    assert (counts["new"], counts["open"], counts["total"]) == (tasks, tasks, tasks), counts
    assert notices.faults(receiver.entries()) == []


def hundred_rules():
    """Of each kind that looks at runs; none has anything to tell."""
    kinds = [{"when": "task_failed", "reasons": ["invalid_number"], "at_least": 1000},
             {"when": "failure_ratio", "above": 0.9}, {"when": "failure_ratio", "above": 0.9, "window": "1h"},
             {"when": "call_outcome", "outcomes": ["no_answer"], "above": 0.9}, {"when": "task_stuck", "for": "1h"},
             {"when": "run_stalled", "for": "1h"}, {"when": "run_cost", "above": 1e6}, {"when": "run_finished"},
             {"when": "task_finished", "statuses": ["partially_completed"]}, {"when": "unknown_status"}]
    return [{"name": f"rule-{i}", "severity": "info", **kinds[i % len(kinds)]} for i in range(100)]


def at_rest(runs, windows, seconds):
    """User CPU of a poll of runs in which nothing happens, with 100 rules and without, over all windows, which
    alternate: one window has only a few ticks."""
    platform = Simulator("--spaces", 1, "--runs", 0, "--fixed", journal=False)
    receiver, token = Receiver(), only_space(platform)
    poll = {"interval": "200ms", "discovery_interval": "10s"}
    daemons = [Watching(platform, token, rules, {"ops": receiver}, poll) for rules in (hundred_rules(), [])]
    platform.say("freeze")
    say_many(platform, [("run", f"space={token}&tasks=20")] * runs)
    named = [run["run_id"] for run in platform.say("state")["spaces"][0]["runs"]]
    for index in range(3):
        say_many(platform, [("task", f"run={run}&index={index}&status={('failed', 'completed')[index % 2]}&call=new")
                            for run in named])
    for daemon in daemons:
        wait_for(lambda d=daemon: d.total("unpod_tasks", status="failed") == runs * 2, "all runs", pause=0.5,
                 deadline=200)
        daemon.hold()
    spent, seen = Counter(), Counter()
    for daemon in daemons * windows:
        daemon.go_on()
        time.sleep(0.5)  # what is overdue
        polls, used = daemon.total("runwatch_polls_total"), user_seconds(daemon.pid)
        time.sleep(seconds)
        spent[daemon] += user_seconds(daemon.pid) - used
        seen[daemon] += daemon.total("runwatch_polls_total") - polls
        daemon.hold()
    for process in (*daemons, platform):
        process.kill()
    receiver.stop()
    return [spent[daemon] / seen[daemon] for daemon in daemons]


def delays(rounds, events):
    """Seconds from the commit of an event to one of two receivers that work, in order of size: (beside a third that
    works, beside one that hangs). Two daemons on spaces of their own take turns."""
    platform = Simulator("--spaces", 2, "--runs", 0, "--fixed", journal=False)
    platform.say("freeze")
    rule = [{"name": "each", "when": "task_finished"}]
    sides = []
    for token, third in zip(platform.spaces(), (Receiver(), Receiver(faults={"hang": 1.0}, hang=3600))):
        receivers = {"one": Receiver(), "two": Receiver(), "three": third}
        daemon = Watching(platform, token, rule, receivers, {"interval": "100ms", "discovery_interval": "500ms"})
        run = platform.say("run", space=token, tasks=rounds * events)["run_id"]
        wait_for(lambda d=daemon: d.total("unpod_tasks") == rounds * events, "all tasks")
        sides.append((daemon, receivers, run))
    for step in range(rounds):
        for daemon, receivers, run in sides:
            for index in range(step * events, (step + 1) * events):
                fail_tasks(platform, run, [index])
                time.sleep(0.02)
            for name in ("one", "two"):
                wait_for(lambda r=receivers[name]: len(r.entries()) >= (step + 1) * events, "all events", pause=0.1)
    taken = [sorted(entry["at"] - moment(entry) for name in ("one", "two") for entry in receivers[name].entries())
             for _, receivers, _ in sides]
    for daemon, receivers, _ in sides:
        daemon.kill()
        for receiver in receivers.values():
            receiver.stop()
    platform.kill()
    return taken


def moment(entry):
    return datetime.fromisoformat(json.loads(entry["body"])["timestamp"].replace("Z", "+00:00")).timestamp()


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]
