"""Alerts with the real binary: what a receiver hears when tasks fail, recover, and everything between breaks."""
import base64
import hashlib
import hmac
import json
import time
import unittest

import notices
from harness import Daemon, Simulator, folder, key, run_command, total, wait_for, write_config
from receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ok!").decode()

def pending(daemon):
    return total(daemon.metrics(), "runwatch_outbox_pending") or 0


class AlertsTest(unittest.TestCase):
    def setUp(self):
        self.platform = Simulator("--spaces", 1, "--runs", 0, "--fixed")
        self.token, self.space = next(iter(self.platform.spaces().items()))
        self.receiver = Receiver()
        self.place = folder()
        self.rules = [{"name": "task-failed", "when": "task_failed"}]
        self.options = {}
        self.receivers = [{"name": "ops", "type": "webhook", "url": self.receiver.url, "secret": SECRET,
                           "rate_limit": 1000.0}]

    def write(self):
        return write_config(self.place / "runwatch.toml", self.platform.url,
                            [{"token": self.token, "name": "sales"}], alerts=self.options, rules=self.rules,
                            receivers=self.receivers)

    def start(self):
        return Daemon(self.write()).wait_ready()

    def run_of(self, tasks):
        """A run of pending tasks that the daemon is to see being born."""
        return self.platform.say("run", space=self.token, tasks=tasks)["run_id"]

    def wait_arrivals(self, n, kind=None):
        def arrived():
            bodies = [d for _, d in self.receiver.bodies() if kind is None or notices.kind_of(d) == kind]
            return bodies if len(bodies) >= n else None
        return wait_for(arrived, f"{n} notices of kind {kind}")

    def wait_tasks(self, daemon, run, n):
        wait_for(lambda: total(daemon.metrics(), "unpod_run_tasks", run_id=run) == n, f"{n} tasks")

    def wait_polled(self, daemon, run, status, n):
        wait_for(lambda: daemon.metrics().get(key("unpod_run_tasks", space="sales", run_id=run, status=status)) == n,
                 f"{n} tasks {status}")

    def test_a_failed_task_fires_is_signed_and_resolves_when_it_recovers(self):
        daemon = self.start()
        run = self.run_of(3)
        self.wait_tasks(daemon, run, 3)
        task = self.platform.say("task", run=run, index=0, status="failed", call="new")["task_id"]
        firing = self.wait_arrivals(1)[0]
        self.assertEqual(firing["type"], "task_failed.firing")
        data = firing["data"]
        self.assertEqual((data["space"], data["run_id"], data["rule"]), ("sales", run, "task-failed"))
        self.assertEqual(data["counts"]["new"], 1)
        self.assertEqual([t["task_id"] for t in data["tasks"]], [task])
        self.check_signature(self.receiver.entries()[0])
        self.platform.say("task", run=run, index=0, status="completed", call="new")
        resolved = self.wait_arrivals(1, "resolved")[0]["data"]
        self.assertEqual((resolved["counts"]["new"], resolved["counts"]["open"]), (0, 0))
        self.assertEqual(resolved["incident"], data["incident"])
        self.assertEqual(notices.faults(self.receiver.entries()), [])
        wait_for(lambda: pending(daemon) == 0, "an empty outbox")

    def check_signature(self, entry):
        headers = {k.lower(): v for k, v in entry["headers"].items()}
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{entry['body']}".encode()
        raw = base64.b64decode(SECRET.removeprefix("whsec_"))
        want = "v1," + base64.b64encode(hmac.new(raw, content, hashlib.sha256).digest()).decode()
        self.assertIn(want, headers["webhook-signature"].split(" "))

    def test_a_failure_that_heals_within_for_is_never_told(self):
        self.rules[0]["for"] = "3s"
        daemon = self.start()
        run = self.run_of(2)
        self.wait_tasks(daemon, run, 2)
        self.platform.say("task", run=run, index=0, status="failed", call="new")
        self.wait_polled(daemon, run, "failed", 1)
        self.platform.say("task", run=run, index=0, status="completed", call="new")
        wait_for(lambda: total(daemon.metrics(), "runwatch_notices_suppressed_total", reason="healed") == 1, "healing")
        self.platform.say("task", run=run, index=1, status="failed", call="new")
        firing = self.wait_arrivals(1)[0]
        self.assertEqual(firing["data"]["counts"]["new"], 1)
        self.assertEqual(len(self.receiver.entries()), 1)

    def test_what_failed_before_we_watched_is_not_told(self):
        run = self.run_of(3)
        self.platform.say("task", run=run, index=0, status="failed", call="new")
        time.sleep(1.1)  # the platform's times are whole seconds: this run is older than the first discovery
        daemon = self.start()
        self.wait_polled(daemon, run, "failed", 1)
        self.platform.say("task", run=run, index=1, status="failed", call="new")
        firing = self.wait_arrivals(1)[0]
        self.assertEqual((firing["data"]["counts"]["new"], firing["data"]["counts"]["run"]["failed"]), (1, 2))

    def test_a_storm_is_one_notice_with_exact_counts(self):
        daemon = self.start()
        run = self.run_of(400)
        self.wait_tasks(daemon, run, 400)
        with_fault = self.platform.say("fault", set="500=1")
        self.assertEqual(with_fault["faults"], 1)
        for index in range(400):
            self.platform.say("task", run=run, index=index, status="failed", call="new")
        self.platform.say("fault", clear="")
        data = self.wait_arrivals(1)[0]["data"]
        self.assertEqual(data["counts"]["new"], 400)
        self.assertEqual(len(data["tasks"]) + data["truncated"], 400)
        self.assertEqual(notices.faults(self.receiver.entries()), [])

    def test_a_receiver_that_was_down_hears_afterwards_and_nothing_twice(self):
        daemon = self.start()
        run = self.run_of(6)
        self.wait_tasks(daemon, run, 6)
        self.receiver.stop()
        self.platform.say("task", run=run, index=0, status="failed", call="new")
        wait_for(lambda: total(daemon.metrics(), "runwatch_delivery_failures_total") > 0, "a refused delivery")
        for index in range(1, 4):
            self.platform.say("task", run=run, index=index, status="failed", call="new")
            self.wait_polled(daemon, run, "failed", index + 1)
        daemon.kill()
        daemon = self.start()
        self.assertGreater(pending(daemon), 0)
        self.receiver.start()
        wait_for(lambda: pending(daemon) == 0, "an empty outbox")
        self.assertEqual(notices.told(self.receiver.entries(), "task-failed"), 4)
        self.assertEqual(notices.repeats(self.receiver.entries()), 0)
        self.assertEqual(notices.faults(self.receiver.entries()), [])

    def test_platform_down_is_told_as_that_and_never_as_failed_tasks(self):
        self.rules.append({"name": "blind", "when": "poll_failing", "for": "1s"})
        daemon = self.start()
        run = self.run_of(3)
        self.wait_tasks(daemon, run, 3)
        self.platform.say("fault", set="down")
        firing = self.wait_arrivals(1)[0]
        self.assertEqual(firing["type"], "poll_failing.firing")
        self.platform.say("fault", clear="")
        self.wait_arrivals(1, "resolved")
        self.assertEqual({d["data"]["rule"] for _, d in self.receiver.bodies()}, {"blind"})
        self.assertTrue(daemon.running())

    def test_a_silence_holds_and_its_end_tells_what_is_still_open(self):
        daemon = self.start()
        config = self.place / "runwatch.toml"
        run = self.run_of(3)
        self.wait_tasks(daemon, run, 3)
        made = run_command(["silence", "add", "--config", config, "--run", run, "--for", "1h", "--reason", "a test"])
        self.assertEqual(made.returncode, 0, made.stderr)
        for index in (0, 1):
            self.platform.say("task", run=run, index=index, status="failed", call="new")
        self.wait_polled(daemon, run, "failed", 2)
        self.platform.say("task", run=run, index=0, status="completed", call="new")
        self.wait_polled(daemon, run, "failed", 1)
        listed = json.loads(run_command(["silence", "list", "--config", config, "--json"]).stdout)
        number = listed["silences"][0]["number"]
        self.assertEqual(self.receiver.entries(), [])
        ended = run_command(["silence", "expire", "--config", config, str(number)])
        self.assertEqual(ended.returncode, 0, ended.stderr)
        data = self.wait_arrivals(1)[0]["data"]
        self.assertEqual((data["counts"]["new"], data["counts"]["open"]), (1, 1))
        wait_for(lambda: total(daemon.metrics(), "runwatch_notices_suppressed_total", reason="silenced") == 1, "a count")

    def test_a_notice_that_is_refused_three_times_is_dead_and_a_replay_brings_the_same_bytes(self):
        self.receiver.answer(status=400)
        daemon = self.start()
        config = self.place / "runwatch.toml"
        run = self.run_of(1)
        self.wait_tasks(daemon, run, 1)
        self.platform.say("task", run=run, index=0, status="failed", call="new")
        wait_for(lambda: total(daemon.metrics(), "runwatch_outbox_dead") == 1, "a dead notice", deadline=90)
        refused = self.receiver.entries()
        self.assertEqual([e["outcome"] for e in refused], ["400"] * 3)
        self.receiver.answer(status=200)
        replayed = run_command(["alerts", "replay", "--config", config, "--dead", "--receiver", "ops"])
        self.assertEqual(replayed.returncode, 0, replayed.stderr)
        wait_for(lambda: total(daemon.metrics(), "runwatch_deliveries_total") == 1, "its delivery")
        self.assertEqual({(e["id"], e["body"]) for e in self.receiver.entries()}, {(refused[0]["id"], refused[0]["body"])})

    def test_a_test_notice_goes_through_the_queue_and_is_marked(self):
        daemon = self.start()
        config = self.place / "runwatch.toml"
        asked = run_command(["alerts", "test", "--config", config, "--receiver", "ops"])
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertIs(self.wait_arrivals(1)[0]["data"]["test"], True)
        self.check_signature(self.receiver.entries()[0])
        wait_for(lambda: pending(daemon) == 0, "an empty outbox")

    def test_a_receiver_that_is_added_hears_of_what_is_open(self):
        daemon = self.start()
        run = self.run_of(2)
        self.wait_tasks(daemon, run, 2)
        self.platform.say("task", run=run, index=0, status="failed", call="new")
        self.wait_arrivals(1)
        second = Receiver(seed=2)
        self.receivers.append({"name": "second", "type": "webhook", "url": second.url, "rate_limit": 1000.0})
        self.write()
        daemon.signal(1)
        wait_for(lambda: second.bodies(), "a firing for the new one")
        data = second.bodies()[0][1]["data"]
        self.assertEqual((data["counts"]["new"], data["counts"]["open"]), (1, 1))
        self.assertEqual(len(self.receiver.bodies()), 1)


if __name__ == "__main__":
    unittest.main()
