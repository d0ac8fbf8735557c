"""The command line: exit codes, messages that name no secret, signals, and what `check` and `once` say."""
import contextlib
import email.utils
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
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

    def test_every_command_tells_its_exit_codes_and_describe_says_what_help_says(self):
        def look_at(command, path):
            text = self.check_exit(GOOD, *path, "--help").stdout
            self.assertRegex(text, r"\nExit codes:\n  0   good\n")
            self.assertIn(command["about"], text)
            self.assertIn(command["footer"], text)
            self.assertTrue(text.find(command["usage"]) >= 0, command["usage"])
            for option in command["options"]:
                self.assertIn(option["text"], text)
                self.assertIn(f"{','.join(option['names'])} {option['value']}".strip(), text)
            shown = re.findall(r"^  ([a-z]+) ", text.partition("\nSubcommands:\n")[2].partition("\n\n")[0], re.M)
            self.assertEqual([inner["name"] for inner in command["commands"]], shown)
            for inner in command["commands"]:
                look_at(inner, [*path, inner["name"]])
        app = json.loads(self.check_exit(GOOD, "describe").stdout)
        self.assertGreater(len(app["commands"]), 8)
        look_at(app, [])

    def test_a_command_that_is_none_is_answered_with_those_that_are(self):
        for words, text in ((["lst"], "runwatch: there is no `lst`; there are serve, check, "),
                            (["alerts", "lst"], "runwatch alerts: there is no `lst`; there are list, show, "),
                            (["alerts"], "runwatch alerts: say which: list, show, "),
                            (["silence", "rm", "3"], "runwatch silence: there is no `rm`; there are add, "),
                            (["alerts", "list", "x"], "runwatch alerts list: The following argument was not expected"),
                            (["alerts", "show", ""], "id: is empty: give an id as `alerts list` shows them"),
                            (["alerts", "drop", ""], "ids: is empty: give an id as `alerts list` shows them")):
            with self.subTest(words):
                self.assertIn(text, self.check_exit(USAGE, *words).stderr)

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

    def check_both(self, code, config, text, env=None):
        """`check` finds without a trace what `serve` ends with, in the same words."""
        before = sorted(config.parent.rglob("*"))
        for command in ("check", "serve"):
            done = self.check_exit(code, command, "--config", config, env=env)
            self.assertIn(text, done.stderr)
            self.assertNotIn("is good", done.stdout)
            self.assertEqual(sorted(config.parent.rglob("*")), before)

    def test_check_finds_what_serve_would_stumble_over_and_leaves_no_trace(self):
        place = folder()
        sqlite3.connect(place / "foreign.db").executescript("CREATE TABLE t(x); INSERT INTO t VALUES(1);")
        (place / "empty.db").touch()
        (place / "text.db").write_text("no database at all\n" * 100)
        (place / "gone.db-wal").write_text("what was written last")
        for path, code, text in ((place, CONFIGURATION, "is not a regular file"),
                                 (place / "missing" / "state.db", TEMPORARY, f"{place}/missing"),
                                 (place / "foreign.db", CONFIGURATION, "is a database of another program"),
                                 (place / "empty.db", CONFIGURATION, "is empty"),
                                 (place / "text.db", CONFIGURATION, "text.db"),
                                 (place / "gone.db", CONFIGURATION, "is gone")):
            with self.subTest(path):
                self.check_both(code, self.write_store(str(path)), text)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.check_both(TEMPORARY, self.used(self.write(server={"listen": address})), address)
        self.check_both(CONFIGURATION, self.used(self.write(server={"listen": "192.0.2.1:10321"})), "192.0.2.1:10321")

    def used(self, config):
        """With a database, so that nothing is made before the port is looked at."""
        good = self.write(server={"listen": "127.0.0.1:0"})
        Daemon(good).wait_ready().stop()
        shutil.copy(good.parent / "state.db", config.parent)
        return config

    def test_check_beside_the_running_daemon_is_content_and_says_that_it_runs(self):
        daemon = Daemon(self.config).wait_ready()
        config = self.config.with_name("second.toml")
        config.write_text(self.config.read_text().replace("127.0.0.1:0", daemon.address))
        done = self.check_exit(GOOD, "check", "--config", config)
        self.assertRegex(done.stderr, rf"note: database .*state\.db: process {daemon.pid} has it open")
        self.assertRegex(done.stderr, rf"note: port {daemon.address.split(':')[1]} is in use")
        polls = total(daemon.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(daemon.metrics(), "runwatch_polls_total") > polls + 3, "polls")
        self.check_exit(TEMPORARY, "serve", "--config", self.config)  # it still has its lock
        self.assertEqual(daemon.stop()[0], 0)

    def test_check_tells_of_a_control_socket_that_cannot_be_made(self):
        config = folder() / "c.toml"
        config.write_text(f'control = "{folder()}/none/c.sock"\n' + self.config.read_text())
        self.assertIn("/none: No such file or directory; make the folder",
                      self.check_exit(GOOD, "check", "--config", config).stderr)

    def test_the_shortest_configuration_runs_and_makes_the_state_folder(self):
        config = folder() / "runwatch.toml"
        config.write_text(f'[api]\nbase_url = "{self.platform.url}"\ntoken = "{SECRET}"\n[[spaces]]\n'
                          f'token = "{HEALTHY}"\n[server]\nlisten = "127.0.0.1:0"\n')
        state = folder() / "above" / "runwatch"
        env = {"STATE_DIRECTORY": str(state)}
        self.assertIn(f"will make the state folder {state}",
                      self.check_exit(GOOD, "check", "--config", config, env=env).stderr)
        self.assertFalse(state.parent.exists())
        daemon = Daemon(config, env).wait_ready()
        self.assertEqual(state.stat().st_mode & 0o777, 0o700)
        self.assertEqual(daemon.log.count("made the state folder"), 1)
        self.assertEqual(daemon.stop()[0], 0)
        self.assertTrue((state / "state.db").exists())
        self.check_both(TEMPORARY, config, f"cannot make the state folder {config}/none: Not a directory",
                        env={"STATE_DIRECTORY": f"{config}/none"})

    def test_check_live_tells_a_cause_once(self):
        refusal = {"message": "Invalid token."}
        self.platform.trouble = lambda a, c: http(refusal, "401 No")
        done = self.check_exit(REFUSED, "check", "--live", "--config", self.config)
        self.assertEqual(done.stdout.count("Invalid token."), 1)
        self.assertIn("it stands in api.token", done.stdout)
        self.platform.trouble = lambda a, c: http({"message": "Not a member."}, "403 No")
        done = self.check_exit(REFUSED, "check", "--live", "--config", self.config)
        self.assertEqual(done.stdout.count("Not a member."), 1)
        self.assertIn("as above", done.stdout)
        away = self.write(f"http://127.0.0.1:{harness.free_port()}")
        done = self.check_exit(UNAVAILABLE, "check", "--live", "--config", away)
        self.assertEqual(done.stdout.count("✗ "), 1)

    def test_check_live_looks_at_what_surrounds_the_daemon(self):
        down = f"http://127.0.0.1:{harness.free_port()}/secret"
        alerts = (f'[[alerts.receivers]]\nname = "ops"\nurl = "{self.platform.url}/secret"\n'
                  f'[[alerts.receivers]]\nname = "crm"\nurl = "{down}"\n')
        config = folder() / "c.toml"
        config.write_text(self.config.read_text() + alerts)
        before = len(self.platform.asked)
        done = self.check_exit(UNAVAILABLE, "check", "--live", "--config", config)
        self.assertRegex(done.stdout, r"✓ disk +\d+ [MG]iB free for .*\.db")
        self.assertRegex(done.stdout, r"✓ platform +127\.0\.0\.1:\d+ answers at 127\.0\.0\.1, without TLS")
        self.assertRegex(done.stdout, r"✓ receiver ops +127\.0\.0\.1:\d+ answers")
        self.assertRegex(done.stdout, r"✗ receiver crm +cannot connect to 127\.0\.0\.1:\d+: Connection refused; check")
        self.assertNotIn("secret", done.stdout)
        self.assertFalse([a.path for a in self.platform.asked[before:] if "secret" in a.path], "nothing is sent")

    def test_check_live_tells_of_a_clock_that_is_wrong(self):
        for by, mark in ((-2 * 3600, "✗ clock +this machine's clock is 2 h 0 min ahead of"), (0, "✓ clock +within 1 s")):
            date = email.utils.formatdate(time.time() + by, usegmt=True)
            self.platform.trouble = lambda a, c, d=date: http("", "404 No", [("Date", d)]) if a.path == "/" else None
            done = harness.run_command(["check", "--live", "--config", self.config])
            self.assertRegex(done.stdout, mark)

    def mistype_an_id(self):
        spaces = [{"token": HEALTHY, "name": "sales", "runs": [run_id(1), run_id(9)]}]
        return self.write(spaces=spaces)

    def test_check_live_tells_a_run_that_the_platform_does_not_know(self):
        done = self.check_exit(UNAVAILABLE, "check", "--live", "--config", self.mistype_an_id())
        self.assertRegex(done.stdout, rf"✗ .*{run_id(9)} +unknown to the platform")
        self.assertEqual(done.stdout.count("✗ "), 1)

    def test_once_tells_a_run_that_the_platform_does_not_know(self):
        config = self.mistype_an_id()
        for form in ("table", "json", "prometheus"):
            done = self.check_exit(UNAVAILABLE, "once", "--config", config, "--format", form)
            self.assertIn(f"the platform does not know the run {run_id(9)}", done.stderr)
            self.assertNotIn(run_id(1), done.stderr)

    def test_once_keeps_what_completed_apart_from_what_partially_did(self):
        self.platform.tasks[HEALTHY][run_id(1)] += [make_task(4, "partially_completed"), make_task(5, "completed")]
        lines = self.check_exit(GOOD, "once", "--config", self.config).stdout.splitlines()
        self.assertEqual(lines[0].split()[-5:], ["TASKS", "OPEN", "COMPLETED", "PARTIALLY", "FAILED"])
        self.assertEqual(lines[1].split()[-5:], ["5", "1", "2", "1", "1"])

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

    def test_dev_takes_paths_from_where_its_caller_stands(self):
        root, elsewhere = folder(), folder()
        shutil.copy(pathlib.Path(__file__).parents[2] / "dev", root)
        stubs = {"build/release/daemon/runwatch": 'echo "in $PWD: $*"', "bin/cmake": ":",
                 "bin/dpkg-query": 'for name; do echo "ii  $name"; done'}
        for name, script in stubs.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        env = {**os.environ, "PATH": f"{root}/bin:{os.environ['PATH']}"}
        for arguments in (["--config", "my.toml"], ["--config=my.toml"], ["-c", "my.toml"]):
            done = subprocess.run([root / "dev", "run", *arguments], cwd=elsewhere, env=env, capture_output=True,
                                  text=True, timeout=60, check=True)
            self.assertEqual(done.stdout, f"in {elsewhere}: serve {' '.join(arguments)}\n")
        for arguments in ([], ["--listen", "127.0.0.1:0"]):
            done = subprocess.run([root / "dev", "run", *arguments], cwd=elsewhere, env=env, capture_output=True,
                                  text=True, timeout=60, check=True)
            self.assertEqual(done.stdout, f"in {elsewhere}: {' '.join(['demo', *arguments])}\n")

    def test_the_demo_is_where_the_sample_of_prometheus_looks_and_gives_way_where_that_is_taken(self):
        sample = pathlib.Path(__file__).parents[2] / "etc" / "prometheus" / "prometheus.yml"
        target = re.search(r'targets: \["(.*)"\]\s*$', sample.read_text())[1]
        self.assertIn(f"[{target}, or a free port]", self.check_exit(GOOD, "demo", "--help").stdout)
        host, port = target.split(":")
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # else somebody else has it
                taken.bind((host, int(port)))
                taken.listen()
            demo = harness.Server(["demo"])
            wait_for(lambda: "/metrics" in demo.log, "the address")
            self.assertIn(f"note: port {port} is in use: the demo takes a free one", demo.log)
            self.assertNotIn(f"http://{target}/", demo.log)
            self.assertEqual(demo.stop()[0], 0)

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
