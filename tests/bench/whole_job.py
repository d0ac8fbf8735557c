"""The whole job, from HTTP to /metrics: runwatch beside the script that a user would write (baseline.py).

Both are first watched counting the same story, told change by change; only then is anything measured. What is measured
is user CPU time, for kernel time on loopback varies with everything else.
"""
import os
import pathlib
import random
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "system"))
from harness import (API_TOKEN, Daemon, Simulator, folder, free_port, parse_metrics, request,  # noqa: E402
                     start_process, total, wait_for, write_config)

PYTHON = "/usr/bin/python3"
COUNTED = ("unpod_task_transitions_total", "unpod_task_failures_total", "unpod_task_retries_total",
           "unpod_task_recoveries_total", "unpod_task_transitions_inferred_total", "unpod_calls_total",
           *(f"{name}_{end}" for name in ("unpod_call_duration_seconds", "unpod_call_cost", "unpod_task_wait_seconds",
                                          "unpod_task_completion_seconds") for end in ("bucket", "count", "sum")))


class Script:
    """baseline.py in a process."""

    def __init__(self, platform, space, interval):
        self.address = f"127.0.0.1:{free_port()}"
        script = pathlib.Path(__file__).parent / "baseline.py"
        self.process = start_process([PYTHON, "-B", str(script), "--url", platform.url, "--token", API_TOKEN, "--space",
                                      space, "--port", self.address.rsplit(":", 1)[1], "--interval", str(interval)],
                                     stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for(self._answers, "the script", pause=0.1)

    def _answers(self):
        try:
            return self.metrics()
        except OSError:
            return None

    def metrics(self):
        return parse_metrics(request(self.address, "/metrics").text)

    def polled(self):
        return total(self.metrics(), "baseline_tasks_polled_total") or 0

    def kill(self):
        self.process.kill()
        self.process.wait()


class Watching(Daemon):
    def __init__(self, platform, space, page_size=50, interval="100ms", place=None, port=0):
        self.page_size = page_size
        self.config = write_config(
            (place or folder()) / "c.toml", platform.url, [{"token": space, "name": "bench", "max_runs": 100000}],
            api={"page_size": page_size, "rate_limit": 100000.0, "burst": 1000},
            poll={"interval": interval, "idle_interval": interval, "discovery_interval": "1h"},
            server={"listen": f"127.0.0.1:{port}"})
        super().__init__(self.config)

    def polled(self):
        return (total(self.metrics(), "runwatch_poll_pages_total") or 0) * self.page_size


def counters(samples):
    """The counters that both have, without the space, zeros left out."""
    return {(name, tuple(p for p in labels if p[0] != "space")): round(value, 3)
            for (name, labels), value in samples.items() if name in COUNTED and value != 0}


def only_space(platform):
    return next(iter(platform.spaces()))


def check_equal(seed=7, batches=8, changes=25):
    """A story of changes, a batch at a time, each seen by both; returns how many cells were compared."""
    dice = random.Random(seed)
    platform = Simulator("--spaces", 1, "--runs", 3, "--tasks", 60, "--speed", 0.001, "--task-bytes", 1000)
    space = only_space(platform)
    script, daemon = Script(platform, space, 0.05), Watching(platform, space)
    runs = [run["run_id"] for run in platform.say("state")["spaces"][0]["runs"]]
    wait_for(lambda: total(script.metrics(), "baseline_rounds_total"), "the script's first round")
    wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == 180, "the first poll")
    for _ in range(batches):
        for run, index in dice.sample([(r, i) for r in runs for i in range(60)], changes):
            status = dice.choice(["failed", "completed", "failed", "pending", "in_progress"])
            call = {"call": "new"} if status in ("failed", "completed") else {}
            platform.say("task", run=run, index=index, status=status, **call)
        rounds = total(script.metrics(), "baseline_rounds_total")
        wait_for(lambda r=rounds: total(script.metrics(), "baseline_rounds_total") >= r + 2, "two rounds of the script")
        ours, theirs = {}, counters(script.metrics())

        def equal(theirs=theirs):
            ours.clear()
            ours.update(counters(daemon.metrics()))
            return ours == theirs
        try:
            wait_for(equal, "the same counters", deadline=15)
        except AssertionError:
            differing = [(k, theirs.get(k), ours.get(k)) for k in {*ours, *theirs} if ours.get(k) != theirs.get(k)]
            raise SystemExit(f"the script and runwatch count differently: {differing[:10]}") from None
    for process in (script, daemon, platform):
        process.kill()
    return len(theirs)


