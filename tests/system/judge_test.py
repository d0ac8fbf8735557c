"""The judge itself, on histories short enough to be counted by hand: who judges the daemon is judged first."""
import json
import unittest

from judge import Run
from journal import Walk, Walks, timestamp
from world import Space

NOW = 1_764_525_000.0


def task(task_id="T1", status="pending", call=None, **output):
    if call:
        output = {"call_id": call, "call_status": "completed", "call_type": "outbound", **output}
    return {"task_id": task_id, "status": status, "execution_type": "call", "output": output}


def walk(*rows):
    return Walk("tasks", "S", "R", NOW, NOW, 1, False, {row["task_id"]: row for row in rows}, len(rows))


def history(*walks, baseline=False):
    """What a series of whole walks adds up to, by short names."""
    run, sums = Run({}), {}
    for rows in walks:
        run, added = run.after(walk(*rows), baseline)
        for (name, labels), amount in added.items():
            values = ",".join(v for _, v in labels)
            short = name.removeprefix("unpod_").removeprefix("task_").removesuffix("_total")
            short += f":{values}" if values else ""
            sums[short] = sums.get(short, 0) + amount
    return {k: v for k, v in sums.items() if "bucket" not in k and "sum" not in k}


class MeaningTest(unittest.TestCase):
    def check(self, steps, expected, baseline=False):
        counted = history(*[[step] if isinstance(step, dict) else step for step in steps], baseline=baseline)
        self.assertEqual(counted, expected)

    def test_baseline_counts_first_sights_alone_and_never_the_current_attempt_of_what_had_ended(self):
        self.check([task(status="failed"), task(status="failed", call="a")], {"transitions:none,failed": 1}, True)

    def test_what_is_first_seen_finished_counts_in_full(self):
        self.check([task(status="failed", call="a", error="user busy")],
                   {"transitions:none,failed": 1, "failures:busy": 1, "calls:completed,outbound": 1})

    def test_a_retried_failure_that_completes_is_a_retry_and_a_recovery(self):
        self.check([task(status="failed", call="a"), task(), task(status="completed", call="b")],
                   {"transitions:none,failed": 1, "transitions:failed,pending": 1, "transitions:pending,completed": 1,
                    "failures:other": 1, "retries": 1, "recoveries": 1, "calls:completed,outbound": 2})

    def test_another_call_in_the_same_status_is_an_attempt_in_between(self):
        self.check([task(status="failed", call="a"), task(status="failed", call="b")],
                   {"transitions:none,failed": 1, "failures:other": 2, "retries": 1, "transitions_inferred": 1,
                    "calls:completed,outbound": 2})

    def test_an_output_that_comes_late_is_no_attempt_in_between(self):
        self.check([task(status="failed"), task(status="failed", call="b")],
                   {"transitions:none,failed": 1, "failures:other": 1, "calls:completed,outbound": 1})

    def test_outputs_of_the_attempt_before_are_not_observed_again_and_the_next_call_is_the_entrys(self):
        self.check([task(status="failed", call="a"), task(call="a"), task(status="failed", call="a"),
                    task(status="failed", call="b")],
                   {"transitions:none,failed": 1, "transitions:failed,pending": 1, "transitions:pending,failed": 1,
                    "failures:other": 2, "retries": 1, "calls:completed,outbound": 2})

    def test_the_same_call_is_observed_once_and_each_field_when_it_comes(self):
        late = task(status="completed", call="a", cost=1.0, duration=7)
        self.check([task(status="completed", call="a"), late, late],
                   {"transitions:none,completed": 1, "calls:completed,outbound": 1, "call_cost_count": 1,
                    "call_duration_seconds_count:completed": 1})

    def test_a_task_is_gone_after_the_third_walk_without_it_and_its_return_is_no_first_sight(self):
        both, one = [task("T1", "failed", call="a"), task("T2")], [task("T2")]
        self.check([both, one, one, both],
                   {"transitions:none,failed": 1, "transitions:none,pending": 1, "failures:other": 1,
                    "calls:completed,outbound": 1})
        self.check([both, one, one, one, both],
                   {"transitions:none,failed": 2, "transitions:none,pending": 1, "transitions:failed,gone": 1,
                    "failures:other": 1, "calls:completed,outbound": 1})

    def test_a_shrunken_walk_takes_nothing_away_until_the_third_of_its_kind(self):
        many = [task(f"T{i}") for i in range(10)]
        pending = {"transitions:none,pending": 10}
        self.check([many, [], [], many], pending)
        self.check([many, [], [], []], {**pending, "transitions:pending,gone": 10})

    def test_impossible_values_are_bad_fields(self):
        self.check([task(status="completed", duration=-1, cost="much", start_time="soon")],
                   {"transitions:none,completed": 1, "bad_fields:duration": 1, "bad_fields:cost": 1,
                    "bad_fields:start": 1})


