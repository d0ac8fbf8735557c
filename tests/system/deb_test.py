"""The Debian package as a file: what lintian says of it, and what is in it."""
import pathlib
import re
import shutil
import subprocess
import unittest

import machine

ROOT = pathlib.Path(__file__).parents[2]
SHARED = "/usr/share/runwatch/"


def files_of(folder):
    return {str(path.relative_to(ROOT / folder)) for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix != ".py"}


class DebTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if machine.package() is None:
            raise unittest.SkipTest("there is no package in build/package: ./dev package makes it")
        done = subprocess.run(["dpkg-deb", "-c", machine.package()], capture_output=True, text=True, check=True)
        cls.rows = [line.split(None, 5) for line in done.stdout.splitlines()]
        cls.files = {row[5].split(" -> ")[0].lstrip(".") for row in cls.rows if not row[5].endswith("/")}

    def test_lintian_finds_no_fault(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not installed")
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", machine.package()],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_dashboards_rules_schema_and_docs_are_in_it_as_a_whole(self):
        for folder in ("docs", "grafana", "etc"):
            with self.subTest(folder):
                inside = {path.removeprefix(f"{SHARED}{folder}/") for path in self.files
                          if path.startswith(f"{SHARED}{folder}/")}
                self.assertEqual(inside, files_of(folder))
                self.assertTrue(inside)

    def test_no_link_of_the_documents_is_dead(self):
        there = {row[5].lstrip(".").rstrip("/") for row in self.rows}
        for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
                place = (document.parent / link).resolve().relative_to(ROOT)
                self.assertIn(f"{SHARED}{place}", there, f"in {document}")

    def test_everything_in_it_is_roots_and_nobody_else_may_write_it(self):
        for mode, owner, *_, path in self.rows:
            self.assertEqual(owner, "root/root", path)
            if not mode.startswith("l"):
                self.assertNotIn("w", mode[4:], path)

    def test_the_sample_is_a_configuration_file_that_an_upgrade_asks_about(self):
        done = subprocess.run(["dpkg-deb", "-I", machine.package(), "conffiles"], capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stdout, "/etc/runwatch/runwatch.toml\n")
        self.assertIn("/etc/runwatch/runwatch.toml", self.files)


if __name__ == "__main__":
    machine.run_tests()
