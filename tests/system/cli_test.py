"""The command line: exit codes, messages that name no secret, signals, and what `check` and `once` say."""
import json
import os
import signal
import socket
import time
import unittest

import harness
from harness import Daemon, folder, key, request, run_command, total, wait_for, write_config
from peer import HEALTHY, Platform, envelope, http, make_task, run_id

GOOD, USAGE, UNAVAILABLE, TEMPORARY, REFUSED, CONFIGURATION = 0, 64, 69, 75, 77, 78
SECRET = "sEcReT-t0k3n-nobody-may-read"


def tasks():
    return [make_task(1, "failed"), make_task(2, "completed"), make_task(3)]


class CliTest(unittest.TestCase):
    def setUp(self):
        self.platform = Platform({HEALTHY: {run_id(1): tasks()}})
        self.config = self.write()

    def tearDown(self):
        self.platform.close()

    def write(self, url=None, **options):
        spaces = [{"token": HEALTHY, "name": "sales", "max_age": "3000d"}]
        return write_config(folder() / "runwatch.toml", url or self.platform.url, options.pop("spaces", spaces),
                            store={"retention": "4000d"}, **{"token": SECRET, **options})

    def check_exit(self, code, *arguments, env=None):
        done = run_command(arguments, env)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertNotIn(HEALTHY, done.stderr)
        return done

    def test_version_and_help_answer_a_stranger(self):
        self.assertRegex(self.check_exit(GOOD, "version").stdout, r"runwatch \d+\.\d+\.\d+")
        text = self.check_exit(GOOD, "--help").stdout
        for word in ("serve", "check", "once", "demo", "simulate", "version", "--config"):
            self.assertIn(word, text)
        for command in ("serve", "check", "once", "demo", "simulate"):
            self.assertIn("--help", self.check_exit(GOOD, command, "--help").stdout)

    def test_what_is_no_command_is_a_usage_error(self):
        for arguments in (["fly"], ["serve", "--fly"], ["once", "--format", "xml"], ["simulate", "--listen", "x"],
                          ["serve", "--config"]):
            with self.subTest(arguments):
                self.assertTrue(self.check_exit(USAGE, *arguments).stderr)

    def test_every_problem_of_a_configuration_is_told_with_its_place(self):
        self.config.write_text('[api]\nbase_ur = "http://x"\ntoken = "' + SECRET + '"\n[poll]\ninterval = 30\n')
        for command in ("check", "serve", "once"):
            done = self.check_exit(CONFIGURATION, command, "--config", self.config)
            text = done.stderr + done.stdout
            self.assertRegex(text, r"runwatch\.toml:2:\d+: .*base_ur\b[\s\S]*base_url")
            self.assertRegex(text, r"runwatch\.toml:5:\d+: ")

    def test_what_is_no_configuration_file_is_refused(self):
        place = folder()
        os.mkfifo(place / "fifo")
        (place / "big").write_text("#" * 70_000)
        (place / "binary").write_bytes(b"[api]\ntoken = \"\xff\"\n")
        for path in (place / "missing", place, place / "fifo", place / "big", place / "binary"):
            with self.subTest(path.name):
                self.assertIn(str(path), self.check_exit(CONFIGURATION, "check", "--config", path).stderr)

    def test_check_is_content_without_asking_or_writing_anything(self):
        self.check_exit(GOOD, "check", "--config", self.config)
        self.assertEqual(self.platform.asked, [])
        self.assertEqual([p.name for p in self.config.parent.iterdir()], ["runwatch.toml"])

    def test_check_live_tells_good_refused_and_unreachable_apart(self):
        self.check_exit(GOOD, "check", "--live", "--config", self.config)
        self.platform.trouble = lambda a, c: http({"status_code": 401, "message": "Invalid token."}, "401 No")
        self.check_exit(REFUSED, "check", "--live", "--config", self.config)
        away = self.write(f"http://127.0.0.1:{harness.free_port()}")
        self.check_exit(UNAVAILABLE, "check", "--live", "--config", away)

    def test_once_prints_the_same_truth_in_three_forms(self):
        table = self.check_exit(GOOD, "once", "--config", self.config).stdout
        self.assertIn("sales", table)
        prometheus = self.check_exit(GOOD, "once", "--config", self.config, "--format", "prometheus").stdout
        have = harness.parse_metrics(prometheus)
        self.assertEqual({s: have[key("unpod_tasks", space="sales", status=s)] for s in ("failed", "completed",
                                                                                         "pending", "hold")},
                         {"failed": 1, "completed": 1, "pending": 1, "hold": 0})
        self.assertFalse([name for name, _ in have if name.endswith("_total")], "no counters")
        document = json.loads(self.check_exit(GOOD, "once", "--config", self.config, "--format", "json").stdout)
        self.assertIn('"failed": 1', json.dumps(document))
        self.assertFalse((self.config.parent / "state.db").exists(), "no store")

    def test_once_says_by_its_code_why_it_saw_nothing_whole(self):
        self.platform.trouble = lambda a, c: http("", "500 Oops") if a.call == "tasks" else None
        self.check_exit(UNAVAILABLE, "once", "--config", self.config)
        self.platform.trouble = lambda a, c: http(envelope([], 7)) if a.call == "tasks" else None
        self.check_exit(UNAVAILABLE, "once", "--config", self.config)
        self.platform.trouble = lambda a, c: http({"message": "Invalid token."}, "401 Unauthorized")
        self.check_exit(REFUSED, "once", "--config", self.config)

    def test_the_token_may_come_from_the_environment_or_a_credential(self):
        config = self.write(token=None)
        self.check_exit(CONFIGURATION, "check", "--config", config)
        self.check_exit(GOOD, "check", "--config", config, env={"RUNWATCH_API_TOKEN": SECRET})
        credentials = folder()
        (credentials / "unpod-token").write_text(SECRET + "\n")
        self.check_exit(GOOD, "once", "--config", config, env={"CREDENTIALS_DIRECTORY": str(credentials)})
        self.assertEqual(self.platform.asked[-1].headers["authorization"], f"Token {SECRET}")
        broken = folder() / "token"
        broken.write_text(SECRET + " and more\n")
        config = self.write(token=None, api={"token_file": str(broken)})
        done = self.check_exit(CONFIGURATION, "check", "--config", config)
        self.assertIn(str(broken), done.stderr + done.stdout)

    def test_a_port_in_use_is_told_before_readiness(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.check_exit(TEMPORARY, "serve", "--config", self.write(server={"listen": address}))
        self.assertIn(address, done.stderr)
        self.assertNotIn("msg=listening", done.stderr)

    def test_a_second_instance_on_the_database_is_refused_and_the_first_unharmed(self):
        first = Daemon(self.config).wait_ready()
        began = time.monotonic()
        done = self.check_exit(TEMPORARY, "serve", "--config", self.config)
        self.assertLess(time.monotonic() - began, 2)
        self.assertIn("state.db", done.stderr)
        wait_for(lambda: total(first.metrics(), "unpod_tasks") == 3, "the first goes on")
        first.kill()

    def test_a_damaged_or_newer_database_is_neither_used_nor_replaced(self):
        for content in (b"SQLite format 3\x00" + b"\xa5" * 8000, b"no database at all" * 500):
            with self.subTest(content[:8]):
                config = self.write()
                path = config.parent / "state.db"
                path.write_bytes(content)
                self.check_exit(CONFIGURATION, "serve", "--config", config)
                self.assertEqual(path.read_bytes(), content)

    def test_no_place_for_a_database_is_told(self):
        done = self.check_exit(TEMPORARY, "serve", "--config", self.write_store("/proc/no/such/place/state.db"))
        self.assertIn("/proc/no/such/place", done.stderr)

    def write_store(self, path):
        return write_config(folder() / "runwatch.toml", self.platform.url, [{"token": HEALTHY}], token=SECRET,
                            store={"path": path})

    def test_sigterm_ends_it_within_a_second_even_while_the_platform_hangs(self):
        for hang in (False, True):
            self.platform.trouble = (lambda a, c: c.recv(1) and None) if hang else None
            for number in (signal.SIGTERM, signal.SIGINT):
                asked = len(self.platform.asked)
                daemon = Daemon(self.config)
                wait_for(lambda: daemon.address, "the address")
                wait_for(lambda: len(self.platform.asked) > asked, "a request")
                began = time.monotonic()
                daemon.signal(number)
                self.assertEqual(daemon.process.wait(10), 0, daemon.log)
                self.assertLess(time.monotonic() - began, 1.5)
                self.assertNotIn(SECRET, daemon.log)

    def test_sigpipe_and_a_storm_of_sighup_leave_it_alone(self):
        daemon = Daemon(self.config).wait_ready()
        daemon.signal(signal.SIGPIPE)
        for _ in range(100):
            daemon.signal(signal.SIGHUP)
        polls = total(daemon.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(daemon.metrics(), "runwatch_polls_total") > polls + 3, "polls")
        self.assertEqual(daemon.metrics()[key("runwatch_config_last_reload_successful")], 1)
        daemon.kill()

    def test_a_reload_takes_a_good_file_and_keeps_the_old_one_for_a_bad_one(self):
        daemon = Daemon(self.config)
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == 3, "the tasks")
        good = self.config.read_text()
        self.config.write_text("[api]\nnonsense = 1\n")
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: daemon.metrics()[key("runwatch_config_last_reload_successful")] == 0, "the refusal")
        self.assertEqual(total(daemon.metrics(), "unpod_tasks"), 3)
        self.config.write_text(good.replace('"sales"', '"support"'))
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks", space="support") == 3, "the new name")
        self.assertEqual(daemon.metrics()[key("runwatch_config_last_reload_successful")], 1)
        daemon.kill()

    def test_the_demo_moves_within_ten_seconds(self):
        demo = harness.Server(["demo"])
        wait_for(lambda: "/metrics" in demo.log, "the address", deadline=10)
        url = next(word for word in demo.log.replace('"', " ").replace("=", " ").split()
                   if word.startswith("http://") and word.endswith("/metrics"))
        address = url.removeprefix("http://").removesuffix("/metrics")

        def changes():
            have = harness.parse_metrics(request(address, "/metrics").text)
            return sum(v for (n, labels), v in have.items()
                       if n == "unpod_task_transitions_total" and ("from", "none") not in labels)
        wait_for(changes, "a change", deadline=10)
        code, took = demo.stop()
        self.assertEqual(code, 0)
        self.assertLess(took, 2)


if __name__ == "__main__":
    unittest.main()
