"""The platform's answers at their worst, for one of two spaces: the poll fails with its reason, what is known stays
known, the other space goes on, and all is well again when the trouble is over."""
import gzip
import json
import pathlib
import socket
import unittest

import harness
from harness import Daemon, folder, key, total, wait_for, write_config
from peer import HEALTHY, VICTIM, Platform, envelope, http, make_task, run_id

TASKS = 30  # two pages of 20
RUN = run_id(2)


def rows():
    return [make_task(n, "failed" if n % 3 == 0 else "pending") for n in range(TASKS, 0, -1)]


def page(asked, data=None, **fields):
    return Platform.page(rows() if data is None else data, asked, **fields)


def raw(answer):
    """The same bytes for each page."""
    return lambda asked, connection: answer


def body(document):
    return raw(http(document))


def element(**fields):
    """A page whose first task has these fields instead of its own."""
    return lambda asked, connection: http(page(asked, [{**rows()[0], **fields}, *rows()[1:]]))


def drip(prefix):
    def trouble(asked, connection):
        connection.sendall(prefix)
        while not asked.peer.stopping.wait(0.2):
            connection.sendall(b" ")
        return True
    return trouble


def endless(prefix, chunk):
    def trouble(asked, connection):
        connection.sendall(prefix)
        while not asked.peer.stopping.is_set():
            connection.sendall(chunk)
        return True
    return trouble


def silent(asked, connection):
    connection.settimeout(30)
    connection.recv(1)
    return True


def middle_page(asked, connection):
    return http("oops", "502 Bad Gateway") if asked.page == 2 else http(page(asked))


def without(document, name):
    return {k: v for k, v in document.items() if k != name}


GOOD = json.dumps(envelope(rows())).encode()
ZIPPED = gzip.compress(GOOD)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LOGIN = "<!doctype html><title>Sign in</title><script>alert(1)</script>"

