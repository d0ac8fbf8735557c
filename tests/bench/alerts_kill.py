"""The same kills of runwatch and of Debian's Alertmanager: which accepted alerts are lost, which are told again.

Both get the alerts in their own way, and tell the same kind of receiver, whose journal is the judge.
"""
import json
import pathlib
import random
import sys
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "system"))
from alertmanager_test import Alertmanager  # noqa: E402
from alerts import TASK_FAILED, Watching, fail_tasks  # noqa: E402
from harness import Simulator, request, wait_for  # noqa: E402
from receiver import Receiver  # noqa: E402
from whole_job import only_space  # noqa: E402


class Theirs(Alertmanager):
    """Alertmanager and whoever posts alerts to it, an alert for each key."""

    def __init__(self, receiver):
        self.keys = []
        super().__init__(receiver.url)

    def accept(self):
        self.keys.append(f"R{len(self.keys)}")
        self.say_again(self.keys[-1])
        return self.keys[-1]

    def say_again(self, key):
        """As Prometheus does while an alert is firing."""
        alert = [{"labels": {"alertname": TASK_FAILED["name"], "run_id": key}}]
        answer = request(self.address, "/api/v2/alerts", "POST", {"content-type": "application/json"},
                         body=json.dumps(alert))
        assert answer.status == 200, answer.text

    def is_done(self, arrived):
        known = {alert["labels"]["run_id"] for alert in json.loads(request(self.address, "/api/v2/alerts").text)}
        return known <= arrived.keys()

    def restart(self):
        self.stop()  # by SIGKILL
        self.start()

    def key_of(self, body):
        return body["alerts"][0]["labels"]["run_id"]


class Ours:
    """runwatch on a simulated platform, a run whose task fails for each key."""

    def __init__(self, receiver):
        self.platform = Simulator("--spaces", 1, "--runs", 0, "--fixed", journal=False)
        self.token, self.keys = only_space(self.platform), []
        self.daemon = Watching(self.platform, self.token, [TASK_FAILED], {"ops": receiver},
                               {"interval": "100ms", "discovery_interval": "100ms"}, {"group_wait": "100ms"})

    def accept(self):
        run = self.platform.say("run", space=self.token, tasks=1)["run_id"]
        fail_tasks(self.platform, run, [0])
        self.keys.append(run)
        wait_for(lambda: self.daemon.total("unpod_task_failures_total") == len(self.keys), "the failure")
        return run

    def say_again(self, _):
        """The platform says it at each poll."""

    def is_done(self, arrived):
        return arrived.keys() >= set(self.keys)

    def restart(self):
        self.daemon.kill()
        self.daemon = Watching(config=self.daemon.config)

    def key_of(self, body):
        return body["data"]["run_id"]

    def stop(self):
        self.daemon.kill()
        self.platform.kill()


def kill(make, kills, seed):
    """(lost, repeated, told) of alerts that were accepted: half of the kills while the receiver answers 500, so soon
    after the alert was accepted as the dice say, half so soon after it was delivered."""
    dice, receiver = random.Random(seed), Receiver(status=500)
    side = make(receiver)

    def arrived():
        taken = [entry for entry in receiver.entries() if entry["outcome"] == "200"]
        return Counter(side.key_of(json.loads(entry["body"])) for entry in taken)

    for _ in range(kills // 2):
        side.accept()
        time.sleep(0.3 * dice.random())
        side.restart()
    receiver.answer()
    wait_for(lambda: side.is_done(arrived()), "what is known to be told", pause=0.2, deadline=90)
    for _ in range(kills // 2):
        key = side.accept()
        wait_for(lambda k=key: arrived()[k], "its delivery")
        time.sleep(0.1 * dice.random())
        side.restart()
        side.say_again(key)
    time.sleep(3)
    have = arrived()
    side.stop()
    receiver.stop()
    return sum(have[key] == 0 for key in side.keys), sum(n - 1 for n in have.values()), len(side.keys)
