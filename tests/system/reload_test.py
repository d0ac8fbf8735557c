"""What a reload changes, and that it changes nothing else, as a real Prometheus sees it."""
import shutil
import signal
import unittest

from harness import Daemon, Simulator, folder, key, total, wait_for, write_config
from prometheus import Prometheus

WORLD = ["--seed", 7, "--spaces", 2, "--runs", 3, "--tasks", 40, "--task-bytes", 500, "--speed", 20]


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.platform = Simulator(*WORLD)
        self.spaces = [{"token": token, "name": name} for token, name in self.platform.spaces().items()]
        self.path = folder() / "c.toml"
        self.write()
        self.daemon = Daemon(self.path).wait_ready()
        self.wait_polls(20)

    def tearDown(self):
        self.daemon.kill()
        self.platform.kill()

    def write(self, spaces=None, **tables):
        write_config(self.path, self.platform.url, self.spaces if spaces is None else spaces, **tables)

    def wait_polls(self, more):
        have = total(self.daemon.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(self.daemon.metrics(), "runwatch_polls_total") >= have + more, "polls")

    def reload(self):
        before = self.daemon.log.count("configuration reloaded")
        self.daemon.signal(signal.SIGHUP)
        wait_for(lambda: self.daemon.log.count("configuration reloaded") > before, "the reload")

    @unittest.skipUnless(shutil.which("prometheus"), "Prometheus is not installed")
    def test_no_series_has_a_gap_through_twenty_reloads_an_outage_among_them(self):
        self.platform.say("freeze")  # or tasks that move on would end series of their own
        self.wait_polls(30)
        prometheus = Prometheus(self.daemon.address)
        try:
            prometheus.wait_scrapes(3)
            began = prometheus.value("time()")
            for turn in range(20):
                if turn == 8:
                    self.platform.say("fault", set="500=1")
                if turn == 14:
                    self.platform.say("fault", clear="")
                self.write(poll={"interval": f"{100 + turn // 4}ms"})
                self.reload()
                self.wait_polls(3)
                prometheus.wait_scrapes(2)
                self.assertEqual(self.daemon.get("/-/ready").status, 200)
            wait_for(lambda: self.daemon.metrics()[key("unpod_up", space=self.spaces[0]["name"])] == 1, "the platform")
            window = f"{int(prometheus.value('time()') - began)}s"
            counts = prometheus.counts('{job="runwatch"}', window)
            scrapes = max(counts.values())
            self.assertGreater(scrapes, 20)
            ragged = {labels: count for labels, count in counts.items() if count < scrapes - 1}
            self.assertEqual(ragged, {})
            for name in ("unpod_task_transitions_total", "runwatch_polls_total", "unpod_calls_total"):
                self.assertEqual(prometheus.value(f"resets({name}[{window}])"), 0, name)
        finally:
            prometheus.kill()

    def test_an_unchanged_file_moves_nothing_but_its_own_time(self):
        self.platform.say("freeze")
        self.wait_polls(30)
        def state():
            have = self.daemon.metrics()
            return {k: v for k, v in have.items() if k[0].startswith("unpod_")}
        before = state()
        self.reload()
        for _ in range(20):
            self.assertEqual(state(), before)
        self.assertEqual(self.daemon.get("/-/ready").status, 200)

    def test_a_space_that_leaves_takes_its_series_along_and_finds_its_counters_when_it_returns(self):
        gone, stays = self.spaces
        self.platform.say("freeze")
        self.wait_polls(30)
        def failures(space):
            return total(self.daemon.metrics(), "unpod_task_transitions_total", space=space["name"])
        before = failures(gone), failures(stays)
        self.write([stays])
        self.reload()
        wait_for(lambda: failures(gone) is None, "its series to go")
        left = [k for k in self.daemon.metrics() if ("space", gone["name"]) in k[1]]
        self.assertEqual(left, [], "no series of it stays")
        self.assertEqual(failures(stays), before[1])
        self.wait_polls(10)
        self.write()
        self.reload()
        wait_for(lambda: failures(gone) is not None, "its series to return")
        self.assertEqual((failures(gone), failures(stays)), before)
        wait_for(lambda: self.daemon.metrics().get(key("unpod_up", space=gone["name"])) == 1, "its polls")

    def test_a_shorter_interval_holds_at_once(self):
        self.write(poll={"interval": "1h", "idle_interval": "2h", "discovery_interval": "1h"})
        self.reload()
        wait_for(lambda: self.daemon.metrics()[key("runwatch_poll_interval_seconds",
                                                   space=self.spaces[0]["name"])] == 3600, "the long interval")
        self.write()
        self.reload()
        self.wait_polls(20)

    def test_a_bad_file_changes_nothing_and_says_so(self):
        self.path.write_text("[poll]\ninterval = 3\n")
        self.daemon.signal(signal.SIGHUP)
        wait_for(lambda: self.daemon.metrics()[key("runwatch_config_last_reload_successful")] == 0, "the refusal")
        self.wait_polls(10)
        self.write()
        self.reload()
        wait_for(lambda: self.daemon.metrics()[key("runwatch_config_last_reload_successful")] == 1, "the good news")


if __name__ == "__main__":
    unittest.main()