# name, what happens to each page of the run, the reasons that are right
CASES = [
    ("an answer of one byte a fifth of a second", drip(HEAD + b"Content-Length: 9999\r\n\r\n["), {"timeout"}),
    ("headers of one byte a fifth of a second", drip(b"HTTP/1.1 200 OK\r\nX: "), {"timeout"}),
    ("no answer at all", silent, {"timeout"}),
    ("a body shorter than its length", raw(http(GOOD, length=len(GOOD) + 10)), {"truncated"}),
    ("chunks without an end", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(GOOD), GOOD)),
     {"truncated"}),
    ("gzip cut short", raw(http(ZIPPED[:-20], headers=[("Content-Encoding", "gzip")])), {"truncated", "bad_json"}),
    ("a body cut by close", raw(HEAD + b"Connection: close\r\n\r\n" + GOOD[:-30]), {"truncated", "bad_json"}),
    ("closed without a byte", raw(b""), {"truncated", "bad_http", "connect"}),
    ("a status line of 30 kB", raw(b"HTTP/1.1 200 " + b"O" * 30000 + HEAD[15:] + b"\r\n" + GOOD), {"too_large"}),
    ("a header of 1 MB", raw(HEAD + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n{}"), {"too_large"}),
    ("10,000 headers", raw(HEAD + b"X-Header: some text or other\r\n" * 10_000 + b"\r\n{}"), {"too_large"}),
    ("an endless body", endless(HEAD + b"\r\n", b" " * 65536), {"too_large"}),
    ("a gzip bomb", raw(http(gzip.compress(b" " * 80_000_000), headers=[("Content-Encoding", "gzip")])), {"too_large"}),
    ("no HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), {"bad_http"}),
    ("403", raw(http({"status_code": 403, "message": "You may not."}, "403 Forbidden")), {"forbidden"}),
    ("404", raw(http({"message": "Space not found", "status_code": 404}, "404 Not Found")), {"not_found"}),
    ("500 with HTML", raw(http(LOGIN, "500 Oops", [("Content-Type", "text/html")])), {"server_error"}),
    ("200 with a login page", raw(http(LOGIN, headers=[("Content-Type", "text/html")])), {"bad_json", "bad_http"}),
    ("204", raw(b"HTTP/1.1 204 No Content\r\n\r\n"), {"bad_http", "bad_json", "other"}),
    ("200 with nothing", body(""), {"bad_json", "truncated", "bad_http"}),
    ("206", raw(http({"status_code": 206, "message": "Runs Fetch Failed", "data": {}}, "206 Partial Content")),
     {"business_error"}),
    ("206 with data that look right", lambda a, c: http(page(a), "206 Partial Content"), {"business_error"}),
    ("status_code 206 in the body of a 200", lambda a, c: http({**page(a), "status_code": 206}), {"business_error"}),
    ("a million brackets", body("[" * 1_000_000), {"bad_schema", "bad_json"}),
    ("a list", body("[]"), {"bad_schema"}),
    ("a number", body("7"), {"bad_schema"}),
    ("no data", body(without(envelope([]), "data")), {"bad_schema"}),
    ("data null", body({**envelope([]), "data": None}), {"bad_schema"}),
    ("data an object", body({**envelope([]), "data": {}}), {"bad_schema"}),
    ("an element that is no object", body(envelope([7], 1)), {"bad_schema"}),
    ("a task without id", lambda a, c: http(page(a, [without(rows()[0], "task_id"), *rows()[1:]])), {"bad_schema"}),
    ("an empty id", element(task_id=""), {"bad_schema"}),
    ("a number as id", element(task_id=7), {"bad_schema"}),
    ("a bool as id", element(task_id=True), {"bad_schema"}),
    ("an id of 200 kB", element(task_id="T" * 200_000), {"bad_schema"}),
    ("a lone surrogate in an id", body(json.dumps(envelope(rows())).replace('"T0', '"\\ud8000', 1)), {"bad_schema"}),
    ("half a document", body(GOOD[:len(GOOD) // 2]), {"bad_json"}),
    ("a second document behind the first", body(GOOD + b"{}"), {"bad_json"}),
    ("invalid UTF-8", body(GOOD.replace(b"pending", b"pend\xffing", 1)), {"bad_json"}),
    ("a count that is too high", lambda a, c: http({**page(a), "count": TASKS + 1}), {"inconsistent"}),
    ("a count that changes", lambda a, c: http({**page(a), "count": TASKS + a.page}), {"inconsistent"}),
    ("the first page for each", lambda a, c: http(envelope(rows()[:20], TASKS)), {"inconsistent"}),
    ("a page in the middle that fails", middle_page, {"server_error"}),
]


def resident(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


class HostileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform({HEALTHY: {run_id(1): rows()}, VICTIM: {RUN: rows()}})
        spaces = [{"token": token, "name": name, "max_age": "3000d"}
                  for token, name in ((HEALTHY, "healthy"), (VICTIM, "victim"))]
        cls.config = write_config(folder() / "c.toml", cls.platform.url, spaces,
                                  api={"timeout": "1s", "max_response": "1MiB"}, poll={"idle_interval": "150ms"},
                                  store={"retention": "4000d"})
        cls.daemon = Daemon(cls.config).wait_ready()
        wait_for(cls.is_well, "both spaces up")

    @classmethod
    def tearDownClass(cls):
        assert cls.daemon.running(), "the process outlives it all"
        cls.platform.close()
        cls.daemon.kill()

    @classmethod
    def is_well(cls):
        have = cls.daemon.metrics()
        return all(have.get(key("unpod_up", space=s)) == 1 and total(have, "unpod_tasks", space=s) == TASKS
                   for s in ("healthy", "victim"))

    def trouble(self, answer, call="tasks"):
        def of_victim(asked, connection):
            return answer(asked, connection) if asked.space == VICTIM and asked.call == call else None
        self.platform.trouble = of_victim

    def failures(self, have):
        return {dict(labels)["reason"]: value for (name, labels), value in have.items()
                if name == "runwatch_poll_failures_total" and ("space", "victim") in labels}

    def until_failed(self, before):
        """The reasons that were added, once the space is seen down."""
        def failed():
            have = self.daemon.metrics()
            added = {r for r, n in self.failures(have).items() if n > before.get(r, 0)}
            return (added, have) if added and have[key("unpod_up", space="victim")] == 0 else None
        return wait_for(failed, "a failed poll", deadline=20)

    def test_every_case_fails_with_its_reason_takes_nothing_away_and_is_recovered_from(self):
        for name, answer, reasons in CASES:
            with self.subTest(name):
                before = self.daemon.metrics()
                self.trouble(answer)
                added, have = self.until_failed(self.failures(before))
                self.assertTrue(added <= reasons, f"{added}, not {reasons}")
                self.assertEqual(total(have, "unpod_tasks", space="victim"), TASKS, "what is known stays")
                self.assertGreaterEqual(have[key("runwatch_runs_failing", space="victim")], 1)
                self.assertEqual(have[key("unpod_up", space="healthy")], 1)
                self.check_error_text(reasons)
                self.assert_healthy_goes_on()
                self.platform.trouble = None
                wait_for(self.is_well, f"recovery from {name}", deadline=20)
        self.assertLess(resident(self.daemon.pid), 64 << 20)

    def check_error_text(self, reasons):
        spaces = json.loads(self.daemon.get("/api/v1/status").text)["spaces"]
        error = next(s for s in spaces if s["name"] == "victim")["last_error"]
        self.assertIn(error["reason"], reasons)
        self.assertLessEqual(len(error["text"]), 400)
        self.assertTrue(error["text"].isprintable(), error["text"])
        self.assertNotIn(harness.API_TOKEN, error["text"])
        self.assertNotIn(VICTIM, error["text"])

    def assert_healthy_goes_on(self):
        polls = total(self.daemon.metrics(), "runwatch_polls_total", space="healthy")
        wait_for(lambda: total(self.daemon.metrics(), "runwatch_polls_total", space="healthy") > polls + 1,
                 "polls of the healthy space")

    def test_a_redirect_is_not_followed_and_the_token_stays_home(self):
        before = self.daemon.metrics()
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            target = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
            self.trouble(raw(http("", "302 Found", [("Location", target)])))
            added, _ = self.until_failed(self.failures(before))
            self.assertEqual(added, {"redirect"})
            elsewhere.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                elsewhere.accept()
        self.platform.trouble = None
        wait_for(self.is_well, "recovery")

    def test_the_platforms_own_message_is_told(self):
        self.trouble(raw(http({"status_code": 206, "message": "You Don't have Access to this Space\u202e\x1b[31m",
                               "data": {}}, "206 Partial Content")))
        self.until_failed(self.failures(self.daemon.metrics()))
        self.check_error_text({"business_error"})
        self.assertIn("have Access to this Space", self.daemon.get("/api/v1/status").text)
        self.platform.trouble = None
        wait_for(self.is_well, "recovery")

    def test_trouble_with_the_list_of_runs_takes_no_run_away(self):
        self.trouble(body({**envelope([]), "data": None}), call="runs")
        added, have = self.until_failed(self.failures(self.daemon.metrics()))
        self.assertEqual(added, {"bad_schema"})
        self.assertEqual(total(have, "unpod_run_tasks", space="victim"), TASKS)
        self.platform.trouble = None
        wait_for(self.is_well, "recovery")

    def test_rows_that_repeat_on_shifted_pages_count_once(self):
        before = total(self.daemon.metrics(), "runwatch_poll_duplicate_rows_total", space="victim")
        polls = total(self.daemon.metrics(), "runwatch_polls_total", space="victim")
        shifted = rows()[:20] + rows()[19:]
        self.trouble(lambda asked, c: http(envelope(shifted[(asked.page - 1) * 20:][:20], TASKS)))
        wait_for(lambda: total(self.daemon.metrics(), "runwatch_polls_total", space="victim") > polls + 3, "polls")
        self.assertTrue(self.is_well())
        self.assertGreater(total(self.daemon.metrics(), "runwatch_poll_duplicate_rows_total", space="victim"), before)
        self.platform.trouble = None

    def test_odd_fields_fail_no_poll(self):
        odd = [{"output": value} for value in (None, 7, "text", [], {"call_id": 7, "duration": "long", "cost": None})]
        odd += [{"created": value} for value in ("soon", {"$date": "x"}, 7, "9999-12-31T23:59:59Z", {"$date": 1e300})]
        odd += [{"output": {"call_id": "c", "duration": d, "cost": d}} for d in (-1, 1e308, "", [], True)]
        odd += [{"assignee": "a\x00\n\x1b\u202e" + "x" * 1000}, {"input": {"name": "\ud800"}}]
        data = [{**row, **odd[i % len(odd)]} for i, row in enumerate(rows())]
        polls = total(self.daemon.metrics(), "runwatch_polls_total", space="victim")
        failures = total(self.daemon.metrics(), "runwatch_poll_failures_total", space="victim")
        self.trouble(lambda asked, c: http(page(asked, data)))
        wait_for(lambda: total(self.daemon.metrics(), "runwatch_polls_total", space="victim") > polls + 5, "polls")
        have = self.daemon.metrics()
        self.assertEqual(total(have, "runwatch_poll_failures_total", space="victim"), failures)
        self.assertGreater(total(have, "unpod_task_bad_fields_total", space="victim"), 0)
        self.platform.trouble = None
        wait_for(self.is_well, "recovery")

if __name__ == "__main__":
    unittest.main()
