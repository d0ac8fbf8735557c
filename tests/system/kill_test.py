"""`kill -9` at random instants: counters and gauges equal what the journal of the simulated platform says.

RUNWATCH_KILLS says how often (20), RUNWATCH_SEED repeats a random course. Each process of the daemon asks for pages of
another size, so that the journal tells which of them asked; while a new one starts, the platform stands still, so that
what the daemon first says of itself is what the one before had committed.
"""
import os
import random
import time
import unittest

from harness import Daemon, Simulator, folder, total, wait_for, write_config
from journal import Journal
from world import Court

KILLS = int(os.environ.get("RUNWATCH_KILLS", "20"))
SEED = int(os.environ.get("RUNWATCH_SEED", random.SystemRandom().randrange(1 << 32)))
# Where a run of 110 tasks needs five pages and more.
PAGE_SIZES = range(12, 25)
FAULTS = ("latency=4ms,500=0.01,429=0.003,truncate=0.01,badjson=0.005,envelope=0.005,shift=0.004/tasks,"
          "vanish=0.006/tasks")
WORLD = ["--seed", SEED, "--spaces", 2, "--runs", 3, "--tasks", 110, "--task-bytes", 500, "--speed", 60,
         "--failure-rate", 0.35, "--new-task-every", 120, "--vanish-rate", 0.05,
         "--new-run-every", max(500, KILLS * 15)]


class KillTest(unittest.TestCase):
    def setUp(self):
        print(f"seed {SEED}, {KILLS} kills", flush=True)
        self.random = random.Random(SEED)
        self.platform = Simulator(*WORLD, "--fault", FAULTS)
        names = self.platform.spaces()
        self.court = Court(Journal(self.platform.journal_path), names)
        self.spaces = [{"token": token, "name": name, "max_runs": 1000} for token, name in names.items()]
        self.place = folder()
        self.generation = 0
        self.seen = {}  # counters as the process before said last

    def start(self):
        self.generation += 1
        self.page_size = PAGE_SIZES[self.generation % len(PAGE_SIZES)]
        config = write_config(self.place / "runwatch.toml", self.platform.url, self.spaces,
                              api={"page_size": self.page_size}, poll={"interval": "150ms", "idle_interval": "300ms"})
        return Daemon(config)

    def read_journal(self):
        mine = f"page_size={self.page_size}"
        self.court.read(lambda entry: mine in entry["query"].split("&"))

    def check_restored(self, daemon):
        have = daemon.metrics()
        for series, value in self.seen.items():
            self.assertGreaterEqual(have.get(series, 0), value, f"{series} was shown before it was committed")
        self.check(self.court.prune(have))

    def check(self, differences):
        if differences:
            self.fail("\n".join([f"seed {SEED}, process {self.generation}:", *differences[:40]]))

    def watch(self, daemon, span):
        """Scrapes until the span is over, and keeps the last word."""
        end = time.monotonic() + span
        while time.monotonic() < end:
            self.seen = {s: v for s, v in daemon.metrics().items()
                         if s[0].startswith("unpod_") and s[0].endswith(("_total", "_count"))}
            time.sleep(min(0.03, max(0.0, end - time.monotonic())))

    def cycle(self):
        """With the platform standing still before and after."""
        daemon = self.start()
        if self.random.random() < 0.2:  # a kill while it starts
            time.sleep(self.random.uniform(0, 0.06))
            daemon.kill()
            daemon = self.start()
        self.check_restored(daemon)
        self.platform.go_on()
        self.watch(daemon, self.random.choice((0.05, 0.4, 1.5)) * self.random.random() + 0.01)
        self.kill(daemon)

    def kill(self, daemon):
        daemon.kill()
        self.platform.wait_quiet()
        self.read_journal()
        self.court.killed()
        self.platform.hold()
        self.court.journal.empty()

    def test_counters_equal_the_journal_after_every_kill_and_in_the_end(self):
        first = self.start().wait_ready()
        self.watch(first, 1)
        self.kill(first)
        for _ in range(KILLS):
            self.cycle()
        daemon = self.start()
        self.check_restored(daemon)
        self.platform.go_on()
        self.watch(daemon, 3)  # long enough for what vanished to be gone
        self.platform.say("fault", clear="")
        self.platform.say("freeze")
        self.settle(daemon)
        self.check_story(daemon.metrics())
        daemon.kill()

    def settle(self, daemon):
        """The world stands still: after four more walks of each run the daemon has to be right."""
        self.read_journal()
        goal = {token: {run: n + 4 for run, n in space.walks.items()} for token, space in self.court.spaces.items()}

        def walked():
            self.read_journal()
            return all(self.court.spaces[token].walks[run] >= n
                       for token, runs in goal.items() for run, n in runs.items())
        wait_for(walked, "four more walks of each run")
        self.court.settle()
        differences = []

        def right():
            differences[:] = self.court.prune(daemon.metrics())
            return not differences
        try:
            wait_for(right, "the truth", deadline=5)
        except AssertionError:
            self.check(differences)

    def check_story(self, have):
        """That enough happened for the test to mean something."""
        sums = {name: total(have, f"unpod_task_{name}_total") for name in ("failures", "retries", "recoveries",
                                                                          "transitions_inferred")}
        sums["gone"] = total(have, "unpod_task_transitions_total", to="gone")
        sums["calls"] = total(have, "unpod_calls_total")
        pages = max(n for space in self.court.spaces.values() for n in space.pages.values())
        walks = sum(sum(space.walks.values()) for space in self.court.spaces.values())
        print(f"{walks} whole walks of up to {pages} pages; {sums}", flush=True)
        self.assertGreaterEqual(pages, 5)
        for name in ("failures", "retries", "gone", "calls"):
            self.assertGreater(sums[name], 0, name)


if __name__ == "__main__":
    unittest.main()
