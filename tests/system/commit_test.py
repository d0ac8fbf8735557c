"""Nothing is shown that is not committed: with every write to the database slowed down, a change that /metrics shows
survives a kill in that very moment."""
import shutil
import subprocess
import unittest

from harness import Daemon, Simulator, folder, total, wait_for, write_config

SLOW = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64",
        "-e", "inject=pwrite64:delay_enter=60000"]  # microseconds


def can_slow_down():
    if not shutil.which("strace"):
        return False
    probe = [*SLOW[:1], "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


class CommitTest(unittest.TestCase):
    @unittest.skipUnless(can_slow_down(), "strace is missing or not allowed to trace")
    def test_a_change_that_was_shown_outlives_a_kill(self):
        platform = Simulator("--spaces", 1, "--runs", 1, "--tasks", 30, "--speed", 0.001, "--task-bytes", 0)
        state = platform.say("state")
        run = state["spaces"][0]["runs"][0]["run_id"]
        config = write_config(folder() / "c.toml", platform.url, [{"token": state["spaces"][0]["token"], "name": "s"}])
        daemon = Daemon(config).wait_ready()
        wait_for(lambda: total(daemon.metrics(), "unpod_tasks"), "the tasks")
        daemon.kill()
        for index in range(4):
            daemon = Daemon(config, prefix=SLOW)
            before = wait_for(lambda: daemon.ready() and daemon.metrics(), "readiness")
            failures = total(before, "unpod_task_failures_total")
            platform.say("task", run=run, index=index, status="failed", call="new")
            shown = wait_for(lambda: (n := total(daemon.metrics(), "unpod_task_failures_total")) > failures and n,
                             "the failure", pause=0)
            daemon.kill()
            platform.hold()
            after = Daemon(config)
            self.assertEqual(total(after.metrics(), "unpod_task_failures_total"), shown)
            after.kill()
            platform.go_on()
        platform.kill()


if __name__ == "__main__":
    unittest.main()
