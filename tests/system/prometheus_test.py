"""Debian's Prometheus scrapes the real binary, and what PromQL answers is what the journal says."""
import gzip
import json
import shutil
import subprocess
import unittest
import urllib.parse

from harness import Daemon, Simulator, folder, request, total, wait_for, write_config
from journal import Journal
from judge import COUNTERS, LAG, compare
from prometheus import Prometheus
from world import Court

WORLD = ["--seed", 11, "--spaces", 2, "--runs", 3, "--tasks", 60, "--task-bytes", 500, "--speed", 60,
         "--failure-rate", 0.4, "--new-run-every", 240, "--new-task-every", 120,
         "--fault", "shift=0.01/tasks,vanish=0.01/tasks,500=0.01"]
REJECTED = ("prometheus_target_scrapes_sample_duplicate_timestamp_total",
            "prometheus_target_scrapes_sample_out_of_bounds_total",
            "prometheus_target_scrapes_sample_out_of_order_total",
            "prometheus_target_scrapes_exceeded_sample_limit_total",
            "prometheus_target_scrapes_exceeded_body_size_limit_total",
            "prometheus_target_scrapes_exemplar_out_of_order_total")


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "Prometheus is not installed")
class PrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Simulator(*WORLD)
        names = cls.platform.spaces()
        cls.court = Court(Journal(cls.platform.journal_path), names)
        spaces = [{"token": token, "name": name, "max_runs": 1000} for token, name in names.items()]
        config = write_config(folder() / "c.toml", cls.platform.url, spaces, poll={"interval": "300ms"})
        cls.daemon = Daemon(config).wait_ready()
        cls.prometheus = Prometheus(cls.daemon.address)
        cls.live_through_much()

    @classmethod
    def live_through_much(cls):
        """Until enough has happened; then the world stops, and the daemon and Prometheus catch up."""
        def enough():
            have = cls.daemon.metrics()
            return (total(have, "unpod_task_retries_total") >= 10 and total(have, "unpod_task_recoveries_total") >= 3
                    and total(have, "unpod_calls_total") >= 60)
        wait_for(enough, "a story worth telling", deadline=120, pause=0.2)
        cls.platform.say("fault", clear="")
        cls.platform.say("freeze")
        cls.court.read()
        goal = {t: {r: n + 4 for r, n in s.walks.items()} for t, s in cls.court.spaces.items()}

        def walked():
            cls.court.read()
            return all(cls.court.spaces[t].walks[r] >= n for t, runs in goal.items() for r, n in runs.items())
        wait_for(walked, "four more walks of each run")
        cls.court.settle()
        now = cls.prometheus.value("time()")
        wait_for(lambda: cls.prometheus.value("min(timestamp(unpod_task_retries_total))") > now + 1, "two more scrapes")

    @classmethod
    def tearDownClass(cls):
        cls.prometheus.kill()
        cls.daemon.kill()
        cls.platform.kill()

    def test_what_promql_answers_is_what_the_journal_says(self):
        for space in self.court.spaces.values():
            expected = {(n, (*labels, ("space", space.label))): v
                        for (n, labels), v in space.worlds[0].series().items()}
            for name in (*COUNTERS, "unpod_tasks", "unpod_run_tasks", "unpod_call_duration_seconds_count",
                         "unpod_call_cost_sum", "unpod_task_wait_seconds_count", "unpod_task_completion_seconds_sum",
                         LAG + "_count"):
                got = {(name, tuple(p for p in labels if p[0] != "__name__")): v
                       for labels, v in self.prometheus.query(f'{name}{{space="{space.label}"}}').items()}
                want = {(n, tuple(sorted(labels))): v for (n, labels), v in expected.items() if n == name}
                self.assertEqual(compare(want, got), [])
                self.assertTrue(got, name)

    def test_the_target_is_up_and_no_sample_was_rejected(self):
        self.assertEqual(self.prometheus.value('min_over_time(up{job="runwatch"}[1m])'), 1)
        wait_for(lambda: self.prometheus.query(REJECTED[0]), "Prometheus's own metrics")
        for name in REJECTED:
            self.assertEqual(self.prometheus.value(name), 0, name)
        self.prometheus.log.flush()
        self.prometheus.log.seek(0)
        self.assertNotIn("scrape", self.prometheus.log.read())
        served = len(self.daemon.metrics())
        stored = self.prometheus.value('scrape_samples_post_metric_relabeling{job="runwatch"}')
        self.assertAlmostEqual(stored, served, delta=served * 0.02)

    def test_the_law_of_tasks_and_transitions_holds(self):
        def by_status(side):
            return ("sum by (space, status) (label_replace(unpod_task_transitions_total, 'status', '$1', "
                    f"'{side}', '(.*)'))")
        sums = self.prometheus.query(f"{by_status('to')} - {by_status('from')}")
        tasks = self.prometheus.query("unpod_tasks")
        for labels, value in tasks.items():
            plain = tuple(p for p in labels if p[0] != "__name__")
            self.assertEqual(sums[plain], value, plain)

    def test_exemplars_arrive(self):
        path = "/api/v1/query_exemplars?" + urllib.parse.urlencode(
            {"query": "unpod_task_failures_total", "start": "0", "end": "9999999999"})
        series = json.loads(request(self.prometheus.address, path).text)["data"]
        ids = [e["labels"] for s in series for e in s["exemplars"]]
        self.assertTrue(ids)
        self.assertTrue(all(next(iter(labels.values())).startswith("T") for labels in ids))

    def test_promtool_is_content_with_the_text(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.daemon.get("/metrics").body,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr + done.stdout), (0, b""))

    def test_every_form_says_the_same(self):
        plain = self.daemon.get("/metrics")
        self.assertTrue(plain.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        packed = self.daemon.get("/metrics", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertIn(b"unpod_up", gzip.decompress(packed.body))
        opened = self.daemon.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        self.assertTrue(opened.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"))
        self.assertTrue(opened.text.endswith("# EOF\n"))
        self.assertIn("# UNIT unpod_call_duration_seconds seconds", opened.text)


if __name__ == "__main__":
    unittest.main()
