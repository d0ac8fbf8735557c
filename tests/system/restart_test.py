"""Ends and beginnings: counters go on, what changed while down is counted once, and trouble with the disk is told,
survived and recovered from."""
import ctypes
import os
import pathlib
import subprocess
import unittest

from harness import Daemon, Simulator, folder, key, run_command, total, wait_for, write_config

_LIBC = ctypes.CDLL(None, use_errno=True)


def counters(daemon):
    return {s: v for s, v in daemon.metrics().items() if s[0].startswith("unpod_") and s[0].endswith("_total")}


class RestartTest(unittest.TestCase):
    def setUp(self):
        # A world that moves only when told to.
        self.platform = Simulator("--spaces", 1, "--runs", 2, "--tasks", 12, "--speed", 0.001, "--task-bytes", 0)
        space = self.platform.say("state")["spaces"][0]
        self.token, self.runs = space["token"], [run["run_id"] for run in space["runs"]]
        self.config = self.write(folder())

    def tearDown(self):
        self.platform.kill()

    def write(self, place, **options):
        return write_config(place / "runwatch.toml", self.platform.url, [{"token": self.token, "name": "s"}], **options)

    def force(self, index, status, call=True):
        self.platform.say("task", run=self.runs[0], index=index, status=status, **({"call": "new"} if call else {}))

    def start(self):
        daemon = Daemon(self.config).wait_ready()
        wait_for(lambda: (total(daemon.metrics(), "unpod_tasks") or 0) >= 24, "the tasks of both runs")
        return daemon

    def failures(self, daemon):
        return total(daemon.metrics(), "unpod_task_failures_total")

    def test_counters_go_on_and_what_happened_meanwhile_is_counted_once(self):
        daemon = self.start()
        self.force(0, "failed")
        wait_for(lambda: self.failures(daemon) == 1, "the failure")
        before = counters(daemon)
        self.assertEqual(daemon.stop()[0], 0)
        self.platform.hold()
        daemon = Daemon(self.config)
        self.assertEqual(counters(daemon), before, "at once, before any poll")
        self.assertEqual(total(daemon.metrics(), "unpod_tasks"), 24)
        self.assertIsNone(daemon.metrics().get(key("unpod_up", space="s")), "not yet tried")
        daemon.stop()
        self.platform.go_on()
        self.force(0, "completed")
        self.force(1, "failed")
        self.force(2, "failed")
        for _ in range(3):
            daemon = self.start()
            wait_for(lambda: self.failures(daemon) == 3, "what happened while down")
            polls = total(daemon.metrics(), "runwatch_polls_total")
            wait_for(lambda: total(daemon.metrics(), "runwatch_polls_total") > polls + 6, "more polls")
            have = daemon.metrics()
            self.assertEqual(self.failures(daemon), 3)
            self.assertEqual(total(have, "unpod_task_recoveries_total"), 1)
            self.assertEqual(total(have, "unpod_calls_total"), 4)
            self.assertEqual(total(have, "unpod_task_transitions_total", **{"from": "none"}), 24)
            self.assertEqual(daemon.stop()[0], 0)

    def test_a_run_that_appears_while_down_is_no_baseline(self):
        self.start().stop()
        run = self.platform.say("run", space=self.token, tasks=3)["run_id"]
        self.platform.say("task", run=run, index=0, status="failed", call="new")
        daemon = self.start()
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks") == 27, "the new run")
        self.assertEqual(self.failures(daemon), 1)
        daemon.kill()

    def test_what_has_ended_before_the_first_look_is_baseline(self):
        self.force(0, "failed")
        daemon = self.start()
        have = daemon.metrics()
        self.assertEqual(total(have, "unpod_tasks", status="failed"), 1)
        self.assertEqual(self.failures(daemon), 0)
        self.assertEqual(total(have, "unpod_calls_total"), 0)
        daemon.kill()

    def errors(self, daemon, kind):
        return daemon.metrics()[key("runwatch_store_errors_total", kind=kind)]

    def recover(self, daemon, kind, lasting=True):
        """With a store in trouble: nothing is shown that could not be kept, and all is found later."""
        self.force(0, "failed")
        wait_for(lambda: self.errors(daemon, kind) > 0, f"a store error of kind {kind}")
        if lasting:
            self.assertEqual(self.failures(daemon), 0, "what is not committed is not shown")
        self.assertGreater(total(daemon.metrics(), "runwatch_poll_failures_total", reason="store"), 0)
        self.assertEqual(daemon.metrics()[key("unpod_up", space="s")], 1, "our trouble is not the platform's")
        self.assertEqual(daemon.get("/-/healthy").status, 200)

    def mount(self, place, options):
        done = _LIBC.mount(b"runwatch-test", str(place).encode(), b"tmpfs", 0, options.encode())
        if done != 0:
            self.skipTest(f"cannot mount a small disk: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(_LIBC.umount2, str(place).encode(), 2)

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount a small disk")
    def test_a_full_disk_loses_nothing_and_is_recovered_from(self):
        place = folder()
        self.mount(place, "size=4m")
        self.config = self.write(place)
        daemon = self.start()
        filler = place / "filler"
        self.fill(filler)
        for index in range(1, 12):  # enough to outgrow the pages that the database has in hand
            self.force(index, "in_progress", call=False)
        self.recover(daemon, "full", lasting=False)  # its own log, made short, may give it the room it needs
        filler.unlink()
        wait_for(lambda: self.failures(daemon) == 1, "the failure, once there is room", deadline=30)
        daemon.kill()  # what was shown is kept already
        daemon = self.start()
        self.assertEqual(self.failures(daemon), 1)
        daemon.kill()

    @staticmethod
    def fill(path):
        with open(path, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount a small disk")
    def test_a_full_or_read_only_disk_at_the_start_is_told(self):
        place = folder()
        self.mount(place, "size=64k")
        self.config = self.write(folder(), store={"path": str(place / "state.db")})
        self.fill(place / "filler")
        done = run_command(["serve", "--config", self.config])
        self.assertEqual(done.returncode, 75, done.stderr)
        _LIBC.mount(None, str(place).encode(), None, 0x21, None)  # MS_REMOUNT | MS_RDONLY
        done = run_command(["serve", "--config", self.config])
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn("state.db", done.stderr)

    def test_a_database_deleted_underneath_is_noticed(self):
        daemon = self.start()
        for path in self.config.parent.glob("state.db*"):
            path.unlink()
        self.force(0, "failed")
        wait_for(lambda: not daemon.running() or sum(
            v for (n, _), v in daemon.metrics().items() if n == "runwatch_store_errors_total"), "notice")
        if not daemon.running():
            self.assertEqual(daemon.process.wait(), 75, daemon.log)
        self.assertIn("state.db", daemon.log)
        daemon.kill()

    def count_with_broken_syncs(self, which):
        """Twelve failures, each awaited, with some syncs of the disk failing. It may give up for a restart to help."""
        probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("strace may not trace here")
        self.start().stop()
        daemon = Daemon(self.config, prefix=["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync",
                                             "-e", f"inject=fdatasync:error=EIO:when={which}"]).wait_ready()
        for index in range(12):
            self.force(index, "failed")
            wait_for(lambda n=index + 1: not daemon.running() or self.failures(daemon) == n, "each failure, once",
                     deadline=30)
            if not daemon.running():
                self.assertEqual(daemon.process.wait(), 75, daemon.log)
                daemon = self.start()
                wait_for(lambda n=index + 1: self.failures(daemon) == n, "each failure after a restart, once")
        daemon.stop()
        daemon = self.start()
        self.assertEqual(self.failures(daemon), 12)
        daemon.kill()

    def test_one_sync_that_fails_loses_and_repeats_nothing(self):
        self.count_with_broken_syncs("12")

    def test_three_syncs_in_a_row_that_fail_lose_and_repeat_nothing(self):
        self.count_with_broken_syncs("12..14")

    def test_the_database_holds_no_personal_data(self):
        daemon = self.start()
        self.force(0, "completed")
        wait_for(lambda: total(daemon.metrics(), "unpod_calls_total") == 1, "the call")
        daemon.stop()
        content = b"".join(p.read_bytes() for p in pathlib.Path(self.config.parent).glob("state.db*"))
        for text in (b"Test Contact", b"+1202555", b"@example.com", b"recordings.example", self.token.encode()):
            self.assertNotIn(text, content)


if __name__ == "__main__":
    unittest.main()
