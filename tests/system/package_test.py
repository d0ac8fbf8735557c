"""The Debian package in a real systemd: installed, started, asked, reloaded, hung, killed, upgraded and purged."""
import ctypes
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import unittest

import machine
from harness import folder, key, parse_metrics, request, total, wait_for

ADDRESS, PLATFORM = "127.0.0.1:10321", "127.0.0.1:8080"
DATABASE = "/var/lib/runwatch/state.db"
UNIT = "runwatch.service"
CONFIG = f"""
[api]
base_url = "http://{PLATFORM}"
org_handle = "sim.example"
token_file = "/etc/runwatch/token"
rate_limit = 200
[poll]
interval = "500ms"
discovery_interval = "500ms"
"""
# Shorter than shipped, so that no test takes a minute.
HASTE = "[Service]\nWatchdogSec=8s\nRestartSec=100ms\n"


def version_of(package):
    return subprocess.run(["dpkg-deb", "-f", package, "Version"], capture_output=True, text=True,
                          check=True).stdout.strip()


def repacked(package, version, program=None):
    """The package under another version, and with another program if one is given."""
    place, old = folder(), version_of(package)
    subprocess.run(["dpkg-deb", "-R", package, place / "p"], check=True)
    for name in ("control", "preinst"):
        path = place / "p" / "DEBIAN" / name
        path.write_text(path.read_text().replace(old, version))
    if program:
        (place / "p/usr/bin/runwatch").write_text(program)
    path = place / f"runwatch_{version}_amd64.deb"
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", "-Znone", place / "p", path], check=True,
                   stdout=subprocess.DEVNULL)
    return path


