"""The dashboards held against their generator, the rules, Grafana's own types and what its dashboard linter asks for."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[3]
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))}
RULES = (ROOT / "etc/prometheus/rules.yml").read_text()
TYPES = ROOT / "build/tools/grafana/node_modules"
# The types name these as members of enums, and lack what an annotation of Prometheus has of its own.
ENUMS = {'"mode": "absolute"': '"mode": ThresholdsMode.Absolute', '"mode": "thresholds"': '"mode": FieldColorModeId.Thresholds',
         '"mode": "palette-classic"': '"mode": FieldColorModeId.PaletteClassic', '"type": "value"': '"type": MappingType.ValueToText'}
PROLOGUE = """import { type AnnotationQuery, type Dashboard, FieldColorModeId, MappingType, ThresholdsMode } from '@grafana/schema';
type Annotation = AnnotationQuery & { expr?: string; titleFormat?: string; textFormat?: string; step?: string; useValueForTime?: boolean };
type Board = Omit<Dashboard, 'annotations'> & { annotations: { list: Annotation[] } };
"""
UNITS = {"none", "short", "s", "percentunit", "ops", "reqps", "cpm", "Bps", "bytes", "dateTimeFromNow"}
SELECTOR = re.compile(r"\b((?:unpod|runwatch|process)_[a-z0-9_]+|up)\b(?!\()(\{[^}]*\})?")


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def all_panels():
    return [(name, panel) for name, board in BOARDS.items() for panel in panels(board)]


def limit(alert):
    block = re.search(rf"- alert: {alert}\n(.*?)\n {{8}}annotations", RULES, re.S)[1]
    return float(re.search(r" (?:>|>=|==) ([0-9.]+)", block)[1])


def step_values(panel):
    """Of every threshold of a panel and its columns."""
    found = [panel["fieldConfig"]["defaults"]["thresholds"]]
    for override in panel["fieldConfig"]["overrides"]:
        found += [p["value"] for p in override["properties"] if p["id"] == "thresholds"]
    return {step["value"] for thresholds in found for step in thresholds["steps"] if step["value"] is not None}


class DashboardsTest(unittest.TestCase):
    def each(self, check):
        for name, panel in all_panels():
            with self.subTest(board=name, panel=panel["title"]):
                check(BOARDS[name], panel)

    def test_the_files_are_what_the_generator_makes(self):
        made = subprocess.run([sys.executable, "-B", ROOT / "grafana/generate.py", "--check"], capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_there_are_three_and_the_overview_takes_two_screens_at_most(self):
        self.assertEqual(set(BOARDS), {"overview", "run", "itself"})
        self.assertLessEqual(max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in BOARDS["overview"]["panels"]), 2 * 24)

    def test_each_panel_has_a_title_a_description_and_a_unit(self):
        def check(_, panel):
            self.assertTrue(panel["title"] and panel["description"].endswith("."))
            self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)
        self.each(check)

    def test_every_selector_matches_job_and_instance_and_every_query_each_variable_of_its_dashboard(self):
        needs = {"job": 'job=~"$job"', "instance": 'instance=~"$instance"', "space": 'space=~"$space"', "run": 'run_id=~"$run"'}

        def check(board, panel):
            names = {variable["name"] for variable in board["templating"]["list"]}
            for target in panel["targets"]:
                for metric, matchers in SELECTOR.findall(re.sub(r'"[^"]*"', lambda m: m[0].replace("}", ""), target["expr"])):
                    self.assertIn(needs["job"], matchers, metric)
                    self.assertIn(needs["instance"], matchers, metric)
                for name in names & needs.keys():
                    self.assertIn(needs[name], target["expr"])
        self.each(check)

    def test_job_and_instance_are_chosen_as_the_linter_wants_them(self):
        for board in BOARDS.values():
            by_name = {variable["name"]: variable for variable in board["templating"]["list"]}
            self.assertEqual((by_name["datasource"]["type"], by_name["datasource"]["query"]), ("datasource", "prometheus"))
            for name in ("job", "instance"):
                variable = by_name[name]
                self.assertEqual((variable["label"], variable["allValue"], variable["multi"], variable["refresh"]),
                                 (name.capitalize(), ".+", True, 2))
                self.assertEqual(variable["datasource"]["uid"], "${datasource}")
            self.assertFalse(board["editable"])

    def test_rates_are_of_the_rate_interval_and_increases_of_it_or_of_an_alert_s_window(self):
        def check(_, panel):
            for target in panel["targets"]:
                for function, window in re.findall(r"(rate|increase|deriv)\([^\[]*\[([^\]]*)\]", target["expr"]):
                    fixed = function == "increase" and f"[{window}]" in RULES and "share" in panel["title"] + panel["description"].lower()
                    self.assertTrue(window == "$__rate_interval" or fixed, target["expr"])
                for counter in re.findall(r"(\w*\(?)\b(?:unpod|runwatch|process)_\w+_total\b\{", target["expr"]):
                    joins = re.search(r"(?:\) |^)runwatch_polls_total\{", target["expr"]) or "last_over_time(" in target["expr"]
                    self.assertTrue(counter in ("rate(", "increase(") or joins, target["expr"])
        self.each(check)

    def test_nothing_of_the_platform_is_summed_over_instances(self):
        def check(_, panel):
            for target in panel["targets"]:
                expression = target["expr"]
                for match in re.finditer(r"sum (?:by \(([a-z_, ]*)\) )?\(", expression):
                    inside = expression[match.end():]
                    kept = "instance" in (match[1] or "").split(", ")
                    once = re.match(r"\(*(sum by \(job, space, run_id\) \(+)?max without \(instance\)", inside)
                    self.assertTrue(kept or once, expression)
        self.each(check)

    def test_thresholds_are_those_of_the_alerts_that_the_description_names(self):
        def check(_, panel):
            named = re.search(r"Thresholds?: ([A-Za-z, ]+)\.", panel["description"])
            wanted = {limit(alert) for alert in named[1].split(", ")} if named else set()
            shown = step_values(panel)
            bases = {0.0: 1.0}  # what fires at 0 is good from 1 on
            self.assertTrue(shown == {bases.get(value, value) for value in wanted} or (not named and shown <= {1}),
                            f"{shown} beside {wanted}")
        self.each(check)
        self.assertGreater(sum("Threshold" in panel["description"] for _, panel in all_panels()), 15)

    def test_a_status_has_one_colour_everywhere(self):
        colours = {}
        for name, panel in all_panels():
            for override in panel["fieldConfig"]["overrides"]:
                for fixed in (p["value"]["fixedColor"] for p in override["properties"] if p["id"] == "color"):
                    colours.setdefault(override["matcher"]["options"], set()).add(fixed)
            if any(target.get("legendFormat") == "{{status}}" for target in panel["targets"]):
                self.assertEqual(len(panel["fieldConfig"]["overrides"]), 9, f"{name}: {panel['title']}")
        self.assertEqual(len(colours), 9)
        self.assertTrue(all(len(found) == 1 for found in colours.values()), colours)

    def test_incidents_and_restarts_are_marked_and_runs_lead_to_their_page(self):
        for board in BOARDS.values():
            self.assertEqual([a["name"] for a in board["annotations"]["list"][1:]], ["Incidents", "Restarts"])
        for name in ("overview", "run"):
            text = json.dumps(BOARDS[name])
            self.assertIn("/run?space=${__data.fields.space:percentencode}&run=${__data.fields.run_id:percentencode}", text)
        self.assertIn("/d/runwatch-run?", json.dumps(BOARDS["overview"]))

    def test_grafana_s_own_types_take_them(self):
        if not (TYPES / "@grafana/schema").exists() or not shutil.which("node"):
            self.skipTest("there is no npm, or @grafana/schema could not be fetched: ./dev deps")
        self.assertEqual(self.compile(BOARDS), "")
        wrong = json.loads(json.dumps(BOARDS["run"]))
        wrong["panels"][0]["gridPos"]["w"] = "wide"
        self.assertIn("'string' is not assignable to type 'number'", self.compile({"wrong": wrong}))

    def compile(self, boards):
        with tempfile.TemporaryDirectory() as place:
            (pathlib.Path(place) / "node_modules").symlink_to(TYPES)
            for name, board in boards.items():
                text = json.dumps(board, indent=1)
                for plain, member in ENUMS.items():
                    text = text.replace(plain, member)
                (pathlib.Path(place) / f"{name}.ts").write_text(f"{PROLOGUE}export const board = ({text}) satisfies Board;\n")
            done = subprocess.run(
                ["node", TYPES / "typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler",
                 "--module", "esnext", "--target", "es2022", "--preserveSymlinks", *(f"{name}.ts" for name in boards)],
                cwd=place, capture_output=True, text=True)
            return done.stdout + done.stderr if done.returncode else ""


if __name__ == "__main__":
    unittest.main()
