"""The page in Debian's real Chromium, in a bad hour of the real binary: which run is in trouble, why, and does anyone know?"""
import http.server
import json
import threading
import unittest
import urllib.parse

from bad_hour import FAKETIME, ODD_NAME, BadHour
from eyes import Eyes, why_not
from harness import request

WIDTHS = {390: 844, 1280: 860, 1920: 1080}

# What a row of a run shows, and where.
ROWS = """[...document.querySelectorAll('tr[data-run]')].map((row) => {
  const failed = row.querySelector('.c-failed b'), box = failed && failed.getBoundingClientRect();
  const text = (at) => (row.querySelector(at) || {innerText: ''}).innerText.trim();
  return {run: row.dataset.run, space: row.dataset.space, level: row.className, failed: failed && failed.innerText,
          seen: !!box && box.width > 0 && box.left >= 0 && box.right <= innerWidth && row.checkVisibility(),
          top: row.getBoundingClientRect().top, bottom: row.getBoundingClientRect().bottom, id: text('.c-run code'),
          bar: row.querySelector('.bar').getAttribute('aria-label'), told: text('.c-told'), why: text('.c-run'),
          reasons: text('.c-failed'), drawn: !!row.querySelector('.c-plot svg path')};
})"""
UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"


class Proxy:
    """A reverse proxy that has the page below a path of its own."""

    def __init__(self, address, prefix):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if not self.path.startswith(prefix):
                    self.send_error(404)
                    return
                answer = request(address, "/" + self.path.removeprefix(prefix))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "keep-alive"):
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{prefix}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipIf(why_not(), why_not())
class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hour = (BadHour(steps=20, minutes=6) if FAKETIME else BadHour()).begin().play()
        cls.eyes = Eyes()
        cls.base = f"http://{cls.hour.daemon.address}/"

    @classmethod
    def tearDownClass(cls):
        cls.eyes.close()

    def api(self, path):
        answer = self.hour.daemon.get(f"/api/v1/{path}")
        self.assertEqual(answer.status, 200, answer.text)
        return json.loads(answer.text)

    def run_url(self, name, run):
        return self.base + "run?" + urllib.parse.urlencode({"space": name, "run": run})

    def places(self):
        return {"overview": self.base, "list": self.base + "?space=collections&state=trouble", "run": self.run_url("collections", self.hour.carrier),
                "odd run": self.run_url(ODD_NAME, self.hour.odd)}

    def tearDown(self):
        self.assertEqual(self.eyes.ask("complaints"), [])

    def test_what_is_on_the_screen_is_what_the_api_says_and_the_failed_column_is_seen_at_each_width(self):
        for width, height in WIDTHS.items():
            with self.subTest(width=width):
                self.eyes.open(self.base, width, height=height)
                self.eyes.eval(UNFOLD)
                rows = {row["run"]: row for row in self.eyes.eval(ROWS)}
                runs = {run["run_id"]: run for run in self.api("runs")}
                self.assertEqual(rows.keys(), runs.keys())
                for run, row in rows.items():
                    self.assertEqual(row["id"], run)
                    self.assertEqual(row["space"], runs[run]["space"])
                    self.assertEqual(row["failed"], str(runs[run]["tasks"]["failed"]))
                    self.assertTrue(row["seen"], f"failed of {run} at {width}")
                    parts = dict(reversed(part.split(" ", 1)) for part in row["bar"].split(", "))
                    self.assertEqual({name.replace(" ", "_"): int(n) for name, n in parts.items()},
                                     {name: n for name, n in runs[run]["tasks"].items() if n > 0})

    def shown(self, expression):
        """Texts of the page without the white space between lines."""
        return [" ".join(text.split()) for text in self.eyes.eval(f"[...{expression}].map((it) => it.innerText)")]

    def test_the_page_of_a_run_shows_its_failures_and_notices_as_the_api_says_page_by_page(self):
        query = urllib.parse.urlencode({"space": "collections", "run": self.hour.carrier})
        failures = self.api(f"failures?{query}&limit=500")["changes"]
        self.eyes.open(self.run_url("collections", self.hour.carrier))
        seen = []
        while True:
            rows = self.eyes.eval("[...document.querySelectorAll('tr[data-key^=change]')].map((row) => "
                                  "[...row.cells].map((cell) => cell.innerText))")
            seen += [(row[0], row[2], int(row[3])) for row in rows]
            older = self.eyes.eval("[...document.links].filter((a) => a.innerText === 'Older').map((a) => a.href)[0]")
            if not older:
                break
            self.eyes.open(older)
        self.assertGreater(len(seen), 100)
        self.assertEqual(seen, [(f["task"], f["reason"].replace("_", " "), f["attempts"]) for f in failures])
        notices = self.api(f"notices?{query}")["notices"]
        for row, notice in zip(self.shown("document.querySelectorAll('tr[data-key^=notice]')"), notices, strict=True):
            self.assertTrue(row.startswith(f"{notice['rule']} {notice['kind']}"), row)
            for delivery in notice["deliveries"]:
                self.assertIn(f"{delivery['receiver']} {delivery['state']}", row)

    def test_incidents_receivers_silences_and_polls_are_those_of_the_api(self):
        self.eyes.open(self.base)
        rows = {name: self.shown(f"document.querySelector('[aria-labelledby={name}]').querySelectorAll('tbody tr')")
                for name in ("incidents", "receivers", "polls")}
        silences = self.api("silences")["silences"]
        incidents = sorted(self.api("incidents")["incidents"], key=lambda incident: incident["state"] == "over")
        shown = rows["incidents"][:len(incidents)]
        for row, incident in zip(shown, incidents, strict=True):
            self.assertTrue(row.startswith(f"{incident['state']} {incident['rule']}"), row)
            self.assertIn(incident["run_id"] or incident["space"] or incident["about"], row)
        for row, silence in zip(rows["incidents"][len(incidents):], silences, strict=True):
            self.assertIn(silence["reason"], row)
        for row, receiver in zip(rows["receivers"], self.api("receivers")["receivers"], strict=True):
            self.assertIn(f" {receiver['name']} ", row)
            self.assertEqual(row.startswith("failing"), receiver["failing_since"] is not None)
        self.assertEqual(len(rows["polls"]), len(self.api("polls")["failed"]))
        self.eyes.eval(UNFOLD)
        shown = self.eyes.eval("document.getElementById('itself').innerText")
        self.assertIn('"page_size": 500', shown)
        self.assertNotIn("simulated-token", shown)

    def test_one_screen_says_which_run_is_in_trouble_why_and_who_knows(self):
        for width, height in WIDTHS.items():
            with self.subTest(width=width):
                self.eyes.open(self.base, width, height=height)
                verdict = self.eyes.eval("document.querySelector('h1').innerText")
                self.assertIn("in trouble", verdict)
                self.assertTrue(self.eyes.eval("document.title").startswith("🔴"))
                self.assertIn("level=bad", self.eyes.eval("document.querySelector('link[rel=icon]').href"))
                rows = self.eyes.eval(ROWS)
                self.assertEqual(rows[0]["run"], self.hour.carrier, "the worst comes first")
                self.assertIn("provider", rows[0]["reasons"])
                self.assertIn("ops-slack", rows[0]["told"])
                self.assertIn("pager", rows[0]["told"])
                self.assertIn("not reached", rows[0]["told"])
                self.assertLess(rows[0]["bottom"], height)
                if self.hour.minutes:  # a run is stalled after half an hour
                    stalled = next(row for row in rows if row["run"] == self.hour.stalled)
                    self.assertIn("stalled", stalled["why"])
                    self.assertIn("silenced until", stalled["told"])
                seen = self.eyes.eval("document.body.innerText")
                self.assertIn("Invalid Space Token", seen)

    def test_nothing_scrolls_sideways(self):
        for name, url in self.places().items():
            for width in (320, 1030, *WIDTHS):
                with self.subTest(name=name, width=width):
                    self.eyes.open(url, width)
                    self.eyes.eval(UNFOLD)
                    self.assertLessEqual(self.eyes.eval(SIDEWAYS), 0)

    def test_axe_finds_nothing_in_light_and_dark(self):
        for name, url in self.places().items():
            for width in (390, 1280):
                for dark in (False, True):
                    with self.subTest(name=name, width=width, dark=dark):
                        self.eyes.open(url, width, dark=dark)
                        self.eyes.eval(UNFOLD)
                        self.assertEqual(self.eyes.ask("axe"), [])

    def test_a_name_that_is_markup_stays_text(self):
        for url in (self.base, self.run_url(ODD_NAME, self.hour.odd)):
            self.eyes.open(url)
            self.eyes.eval(UNFOLD)
            names = self.eyes.eval("[...document.querySelectorAll('bdi')].map((name) => name.textContent)")
            self.assertIn(ODD_NAME, names)
            self.assertEqual(self.eyes.eval("document.scripts.length"), 1)

    def test_without_scripts_the_page_says_the_same(self):
        for url in self.places().values():
            self.eyes.open(url, js=False)
            # Playwright evaluates in a world of its own, which the page's scripts being off leaves alone.
            without = self.eyes.eval("document.querySelector('h1').innerText")
            self.assertTrue(self.eyes.eval("document.getElementById('pause').hidden"))
            self.eyes.open(url)
            self.assertEqual(self.eyes.eval("document.querySelector('h1').innerText"), without)
            self.assertFalse(self.eyes.eval("document.getElementById('pause').hidden"))

    def test_everything_can_be_reached_and_unfolded_by_keyboard(self):
        self.eyes.open(self.base)
        wanted = self.eyes.eval("document.querySelectorAll('a, button, summary, input, select').length")
        reached = []
        for _ in range(wanted + 5):
            self.eyes.ask("press", key="Tab")
            here = self.eyes.eval("""(() => {
                const it = document.activeElement;
                if (it === document.body) return null;
                return {name: it.nodeName, text: it.innerText || it.name || '',
                        ring: getComputedStyle(it).outlineStyle !== 'none' && parseFloat(getComputedStyle(it).outlineWidth) > 0,
                        open: it.nodeName === 'SUMMARY' ? it.parentElement.open : null};
            })()""")
            if here is None:
                break
            reached.append(here)
            self.assertTrue(here["ring"], here)
            if here["name"] == "SUMMARY" and not here["open"]:
                self.eyes.ask("press", key="Enter")
                self.assertTrue(self.eyes.eval("document.activeElement.parentElement.open"))
        self.assertIn("Skip", reached[0]["text"])
        self.assertIn("SUMMARY", {it["name"] for it in reached})
        self.assertIn("BUTTON", {it["name"] for it in reached})
        self.assertIn(self.hour.carrier, {it["text"].strip() for it in reached})

    def test_behind_a_proxy_below_a_path_everything_is_found(self):
        proxy = Proxy(self.hour.daemon.address, "/ops/watch/")
        self.addCleanup(proxy.stop)
        self.eyes.open(proxy.url)
        for _ in range(2):
            self.assertGreater(self.eyes.eval("document.styleSheets[0].cssRules.length"), 20)
            self.assertFalse(self.eyes.eval("document.getElementById('pause').hidden"))
            links = self.eyes.eval("[...document.querySelectorAll('a[href], link[href]')].map((link) => link.href)")
            self.assertEqual([link for link in links if not link.startswith(proxy.url)], [])
            for link in set(links):
                self.assertEqual(request(proxy.url.split("/")[2], urllib.parse.urlsplit(link)._replace(
                    scheme="", netloc="", fragment="").geturl()).status, 200, link)
            self.eyes.open(proxy.url + "run?" + urllib.parse.urlencode({"space": "collections", "run": self.hour.carrier}))

    def test_it_refreshes_in_place_and_keeps_folds_focus_and_scroll(self):
        self.eyes.open(self.base, 1280, height=600)
        self.eyes.eval(UNFOLD)
        self.eyes.eval(f"document.querySelector('tr[data-run=\"{self.hour.well}\"] a').focus()")
        scrolled = self.eyes.eval("scrollTo(0, 120), scrollY")
        row = f"document.querySelector('tr[data-run=\"{self.hour.well}\"]')"
        self.eyes.eval(f"{row}.mine = true")
        before = self.eyes.eval(f"{row}.querySelector('.bar').getAttribute('aria-label')")
        self.hour.put(self.hour.well, "partially_completed", 2)
        self.eyes.until(f"{row}.querySelector('.bar').getAttribute('aria-label') !== {json.dumps(before)}")
        self.assertTrue(self.eyes.eval(f"{row}.mine"), "the row was changed, not replaced")
        self.assertTrue(self.eyes.eval(f"{row}.contains(document.activeElement)"))
        self.assertTrue(self.eyes.eval("[...document.querySelectorAll('details')].every((fold) => fold.open)"))
        self.assertEqual(self.eyes.eval("scrollY"), scrolled)


