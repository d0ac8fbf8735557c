"""Debian's real Alertmanager takes our incidents, groups and resolves them, over our restart and over its own."""
import json
import subprocess
import unittest

from harness import Daemon, Simulator, folder, free_port, key, request, start_process, total, wait_for, write_config

ROUTES = """
route: {{receiver: nobody, group_by: [alertname, run_id], group_wait: 100ms}}
receivers: [{{name: nobody, webhook_configs: [{hook}]}}]
"""


class Alertmanager:
    """The process. Tells nobody, or the webhook at `url`."""

    def __init__(self, url=None):
        self.folder = folder()
        (self.folder / "am.yml").write_text(ROUTES.format(hook=f'{{url: "{url}"}}' if url else ""))
        self.address = f"127.0.0.1:{free_port()}"
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.start()

    def start(self):
        self.process = start_process(
            ["prometheus-alertmanager", f"--config.file={self.folder / 'am.yml'}",
             f"--storage.path={self.folder / 'data'}", f"--web.listen-address={self.address}",
             "--cluster.listen-address="], stdout=self.log, stderr=subprocess.STDOUT)
        wait_for(self.is_ready, "Alertmanager")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def is_ready(self):
        try:
            return request(self.address, "/-/ready").status == 200
        except OSError:
            return False

    def alerts(self):
        """Those that are active, by amtool, as an operator asks."""
        shown = subprocess.run(["amtool", "alert", "query", f"--alertmanager.url=http://{self.address}", "-o", "json"],
                               capture_output=True, text=True, check=True)
        return [a for a in json.loads(shown.stdout) if a["status"]["state"] == "active"]


class AlertmanagerTest(unittest.TestCase):
    def test_incidents_are_shown_as_they_stand_over_restarts_of_both(self):
        platform = Simulator("--spaces", 1, "--runs", 0, "--fixed")
        token = next(iter(platform.spaces()))
        manager = Alertmanager()
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
