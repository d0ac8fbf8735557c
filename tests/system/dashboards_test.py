"""Each query of the dashboards finds samples in a real Prometheus that remembers six eventful hours of a pair."""
import json
import math
import pathlib
import re
import shutil
import sys
import time
import unittest

import history
from harness import folder
from prometheus import Prometheus

BOARDS = pathlib.Path(__file__).parents[2] / "grafana/dashboards"
sys.path.insert(0, str(BOARDS.parent))
import kit  # noqa: E402  (after the line above)

ALL = {"$job": ".+", "$instance": ".+", "$space": ".*", "$__rate_interval": "10m", "$__range": "6h"}


def fill(expression, values):
    for name, value in {**ALL, **values}.items():
        expression = expression.replace(name, value)
    return expression


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "Prometheus is not installed")
class DashboardsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        data = folder()
        cls.end = int(time.time()) // 60 * 60 - 60
        cls.telling = history.tell(data, cls.end)
        cls.prometheus = Prometheus(config="{}", data=data)
        cls.boards = [json.loads(path.read_text()) for path in sorted(BOARDS.glob("*.json"))]
        cls.last = cls.telling.told["watch-1:10321"][-1][1]
        cls.run_id = next(dict(labels)["run_id"] for name, labels in cls.last if name == "unpod_run_finished_timestamp_seconds")

    @classmethod
    def tearDownClass(cls):
        cls.prometheus.kill()

    def values(self, expression, instant=False, **variables):
        """{labels: newest number}; series without one are left out."""
        query = fill(expression, {"$run": self.run_id, **variables})
        if instant:
            found = [(s["metric"], [s["value"]]) for s in self.prometheus.ask("query", query=query, time=self.end)["result"]]
        else:
            found = [(s["metric"], s["values"]) for s in self.prometheus.ask(
                "query_range", query=query, start=self.end - history.SPAN + 600, end=self.end, step=60)["result"]]
        numbers = {}
        for labels, points in found:
            sound = [float(value) for _, value in points if math.isfinite(float(value))]
            if sound:
                numbers[tuple(sorted(labels.items()))] = sound[-1]
        return numbers

    def targets(self):
        for board in self.boards:
            for panel in board["panels"]:
                for target in panel.get("targets", ()):
                    yield board, f"{board['title']}: {panel['title']}: {target['expr']}", target

    def test_each_query_finds_samples(self):
        empty = [what for _, what, t in self.targets() if not self.values(t["expr"], t["instant"])]
        self.assertEqual(empty, [])

    def test_each_variable_acts_on_each_query(self):
        """Of what is not there nothing is shown, but a 0 where a panel says so."""
        deaf = []
        for board, what, target in self.targets():
            for variable in {v["name"] for v in board["templating"]["list"]} & {"job", "instance", "space", "run"}:
                found = self.values(target["expr"], target["instant"], **{f"${variable}": "nobody"})
                if found not in ({}, {(): 0.0}):
                    deaf.append((variable, what))
        self.assertEqual(deaf, [])

    def test_variables_and_annotations_find_something(self):
        for board in self.boards:
            for variable in board["templating"]["list"]:
                if variable["type"] == "query":
                    selector, label = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
                    found = self.values(selector)
                    self.assertTrue({dict(labels)[label] for labels in found if label in dict(labels)}, variable["name"])
            for annotation in board["annotations"]["list"][1:]:
                self.assertTrue(self.values(annotation["expr"]), annotation["name"])

    def test_what_both_of_a_pair_see_is_counted_once(self):
        overview = next(board for board in self.boards if board["uid"] == "runwatch-overview")
        panels = {panel["title"]: panel["targets"][0]["expr"] for panel in overview["panels"]}
        seen = {}
        for (name, labels), value in self.last.items():
            if name == "unpod_tasks":
                status = dict(labels)["status"]
                seen[(("status", status),)] = seen.get((("status", status),), 0) + value
        self.assertEqual(self.values(panels["Tasks by status"], instant=True), seen)
        self.assertGreater(sum(seen.values()), 100)

    def test_what_is_to_move_on_the_dashboards_is_what_the_rules_have(self):
        rules = (BOARDS.parents[1] / "etc/prometheus/rules.yml").read_text()
        record = re.search(r"- record: run:unpod_run_tasks:moving\n +expr: \|\n(.*?)\n +[#-]", rules, re.S)[1]
        inlined = re.sub(r"run:(\w+):seen\{(.*?)\}", lambda it: kit.seen("%s{%s}" % it.groups()), record)
        inlined = inlined.replace("sum without (status)", "sum by (job, space, run_id)").replace("unpod_up{@S}", "unpod_up")
        mine = re.sub(r"@S,?", "", kit.moving()).replace("unpod_up{}", "unpod_up")
        plain = lambda query: re.sub(r"\s|[()]", "", query).replace("=~", "=")
        self.assertEqual(plain(mine), plain(inlined))
        self.assertTrue(self.values(kit.expand(kit.moving())))

    def test_the_bad_minutes_are_visible_on_the_overview(self):
        overview = next(board for board in self.boards if board["uid"] == "runwatch-overview")
        panels = {panel["title"]: panel["targets"][0]["expr"] for panel in overview["panels"]}

        def most(title):
            data = self.prometheus.ask("query_range", query=fill(panels[title], {}), start=self.end - history.SPAN, end=self.end,
                                       step=60)
            return max(float(value) for s in data["result"] for _, value in s["values"])
        self.assertGreater(most("Failed attempts"), 0.4)
        self.assertGreater(most("Runs in trouble"), 0)
        self.assertGreater(most("Open incidents"), 0)
        self.assertEqual(most("Instances down"), 1)
        self.assertGreater(most("Untold for"), 900)


if __name__ == "__main__":
    unittest.main()
