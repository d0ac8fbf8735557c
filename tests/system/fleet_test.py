"""Two pairs, a real Prometheus and two real Alertmanagers in a cluster, set up by docs/fleet.md and the files it names: one
instance and one Alertmanager are killed, nothing is missing, nothing is told twice."""
import json
import pathlib
import re
import shutil
import unittest
from collections import defaultdict

from alertmanager import Alertmanager
from harness import API_TOKEN, Daemon, Simulator, folder, free_port, total, wait_for
from prometheus import Prometheus
from receiver import Receiver

ROOT = pathlib.Path(__file__).parents[2]
TASKS = 12


def quick(text, *changes):
    """A shipped file as it is but for addresses, and times that a test has not; each change has to find its place."""
    for before, after in changes:
        text, found = re.subn(before, after, text)
        assert found, before
    return text


class Fleet:
    def __init__(self):
        self.platform = Simulator("--spaces", 2, "--runs", 0, "--speed", 0.001)  # nothing moves but by our word
        self.spaces = dict(zip(("sales", "support"), self.platform.spaces()))
        self.people, self.crm = Receiver(), Receiver(2)
        routes = quick((ROOT / "etc/prometheus/alertmanager.yml").read_text(), ("group_wait: 30s", "group_wait: 1s"),
                       ("group_interval: 5m", "group_interval: 2s"), (r"http://127\.0\.0\.1:9911/", self.people.url))
        ports = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        self.managers = [Alertmanager(routes, cluster) for cluster in (ports, ports[::-1])]
        wait_for(lambda: all(manager.peers_seen() == 2 for manager in self.managers), "a cluster of two")
        self.daemons = {(space, n): Daemon(self.config(space)).wait_ready() for space in self.spaces for n in (1, 2)}
        self.prometheus = self.scrape()

    def config(self, space):
        """The example of docs/fleet.md."""
        place = folder()
        (place / "token").write_text(API_TOKEN)
        example = re.search(r"```toml\n(.*?)```", (ROOT / "docs/fleet.md").read_text(), re.S)[1]
        urls = ", ".join(f'"http://{manager.address}"' for manager in self.managers)
        text = quick(
            example, (r"\[api\]\n", f'control = "{place}/control.sock"\n[api]\nbase_url = "{self.platform.url}"\nrate_limit = 500\n'),
            ("/etc/runwatch/token", str(place / "token")), ("8KZRTQP7BNW5XEDLORYUHMJC", self.spaces[space]), ('"sales"', f'"{space}"'),
            ('":10321"', '"127.0.0.1:0"'), (r"urls = \[.*\]", f"urls = [{urls}]"),
            (r"https://crm\.example\.org/calls", self.crm.url))
        path = place / "runwatch.toml"
        path.write_text(text + f'[poll]\ninterval = "200ms"\nidle_interval = "200ms"\ndiscovery_interval = "200ms"\n'
                        f'[store]\npath = "{place}/state.db"\n[alerts]\ngroup_wait = "100ms"\ngroup_interval = "500ms"\n')
        return path

    def scrape(self):
        rules = folder() / "rules.yml"
        rules.write_text(quick((ROOT / "etc/prometheus/rules.yml").read_text(), (r"\n        for: \w+", "\n        for: 1s")))
        pairs = "".join(f"      - targets: {json.dumps([self.daemons[(space, n)].address for n in (1, 2)])}\n"
                        f"        labels: {{pair: {space}}}\n" for space in self.spaces)
        return Prometheus(config=quick(
            (ROOT / "etc/prometheus/remote.yml").read_text(), ("scrape_interval: 15s", "scrape_interval: 500ms"),
            ("evaluation_interval: 15s", "evaluation_interval: 1s"), ("- rules.yml", f"- {rules}"),
            (r'targets: \["alert-1.*\]', f"targets: {json.dumps([manager.address for manager in self.managers])}"),
            ("scheme: https", "scheme: http"), (r"    tls_config:\n(      .*\n)+    basic_auth:\n(      .*\n)+", ""),
            (r"      - targets: \[\"watch-1(.*\n)+", pairs)))

    def begin(self, space):
        """A run of calls that both of the pair see being born. Of e-mails, which the platform makes of some, attempts have
        neither a call nor a start."""
        kind = None
        while kind != "call":
            run = self.platform.say("run", space=self.spaces[space], tasks=TASKS)["run_id"]
            self.wait_tasks(space, run, TASKS)
            kind = next(dict(labels)["execution_type"] for name, labels in self.daemons[(space, 1)].metrics()
                        if name == "unpod_run_info" and ("run_id", run) in labels)
        return run

    def wait_tasks(self, space, run, n, **labels):
        for (name, _), daemon in self.daemons.items():
            if name == space and daemon.running():
                wait_for(lambda: total(daemon.metrics(), "unpod_run_tasks", run_id=run, **labels) == n, f"{n} tasks {labels}")

    def end(self, space, run, indexes, status):
        for index in indexes:
            self.platform.say("task", run=run, index=index, status=status, call="new")
        self.wait_tasks(space, run, len(indexes), status=status)

    def told(self):
        """What people were told, in order: {(alertname, space, run_id): [{(fingerprint, status)}]}."""
        groups = defaultdict(list)
        for entry in self.people.entries():
            message = json.loads(entry["body"])
            labels = message["groupLabels"]
            where = (labels["alertname"], labels.get("space", ""), labels.get("run_id", ""))
            groups[where].append({(alert["fingerprint"], alert["status"]) for alert in message["alerts"]})
        return groups

    def states(self, alert, space, run=""):
        """`firing`, `resolved` of each message about one alert; a message about several is a fault."""
        return [[status for _, status in message] for message in self.told().get((alert, space, run), [])]

    def wait_shared(self):
        """Until each Alertmanager knows what the other told: one that dies before tells nobody that it did."""
        wait_for(lambda: sum(m.heard() for m in self.managers) >= sum(map(len, self.told().values())), "gossip")

    def wait_told(self, states, alert, space, run=""):
        wait_for(lambda: len(self.states(alert, space, run)) >= len(states), f"{states} of {alert} in {space}")


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("prometheus-alertmanager"), "Prometheus is not installed")
class FleetTest(unittest.TestCase):
    def test_one_instance_and_one_alertmanager_are_killed_and_nothing_is_missing_or_told_twice(self):
        fleet = self.fleet = Fleet()
        runs = {space: fleet.begin(space) for space in fleet.spaces}
        scraped = 'count(sum by (instance, run_id) (unpod_run_tasks{run_id=~"%s"}) == %d)' % ("|".join(runs.values()), TASKS)
        wait_for(lambda: fleet.prometheus.value(scraped) == 4, "four scrapes")
        for space, run in runs.items():
            fleet.end(space, run, range(0, 3), "failed")
            fleet.wait_told([["firing"]], "task-failed", space, run)
        victim = fleet.daemons[("sales", 1)]
        victim.kill()
        for space, run in runs.items():
            fleet.end(space, run, range(0, TASKS), "failed")
        fleet.wait_told([["firing"]], "RunwatchDown", "")
        fleet.wait_told([["firing"]], "UnpodTasksFailing", "sales")
        fleet.wait_told([["firing"]], "UnpodTasksFailing", "support")
        self.check_numbers(failures=TASKS + 3)
        fleet.wait_shared()
        fleet.managers[0].stop()
        for space, run in runs.items():
            fleet.end(space, run, range(0, TASKS), "completed")
            fleet.wait_told([["firing"], ["resolved"]], "task-failed", space, run)
            self.assertEqual(fleet.states("task-failed", space, run), [["firing"], ["resolved"]])
        self.check_nothing_twice()
        self.check_events(attempts=(3 + TASKS + TASKS) * len(runs))

    def check_numbers(self, failures):
        """Of each space what one instance saw, though one of four is dead."""
        def seen():
            return {dict(labels)["space"]: value for labels, value in self.fleet.prometheus.query(
                "sum by (space) (max without (instance) (unpod_task_failures_total))").items()}
        wait_for(lambda: seen() == {"sales": failures, "support": failures}, f"{failures} failures in each space")
        self.assertEqual(self.fleet.prometheus.value("count(up{job='runwatch'} == 1)"), 3)

    def check_nothing_twice(self):
        for where, messages in self.fleet.told().items():
            for before, after in zip(messages, messages[1:]):
                self.assertNotEqual(before, after, f"{where} was told twice")

    def check_events(self, attempts):
        """Each attempt has one id, whoever told it, and nobody's is missing."""
        def events():
            by_id = defaultdict(list)
            for entry in self.fleet.crm.entries():
                task = json.loads(entry["body"])["data"]["tasks"][0]
                by_id[entry["id"]].append((task["task_id"], task["status"], task["started"]))
            return by_id
        wait_for(lambda: len(events()) >= attempts, f"{attempts} events")
        wait_for(lambda: all(not total(d.metrics(), "runwatch_outbox_pending") for d in self.fleet.daemons.values() if d.running()),
                 "empty outboxes")
        found = events()
        self.assertEqual(len(found), attempts, found)
        self.assertEqual({i: told for i, told in found.items() if len(set(told)) > 1}, {})
        self.assertEqual({len(told) for told in found.values()}, {1, 2})  # once by a widow, twice by a pair


if __name__ == "__main__":
    unittest.main()