class HeldThread:
    """A thread of a process that stands still while all others go on (ptrace(2))."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, pid, name):
        tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
        self.thread = next(int(task.name) for task in tasks if (task / "comm").read_text().strip() == name)
        self.ask(self.SEIZE)
        self.ask(self.INTERRUPT)

    def ask(self, what):
        libc = ctypes.CDLL(None, use_errno=True)
        null = ctypes.c_void_p()
        if libc.ptrace(ctypes.c_long(what), ctypes.c_int(self.thread), null, null) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def release(self):
        """Where it lives still."""
        try:
            self.ask(self.DETACH)
        except OSError:
            pass


class Service:
    """The service in a machine, and the simulated platform beside it."""

    def __init__(self, inside):
        self.inside = inside

    def simulate(self, token):
        """The same world under another token."""
        self.inside.run("systemctl", "stop", "platform", check=False)
        self.inside.run("systemd-run", "--unit=platform", "--collect", "/usr/bin/runwatch", "simulate", "--listen",
                        PLATFORM, "--token", token, "--tasks", 20, "--task-bytes", 300)
        wait_for(lambda: self.get("/_sim/state", PLATFORM), "the platform")

    def give_token(self, token):
        self.inside.run("install", "-m", "640", "-g", "runwatch", "/dev/stdin", "/etc/runwatch/token",
                        stdin=token + "\n")

    def get(self, path, address=ADDRESS):
        with self.inside.network():
            try:
                answer = request(address, path, timeout=5)
            except OSError:
                return None
        return answer.text if answer.status == 200 else None

    def metrics(self):
        return parse_metrics(self.get("/metrics") or "")

    def shown(self, name):
        return self.inside.run("systemctl", "show", "-P", name, UNIT).stdout.strip()

    @property
    def pid(self):
        return int(self.shown("MainPID"))

    def is_ready(self):
        return self.get("/-/ready") is not None

    def journal(self):
        out = self.inside.run("journalctl", "-u", UNIT, "-o", "json", "--no-pager").stdout
        return [json.loads(line) for line in out.splitlines()]

    def messages(self):
        return "\n".join(str(entry["MESSAGE"]) for entry in self.journal())


class RunningTest(unittest.TestCase):
    """Each test finds the service running, with a good configuration, on a platform that takes its token."""

    @classmethod
    def setUpClass(cls):
        cls.inside = machine.boot(machine.package())
        cls.addClassCleanup(cls.inside.stop)
        cls.service = Service(cls.inside)
        cls.installed = cls.inside.install(machine.package()).stdout
        cls.after_install = cls.inside.run("systemctl", "is-active", UNIT, check=False).stdout.strip()
        cls.enabled_after_install = cls.inside.run("systemctl", "is-enabled", UNIT, check=False).stdout.strip()
        cls.mode_after_install = cls.inside.run("stat", "-c", "%U:%G %a", "/etc/runwatch/runwatch.toml").stdout.strip()
        (cls.inside.root / "etc/systemd/system/runwatch.service.d").mkdir()
        cls.inside.write("/etc/systemd/system/runwatch.service.d/haste.conf", HASTE)
        cls.inside.run("systemctl", "daemon-reload")
        cls.service.simulate("first")
        cls.inside.write("/etc/runwatch/runwatch.toml", CONFIG)
        cls.service.give_token("first")
        cls.inside.run("systemctl", "enable", "--now", UNIT)

    def setUp(self):
        wait_for(self.service.is_ready, "readiness")

    def polls_go_on(self):
        polls = total(self.service.metrics(), "runwatch_polls_total") or 0
        wait_for(lambda: (total(self.service.metrics(), "runwatch_polls_total") or 0) > polls + 3, "polls")

    def test_installing_starts_nothing_without_a_token_and_says_what_to_do(self):
        self.assertEqual((self.after_install, self.enabled_after_install), ("inactive", "disabled"))
        for words in ("is installed, and not running", "/etc/runwatch/token", "systemctl enable --now runwatch"):
            self.assertIn(words, self.installed)

    def test_secrets_in_the_configuration_are_the_services_alone_and_check_says_what_it_cannot_read(self):
        self.assertEqual(self.mode_after_install, "root:runwatch 640")
        self.assertNotIn("the account runwatch", self.inside.run("runwatch", "check").stderr)
        self.addCleanup(self.inside.run, "chmod", "640", "/etc/runwatch/runwatch.toml", "/etc/runwatch/token")
        self.inside.run("chmod", "600", "/etc/runwatch/runwatch.toml", "/etc/runwatch/token")
        warned = self.inside.run("runwatch", "check").stderr
        for file in ("runwatch.toml", "token"):
            self.assertIn(f"the account runwatch, which the service runs as, cannot read /etc/runwatch/{file}", warned)

    def test_it_is_ready_and_scraped_and_says_so(self):
        wait_for(lambda: total(self.service.metrics(), "unpod_tasks"), "tasks")
        self.assertIn("unpod_task_transitions_total", self.service.get("/metrics"))
        self.assertEqual(self.service.shown("ActiveState"), "active")
        self.assertRegex(self.inside.run("systemctl", "status", UNIT).stdout, r'Status: ".+"')
        for question in (("alerts", "list"), ("silence", "list"), ("check", "--running")):
            self.assertTrue(self.inside.run("runwatch", *question).stdout)
        began = self.inside.run("systemctl", "show", "-P", "ExecMainStartTimestamp", "--timestamp=unix", UNIT).stdout
        self.assertAlmostEqual(self.service.metrics()[key("process_start_time_seconds")], int(began.strip()[1:]), delta=5)
        owner = self.inside.run("stat", "-c", "%U %a", DATABASE, "/run/runwatch/control.sock").stdout.split()
        self.assertEqual((owner[0], owner[2:]), ("runwatch", ["runwatch", "600"]))

    def test_a_reload_takes_a_good_configuration_up_without_a_restart(self):
        pid = self.service.pid
        self.inside.write("/etc/runwatch/runwatch.toml", CONFIG.replace('"500ms"', '"400ms"'))
        self.inside.run("systemctl", "reload", UNIT)
        wait_for(lambda: "poll.interval" in self.service.messages(), "the change in the journal")
        self.inside.write("/etc/runwatch/runwatch.toml", CONFIG)
        self.inside.run("systemctl", "reload", UNIT)
        self.assertEqual(self.service.pid, pid)
        self.polls_go_on()

    def test_a_reload_refuses_a_bad_configuration_and_says_why(self):
        pid = self.service.pid
        self.addCleanup(self.inside.run, "systemctl", "reload", UNIT)
        self.addCleanup(self.inside.write, "/etc/runwatch/runwatch.toml", CONFIG)
        self.inside.write("/etc/runwatch/runwatch.toml", CONFIG.replace("discovery_interval", "discovry_interval"))
        self.assertNotEqual(self.inside.run("systemctl", "reload", UNIT, check=False).returncode, 0)
        by_hand = self.inside.run("runwatch", "reload", check=False)
        self.assertEqual(by_hand.returncode, 78)
        self.assertIn("discovry_interval", by_hand.stderr)
        self.assertEqual(self.inside.run("runwatch", "alerts", "list").returncode, 0)  # of the daemon that goes on
        status = self.inside.run("systemctl", "status", "--no-pager", "-n", 20, UNIT, check=False).stdout
        self.assertRegex(status, r'Status: ".*(reload|configuration).*"')
        self.assertRegex(status, r"discovry_interval")
        self.assertEqual(self.service.metrics()[key("runwatch_config_last_reload_successful")], 0)
        self.assertEqual(self.service.pid, pid)
        self.polls_go_on()

    def test_a_new_token_in_its_file_is_taken_up_without_a_restart(self):
        pid = self.service.pid
        failures = total(self.service.metrics(), "runwatch_poll_failures_total", reason="auth") or 0
        self.service.simulate("second")
        wait_for(lambda: (total(self.service.metrics(), "runwatch_poll_failures_total", reason="auth") or 0) > failures,
                 "a refusal of the old token")
        self.service.give_token("second")
        self.polls_go_on()
        wait_for(lambda: 0 not in [v for (name, _), v in self.service.metrics().items() if name == "unpod_up"],
                 "good polls")
        self.assertEqual(self.service.pid, pid)

    def test_the_watchdog_kills_it_when_one_of_its_loops_hangs_and_it_comes_back(self):
        pid, restarts = self.service.pid, int(self.service.shown("NRestarts"))
        before = total(self.service.metrics(), "unpod_task_transitions_total")
        held = HeldThread(self.inside.pid_outside(pid), "http-front")
        self.addCleanup(held.release)
        wait_for(lambda: "the loop server makes no progress" in self.inside.run("runwatch", "check", "--running",
                                                                                check=False).stdout, "the check")
        wait_for(lambda: self.service.pid not in (0, pid), "another process")
        self.assertIn("Watchdog timeout", self.service.messages())
        self.assertEqual(int(self.service.shown("NRestarts")), restarts + 1)
        wait_for(self.service.is_ready, "readiness")
        self.assertGreaterEqual(total(self.service.metrics(), "unpod_task_transitions_total"), before)

    def test_it_survives_kill_9_with_its_numbers(self):
        pid = self.service.pid
        wait_for(lambda: total(self.service.metrics(), "unpod_task_transitions_total"), "changes")
        before = total(self.service.metrics(), "unpod_task_transitions_total")
        self.inside.run("kill", "-KILL", pid)
        wait_for(lambda: self.service.pid not in (0, pid), "another process")
        wait_for(self.service.is_ready, "readiness")
        self.assertGreaterEqual(total(self.service.metrics(), "unpod_task_transitions_total"), before)

    def test_the_journal_has_priorities_and_no_denial(self):
        self.inside.write("/etc/runwatch/runwatch.toml", "nonsense = 1\n")
        self.inside.run("systemctl", "reload", UNIT, check=False)
        self.inside.write("/etc/runwatch/runwatch.toml", CONFIG)
        self.inside.run("systemctl", "reload", UNIT)
        own = [entry for entry in self.service.journal() if entry.get("_COMM") == "runwatch"]
        self.assertGreaterEqual({entry["PRIORITY"] for entry in own}, {"6", "3"})
        for entry in self.service.journal():
            self.assertNotRegex(str(entry["MESSAGE"]), r"(?i)denied|not permitted|read-only file|bad system call")


class LifeTest(unittest.TestCase):
    """A package's life on one machine: an older version, this one, a newer one, the way back, and the end."""

    # What was installed years ago: it only says that it is there, and keeps its database in format 1.
    OLD = "#!/bin/sh\nsystemd-notify --ready\nexec sleep infinity\n"

    def make_old_database(self, inside):
        schema = (machine.ROOT / "lib/store/schema.cc").read_text()
        application = re.search(r"kApplicationId = (0x[0-9a-fA-F]+|\d+)",
                                schema + (machine.ROOT / "lib/store/schema.h").read_text())[1]
        path = inside.root / DATABASE.lstrip("/")
        with sqlite3.connect(path) as database:
            database.executescript(re.search(r'kVersion1 = R"\((.*?)\)"', schema, re.S)[1])
            database.execute("INSERT INTO spaces VALUES(7, ?, 'old', 1, '')", (bytes(16),))
            database.execute(f"PRAGMA application_id={int(application, 0)}")
            database.execute("PRAGMA user_version=1")
        inside.run("chown", "-R", "runwatch:runwatch", "/var/lib/runwatch")

    def look(self, inside, question):
        copy = folder() / "copy.db"
        for end in ("", "-wal"):
            path = pathlib.Path(f"{inside.root}{DATABASE}{end}")
            if path.exists():
                shutil.copy(path, f"{copy}{end}")
        with sqlite3.connect(copy) as database:
            return database.execute(question).fetchone()[0]

    def start_old(self, inside, old, service):
        inside.install(old)
        inside.write("/etc/runwatch/runwatch.toml", CONFIG)
        inside.run("mkdir", "-p", "/etc/systemd/system/runwatch.service.d")
        inside.write("/etc/systemd/system/runwatch.service.d/all.conf", "[Service]\nNotifyAccess=all\n")
        inside.run("systemctl", "daemon-reload")
        service.give_token("simulated-token")
        inside.run("systemctl", "enable", "--now", UNIT)
        self.make_old_database(inside)

    def test_upgrades_keep_state_downgrades_are_refused_and_purge_leaves_nothing(self):
        this = machine.package()
        version = version_of(this)
        old, new = repacked(this, "0.0.1-1", self.OLD), repacked(this, f"{version}+later")
        inside = machine.boot(old, this, new)
        self.addCleanup(inside.stop)
        service = Service(inside)
        self.start_old(inside, old, service)

        inside.install(this)
        self.assertEqual(service.shown("ActiveState"), "active")
        wait_for(lambda: service.get("/-/healthy"), "the upgraded service")
        self.assertGreater(self.look(inside, "PRAGMA user_version"), 1)
        self.assertEqual(self.look(inside, "SELECT slug FROM spaces WHERE number = 7"), "old")

        service.simulate("simulated-token")
        wait_for(lambda: total(service.metrics(), "unpod_task_transitions_total"), "changes")
        pid, before = service.pid, total(service.metrics(), "unpod_task_transitions_total")
        inside.write("/etc/runwatch/runwatch.toml", "nonsense = 1\n" + CONFIG)
        told = inside.install(new)
        self.assertIn("not restarted, for this version finds fault with the configuration", told.stdout + told.stderr)
        self.assertEqual(service.pid, pid)

        inside.write("/etc/runwatch/runwatch.toml", CONFIG)
        inside.run("systemctl", "restart", UNIT)
        wait_for(lambda: (total(service.metrics(), "unpod_task_transitions_total") or 0) >= before, "the same numbers")
        pid = service.pid
        refused = inside.install(this, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"{version} is older than {version}+later, which is installed", refused.stdout + refused.stderr)
        self.assertEqual(service.pid, pid)
        self.assertEqual(inside.run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Abbrev}", "runwatch").stdout.strip(),
                         f"{version}+later ii")
        self.end(inside)

    def end(self, inside):
        inside.run("apt-get", "remove", "-q", "-y", "runwatch")
        self.assertEqual(inside.run("systemctl", "is-active", UNIT, check=False).stdout.strip(), "inactive")
        for path in (DATABASE, "/etc/runwatch/runwatch.toml", "/etc/runwatch/token"):
            inside.run("test", "-e", path)
        self.come_back(inside)
        inside.run("apt-get", "purge", "-q", "-y", "runwatch")
        for path in ("/var/lib/runwatch", "/etc/runwatch", "/run/runwatch", "/lib/systemd/system/runwatch.service"):
            self.assertNotEqual(inside.run("test", "-e", path, check=False).returncode, 0, path)
        left = inside.run("find", "/etc/systemd", "/var/lib/systemd", "-name", "*runwatch*", "-not", "-path",
                          "*/runwatch.service.d*").stdout
        self.assertEqual(left, "")

    def come_back(self, inside):
        """What was removed and is installed again runs as it did, or does not where it was not to run."""
        self.assertIn("started with the token that was there", inside.install(machine.package()).stdout)
        self.assertEqual(inside.run("systemctl", "is-active", UNIT).stdout.strip(), "active")
        inside.run("systemctl", "disable", "--now", UNIT)
        inside.run("apt-get", "remove", "-q", "-y", "runwatch")
        self.assertIn("is installed, and not running", inside.install(machine.package()).stdout)
        self.assertEqual(inside.run("systemctl", "is-active", UNIT, check=False).stdout.strip(), "inactive")


if __name__ == "__main__":
    machine.run_tests()
