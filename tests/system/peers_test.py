"""Trouble below and beside the platform's answers: connections, refused credentials, being asked to wait, large
worlds, tasks that disappear; and bad clients of our own server."""
import socket
import threading
import time
import unittest

import harness
from harness import Daemon, folder, key, total, wait_for, write_config
from peer import HEALTHY, KEPT, VICTIM, Platform, http, make_task, run_id, task_id

RUN = run_id(1)


def start(platform_url, api=None, poll=None, token=None, space=HEALTHY, max_runs=50, prefix=()):
    spaces = [{"token": space, "name": "space", "max_age": "3000d", "max_runs": max_runs}]
    config = write_config(folder() / "c.toml", platform_url, spaces, api=api, poll=poll, store={"retention": "4000d"},
                          **({"token": token} if token else {}))
    return Daemon(config, prefix=prefix)


def failures(daemon):
    return {dict(labels)["reason"]: value for (name, labels), value in daemon.metrics().items()
            if name == "runwatch_poll_failures_total" and value > 0}


class ConnectionTest(unittest.TestCase):
    def first_failure(self, url):
        daemon = start(url, api={"timeout": "500ms"})
        try:
            reasons = wait_for(lambda: failures(daemon), "a failed poll", deadline=20)
            daemon.wait_ready()
            self.assertEqual(daemon.metrics()[key("unpod_up", space="space")], 0)
            self.assertIsNone(total(daemon.metrics(), "unpod_tasks"), "nothing is claimed that is not known")
            code, took = daemon.stop()
            self.assertEqual(code, 0)
            self.assertLess(took, 3)
            return set(reasons)
        finally:
            daemon.kill()

    def test_a_refused_connection_is_told_as_connect(self):
        self.assertEqual(self.first_failure(f"http://127.0.0.1:{harness.free_port()}"), {"connect"})

    def test_a_name_without_address_is_told_as_dns(self):
        self.assertTrue(self.first_failure("http://runwatch.invalid") <= {"dns", "timeout"})

    def test_a_peer_that_takes_no_connection_runs_into_the_deadline(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            port = listener.getsockname()[1]
            full = []
            for _ in range(4):  # the queue is full from here on: further SYNs are dropped
                s = socket.socket()
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", port))
                full.append(s)
            self.assertTrue(self.first_failure(f"http://127.0.0.1:{port}") <= {"timeout", "connect"})
            for s in full:
                s.close()

    def test_tls_to_a_peer_without_tls_is_told_as_tls(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def answer():
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    connection.sendall(http("what?", "400 Bad Request"))
                    connection.close()
            threading.Thread(target=answer, daemon=True).start()
            self.assertEqual(self.first_failure(f"https://127.0.0.1:{listener.getsockname()[1]}"), {"tls"})
            listener.shutdown(socket.SHUT_RDWR)


class UnaskedTest(unittest.TestCase):
    def polled_beside(self, unasked):
        """What is known after some polls of two runs over one connection on which `unasked(answer)` follows each list
        of tasks."""
        platform = Platform({HEALTHY: {RUN: [make_task(n, "failed") for n in (1, 2, 3)],
                                       run_id(2): [make_task(n, "completed") for n in (4, 5)]}})
        answered = []

        def trouble(asked, connection):
            answer, more = platform.answer(asked), b""
            if asked.call == "tasks":
                answered.append(asked.run)
                if len(answered) > 2:
                    more = unasked(answer)
            connection.sendall(answer + more)  # at once: what comes behind the next request nobody can tell from its answer
            return KEPT
        platform.trouble = trouble
        daemon = start(platform.url, api={"concurrency": 1}, poll={"interval": "1s", "idle_interval": "1s"})
        wait_for(lambda: len(answered) > 12, "some polls")
        found = (failures(daemon), total(daemon.metrics(), "unpod_tasks", status="failed"),
                 total(daemon.metrics(), "unpod_tasks", status="completed"))
        daemon.kill()
        platform.close()
        return found

    def test_what_comes_unasked_behind_an_answer_is_no_answer(self):
        cases = {"the answer again": lambda answer: answer,
                 "a timeout": lambda answer: http("", "408 Request Timeout"),
                 "noise": lambda answer: b"noise"}
        for name, unasked in cases.items():
            with self.subTest(name):
                self.assertEqual(self.polled_beside(unasked), ({}, 3, 2))


class DescriptorsTest(unittest.TestCase):
    def test_idle_connections_leave_the_polls_and_the_store_their_descriptors(self):
        tasks = [make_task(1)]
        platform = Platform({HEALTHY: {RUN: tasks}})
        platform.trouble = lambda asked, connection: platform.answer(asked)  # a connection for each request
        daemon = start(platform.url, poll={"interval": "1s", "idle_interval": "1s"},
                       prefix=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh"))
        daemon.wait_ready()
        idle = [socket.create_connection(daemon.address.rsplit(":", 1), timeout=10) for _ in range(100)]
        for number in range(2, 8):  # each a poll and a commit
            tasks.append(make_task(number))
            wait_for(lambda n=number: total(daemon.metrics(), "unpod_tasks") == n, "the new task")
        self.assertEqual(failures(daemon), {})
        for s in idle:
            s.close()
        daemon.kill()
        platform.close()


class CredentialsTest(unittest.TestCase):
    def test_a_refused_token_is_read_again_and_a_changed_file_ends_the_pause(self):
        for status, message in (("401 Unauthorized", "Invalid token."), ("403 Forbidden", "Token has expired.")):
            with self.subTest(status=status):
                self.refuse_and_accept(status, message)

    def refuse_and_accept(self, status, message):
        platform = Platform({HEALTHY: {RUN: [make_task(1)]}})
        accepted = ["new-token"]

        def refuse(asked, connection):
            if asked.headers.get("authorization") != f"Token {accepted[0]}":
                return http({"status_code": int(status[:3]), "message": message}, status)
            return None
        platform.trouble = refuse
        token_file = folder() / "token"
        token_file.write_text("old-token\n")
        token_file.chmod(0o600)
        config = write_config(folder() / "c.toml", platform.url, [{"token": HEALTHY, "name": "space"}],
                              api={"token_file": str(token_file)}, token=None)
        daemon = Daemon(config)
        wait_for(lambda: "auth" in failures(daemon), "a refusal")
        polls = total(daemon.metrics(), "runwatch_polls_total")
        asked = len(platform.asked)
        self.assertNotIn("old-token", daemon.log)
        self.assertLessEqual(asked, 4, "polls pause")
        token_file.write_text("new-token\n")
        wait_for(lambda: daemon.metrics().get(key("unpod_up", space="space")) == 1, "the new token", deadline=30)
        self.assertGreater(total(daemon.metrics(), "runwatch_polls_total"), polls)
        daemon.kill()
        platform.close()


class RetryAfterTest(unittest.TestCase):
    def paused_for(self, status, value, pauses):
        """The pause, in seconds, that one such answer brings."""
        platform = Platform({HEALTHY: {RUN: [make_task(1)]}})
        if value == "in a minute":
            value = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
        platform.trouble = lambda asked, c: http("", status, [("Retry-After", value)] if value else [])
        daemon = start(platform.url, poll={"interval": "2s", "discovery_interval": "2s"})

        def until():
            return daemon.metrics().get(key("runwatch_api_paused_until_timestamp_seconds"), 0)
        wait_for(lambda: failures(daemon), "a failure")
        if pauses:
            wait_for(until, "the pause")
        now, pause = time.time(), until()
        reasons = set(failures(daemon))
        daemon.kill()
        platform.close()
        return reasons, max(0.0, pause - now)

    def test_what_the_platform_asks_for_is_clamped(self):
        cases = [("429 Too Many Requests", "30", 27, 31), ("429 Too Many Requests", "999999999999999999999", 850, 901),
                 ("503 Unavailable", "40", 37, 41), ("429 Too Many Requests", "in a minute", 52, 61),
                 ("429 Too Many Requests", "-5", 0, 3), ("429 Too Many Requests", "soon", 0, 3),
                 ("429 Too Many Requests", "Thu, 01 Jan 1970 00:00:00 GMT", 0, 3), ("503 Unavailable", "", 0, 3)]
        for status, value, low, high in cases:
            with self.subTest(status=status, value=value):
                reasons, pause = self.paused_for(status, value, low > 0)
                self.assertEqual(reasons, {"rate_limited" if status.startswith("429") else "server_error"})
                self.assertTrue(low <= pause <= high, pause)


class ShrunkenTest(unittest.TestCase):
    def run_with(self, tasks):
        platform = Platform({HEALTHY: {RUN: [make_task(n) for n in range(tasks, 0, -1)]}})
        daemon = start(platform.url, poll={"interval": "500ms", "idle_interval": "500ms"})
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == tasks, "the tasks")
        return platform, daemon

    def test_one_missing_task_is_gone_after_the_third_whole_poll_and_its_return_is_no_first_sight(self):
        platform, daemon = self.run_with(10)
        tasks = platform.tasks[HEALTHY][RUN]
        lost = tasks.pop(4)
        asked = len([a for a in platform.asked if a.call == "tasks"])
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == 9, "the task to go", pause=0.01)
        walks = len([a for a in platform.asked if a.call == "tasks"]) - asked
        self.assertIn(walks, (3, 4), "a poll may have been under way")
        self.assertEqual(total(daemon.metrics(), "unpod_task_transitions_total", to="gone"), 1)
        self.assertEqual(failures(daemon), {})
        tasks.insert(4, lost)
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == 10, "the return")
        have = daemon.metrics()
        self.assertEqual(total(have, "unpod_task_transitions_total", **{"from": "none"}), 11)
        self.assertEqual(total(have, "unpod_task_retries_total"), 0)
        daemon.kill()
        platform.close()

    def test_a_walk_that_lacks_much_is_not_believed_twice_and_yet_tells_of_what_is_there(self):
        platform, daemon = self.run_with(20)
        tasks = platform.tasks[HEALTHY][RUN]
        platform.tasks[HEALTHY][RUN] = [{**tasks[0], "status": "failed"}, *tasks[1:10]]
        seen = set()

        def gone():
            have = daemon.metrics()
            seen.add((failures(daemon).get("shrunken", 0), total(have, "unpod_tasks"),
                      have[key("unpod_tasks", space="space", status="failed")]))
            return total(have, "unpod_tasks") == 10
        wait_for(gone, "the third walk", pause=0.01)
        self.assertIn((1, 20, 1), seen, "the first keeps all and counts the failure")
        self.assertIn((2, 20, 1), seen, "so does the second")
        self.assertEqual(total(daemon.metrics(), "unpod_task_transitions_total", to="gone"), 10)
        wait_for(lambda: daemon.metrics()[key("unpod_up", space="space")] == 1, "belief")
        daemon.kill()
        platform.close()