class WalkTest(unittest.TestCase):
    @staticmethod
    def entry(page, ids, count, status=200, complete=True):
        body = {"data": [{"task_id": i, "status": "pending"} for i in ids]}
        if count is not None:
            body["count"] = count
        return {"seq": 0, "at": NOW, "sent": NOW, "method": "GET", "path": "/api/v2/platform/spaces/S/runs/R/tasks/",
                "query": f"page={page}&page_size=2", "status": status, "complete": complete, "body": json.dumps(body)}

    def walks(self, *entries):
        reader = Walks()
        return [len(value.rows) for e in entries for event, value in reader.feed(e) if event == "walk"]

    def test_a_walk_is_whole_when_the_distinct_ids_equal_a_constant_count(self):
        self.assertEqual(self.walks(self.entry(1, "ab", 3), self.entry(2, "c", 3)), [3])
        self.assertEqual(self.walks(self.entry(1, "ab", 3), self.entry(2, "bc", 3)), [3])
        self.assertEqual(self.walks(self.entry(1, "", 0)), [0])
        self.assertEqual(self.walks(self.entry(1, "ab", None), self.entry(2, "", None)), [2])

    def test_a_walk_with_a_hole_is_none(self):
        self.assertEqual(self.walks(self.entry(1, "ab", 3), self.entry(2, "c", 4)), [])
        self.assertEqual(self.walks(self.entry(1, "ab", 3), self.entry(2, "ab", 3), self.entry(3, "c", 3)), [])
        self.assertEqual(self.walks(self.entry(1, "ab", 3), self.entry(2, "c", 3, status=500)), [])
        self.assertEqual(self.walks(self.entry(1, "ab", 3), self.entry(2, "c", 3, complete=False)), [])
        self.assertEqual(self.walks(self.entry(2, "c", 1)), [])

    def test_every_form_of_time_is_read(self):
        for text in ("2026-02-07T05:57:45", "2026-02-07 05:57:45.000000", "2026-02-07T05:57:45.000Z",
                     "2026-02-07T11:27:45+05:30", {"$date": 1770443865000}):
            self.assertEqual(timestamp(text), 1770443865.0, text)
        self.assertIsNone(timestamp("soon"))


class KillTest(unittest.TestCase):
    def test_a_kill_leaves_two_worlds_and_the_daemons_word_decides(self):
        for word in (1, 2):
            space = Space("s")
            space.first_discovery, space.created = NOW, {"R": NOW + 5}
            space.take(walk(task(status="failed", call="a")))
            space.asked("R")
            space.take(walk(task(status="failed", call="b")))
            space.killed()
            self.assertEqual(len(space.worlds), 2)
            truth = [w for w in space.worlds if sum(v for (n, _), v in w.counters.items() if "failures" in n) == word]
            said = {(n, (*labels, ("space", "s"))): v for (n, labels), v in truth[0].series().items()}
            self.assertEqual(space.prune(said), [])
            self.assertEqual(len(space.worlds), 1)
            self.assertTrue(space.prune({k: v + 1 for k, v in said.items()}))


if __name__ == "__main__":
    unittest.main()
