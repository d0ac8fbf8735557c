"""What `include` brings goes to who asked for it, stands nowhere but in that receiver's waiting row, and is gone from
the disk within a minute of its delivery, or of being dropped."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import time
import unittest

from harness import API_TOKEN, Daemon, Simulator, folder, key, request, run_command, total, wait_for, write_config
from plants import Plants, marks_in, plain
from receiver import Receiver

SUMMARY, NAME = "output.post_call_data.summary", "input.name"
PATHS = [SUMMARY, NAME]
ERASED_WITHIN = 60  # seconds after delivery or dropping
LONG = 4500         # of a name and a summary: more than a page of the database
WAITING = (0, 2)    # the states of a row of the outbox in which it has a body: pending, dead


def at_path(row, path):
    for name in path.split("."):
        if not isinstance(row, dict) or name not in row:
            return None
        row = row[name]
    return row


def paths_of(row):
    return {path: at_path(row, path) for path in PATHS if at_path(row, path) is not None}


class Disk:
    """The files of the database, as bytes and as tables."""

    def __init__(self, place):
        self.path = place / "state.db"
        self.copies = folder()

    def files(self):
        return [path for path in (pathlib.Path(f"{self.path}{end}") for end in ("", "-wal", "-shm")) if path.exists()]

    def marks(self):
        return set().union(*(marks_in(path.read_bytes()) for path in self.files()))

    def tables(self, daemon):
        """{name: rows as dicts} of a copy taken while the daemon stands still: as after a kill at that moment."""
        daemon.signal(signal.SIGSTOP)
        try:
            wait_for(lambda: self._stands_still(daemon.pid), "the daemon to stand still", pause=0.001)
            for path in self.copies.iterdir():
                path.unlink()
            for path in self.files():
                shutil.copy(path, self.copies)
        finally:
            daemon.signal(signal.SIGCONT)
        connection = sqlite3.connect(self.copies / self.path.name)
        try:
            connection.row_factory = sqlite3.Row
            names = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}
        finally:
            connection.close()

    @staticmethod
    def _stands_still(pid):
        threads = pathlib.Path(f"/proc/{pid}/task").iterdir()
        return all((thread / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T" for thread in threads)


class IncludeTest(unittest.TestCase):
    def setUp(self):
        self.platform = Simulator("--spaces", 1, "--runs", 0, "--fixed")
        self.token = next(iter(self.platform.spaces()))
        seed = int(os.environ.get("RUNWATCH_SEED", time.time_ns() % 10 ** 6))
        print("seed", seed, flush=True)
        self.plants = Plants(seed)
        self.place = folder()
        self.config = self.place / "runwatch.toml"
        self.disk = Disk(self.place)
        self.receivers = {}
        self.may_hold = {}  # receiver → the marks that its rows may hold
        self.ended = {}     # mark → when the last row that held it ended
        self.ids = []       # of notices, to be looked at
        self.looks = 0
        self.daemons = []

    def start(self, rules, include):
        """`include`: {receiver: further keys of it}."""
        for name in include:
            if name not in self.receivers:
                self.receivers[name] = Receiver(seed=len(self.receivers))
                self.may_hold[name] = set()
        tables = [{"name": name, "type": "webhook", "url": self.receivers[name].url, "rate_limit": 1000.0, **keys}
                  for name, keys in include.items()]
        write_config(self.config, self.platform.url, [{"token": self.token, "name": "sales"}], rules=rules,
                     receivers=tables)
        with open(self.config, "a", encoding="utf-8") as config:
            config.write('[log]\nlevel = "debug"\n')
        return self.start_again()

    def start_again(self):
        self.daemons.append(Daemon(self.config))
        return self.daemons[-1].wait_ready()

    # Planting.

    def plant(self, run, index, fields):
        """The marks in them; `fields`: {name: a value, or bytes as they are to stand there}."""
        for field, value in fields.items():
            text = value if isinstance(value, bytes) else json.dumps(value)
            self.platform.say("say", run=run, index=index, field=field, json=text)
        return marks_in({k: v for k, v in fields.items() if not isinstance(v, bytes)})

    def new_run(self, daemon, n):
        """Its tasks wait until the test lets one end; the daemon knows them."""
        run = self.platform.say("run", space=self.token, tasks=n)["run_id"]
        for index in range(n):
            self.platform.say("task", run=run, index=index, status="pending")
        wait_for(lambda: total(daemon.metrics(), "unpod_run_tasks", run_id=run) == n, f"{n} tasks")
        return run

    def finish(self, run, index, status="completed"):
        return self.platform.say("task", run=run, index=index, status=status, call="new")["task_id"]

    def rows(self, run):
        """{task id: its row as the platform lists it}"""
        path = f"/api/v2/platform/spaces/{self.token}/runs/{run}/tasks/?page=1&page_size=100"
        headers = {"Authorization": f"Token {API_TOKEN}", "Org-Handle": "sim.example"}
        listed = json.loads(request(self.platform.address, path, headers=headers).text)
        return {row["task_id"]: row for row in listed["data"]}

    # Looking.

    def look(self, daemon):
        """Everything that the daemon shows, and each table: no mark is where it may not be, at any time."""
        self.looks += 1
        shown = {path: daemon.get(path).body for path in ("/", "/api/v1/status", "/metrics")}
        words = [["list"], ["list", "--json"]]
        if self.ids:
            asked = self.ids[self.looks % len(self.ids)]
            words += [["show", asked], ["show", asked, "--json"]]
        for word in words:
            said = run_command(["alerts", *word, "--config", self.config])
            self.assertEqual(said.returncode, 0, said.stderr)
            shown["alerts " + " ".join(word)] = (said.stdout + said.stderr).encode()
        shown.update({f"log {n}": known.log_path.read_bytes() for n, known in enumerate(self.daemons)})
        for where, text in shown.items():
            self.assertEqual(marks_in(text), set(), f"shown in {where}")
        self.look_at_tables(daemon)
        self.look_at_disk()

    def look_at_tables(self, daemon):
        for table, rows in self.disk.tables(daemon).items():
            for row in rows:
                body = row.pop("body", "") if table == "outbox" and row["state"] in WAITING else ""
                self.assertLessEqual(marks_in(body), self.may_hold[row["receiver"]] if body else set(), table)
                for column, value in row.items():
                    value = value if isinstance(value, bytes) else str(value)
                    self.assertEqual(marks_in(value), set(), f"in {table}.{column}")

    def look_at_disk(self):
        """Returns the marks that are there."""
        now, there = time.time(), self.disk.marks()
        self.assertLessEqual(there, set().union(*self.may_hold.values()))
        late = {mark for mark in there if now - self.ended.get(mark, now) > ERASED_WITHIN}
        self.assertEqual(late, set(), f"on the disk more than {ERASED_WITHIN} s after delivery or dropping")
        return there

    def wait(self, daemon, condition, what, deadline=90):
        def looked():
            self.look(daemon)
            return condition()
        return wait_for(looked, what, deadline)

    # Judging what arrived.

    def taken(self, name):
        """{task id: (notice id, document, time)} of the events that a receiver took."""
        out = {}
        for entry in self.receivers[name].entries():
            document = json.loads(entry["body"])
            if entry["outcome"] == "200" and document["type"] == "task_finished.event":
                (line,) = document["data"]["tasks"]
                out[line["task_id"]] = (entry["id"], document, entry["at"])
        return out

    def check_included(self, document, wanted, left_out=()):
        data = document["data"]
        self.assertEqual(data.pop("left_out", []), list(left_out))
        self.assertEqual(data.pop("included", {}), plain(wanted))
        self.assertEqual(marks_in(document), set())

    def drop(self, notice):
        ended = run_command(["alerts", "drop", notice, "--config", self.config])
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def check_kept(self, marks):
        """What waits stands on the disk; a page may end within some of its marks. `marks`: {task id: its marks}."""
        there = self.look_at_disk()
        self.assertEqual([task for task, planted in marks.items() if len(planted & there) < len(planted) / 2], [])

    def end(self, marks, at=None):
        at = at or time.time()
        self.ended.update({mark: max(at, self.ended.get(mark, at)) for mark in marks})

    # The tests.

    def test_what_is_included_goes_to_who_asked_and_is_gone_from_everywhere_a_minute_later(self):
        finished = {"name": "finished", "when": "task_finished", "statuses": ["completed", "failed"],
                    "receivers": ["paths", "tight", "whole", "plain"]}
        kept = {"name": "kept", "when": "task_finished", "statuses": ["partially_completed"], "receivers": ["refusing"]}
        rules = [finished, kept, {"name": "task-failed", "when": "task_failed", "receivers": ["ops", "plain"]},
                 {"name": "blind", "when": "poll_failing", "for": "500ms", "receivers": ["ops", "plain"]}]
        daemon = self.start(rules, {"paths": {"include": PATHS}, "tight": {"include": PATHS, "max_body": "8KiB"},
                                    "whole": {"include": "task"}, "plain": {}, "ops": {},
                                    "refusing": {"include": "task"}})
        self.receivers["whole"].stop()
        self.receivers["refusing"].answer(status=400)
        marks, rows = self.finish_tasks(daemon)
        told = {task for task in marks if rows[task]["status"] != "partially_completed"}
        dead = marks.keys() - told
        for name in ("paths", "tight", "plain"):
            self.wait(daemon, lambda: self.taken(name).keys() >= told, f"all events at {name}")
        self.judge_what_arrived(rows, told)
        self.ids = [notice for notice, *_ in self.taken("paths").values()]
        self.check_kept(marks)

        dropped = min(told)
        self.drop(self.taken("paths")[dropped][0])
        self.end(marks[dropped])
        self.wait(daemon, lambda: not self.look_at_disk() & marks[dropped], "what was dropped to be gone")
        self.invalid_text_of_a_task_is_nowhere_either(daemon)

        daemon.kill()
        arrive = told - {dropped}
        self.check_kept({task: marks[task] for task in arrive | dead})
        daemon = self.start_again()
        self.receivers["whole"].start()
        self.wait(daemon, lambda: len(self.taken("whole").keys() & arrive) == len(arrive), "all events at whole")
        taken = self.taken("whole")
        self.assertNotIn(dropped, taken)
        for task in arrive:
            self.check_included(taken[task][1], {"task": rows[task]})
        for task, (_, _, at) in taken.items():
            self.end(marks.get(task, set()), at)

        self.wait(daemon, lambda: total(daemon.metrics(), "runwatch_outbox_dead") == len(dead), "the dead rows")
        refused = {json.loads(entry["body"])["data"]["tasks"][0]["task_id"]: entry["id"]
                   for entry in self.receivers["refusing"].entries()}
        self.assertEqual(refused.keys(), dead)
        self.ids += refused.values()
        held = set().union(*(marks[task] for task in dead))
        self.wait(daemon, lambda: self.look_at_disk() <= held, "only dead rows to be left")
        for task in sorted(dead):
            self.check_kept({task: marks[task]})
            self.drop(refused[task])
            self.end(marks[task])
            held = held - marks[task]
            self.wait(daemon, lambda: self.look_at_disk() <= held, "what was dead to be gone")
        self.look(daemon)
        self.assertEqual(daemon.stop()[0], 0)
        self.assertEqual(self.look_at_disk(), set())
        for known in self.daemons:
            self.assertEqual(marks_in(known.log), set())
        self.assertRegex(self.daemons[0].log, "level=debug .*rule=finished")

    def finish_tasks(self, daemon, n=32):
        """{task id: its marks}, {task id: its row}"""
        run = self.new_run(daemon, n)
        planted = [self.plants.row(LONG if i % 8 == 3 else 0, i % 8 == 5) for i in range(n)]
        marks = [self.plant(run, i, fields) for i, fields in enumerate(planted)]
        for name in ("whole", "refusing"):
            self.may_hold[name].update(*marks)
        for name in ("paths", "tight"):
            self.may_hold[name].update(*(marks_in(paths_of(fields)) for fields in planted))
        ends = ["completed"] * 5 + ["failed"] * 2 + ["partially_completed"]
        tasks = [self.finish(run, i, ends[i * 3 // 8 % 8]) for i in range(n)]
        return dict(zip(tasks, marks)), self.rows(run)

    def judge_what_arrived(self, rows, told):
        paths, tight, bare = (self.taken(name) for name in ("paths", "tight", "plain"))
        left_out = 0
        for task in told:
            wanted = paths_of(rows[task])
            self.check_included(paths[task][1], wanted)
            self.check_included(bare[task][1], {})
            if len(json.dumps(wanted)) < LONG:
                self.check_included(tight[task][1], wanted)
            else:
                self.check_included(tight[task][1], {SUMMARY: wanted[SUMMARY]}, [NAME])
                left_out += 1
        self.assertGreater(left_out, 0)
        for entry in self.receivers["tight"].entries():
            self.assertLessEqual(len(entry["body"].encode()), 8192)
        failed = sum(rows[task]["status"] == "failed" for task in told)
        for name in ("ops", "plain"):
            wait_for(lambda: self.new_failures(name) == failed, f"the failures at {name}")
            self.assertEqual(marks_in(self.receivers[name].journal_path.read_bytes()), set())

    def new_failures(self, name):
        documents = [json.loads(entry["body"]) for entry in self.receivers[name].entries()]
        return sum(d["data"]["counts"]["new"] for d in documents if d["data"]["rule"] == "task-failed")

    def invalid_text_of_a_task_is_nowhere_either(self, daemon):
        run = self.new_run(daemon, 1)
        word = self.plants.word()
        bad = key("runwatch_poll_failures_total", space="sales", reason="bad_json")
        before = daemon.metrics().get(bad, 0)
        self.plant(run, 0, {"input": f'{{"name": "{word} '.encode() + b'\xff\xc0\xaf"}'})
        self.wait(daemon, lambda: daemon.metrics().get(bad, 0) > before, "a poll that fails")
        self.wait(daemon, lambda: "poll_failing.firing" in self.receivers["ops"].journal_path.read_text(), "its alert")
        self.plant(run, 0, {"input": {"name": "said well"}})
        self.wait(daemon, lambda: "poll_failing.resolved" in self.receivers["ops"].journal_path.read_text(), "its end")

    def test_a_kill_right_after_a_delivery_leaves_nothing_behind(self):
        rules = [{"name": "finished", "when": "task_finished"}]
        daemon = self.start(rules, {"paths": {"include": PATHS}})
        left_by_a_kill = set()
        for i in range(4):
            run = self.new_run(daemon, 1)
            fields = self.plants.row(LONG if i % 2 else 0)
            self.plant(run, 0, fields)
            included = marks_in(paths_of(fields))
            self.may_hold["paths"] |= included
            task = self.finish(run, 0)
            at = wait_for(lambda: self.taken("paths").get(task), "its arrival", pause=0.001)[2]
            daemon.kill()
            left_by_a_kill |= self.look_at_disk() & included
            daemon = self.start_again()
            wait_for(lambda: total(daemon.metrics(), "runwatch_outbox_pending") == 0, "an empty outbox", pause=0.001)
            daemon.kill()
            self.end(included, at)
            daemon = self.start_again()
            self.wait(daemon, lambda: not self.look_at_disk() & included, "what was delivered to be gone")
        self.assertNotEqual(left_by_a_kill, set())


if __name__ == "__main__":
    unittest.main()
