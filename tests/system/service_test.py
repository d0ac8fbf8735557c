"""What a service manager and whoever keeps the log see of the daemon: lines that nobody reads, their severity in the
journal, the status, and what `systemctl reload` runs."""
import fcntl
import ipaddress
import os
import pathlib
import re
import shlex
import socket
import subprocess
import threading
import unittest

import harness
from harness import BINARY, Server, folder, key, request, run_command, start_process, total, wait_for, write_config
from peer import HEALTHY, Platform, http, make_task, run_id

UNIT = pathlib.Path(__file__).parents[2] / "systemd/runwatch.service"


class Service(harness.Daemon):
    """A daemon whose output goes to `output`, a descriptor, and not to a file; it listens where it is told."""

    def __init__(self, config, address, output, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RUNWATCH_API")}
        self.process = start_process([BINARY, "serve", "--config", str(config)], stderr=output, stdout=output,
                                     env={**clean, **(env or {})})
        self._address = address

    def answers(self):
        try:
            return self.get("/-/healthy").status == 200
        except OSError:
            assert self.running(), self.process.returncode
            return False


class FullPipe:
    """A pipe without room whose reader does nothing until it is asked to."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        self.size = os.write(self.writer, b"-" * 4095 + b"\n")

    def drain(self):
        os.read(self.reader, self.size)

    def lines(self):
        os.set_blocking(self.reader, False)
        try:
            return os.read(self.reader, 65536).decode().splitlines()
        except BlockingIOError:
            return []

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


class ServiceTest(unittest.TestCase):
    def setUp(self):
        self.platform = Platform({HEALTHY: {run_id(1): [make_task(1)]}})
        self.addCleanup(self.platform.close)
        self.config = folder() / "c.toml"
        self.address = f"127.0.0.1:{harness.free_port()}"
        self.write()

    def write(self, **poll):
        write_config(self.config, self.platform.url, [{"token": HEALTHY, "name": "sales", "max_age": "3000d"}],
                     poll=poll, server={"listen": self.address}, store={"retention": "4000d"})

    def misspell(self):
        self.config.write_text(self.config.read_text().replace("interval", "intervall", 1))

    def start(self, output, env=None):
        service = Service(self.config, self.address, output, env)
        self.addCleanup(service.kill)
        wait_for(service.answers, "an answer")
        return service

    def break_platform(self):
        self.platform.trouble = lambda asked, connection: http("oops", "500 Oops")


class FullPipeTest(ServiceTest):
    def test_polls_health_and_stop_do_not_wait_for_a_reader_of_the_log(self):
        pipe = FullPipe()
        self.addCleanup(pipe.close)
        service = self.start(pipe.writer)
        polls = total(service.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(service.metrics(), "runwatch_polls_total") > polls + 5, "polls")
        self.break_platform()
        wait_for(lambda: service.metrics().get(key("unpod_up", space="sales")) == 0, "trouble")
        self.assertEqual(service.get("/-/healthy").status, 200)
        self.assertGreater(service.metrics()[key("runwatch_log_lines_dropped_total")], 2)
        self.assertFalse(fcntl.fcntl(pipe.writer, fcntl.F_GETFL) & os.O_NONBLOCK, "others share the pipe")
        code, took = service.stop()
        self.assertEqual(code, 0)
        self.assertLess(took, 1)

    def test_when_room_comes_back_a_line_says_how_many_were_dropped(self):
        pipe = FullPipe()
        self.addCleanup(pipe.close)
        service = self.start(pipe.writer)
        dropped = int(service.metrics()[key("runwatch_log_lines_dropped_total")])
        pipe.drain()
        code, _ = service.stop()
        self.assertEqual(code, 0)
        lines = pipe.lines()
        told = re.fullmatch(r'ts=\S+ level=warning msg="log lines found no room[^"]*" dropped=(\d+)', lines[0])
        self.assertGreaterEqual(int(told[1]), dropped)  # a poll may have had a line since
        self.assertEqual([re.search("msg=(.*)", line)[1] for line in lines[1:]], ["stopping", "stopped"])

    def test_the_demo_does_not_wait_for_a_reader_of_its_addresses(self):
        pipe = FullPipe()
        self.addCleanup(pipe.close)
        demo = start_process([BINARY, "demo", "--listen", self.address], stdout=pipe.writer, stderr=pipe.writer)
        self.addCleanup(demo.kill)

        def polls():
            try:
                return (total(harness.parse_metrics(request(self.address, "/metrics").text), "runwatch_polls_total") or 0) > 3
            except OSError:
                return False
        wait_for(polls, "polls of the demo")
        demo.terminate()
        self.assertEqual(demo.wait(2), 0)


class JournalTest(ServiceTest):
    def test_each_line_says_its_severity_to_the_journal(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        identity = os.fstat(theirs.fileno())
        service = self.start(theirs, {"JOURNAL_STREAM": f"{identity.st_dev}:{identity.st_ino}"})
        theirs.close()
        self.break_platform()
        wait_for(lambda: service.metrics().get(key("unpod_up", space="sales")) == 0, "trouble")
        self.misspell()
        service.signal(1)
        wait_for(lambda: service.metrics()[key("runwatch_config_last_reload_successful")] == 0, "the refusal")
        service.stop()
        text = b""
        while more := ours.recv(65536):
            text += more
        severities = {"error": "<3>", "warning": "<4>", "info": "<6>"}
        seen = set()
        for line in text.decode().splitlines():
            if line.startswith("<4>warning: "):
                continue  # of the configuration, before the log begins
            prefix, level = re.match(r"(<\d>)ts=\S+ level=(\w+) ", line).groups()
            self.assertEqual(prefix, severities[level])
            seen.add(level)
        self.assertEqual(seen, set(severities))


class Manager:
    """Hears what is told to NOTIFY_SOCKET."""

    def __init__(self):
        self.path = str(folder() / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.told = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            self.told.append(self.socket.recv(65536).decode())

    @property
    def status(self):
        return next((t[len("STATUS="):] for t in reversed(self.told) if t.startswith("STATUS=")), None)

    def wait_status(self, pattern):
        try:
            return wait_for(lambda: re.search(pattern, self.status or ""), pattern, deadline=20)
        except AssertionError as error:
            raise AssertionError(f"{error}; told was {self.told}") from None


class StatusTest(ServiceTest):
    def setUp(self):
        super().setUp()
        self.manager = Manager()
        self.service = self.start(subprocess.DEVNULL, {"NOTIFY_SOCKET": self.manager.path})

    def test_the_status_says_how_everything_stands_and_what_is_wrong(self):
        self.manager.wait_status("^1 space, 1 run, all up$")
        self.assertIn("READY=1", self.manager.told)
        self.break_platform()
        self.manager.wait_status("^space sales: not complete .server_error: ")
        self.platform.trouble = None
        self.manager.wait_status("^1 space, 1 run, all up$")
        settled = len(self.manager.told)
        polls = total(self.service.metrics(), "runwatch_polls_total")
        wait_for(lambda: total(self.service.metrics(), "runwatch_polls_total") > polls + 20, "polls")
        self.assertFalse([t for t in self.manager.told[settled:] if t.startswith("STATUS=")], "told when it changes")

    def test_a_watchdog_of_less_patience_hears_more_often(self):
        hasty = Manager()
        self.config, self.address = folder() / "c.toml", f"127.0.0.1:{harness.free_port()}"
        self.write()
        self.start(subprocess.DEVNULL, {"NOTIFY_SOCKET": hasty.path, "WATCHDOG_USEC": "400000"})
        before = [manager.told.count("WATCHDOG=1") for manager in (self.manager, hasty)]
        wait_for(lambda: self.manager.told.count("WATCHDOG=1") >= before[0] + 4, "four signs of life", deadline=20)
        self.assertGreater(hasty.told.count("WATCHDOG=1"), before[1] + 8)

    def test_a_refused_reload_is_in_the_status_until_a_good_one(self):
        self.manager.wait_status("all up$")
        self.misspell()
        self.service.signal(1)
        self.manager.wait_status(r"^reload refused: .*c\.toml:\d+:1: .*intervall.*; 1 space, 1 run, all up$")
        before = self.manager.told.index(next(t for t in self.manager.told if t.startswith("RELOADING=1")))
        self.assertRegex(self.manager.told[before], r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertIn("READY=1", self.manager.told[before:])
        self.break_platform()
        self.manager.wait_status("^reload refused: .*space sales: not complete")
        self.platform.trouble = None
        self.write(interval="150ms")
        self.service.signal(1)
        self.manager.wait_status("^1 space, 1 run, all up$")


class UnitTest(unittest.TestCase):
    def test_the_unit_lets_every_single_peer_through_and_nobody_else(self):
        text = UNIT.read_text()
        self.assertIn("IPAddressDeny=any\n", text)
        allowed = [ipaddress.ip_network(word) for word in re.search(r"^IPAddressAllow=(.*)$", text, re.M)[1].split()]

        def passes(address):
            return any(ipaddress.ip_address(address) in network for network in allowed)
        for address in ("127.0.0.53", "10.0.0.1", "100.64.0.1", "169.254.169.253", "172.16.0.1", "191.255.255.255",
                        "192.168.0.1", "203.0.113.7", "223.255.255.254", "::1", "::ffff:1.2.3.4", "64:ff9b::1",
                        "2001:db8::1", "3fff::1", "fd00::1", "fe80::1"):
            self.assertTrue(passes(address), address)
        for address in ("224.0.0.251", "239.255.255.250", "255.255.255.255", "ff02::fb"):
            self.assertFalse(passes(address), address)


class ReloadTest(ServiceTest):
    def reload(self, service):
        """What the unit's ExecReload lines do, in their order, as `systemctl reload` runs them."""
        commands = re.findall(r"^ExecReload=(.*)$", UNIT.read_text(), re.M)
        self.assertTrue(commands)
        socket = wait_for(lambda: next(self.config.parent.rglob("control.sock"), None), "the control socket")
        for command in commands:
            words = shlex.split(command.replace("$MAINPID", str(service.pid))
                                .replace("/run/runwatch/control.sock", str(socket)))
            if words[0] == "/usr/bin/runwatch":
                done = run_command(words[1:], env={"MAINPID": str(service.pid)})
            else:
                done = subprocess.run(words, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                break
        return done.returncode, done.stdout + done.stderr

    def test_a_good_file_is_reloaded_beside_the_running_service_and_a_bad_one_fails_with_its_message(self):
        log = folder() / "log"
        with open(log, "wb") as output:
            service = self.start(output)

        def reloads():
            return log.read_text().count("configuration reloaded")
        self.assertEqual(self.reload(service), (0, "reloaded; changed: nothing\n"))
        wait_for(lambda: reloads() == 1, "the reload")
        self.misspell()
        code, text = self.reload(service)
        self.assertNotEqual(code, 0)
        self.assertIn("intervall", text)
        self.assertEqual(reloads(), 1)
        wait_for(lambda: service.metrics()[key("runwatch_config_last_reload_successful")] == 0, "the gauge")
        self.write()
        self.assertEqual(self.reload(service)[0], 0)
        wait_for(lambda: reloads() == 2, "the second reload")


if __name__ == "__main__":
    unittest.main()
