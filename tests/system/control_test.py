"""The commands that ask the running daemon, against one that answers what the test wants."""
import http.server
import json
import os
import socketserver
import threading
import unittest

from harness import folder, run_command, write_config

INCIDENT = {"id": "ab12", "state": "open", "rule": "task-failed", "when": "task_failed", "severity": "warning",
            "space": "säles", "run_id": "R1", "about": "", "started": "2026-02-07T05:57:45.120Z", "ended": None,
            "told": "2026-02-07T05:57:55Z", "new": 1, "open": 3, "total": 2, "recovered": 0, "gone": 0, "value": None,
            "threshold": None, "silenced": True, "receivers": ["ops", "crm"], "why": "3 tasks failed\nand \x1b[31mstayed"}
SILENCE = {"number": 7, "space": "", "run_id": "R1", "rule": "", "from": "2026-02-07T05:57:45Z",
           "until": "2026-02-07T07:57:45Z", "reason": "a test"}
ANSWERS = {
    "GET /alerts": {"incidents": [INCIDENT],
                    "receivers": [{"name": "ops", "type": "webhook", "pending": 2, "dead": 1, "oldest": None,
                                   "failing_since": "2026-02-07T05:50:00Z", "last_failure": "auth",
                                   "last_error": "HTTP 401: check the secret"}],
                    "dead": [{"id": "dd01", "receiver": "ops", "rule": "r", "kind": "event",
                              "committed": "2026-02-01T00:00:00Z", "last_failure": "413"}]},
    "GET /alerts/ab12": {"incident": INCIDENT, "clause": "task_failed for 0s, at least 1", "notices": [
        {"id": "cd34", "kind": "firing", "update": 0, "new": 2, "repeat": False, "test": False,
         "committed": "2026-02-07T05:57:55Z", "poll": "of run R1", "change": "R1 T1: in_progress to failed", "why": "",
         "tasks": [{"task_id": "T1", "status": "failed", "reason": "busy", "attempts": 2}],
         "deliveries": [{"receiver": "ops", "state": "pending", "due": "2026-02-07T06:00:00Z", "attempts": [
             {"at": "2026-02-07T05:57:56Z", "status": 500, "reason": "server error", "seconds": 0.25},
             {"at": "2026-02-07T05:58:01Z", "status": 0, "reason": "connect", "seconds": 0.1}]}]}]},
    "GET /silences": {"silences": [SILENCE]},
    "POST /silences": SILENCE,
    "POST /silences/expire": {"changed": 1},
    "POST /alerts/test": {"id": "ee55"},
    "POST /alerts/replay": {"changed": 2},
    "POST /alerts/drop": {"changed": 1},
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        name = f"{self.command} {self.path}"
        self.server.asked.append((name, json.loads(body) if body else None))
        status, answer = self.server.answers.get(name, (404, {"error": "no incident has this id"}))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode() if isinstance(answer, str) else json.dumps(answer).encode())

    do_POST = do_GET

    def log_message(self, *_):
        pass


class FakeDaemon(socketserver.ThreadingUnixStreamServer):
    def __init__(self, path):
        super().__init__(str(path), Handler)
        self.path = path
        self.asked = []
        self.answers = {name: (200, answer) for name, answer in ANSWERS.items()}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("", 0)


