"""`kill -9` at random instants of polling and delivering: no failed attempt goes untold, none is told twice.

RUNWATCH_KILLS says how often (50), RUNWATCH_SEED repeats a random course. The truth is the journal of the simulated
platform, judged by judge.py, and the receiver's own journal, both written by other processes. The receiver answers a
tenth with 500, loses a twentieth of its answers and hangs for a twentieth.
"""
import os
import random
import time
import unittest

import notices
from harness import Daemon, Simulator, folder, total, wait_for, write_config
from receiver import Receiver

KILLS = int(os.environ.get("RUNWATCH_KILLS", "50"))
SEED = int(os.environ.get("RUNWATCH_SEED", random.SystemRandom().randrange(1 << 32)))
FAULTS = "latency=3ms,500=0.01,truncate=0.01,envelope=0.005,shift=0.004/tasks,vanish=0.006/tasks"
WORLD = ["--seed", SEED, "--spaces", 2, "--runs", 3, "--tasks", 60, "--task-bytes", 400, "--speed", 60,
         "--failure-rate", 0.35, "--new-task-every", 120, "--vanish-rate", 0.05,
         "--new-run-every", max(60, KILLS * 2), "--fault", FAULTS]
TROUBLE = {"500": 0.10, "lost": 0.05, "hang": 0.05}
RULE = "task-failed"


class AlertsKillTest(unittest.TestCase):
    def test_the_sum_of_what_was_told_is_what_failed(self):
        print(f"seed {SEED}, {KILLS} kills", flush=True)
        dice = random.Random(SEED)
        platform = Simulator(*WORLD, journal=False)
        receiver = Receiver(seed=SEED, faults=TROUBLE, hang=0.6)
        place = folder()
        spaces = [{"token": token, "name": name, "max_runs": 1000} for token, name in platform.spaces().items()]
        config = write_config(
            place / "runwatch.toml", platform.url, spaces, poll={"interval": "150ms", "idle_interval": "300ms"},
            alerts={"group_wait": "50ms", "group_interval": "200ms"}, rules=[{"name": RULE, "when": "task_failed"}],
            receivers=[{"name": "ops", "type": "webhook", "url": receiver.url, "rate_limit": 1000.0, "timeout": "300ms"}])
        Daemon(config).wait_ready().kill()
        for _ in range(KILLS):
            daemon = Daemon(config)
            if dice.random() < 0.8:
                wait_for(lambda d=daemon: d.address, "listening")
            time.sleep(dice.choice((0.05, 0.3, 1.2)) * dice.random() + 0.01)
            daemon.kill()
        platform.say("fault", clear="")
        platform.say("freeze")
        daemon = Daemon(config).wait_ready()
        self.settle(daemon, receiver)
        self.judge(daemon, receiver)
        daemon.stop()

    def settle(self, daemon, receiver):
        receiver.answer(faults={})
        polls = total(daemon.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(daemon.metrics(), "runwatch_polls_total") > polls + 60, "a few more polls of each run")
        wait_for(lambda: (total(daemon.metrics(), "runwatch_outbox_pending") or 0) == 0 and
                 notices.told(receiver.entries(), RULE) >= total(daemon.metrics(), "unpod_task_failures_total"),
                 "everything to be told", deadline=90)

    def judge(self, daemon, receiver):
        entries = receiver.entries()
        have = daemon.metrics()
        failed = total(have, "unpod_task_failures_total")
        spoilt = sum(e["outcome"] in ("lost", "hang") for e in entries)
        refused = sum(e["outcome"] == "500" for e in entries)
        repeated = notices.repeats(entries)
        print(f"{failed:g} failed attempts, {notices.told(entries, RULE)} told in {len(notices.unique(entries))} notices; "
              f"{repeated} came again, of {KILLS} kills, {spoilt} lost or hanging answers, {refused} refusals", flush=True)
        self.assertGreater(failed, 50)
        self.assertEqual(notices.told(entries, RULE), failed)
        self.assertEqual(total(have, "runwatch_outbox_dead"), 0)
        self.assertLessEqual(repeated - refused, KILLS + spoilt)
        self.assertEqual(notices.faults(entries), [])


if __name__ == "__main__":
    unittest.main()
