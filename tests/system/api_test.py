"""The JSON API of the real binary: as docs/api.md says, complete, paged, and without secrets."""
import json
import re
import signal
import unittest
import urllib.parse

from contract import Contract
from harness import Daemon, Simulator, folder, request, run_command, wait_for, write_config
from receiver import Receiver

SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ=="
REFUSED_TOKEN = "0KZRTQP7BNW5XEDLORYUHMJC"


class ApiTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.platform = Simulator("--spaces", 1, "--runs", 0, "--fixed")
        cls.platform.say("freeze")  # what moves here is moved by the test
        cls.token = next(iter(cls.platform.spaces()))
        cls.receiver = Receiver()
        cls.path = folder() / "runwatch.toml"
        cls.write()
        cls.daemon = Daemon(cls.path).wait_ready()
        cls.run_id = cls.platform.say("run", space=cls.token, tasks=30)["run_id"]
        cls.other = cls.platform.say("run", space=cls.token, tasks=3)["run_id"]
        cls.wait(lambda: sum((cls.run_now()["tasks"] or {"none": 0}).values()) == 30, "thirty tasks")
        for index in range(25):
            cls.move(index, "failed" if index < 20 else "completed")
        cls.wait(lambda: cls.run_now()["tasks"]["failed"] == 20, "twenty failures")
        cls.move(0, "completed")  # one recovers
        cls.wait(lambda: (t := cls.run_now()["tasks"])["failed"] == 19 and t["completed"] == 6, "a recovery")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.kill()
        cls.platform.kill()

    @classmethod
    def write(cls, **options):
        write_config(cls.path, cls.platform.url, [{"token": cls.token, "name": "sales"},
                                                  {"token": REFUSED_TOKEN, "name": "help"}],
                     rules=[{"name": "task-failed", "when": "task_failed"},
                            {"name": "ratio", "when": "failure_ratio", "above": 0.5, "min_finished": 10}],
                     receivers=[{"name": "ops", "type": "webhook", "url": cls.receiver.url + "/hush?key=hush",
                                 "secret": SECRET, "rate_limit": 1000.0},
                                {"name": "down", "type": "webhook", "url": "http://127.0.0.1:9/hush", "secret": SECRET}],
                     **options)

    @classmethod
    def move(cls, index, status):
        cls.platform.say("task", run=cls.run_id, index=index, status=status, call="new")

    @classmethod
    def wait(cls, condition, what):
        return wait_for(condition, what, pause=0.05)

    @classmethod
    def ask(cls, name, **parameters):
        return cls.daemon.get(f"/api/v1/{name}?{urllib.parse.urlencode(parameters)}")

    @classmethod
    def get(cls, name, **parameters):
        answer = cls.ask(name, **parameters)
        assert answer.status == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        return json.loads(answer.text)

    @classmethod
    def run_now(cls):
        found = [r for r in cls.get("runs", run=cls.run_id)]
        return found[0] if found else {"tasks": None}

    def parameters_of(self, path):
        return {"/api/v1/run": {"run": self.run_id}, "/api/v1/changes": {"run": self.run_id},
                "/api/v1/failures": {"run": self.run_id}, "/api/v1/notices": {"run": self.run_id},
                "/api/v1/incident": {"id": self.incident()["id"]}}.get(path, {})

    def incident(self):
        """That of the failed tasks, once it was delivered."""
        def delivered():
            found = [i for i in self.get("incidents", state="open")["incidents"] if i["when"] == "task_failed"]
            notices = self.get("incident", id=found[0]["id"])["notices"] if found else []
            states = [d["state"] for n in notices for d in n["deliveries"] if d["tries"]]
            return found[0] if "delivered" in states and "pending" in states else None
        return self.wait(delivered, "an incident that was told")

    def reload(self, words, **options):
        self.write(**options)
        self.daemon.signal(signal.SIGHUP)
        return self.wait(lambda: (r := self.get("reload"))["accepted"] == words and r["at"] != self.start and r, "reload")

    def test_every_endpoint_and_parameter_is_documented_and_no_other(self):
        contract = Contract()
        said = self.ask("nowhere")
        names = re.findall(r"[a-z]+", json.loads(said.text)["error"].split(" there are ")[1])
        self.assertEqual(sorted(f"/api/v1/{n}" for n in names), sorted(contract.endpoints))
        for path, (_, parameters) in contract.endpoints.items():
            refused = json.loads(self.daemon.get(path + "?nonsense=1").text)["error"]
            takes = refused.split(": it takes ")[1]
            self.assertEqual([] if takes == "none" else takes.split(", "), parameters, path)

    def test_every_answer_is_as_documented(self):
        self.silence()
        self.start = self.get("reload")["at"]
        refused = self.reload(False, poll={"interval": "nonsense"})
        self.assertIn("poll.interval", refused["problem"])
        self.start = refused["at"]
        taken = self.reload(True, poll={"interval": "110ms"}, server={"created_series": True})
        self.assertEqual(taken["changed"], ["poll.interval", "poll.idle_interval"])
        self.assertEqual(taken["needs_restart"], ["server.created_series"])
        self.wait(lambda: self.get("status")["spaces"][1]["last_error"], "the refused space")
        contract = Contract()
        self.fail_and_recover()
        self.check_all(contract)
        self.pause()
        self.check_all(contract)
        # What a test saw no value of is not held against anything.
        documented = {(o, m) for o, members in contract.objects.items() for m in members}
        self.assertEqual(sorted(documented - contract.seen), sorted(self.never_here()))

    def check_all(self, contract):
        for path, (kind, _) in contract.endpoints.items():
            for more in ({}, {"limit": 1}) if "/changes" in path else ({},):
                value = self.get(path.removeprefix("/api/v1/"), **self.parameters_of(path), **more)
                self.assertEqual(contract.faults(kind, value, path), [])
        self.assertEqual(contract.faults("error", json.loads(self.ask("nowhere").text)), [])

    def silence(self):
        done = run_command(["silence", "add", "--run", self.run_id, "--rule", "ratio", "--for", "1h", "--reason",
                            "a test", "--control", self.path.parent / "control.sock"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait(lambda: self.get("silences")["silences"], "the silence")

    def fail_and_recover(self):
        self.platform.say("fault", set="503=1/tasks")
        self.wait(lambda: self.run_now()["failed_polls"] > 2, "failing polls")
        self.platform.say("fault", clear="")
        self.wait(lambda: self.run_now()["recovered"], "recovery")

    def pause(self):
        self.platform.say("fault", set="429=1,retry-after=20")
        self.wait(lambda: self.get("polls")["pause"], "a pause")
        self.platform.say("fault", clear="")

    @staticmethod
    def never_here():
        """Members that this world has no value of."""
        return {("status", "organization"), ("organization", "up"), ("organization", "last_success"),
                ("organization", "last_error"), ("incident", "ended"), ("incident", "shown_to"), ("incident", "about"),
                ("silence", "space"), ("configuration", "every_space"), ("reload", "problem"),
                *((kind, name) for kind in ("run", "one run") for name in ("per_hour", "estimated_end", "finished"))}

    def test_filters_and_pages_of_runs_give_each_run_once(self):
        everything = [r["run_id"] for r in self.get("runs")]
        self.assertEqual(sorted(everything), sorted([self.run_id, self.other]))
        self.assertEqual([r["run_id"] for r in self.get("runs", state="failing")], [self.run_id])
        self.assertEqual([r["run_id"] for r in self.get("runs", state="trouble", space="sales")], [self.run_id])
        self.assertEqual(self.get("runs", space="help"), [])
        self.assertEqual(self.get("runs", sort="worst")[0]["run_id"], self.run_id)
        first = self.ask("runs", limit=1)
        self.assertEqual(first.headers["X-Total-Count"], "2")
        target = re.fullmatch(r'<(\?[^>]*)>; rel="next"', first.headers["Link"])[1]
        second = self.daemon.get("/api/v1/runs" + target)
        self.assertNotIn("Link", second.headers)
        self.assertEqual([r["run_id"] for page in (first, second) for r in json.loads(page.text)], everything)

    def test_the_verdict_is_the_headline_and_says_why(self):
        self.incident()
        run = self.run_now()
        self.assertEqual((run["trouble"], run["state"]), ("failing", "under_way"))
        self.assertRegex(run["why"], r"^76 % of 25 finished tasks failed, mostly by ")
        self.assertEqual(sum(run["failures"].values()), 20)
        status = self.get("status")
        self.assertRegex(status["headline"], r"^1 of 2 runs in trouble; (all polls pause|.* cannot be read in full: help)")
        self.assertEqual((status["level"], status["runs_in_trouble"], status["runs_watched"]), ("bad", 1, 2))

    def test_pages_of_changes_are_the_whole_history_newest_first(self):
        rows = self.get("changes", run=self.run_id, limit=500)["changes"]
        self.assertEqual([r["seq"] for r in rows], list(range(len(rows), 0, -1)))
        paged, before = [], None
        while True:
            page = self.get("changes", run=self.run_id, limit=7, **({"before": before} if before else {}))
            paged += page["changes"]
            before = page["next"]
            if before is None:
                break
        self.assertEqual(paged, rows)
        failures = self.get("failures", run=self.run_id, limit=500)
        self.assertEqual(failures["changes"], [r for r in rows if r["to"] == "failed" and r["kind"] != "late"])
        self.assertEqual(len(failures["changes"]), 20)
        self.assertTrue(all(r["reason"] for r in failures["changes"]))
        hours = self.get("run", run=self.run_id)["hours"]
        self.assertEqual(sum(h["entered"]["failed"] for h in hours), 20)
        self.assertEqual(sum(h["recovered"] for h in hours), 1)

    def test_notices_say_who_got_them_and_who_did_not(self):
        incident = self.incident()
        told = self.get("incident", id=incident["id"])
        self.assertEqual(told["incident"]["id"], incident["id"])
        way = {d["receiver"]: d for d in told["notices"][-1]["deliveries"]}
        self.assertEqual(way["ops"]["state"], "delivered")
        self.assertEqual(way["ops"]["tries"][-1]["status"], 200)
        self.assertEqual(way["down"]["state"], "pending")
        self.assertEqual(way["down"]["tries"][0]["reason"], "connect")
        one = self.get("incident", id=told["notices"][-1]["id"])
        self.assertEqual([n["id"] for n in one["notices"]], [told["notices"][-1]["id"]])
        ids = {n["id"] for n in self.get("notices", run=self.run_id)["notices"]}
        self.assertLessEqual({n["id"] for n in told["notices"]}, ids)

    def test_errors_are_json_with_their_status(self):
        for path, status in (("/api/v1/nowhere", 404), ("/api/", 404), ("/api/v2/status", 404), ("/api/v1/run", 400),
                             ("/api/v1/run?run=Rnone", 404), ("/api/v1/changes?run=Rnone", 404),
                             ("/api/v1/changes", 400), (f"/api/v1/changes?run={self.run_id}&before=0", 400),
                             (f"/api/v1/changes?run={self.run_id}&space=help", 404),
                             ("/api/v1/runs?state=nonsense", 400), ("/api/v1/runs?limit=1001", 400),
                             ("/api/v1/runs?offset=-1", 400), ("/api/v1/runs?stat=failing", 400),
                             ("/api/v1/incidents?state=closed", 400), ("/api/v1/incident?id=none", 404),
                             ("/api/v1/incident", 400), ("/api/v1/notices?run=%3Cscript%3E", 404)):
            answer = self.daemon.get(path)
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.headers["Content-Type"], "application/json", path)
            said = json.loads(answer.text)
            self.assertEqual(said["status"], status)
            self.assertGreater(len(said["error"]), 10)
        strange = request(self.daemon.address, "/api/v1/status", headers={"Host": "evil.example"})
        self.assertEqual((strange.status, json.loads(strange.text)["status"]), (403, 403))

    def test_no_answer_has_a_secret_in_it(self):
        for path in Contract().endpoints:
            text = self.daemon.get(path + "?" + urllib.parse.urlencode(self.parameters_of(path))).text
            for secret in (self.token, REFUSED_TOKEN, "simulated-token", SECRET, SECRET.removeprefix("whsec_"), "hush"):
                self.assertNotIn(secret, text, path)


if __name__ == "__main__":
    unittest.main()
