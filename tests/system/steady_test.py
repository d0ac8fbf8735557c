"""Many polls: memory, file descriptors and threads stay where they are. RUNWATCH_POLLS says how many (500).

The heap, of which 4 MB are in use, spreads over 5 MB in the first 14,000 polls and stays there: counts up to that are too
few to tell memory that spreads from memory that leaks, so that `./dev soak` makes twice as many.
"""
import os
import pathlib
import unittest

from harness import Daemon, Simulator, folder, total, wait_for, write_config

POLLS = int(os.environ.get("RUNWATCH_POLLS", "500"))


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


class SteadyTest(unittest.TestCase):
    def setUp(self):
        self.platform = Simulator("--spaces", 2, "--runs", 5, "--tasks", 40, "--task-bytes", 1000, "--fixed",
                                  "--changing", 0.1)
        spaces = [{"token": token, "name": name} for token, name in self.platform.spaces().items()]
        self.daemon = Daemon(write_config(folder() / "c.toml", self.platform.url, spaces)).wait_ready()

    def tearDown(self):
        self.daemon.kill()
        self.platform.kill()

    def polls(self):
        return total(self.daemon.metrics(), "runwatch_polls_total")

    def sample(self, until):
        """The most seen of (resident kB, descriptors, threads) until that many polls were made."""
        most = (0, 0, 0)

        def reached():
            nonlocal most
            os.truncate(self.platform.journal_path, 0)
            now = (status(self.daemon.pid, "VmRSS"), len(os.listdir(f"/proc/{self.daemon.pid}/fd")),
                   status(self.daemon.pid, "Threads"))
            most = tuple(map(max, most, now))
            return self.polls() >= until
        wait_for(reached, f"{until} polls", deadline=60 + POLLS, pause=0.05)
        return most

    def test_nothing_grows_with_the_number_of_polls(self):
        self.sample(POLLS * 0.2)  # caches and buffers find their size
        early = self.sample(POLLS * 0.6)
        late = self.sample(POLLS)
        print(f"{POLLS} polls; resident kB, descriptors, threads: {early}, then {late}", flush=True)
        self.assertLess(late[0] - early[0], 768, "resident kB")
        self.assertLessEqual(late[1], early[1] + 1, "descriptors")
        self.assertEqual(late[2], early[2], "threads")


if __name__ == "__main__":
    unittest.main()
