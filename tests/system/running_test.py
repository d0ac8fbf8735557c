"""Commands about the running daemon as a whole: reload, backup, and whether it is alive."""
import concurrent.futures
import os
import sqlite3
import threading
import unittest

from harness import Daemon, Simulator, folder, free_port, run_command, total, wait_for, write_config

GOOD, USAGE, UNAVAILABLE, TEMPORARY, CONFIGURATION = 0, 64, 69, 75, 78


class RunningTest(unittest.TestCase):
    def setUp(self):
        self.platform = Simulator("--spaces", 1, "--runs", 3, "--tasks", 100, "--speed", 60)
        self.space = next(iter(self.platform.spaces()))
        self.place = folder()
        self.config = self.write()

    def write(self, interval="200ms", more=""):
        config = write_config(self.place / "c.toml", self.platform.url, [{"token": self.space, "name": "sales"}],
                              poll={"interval": interval}, server={"listen": "127.0.0.1:0"})
        config.write_text(config.read_text() + more)
        return config

    def control(self):
        return next(self.place.rglob("control.sock"), None)

    def serve(self):
        """The page answers a moment before commands do."""
        daemon = Daemon(self.config).wait_ready()
        wait_for(self.control, "the control socket")
        return daemon

    def say(self, code, *words):
        done = run_command([*words, "--config", self.config])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == GOOD else done.stderr

    def test_reload_says_what_changed_or_why_the_file_was_refused(self):
        daemon = self.serve()
        control = self.control()
        self.assertEqual(self.say(GOOD, "reload"), "reloaded; changed: nothing\n")
        self.write(interval="300ms")
        self.assertEqual(self.say(GOOD, "reload"), "reloaded; changed: poll.interval, poll.idle_interval\n")
        moved = self.write(interval="300ms")
        moved.write_text(moved.read_text().replace("127.0.0.1:0", "127.0.0.1:1"))
        self.assertEqual(self.say(GOOD, "reload"), "reloaded; changed: nothing\nchanges with a restart only: server.listen\n")
        self.write(interval="never", more="[nonsense]\nkey = 1\n")
        told = self.say(CONFIGURATION, "reload")  # by the socket that the file names for all its mistakes
        self.assertIn(f"asking the daemon at {control}", told)
        self.assertRegex(told, r"runwatch: .*poll\.interval .*; and \d more, see the log")
        refused = run_command(["reload", "--control", control])
        self.assertEqual(refused.returncode, CONFIGURATION)
        self.assertRegex(refused.stderr, r"c\.toml:\d+:\d+: poll\.interval .*; and \d more, see the log")
        wait_for(lambda: total(daemon.metrics(), "runwatch_config_last_reload_successful") == 0, "the gauge")
        self.write()
        self.say(GOOD, "reload")
        wait_for(lambda: total(daemon.metrics(), "runwatch_config_last_reload_successful") == 1, "the gauge")

    def test_whoever_asks_for_a_reload_while_it_stops_is_told(self):
        daemon = self.serve()
        codes = []

        def ask():
            for _ in range(20):
                codes.append(run_command(["reload", "--config", self.config]).returncode)
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: codes, "a first answer")
        self.assertEqual(daemon.stop()[0], 0)
        asking.join()
        self.assertLessEqual(set(codes), {GOOD, UNAVAILABLE, TEMPORARY})

    def test_check_running_tells_alive_stuck_and_gone_apart(self):
        self.assertIn("no runwatch answers", self.say(UNAVAILABLE, "check", "--running"))
        daemon = self.serve()
        wait_for(lambda: self.say(GOOD, "check", "--running") == "alive, ready; 1 space, 3 runs, all up\n", "all of it")
        daemon.kill()
        self.assertIn("no runwatch answers", self.say(UNAVAILABLE, "check", "--running"))

    def test_a_daemon_that_cannot_reach_the_platform_is_alive(self):
        self.config = write_config(self.place / "d.toml", f"http://127.0.0.1:{free_port()}",
                                   [{"token": self.space, "name": "sales"}])
        with_trouble = Daemon(self.config)
        wait_for(lambda: run_command(["check", "--running", "--config", self.config]).returncode == GOOD, "the daemon")
        self.assertIn("alive", self.say(GOOD, "check", "--running"))
        with_trouble.kill()

    def test_a_backup_is_whole_private_and_what_a_new_daemon_goes_on_from(self):
        daemon = self.serve()
        wait_for(lambda: total(daemon.metrics(), "unpod_task_transitions_total"), "changes")
        copy = self.place / "copy.db"
        self.assertIn(f"{copy}: ", self.say(GOOD, "backup", copy))
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        self.assertEqual([p.name for p in self.place.rglob(".*.copy-*")] + [p.name for p in self.place.rglob("*.part")], [])
        with sqlite3.connect(copy) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(connection.execute("SELECT count(*) FROM runs").fetchone(), (3,))
        connection.close()
        self.assertIn("is there already", self.say(USAGE, "backup", copy))
        before = total(daemon.metrics(), "unpod_task_transitions_total")
        self.assertEqual(daemon.stop()[0], 0)
        database = next(self.place.rglob("state.db"))
        os.replace(copy, database)
        again = self.serve()
        wait_for(lambda: total(again.metrics(), "unpod_task_transitions_total") >= before, "what there was, and more")

    def test_polls_go_on_while_backups_are_made(self):
        daemon = self.serve()
        for number in range(5):
            self.say(GOOD, "backup", self.place / f"{number}.db")
        polls = total(daemon.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(daemon.metrics(), "runwatch_polls_total") > polls, "a poll")
        self.assertFalse(total(daemon.metrics(), "runwatch_poll_failures_total"))
        self.assertFalse(total(daemon.metrics(), "runwatch_store_errors_total"))

    def test_two_backups_into_one_file_are_one_and_none_that_fails_leaves_a_copy(self):
        self.serve()
        copy = self.place / "copy.db"
        with concurrent.futures.ThreadPoolExecutor() as pool:
            done = list(pool.map(run_command, [["backup", copy, "--config", self.config]] * 2))
        codes = sorted(one.returncode for one in done)
        self.assertEqual(codes[0], GOOD, done)
        self.assertIn(codes[1], (USAGE, TEMPORARY), done)
        with sqlite3.connect(copy) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        connection.close()
        self.say(TEMPORARY, "backup", "/proc/copy.db")
        self.assertEqual([p.name for p in self.place.rglob(".*.copy-*")] + [p.name for p in self.place.rglob("*.part*")], [])

    def test_a_backup_that_has_no_place_says_so_before_the_daemon_works_for_it(self):
        self.serve()
        self.assertIn("No such file or directory", self.say(TEMPORARY, "backup", self.place / "none" / "copy.db"))


if __name__ == "__main__":
    unittest.main()