class SizeTest(unittest.TestCase):
    def test_a_hundred_thousand_tasks_in_a_run_and_ten_thousand_runs_are_taken(self):
        runs = {run_id(n): [] for n in range(10_000, 0, -1)}
        runs[run_id(10_000)] = [{"task_id": task_id(n), "status": "completed"} for n in range(100_000)]
        platform = Platform({HEALTHY: runs})
        daemon = start(platform.url, api={"page_size": 5000}, poll={"interval": "1s", "discovery_interval": "1s"})
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == 100_000, "all tasks")
        have = daemon.metrics()
        self.assertEqual(total(have, "unpod_runs"), 10_000)
        self.assertEqual(have[key("runwatch_runs_watched", space="space")], 50)
        self.assertEqual(have[key("runwatch_runs_not_watched", space="space")], 9_950)
        daemon.kill()
        platform.close()


class OurServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform({VICTIM: {RUN: [make_task(1)]}})
        spaces = [{"token": VICTIM, "name": "<script>alert(1)</script>\"'&"}]
        cls.daemon = Daemon(write_config(folder() / "c.toml", cls.platform.url, spaces)).wait_ready()
        cls.host, port = cls.daemon.address.split(":")
        cls.port = int(port)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.kill()
        cls.platform.close()

    def connect(self, data=b""):
        s = socket.create_connection((self.host, self.port), timeout=10)
        s.sendall(data)
        return s

    def memory(self):
        with open(f"/proc/{self.daemon.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    def test_it_answers_while_hundreds_of_bad_connections_are_open(self):
        silent = [self.connect() for _ in range(200)]
        readers = [self.connect(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20) for _ in range(200)]
        dripping = [self.connect(b"G") for _ in range(100)]
        stop = threading.Event()

        def drip():
            while not stop.wait(0.2):
                for s in dripping:
                    try:
                        s.send(b"E")
                    except OSError:
                        pass
        dripper = threading.Thread(target=drip)
        dripper.start()
        for path in ("/-/healthy", "/metrics") * 5:
            began = time.monotonic()
            self.assertEqual(self.daemon.get(path).status, 200)
            self.assertLess(time.monotonic() - began, 1)
        stop.set()
        dripper.join()
        for s in (*silent, *readers, *dripping):
            s.close()

    def test_giants_are_refused_and_leave_no_trace_in_memory(self):
        before = self.memory()
        giants = {"line": (b"GET /", b"a" * 65536, 800), "header": (b"GET / HTTP/1.1\r\nX: ", b"a" * 65536, 800),
                  "headers": (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 10_000, 30),
                  "chunks": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                             b"10000\r\n" + b"a" * 65536 + b"\r\n", 3000),
                  "length": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", b"a", 1),
                  "ranges": (b"GET /metrics HTTP/1.1\r\nHost: x\r\n", b"Range: bytes=" + b"0-0," * 1500 + b"\r\n", 3)}
        for name, (begin, part, times) in giants.items():
            with self.subTest(name):
                s = self.connect(begin)
                try:
                    for _ in range(times):
                        s.sendall(part)
                    s.sendall(b"\r\n\r\n")
                    while s.recv(65536):
                        pass
                except OSError:
                    pass
                s.close()
                self.assertEqual(self.daemon.get("/-/healthy").status, 200)
        self.assertLess(self.memory() - before, 8 << 20)

    def test_methods_and_paths_that_are_not_ours_get_their_status(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"):
            self.assertEqual(self.daemon.get("/metrics", method=method).status, 405, method)
        for path in ("/nothing<script>", "/..%2f..%2fetc/passwd", "/%00", "/" + "a" * 8000, "/metrics/", "//metrics"):
            answer = self.daemon.get(path)
            self.assertIn(answer.status, (400, 404, 414, 431), path[:30])
            self.assertNotIn("script>", answer.text)
        head = self.daemon.get("/metrics", method="HEAD")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_the_page_escapes_names_and_refuses_foreign_hosts(self):
        answer = self.daemon.get("/")
        self.assertEqual(answer.status, 200)
        self.assertNotIn("<script>alert", answer.text)
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        for path in ("/", "/api/v1/status", "/api/v1/runs"):
            status = self.daemon.get(path, headers={"Host": "evil.example"}).status
            self.assertTrue(400 <= status < 500, f"{path}: {status}")
        self.assertEqual(self.daemon.get("/metrics", headers={"Host": "evil.example"}).status, 200)
        self.assertFalse([h for h in answer.headers if h.lower().startswith("access-control")])


if __name__ == "__main__":
    unittest.main()
