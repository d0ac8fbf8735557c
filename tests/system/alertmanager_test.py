"""Debian's real Alertmanager takes our incidents, groups and resolves them, over our restart and over its own."""
import unittest

from alertmanager import Alertmanager
from harness import Daemon, Simulator, folder, key, total, wait_for, write_config

ROUTES = """
route: {receiver: nobody, group_by: [alertname, run_id], group_wait: 100ms}
receivers: [{name: nobody}]
"""


class AlertmanagerTest(unittest.TestCase):
    def test_incidents_are_shown_as_they_stand_over_restarts_of_both(self):
        platform = Simulator("--spaces", 1, "--runs", 0, "--fixed")
        token = next(iter(platform.spaces()))
        manager = Alertmanager(ROUTES)
        place = folder()
        config = write_config(
            place / "runwatch.toml", platform.url, [{"token": token, "name": "sales"}],
            rules=[{"name": "task-failed", "when": "task_failed", "labels": {"team": "dialler"}}],
            receivers=[{"name": "am", "type": "alertmanager", "urls": [f"http://{manager.address}"]}])
        daemon = Daemon(config).wait_ready()
        run = platform.say("run", space=token, tasks=3)["run_id"]
        wait_for(lambda: total(daemon.metrics(), "unpod_run_tasks", run_id=run) == 3, "three tasks")
        platform.say("task", run=run, index=0, status="failed", call="new")
        labels = wait_for(manager.alerts, "an alert")[0]["labels"]
        self.assertEqual({k: labels[k] for k in ("alertname", "space", "run_id", "severity", "team")},
                         {"alertname": "task-failed", "space": "sales", "run_id": run, "severity": "warning",
                          "team": "dialler"})
        daemon.kill()
        daemon = Daemon(config).wait_ready()
        platform.say("task", run=run, index=1, status="failed", call="new")
        failed = key("unpod_run_tasks", space="sales", run_id=run, status="failed")
        wait_for(lambda: daemon.metrics().get(failed) == 2, "two failed tasks")
        self.assertEqual(len(manager.alerts()), 1)
        manager.stop()
        manager.start()
        wait_for(manager.alerts, "the alert again", deadline=90)
        for index in (0, 1):
            platform.say("task", run=run, index=index, status="completed", call="new")
        wait_for(lambda: not manager.alerts(), "its end", deadline=90)


if __name__ == "__main__":
    unittest.main()