class ControlTest(unittest.TestCase):
    def setUp(self):
        self.daemon = FakeDaemon(folder() / "control.sock")
        self.addCleanup(self.daemon.server_close)
        self.addCleanup(self.daemon.shutdown)

    def say(self, *words, code=0):
        ended = run_command([*words, "--control", self.daemon.path])
        self.assertEqual(ended.returncode, code, ended.stderr)
        return ended.stdout

    def test_the_list_shows_incidents_receivers_and_what_was_given_up(self):
        printed = self.say("alerts", "list")
        for text in ("ab12", "open, silenced", "task-failed", "säles", "R1", "2026-02-07T05:57:45.120Z", "3/1/2",
                     "2026-02-07T05:57:55Z", "ops, crm", "2026-02-07T05:50:00Z", "auth", "ops: HTTP 401: check the secret", "dd01", "413"):
            self.assertIn(text, printed)
        head, row = printed.splitlines()[:2]
        self.assertEqual(head.index("RUN"), row.index("R1"))

    def test_show_explains(self):
        printed = self.say("alerts", "show", "ab12")
        for text in ("3 tasks failed and ?[31mstayed", "task_failed for 0s, at least 1", "firing 0 cd34", "of run R1",
                     "R1 T1: in_progress to failed", "task T1 failed busy, 2 attempt(s)", "to ops: pending",
                     "2026-02-07T06:00:00Z", "500: server error (0.25 s)", "no answer: connect"):
            self.assertIn(text, printed)
        self.assertNotIn("\x1b", printed)

    def test_json_is_what_the_daemon_said(self):
        for words, name in ((["alerts", "list"], "GET /alerts"), (["alerts", "show", "ab12"], "GET /alerts/ab12"),
                            (["silence", "list"], "GET /silences")):
            self.assertEqual(json.loads(self.say(*words, "--json")), ANSWERS[name])

    def test_each_command_asks_for_what_it_says(self):
        table = [
            (["alerts", "test", "--receiver", "ops"], "POST /alerts/test", {"receiver": "ops"}, "ee55"),
            (["alerts", "replay", "ab12", "cd34"], "POST /alerts/replay", {"ids": ["ab12", "cd34"]}, "2 notice(s)"),
            (["alerts", "replay", "--dead", "--receiver", "ops"], "POST /alerts/replay",
             {"dead": True, "receiver": "ops"}, "2 notice(s)"),
            (["alerts", "drop", "ab12"], "POST /alerts/drop", {"ids": ["ab12"]}, "1 notice(s)"),
            (["silence", "add", "--space", "s", "--run", "R1", "--rule", "r", "--for", "1h30m", "--reason", "why"],
             "POST /silences", {"space": "s", "run_id": "R1", "rule": "r", "seconds": 5400, "reason": "why"},
             "silence 7 until 2026-02-07T07:57:45Z: space any, run R1, rule any"),
            (["silence", "expire", "7"], "POST /silences/expire", {"number": 7}, "silence 7 is over"),
            (["silence", "list"], "GET /silences", None, "a test")]
        for words, name, wanted, said in table:
            self.daemon.asked.clear()
            self.assertIn(said, self.say(*words))
            (asked, body), = self.daemon.asked
            self.assertEqual(asked, name)
            given = {k: v for k, v in body.items() if v} if body else body
            self.assertEqual(given, wanted)

    def test_a_note_about_a_silence_is_told(self):
        answer = {**self.daemon.answers["POST /silences"][1], "note": "no watched run has this id now"}
        self.daemon.answers["POST /silences"] = (200, answer)
        printed = self.say("silence", "add", "--run", "R9", "--for", "1h", "--reason", "r")
        self.assertTrue(printed.endswith("\nnote: no watched run has this id now\n"), printed)

    def test_nothing_to_list_is_said(self):
        self.daemon.answers["GET /alerts"] = (200, {"incidents": [], "receivers": [], "dead": []})
        self.daemon.answers["GET /silences"] = (200, {"silences": []})
        self.assertEqual(self.say("alerts", "list"), "no incidents\n")
        self.assertEqual(self.say("silence", "list"), "no silences\n")

    def test_wrong_words_are_a_usage_error_and_ask_nothing(self):
        for words in (["alerts"], ["alerts", "show"], ["alerts", "show", "../silences"], ["alerts", "test"],
                      ["alerts", "replay"], ["alerts", "replay", "--dead"], ["alerts", "replay", "--receiver", "ops"],
                      ["alerts", "replay", "ab12", "--dead", "--receiver", "ops"], ["alerts", "drop"],
                      ["silence", "add", "--for", "2h"], ["silence", "add", "--reason", "r"],
                      ["silence", "add", "--for", "2h", "--reason", "r"],
                      ["silence", "add", "--run", "", "--for", "2h", "--reason", "r"],
                      ["silence", "add", "--run", "R1", "--for", "2h", "--reason", ""],
                      ["silence", "add", "--all", "--for", "soon", "--reason", "r"],
                      ["silence", "add", "--all", "--for", "0s", "--reason", "r"], ["silence", "expire", "x"]):
            ended = run_command([*words] + (["--control", self.daemon.path] if len(words) > 1 else []))
            self.assertEqual(ended.returncode, 64, (words, ended.stderr))
        self.assertEqual(self.daemon.asked, [])

    def test_what_the_daemon_refuses_is_told_in_its_words(self):
        for status, code in ((404, 64), (400, 64), (503, 75)):
            self.daemon.answers["GET /alerts/ab"] = (status, {"error": "because\nof this"})
            ended = run_command(["alerts", "show", "ab", "--control", self.daemon.path])
            self.assertEqual((ended.returncode, ended.stderr), (code, "runwatch: because of this\n"))
        for broken in ("", "[]", "{"):
            self.daemon.answers["GET /alerts"] = (200, broken)
            self.say("alerts", "list", code=75)

    def test_without_a_daemon_the_text_says_so_and_where(self):
        place = folder()
        config = write_config(place / "runwatch.toml", "http://127.0.0.1:1", control=place / "none.sock")
        for words in (["alerts", "list"], ["silence", "list", "--json"], ["alerts", "test", "--receiver", "a"]):
            ended = run_command([*words, "--config", config])
            self.assertEqual(ended.returncode, 69)
            self.assertEqual(ended.stdout, "")
            self.assertIn(f"no runwatch answers at {place / 'none.sock'}", ended.stderr)
            self.assertIn("--control", ended.stderr)

    def test_the_configuration_says_where_the_socket_is(self):
        config = write_config(folder() / "runwatch.toml", "http://127.0.0.1:1", control=self.daemon.path)
        self.assertEqual(run_command(["alerts", "list", "--config", config]).returncode, 0)
        if not os.path.isdir("/run/runwatch"):
            beside = write_config(self.daemon.path.parent / "runwatch.toml", "http://127.0.0.1:1")
            self.assertEqual(run_command(["alerts", "list", "--config", beside]).returncode, 0)

    def test_a_configuration_that_cannot_be_read_is_no_obstacle_to_one_who_names_the_socket(self):
        ended = run_command(["alerts", "list", "--config", "/nowhere/runwatch.toml"])
        self.assertEqual(ended.returncode, 78)
        self.assertIn("--control", ended.stderr)
        self.say("alerts", "list", "--config", "/nowhere/runwatch.toml")


if __name__ == "__main__":
    unittest.main()
