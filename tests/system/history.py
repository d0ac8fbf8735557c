"""Six hours of history, told by the real binary in half a minute.

A pair of daemons watches one simulated platform on which things go wrong one after another. What /metrics says meanwhile is
written down and stretched over six hours: each sample stands until the next one, and times among the values are stretched
alike. Nothing is made up: every name, label and value was served.
"""
import subprocess
import time

from harness import Daemon, Simulator, folder, total, wait_for, write_config
from receiver import Receiver

WORLD = ("--seed", 5, "--spaces", 2, "--runs", 2, "--tasks", 24, "--task-bytes", 300, "--speed", 240, "--failure-rate", 0.25,
         "--new-run-every", 1200, "--retries")
SPAN = 6 * 3600
STEP = 60
JOB = "runwatch"


class Telling:
    """The platform, the pair and their receivers, and what was told of each instance: [(when, samples or None)]."""

    def __init__(self):
        self.platform = Simulator(*WORLD)
        self.receiver = Receiver()
        self.places = {name: folder() for name in ("watch-1:10321", "watch-2:10321")}
        self.told = {name: [] for name in self.places}
        self.daemons = {name: self.start(name) for name in self.places}
        self.began = time.time()

    def start(self, name):
        dead = {"name": "pager", "type": "webhook", "url": "http://127.0.0.1:1/"}
        return Daemon(write_config(
            self.places[name] / "c.toml", self.platform.url, api={"org_handle": "sim.example"}, poll={"interval": "150ms"},
            rules=[{"name": "task-failed", "when": "task_failed"}, {"name": "blind", "when": "poll_failing", "for": "1s"}],
            receivers=[{"name": "ops", "type": "webhook", "url": self.receiver.url, "rate_limit": 100.0}, dead]))

    def watch(self, seconds):
        end = time.time() + seconds
        while time.time() < end:
            for name, daemon in self.daemons.items():
                self.told[name].append((time.time(), daemon.metrics() if daemon.running() else None))
            time.sleep(0.1)

    def live(self):
        """A fair beginning, then trouble of every kind that a dashboard shows."""
        for daemon in self.daemons.values():
            daemon.wait_ready()
        first = next(iter(self.daemons))
        self.watch(6)
        self.platform.say("failing", rate=0.9)
        self.watch(4)
        self.platform.say("failing", rate=0.2)
        self.platform.say("fault", set="500=0.3,limit=40")
        self.watch(3)
        self.platform.say("fault", clear="")
        self.daemons[first].kill()
        self.watch(1)
        self.daemons[first] = self.start(first).wait_ready()
        self.stumble(self.daemons[first])
        self.watch(4)
        self.settle()
        self.watch(2)
        self.ended = time.time()

    def stumble(self, daemon):
        """An unknown status, a field that cannot be read."""
        run = max(self.runs(), key=lambda run: run["total"])["run_id"]
        self.platform.say("say", run=run, index=0, field="status", json='"levitating"')
        self.platform.say("say", run=run, index=1, field="created", json='"the day before yesterday"')
        wait_for(lambda: total(daemon.metrics(), "unpod_task_unknown_status_total"), "an unknown status")

    def runs(self):
        return [run for space in self.platform.say("state")["spaces"] for run in space["runs"]]

    def settle(self):
        """The world stops, and both have seen the same."""
        self.platform.say("freeze")

        def alike():
            a, b = ({k: v for k, v in d.metrics().items() if k[0] == "unpod_run_tasks"} for d in self.daemons.values())
            return a and a == b
        wait_for(alike, "both to have seen all")

    def close(self):
        for process in (*self.daemons.values(), self.platform):
            process.kill()
        self.receiver.stop()


def stretched(name, value, began, factor, begin):
    """A time among the values lies as far from the beginning as it is told from it."""
    is_time = name.endswith("_timestamp_seconds") or name == "process_start_time_seconds"
    return begin + (value - began) * factor if is_time and value > 1e9 else value


def text_of(labels):
    escaped = {k: v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for k, v in labels}
    return ",".join(f'{k}="{v}"' for k, v in escaped.items())


def write(telling, path, end):
    """As OpenMetrics, with a sample a minute that says what was said last."""
    begin, factor = end - SPAN, SPAN / (telling.ended - telling.began)
    series = {}
    for instance, told in telling.told.items():
        moments = [(begin + (at - telling.began) * factor, samples) for at, samples in told]
        newest = 0
        for now in range(begin, end + 1, STEP):
            while newest + 1 < len(moments) and moments[newest + 1][0] <= now:
                newest += 1
            samples = moments[newest][1]
            series.setdefault(("up", instance, ()), []).append((now, 0 if samples is None else 1))
            for (name, labels), value in (samples or {}).items():
                value = stretched(name, value, telling.began, factor, begin)
                series.setdefault((name, instance, labels), []).append((now, value))
    with open(path, "w", encoding="utf-8") as out:
        for (name, instance, labels), points in series.items():
            head = f"{name}{{{text_of([('instance', instance), ('job', JOB), *labels])}}}"
            out.writelines(f"{head} {value!r} {now}\n" for now, value in points)
        out.write("# EOF\n")


def tell(data, end):
    """Blocks of Prometheus' database in `data`. The telling, for what is known of it."""
    telling = Telling()
    try:
        telling.live()
    finally:
        telling.close()
    source = folder() / "history.txt"
    write(telling, source, end)
    made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", source, data], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return telling