@unittest.skipIf(why_not(), why_not())
class StaleTest(unittest.TestCase):
    def test_a_page_whose_run_is_watched_no_more_says_so_and_not_that_nobody_answers(self):
        hour = BadHour(steps=1).begin()
        eyes = Eyes().open(f"http://{hour.daemon.address}/run?space=collections&run={hour.carrier}")
        eyes.eval("history.replaceState(null, '', '/run?space=collections&run=none')")  # as if this one were it
        eyes.until("document.title.includes('no such run')")
        self.assertTrue(eyes.eval("document.getElementById('stale').hidden"))
        hour.daemon.stop()
        eyes.close()

    def test_a_page_whose_daemon_is_gone_says_so(self):
        hour = BadHour(steps=1).begin()
        eyes = Eyes().open(f"http://{hour.daemon.address}/")
        self.assertTrue(eyes.eval("document.getElementById('stale').hidden"))
        hour.daemon.stop()
        eyes.until("!document.getElementById('stale').hidden")
        self.assertIn("No answer from runwatch", eyes.eval("document.getElementById('stale').innerText"))
        self.assertTrue(eyes.eval("document.title").startswith("⚪"))
        self.assertIn("level=none", eyes.eval("document.querySelector('link[rel=icon]').href"))
        eyes.close()


if __name__ == "__main__":
    unittest.main()
