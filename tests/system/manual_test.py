"""The manual pages and completions, as man, mandoc and the shells take them."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
BINARY = os.environ.get("RUNWATCH_BIN", str(ROOT / "build/release/daemon/runwatch"))
sys.path.insert(0, str(ROOT / "man"))

import completion  # noqa: E402
import make  # noqa: E402
import markdown  # noqa: E402
from roff import Page, inline  # noqa: E402

PAGES = ("runwatch.1", "runwatch.toml.5", "runwatch-metrics.7")


def commands(app, path=()):
    yield path, app
    for inner in app["commands"]:
        yield from commands(inner, (*path, inner["name"]))


def squeezed(text):
    """Without the blanks, hyphens and quotes that a typesetter moves."""
    return re.sub(r"[\s\u2010\u00ad-]+", "", text)


class ManualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="runwatch-manual-")
        cls.output = pathlib.Path(cls.folder.name)
        make.main(BINARY, ROOT / "docs", cls.output, "2026-01-01")
        cls.app = json.loads(subprocess.run([BINARY, "describe"], check=True, capture_output=True, text=True).stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def shown(self, page):
        env = {**os.environ, "MANWIDTH": "500", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["man", "--warnings=w", "-l", str(self.output / page)], capture_output=True, text=True,
                              env=env, check=True)
        self.assertEqual(done.stderr, "")
        return squeezed(re.sub(r".\x08", "", done.stdout))

    def test_man_shows_each_page_without_a_complaint(self):
        for page in PAGES:
            with self.subTest(page):
                self.assertIn("DESCRIPTION", self.shown(page))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_finds_nothing(self):
        for page in PAGES:
            with self.subTest(page):
                done = subprocess.run(["mandoc", "-Tlint", str(self.output / page)], capture_output=True, text=True,
                                      check=False)
                self.assertEqual((done.stdout, done.returncode), ("", 0))

    def test_the_page_of_the_program_tells_all_that_help_tells(self):
        page = self.shown("runwatch.1")
        for path, command in commands(self.app):
            help_text = subprocess.run([BINARY, *path, "--help"], capture_output=True, text=True, check=True).stdout
            for line in re.sub(r"`|\{false\}", "", help_text).splitlines():
                # Columns are set anew, under headings of the page's own.
                for piece in re.split(r"\s{2,}", line.strip().removeprefix("Usage: ")):
                    if piece not in ("Options:", "Positionals:", "Subcommands:", "Exit codes:"):
                        self.assertIn(squeezed(piece), page, f"{path}: {line}")

    def test_the_pages_of_configuration_and_metrics_have_each_row_of_the_docs(self):
        for name, document in (("runwatch.toml.5", "configuration.md"), ("runwatch-metrics.7", "metrics.md")):
            page, rows = self.shown(name), 0
            for kind, *content in markdown.blocks((ROOT / "docs" / document).read_text()):
                for row in content[1] if kind == "table" else ():
                    rows += 1
                    for cell in row:
                        plain = re.sub(r"[`*]|\]\([^)]*\)|\[(?=[^\]]*\]\()", "", cell)
                        self.assertIn(squeezed(plain), page, row)
            self.assertGreater(rows, 40)

    def test_what_no_page_can_show_is_an_error(self):
        for text in ("| a |\n| b |\n", "<b>x</b>\n", "![x](y)\n"):
            with self.subTest(text), self.assertRaises(ValueError):
                markdown.blocks(text)

    def test_no_blank_within_code_is_lost_at_the_end_of_a_line(self):
        for page in PAGES:
            for line in (self.output / page).read_text().splitlines():
                self.assertFalse(re.search(r"(?<!\\)\\$", line), line)

    def test_no_text_of_a_document_becomes_a_request_of_the_typesetter(self):
        page = Page("x", 7, "y", "2026-01-01")
        page.heading("description")
        page.blocks([("text", "a " * 38 + ".so /etc/passwd"), ("code", ["'br", ".sh \\n"]), ("text", "'de x")])
        for line in page.lines[4:]:
            self.assertNotRegex(line, r"^[.'](so|br|sh|de)")
        self.assertEqual(inline("`a-b` \\"), "\\fBa\\-b\\fR \\e")

    def complete(self, *words):
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _runwatch; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-uec", script, "bash", self.output / "runwatch.bash", *words],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_commands_options_and_words(self):
        self.assertEqual(self.complete("runwatch", "si"), ["silence", "sink", "simulate"])
        self.assertEqual(self.complete("runwatch", "alerts", "s"), ["show"])
        self.assertEqual(self.complete("runwatch", "once", "--format", "p"), ["prometheus"])
        self.assertEqual(self.complete("runwatch", "silence", "add", "--ru"), ["--run", "--rule"])
        self.assertIn(str(self.output / "runwatch.bash"),
                      self.complete("runwatch", "check", "--config", f"{self.output}/run"))
        for path, command in commands(self.app):
            offered = self.complete("runwatch", *path, "-")
            self.assertEqual(sorted(offered), sorted(n for o in command["options"] for n in o["names"] if n[0] == "-"))

    def test_zsh_and_fish_read_theirs(self):
        for shell, name in (("zsh", "_runwatch"), ("fish", "runwatch.fish")):
            with self.subTest(shell):
                if not shutil.which(shell):
                    self.skipTest(f"{shell} is not installed")
                subprocess.run([shell, "-n", self.output / name], check=True)

    def test_every_command_and_option_is_in_each_completion(self):
        for text in (completion.bash(self.app), completion.zsh(self.app), completion.fish(self.app)):
            for path, command in commands(self.app):
                self.assertTrue(all(word in text for word in path), path)
                for option in command["options"]:
                    for name in option["names"]:
                        self.assertTrue(option["positional"] or name.lstrip("-") in text, name)


if __name__ == "__main__":
    unittest.main()