def user_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise KeyError("VmHWM")


def measure_cpu(tasks, windows, seconds):
    """User CPU seconds per million tasks polled, (runwatch, script), medians of alternating windows; peak MB of each;
    how long scrapes take while 600 bad connections are open."""
    platform = Simulator("--spaces", 1, "--runs", tasks // 500, "--tasks", 500, "--task-bytes", 5000, "--fixed",
                         "--changing", 0.01, journal=False)
    space = only_space(platform)
    daemon = Watching(platform, space)
    wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == tasks, "the first poll", deadline=300)
    daemon.signal(signal.SIGSTOP)
    script = Script(platform, space, 0.1)
    wait_for(lambda: total(script.metrics(), "baseline_rounds_total"), "a round of the script", deadline=600, pause=1)
    script.process.send_signal(signal.SIGSTOP)
    rates = {daemon: [], script: []}
    for _ in range(windows):
        for process in rates:
            os.kill(process.pid, signal.SIGCONT)
            polled, used = process.polled(), user_seconds(process.pid)
            time.sleep(seconds)
            used = user_seconds(process.pid) - used
            polled = process.polled() - polled
            os.kill(process.pid, signal.SIGSTOP)
            rates[process].append(used / polled * 1e6)
    os.kill(daemon.pid, signal.SIGCONT)
    memory = peak_megabytes(daemon.pid), peak_megabytes(script.pid)
    latency = measure_scrapes(daemon)
    for process in (script, daemon, platform):
        process.kill()
    return [statistics.median(rates[p]) for p in (daemon, script)], memory, latency


def measure_scrapes(daemon, times=200):
    """Seconds (median, worst) of a scrape with 200 silent, 200 dripping and 200 non-reading connections open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    host, port = daemon.address.split(":")
    bad = [socket.create_connection((host, int(port))) for _ in range(600)]
    for s in bad[400:]:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
    stop = threading.Event()

    def drip():
        while not stop.wait(0.2):
            for s in bad[200:400]:
                try:
                    s.send(b"G")
                except OSError:
                    pass
    dripper = threading.Thread(target=drip)
    dripper.start()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        assert request(daemon.address, "/metrics").status == 200
        taken.append(time.perf_counter() - began)
    stop.set()
    dripper.join()
    for s in bad:
        s.close()
    return statistics.median(taken), max(taken)


def measure_million(tasks, starts=5):
    """With that many tasks known: peak MB while they are first read, and seconds from start to /metrics."""
    platform = Simulator("--spaces", 1, "--runs", tasks // 10_000, "--tasks", 10_000, "--task-bytes", 0, "--fixed",
                         journal=False)
    space, place = only_space(platform), folder()
    daemon = Watching(platform, space, page_size=100, interval="10m", place=place)

    wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == tasks, "all tasks", deadline=1200, pause=0.5)
    memory = peak_megabytes(daemon.pid)
    daemon.stop()
    platform.hold()
    taken = []
    for _ in range(starts):
        port = free_port()
        began = time.perf_counter()
        daemon = Watching(platform, space, page_size=100, interval="10m", place=place, port=port)
        while True:
            try:
                have = request(f"127.0.0.1:{port}", "/metrics")
                break
            except ConnectionRefusedError:
                time.sleep(0.002)
        taken.append(time.perf_counter() - began)
        assert total(parse_metrics(have.text), "unpod_tasks") == tasks
        memory = max(memory, peak_megabytes(daemon.pid))
        daemon.kill()
    platform.kill()
    return memory, statistics.median(taken)
