"""A real Chromium to look at the page with: tests/browser/eyes.js, spoken to by lines of JSON."""
import atexit
import json
import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODULES = pathlib.Path(os.environ.get("RUNWATCH_BROWSER_MODULES", SOURCE / "build/tools/browser/node_modules"))


def why_not():
    """What a machine lacks to look at the page; empty: nothing."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            return f"there is no {program}; install chromium, nodejs and npm, then run ./dev deps"
    for module in ("playwright-core", "axe-core"):
        if not (MODULES / module).is_dir():
            return f"{MODULES} has no {module}; ./dev deps fetches it"
    return ""


class Eyes:
    def __init__(self):
        self.process = subprocess.Popen(["node", SOURCE / "tests/browser/eyes.js", MODULES], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)

    def ask(self, verb, **values):
        self.process.stdin.write(json.dumps({"do": verb, **values}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "the browser is gone"}')
        if "error" in answer:
            raise AssertionError(f"{verb} {values}: {answer['error']}")
        return answer["value"]

    def open(self, url, width=1280, **options):
        status = self.ask("open", url=url, width=width, **options)
        assert status == 200, f"{url}: {status}"
        return self

    def eval(self, text):
        return self.ask("eval", text=text)

    def until(self, text):
        return self.ask("until", text=text)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(20)
