"""Real processes for the system tests: a simulated platform, the daemon, and how to ask and wait.

Everything listens on port 0 and lives in a temporary folder; a process started here dies with the test. Waiting means
asking again until a condition holds, with a deadline that fails the test.
"""
import atexit
import ctypes
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

BINARY = os.environ.get("RUNWATCH_BIN", "build/release/daemon/runwatch")
API_TOKEN = "simulated-token"
DEADLINE = float(os.environ.get("RUNWATCH_DEADLINE", "60"))

_LIBC = ctypes.CDLL(None)
_children = []


def _die_with_parent():
    _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


@atexit.register
def _kill_children():
    for process in _children:
        if process.poll() is None:
            process.kill()
            process.wait()


def start_process(argv, **options):
    process = subprocess.Popen(argv, preexec_fn=_die_with_parent, stdin=subprocess.DEVNULL, **options)
    _children.append(process)
    return process


def folder():
    """A temporary folder that goes when the test ends."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="runwatch-test-"))
    atexit.register(shutil.rmtree, path, True)
    return path


def wait_for(condition, what, deadline=None, pause=0.02):
    """The first true value of `condition()`."""
    end = time.monotonic() + (deadline or DEADLINE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline or DEADLINE} s in vain for {what}")
        time.sleep(pause)


def free_port():
    """For programs that cannot be told port 0."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")


def request(address, path, method="GET", headers=None, timeout=30, body=None):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {}, body=body)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


class Server:
    """A runwatch process that logs `msg=listening address=HOST:PORT`; `log` is all that it prints."""

    def __init__(self, arguments, env=None, prefix=()):
        self.folder = folder()
        self.log_path = self.folder / "output"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RUNWATCH_API")}
        with open(self.log_path, "wb") as log:
            self.process = start_process([*prefix, BINARY, *map(str, arguments)], stderr=log, stdout=log,
                                         env={**clean, **(env or {})})
        self._address = None

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def _find_address(self):
        found = re.search(r"msg=listening\b.*?\baddress=\"?([^\s\"]+)", self.log)
        if found:
            return found[1]
        if not self.running():
            raise AssertionError(f"exited with {self.process.returncode} before listening:\n{self.log}")
        return None

    @property
    def address(self):
        self._address = self._address or wait_for(self._find_address, "the address in the log", pause=0.005)
        return self._address

    def get(self, path, **options):
        return request(self.address, path, **options)

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()

    def stop(self, deadline=10):
        """SIGTERM; the exit code and how long it took."""
        began = time.monotonic()
        if self.running():
            self.process.terminate()
        code = self.process.wait(deadline)
        return code, time.monotonic() - began


class Daemon(Server):
    def __init__(self, config, env=None, prefix=()):
        super().__init__(["serve", "--config", config], env, prefix)

    def metrics(self, **options):
        answer = self.get("/metrics", **options)
        assert answer.status == 200, answer.status
        return parse_metrics(answer.text)

    def ready(self):
        return self.get("/-/ready").status == 200

    def wait_ready(self):
        wait_for(self.ready, "readiness")
        return self


class Simulator(Server):
    """A simulated platform in a process of its own. `say` speaks to it below /_sim/. Without its journal it costs a
    third of the CPU time: for measurements beside it."""

    def __init__(self, *arguments, journal=True):
        self.journal_path = folder() / "journal"
        if journal:
            self.journal_path.touch()
            arguments = ("--journal", self.journal_path, *arguments)
        super().__init__(["simulate", "--listen", "127.0.0.1:0", *arguments])
        self.url = f"http://{self.address}"

    def say(self, word, **values):
        answer = request(self.address, f"/_sim/{word}?{urllib.parse.urlencode(values, safe=',=/')}")
        assert answer.status == 200, answer.text
        return json.loads(answer.text)

    def spaces(self):
        """{token: name}"""
        return {space["token"]: space["name"] for space in self.say("state")["spaces"]}

    def hold(self):
        """Stops the process where it stands: what is asked of it waits."""
        self.signal(signal.SIGSTOP)

    def go_on(self):
        self.signal(signal.SIGCONT)

    def wait_quiet(self, span=0.08):
        """Until nothing was written to the journal for a while."""
        state = [self.journal_path.stat().st_size, time.monotonic()]

        def quiet():
            size = self.journal_path.stat().st_size
            if size != state[0]:
                state[:] = [size, time.monotonic()]
            return time.monotonic() - state[1] > span
        wait_for(quiet, "a quiet journal", pause=0.01)


_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')


def parse_metrics(text):
    """{(name, ((label, value), …)): number}, labels sorted, `le` as a number's shortest text."""
    samples = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, labels, value = _SAMPLE.fullmatch(line).groups()
        pairs = []
        for label, raw in _LABEL.findall(labels or ""):
            plain = re.sub(r'\\[n"\\]', lambda m: _ESCAPES[m[0]], raw)
            pairs.append((label, repr(float(plain)) if label == "le" else plain))
        samples[(name, tuple(sorted(pairs)))] = float(value)
    return samples


def key(name, **labels):
    return name, tuple(sorted(labels.items()))


def total(samples, name, **labels):
    """The sum of a family over all series that have these labels; None without any."""
    wanted = set(labels.items())
    values = [v for (n, have), v in samples.items() if n == name and wanted <= set(have)]
    return sum(values) if values else None


def write_config(path, base_url, spaces=(), api=None, poll=None, server=None, store=None, token=API_TOKEN,
                 alerts=None, rules=(), receivers=(), control=None):
    """A quick-paced configuration; each argument overrides keys of its table. `spaces`, `rules`, `receivers`: dicts."""
    tables = {
        "api": {"base_url": base_url, "timeout": "60s", "rate_limit": 5000.0, "burst": 100, "concurrency": 4,
                "page_size": 20, **({"token": token} if token else {}), **(api or {})},
        "poll": {"interval": "100ms", "idle_interval": (poll or {}).get("interval", "200ms"),
                 "discovery_interval": "200ms", **(poll or {})},
        "server": {"listen": "127.0.0.1:0", **(server or {})},
        "store": {"path": str(path.parent / "state.db"), **(store or {})},
    }
    if alerts or rules or receivers:
        tables["alerts"] = {"group_wait": "100ms", "group_interval": "500ms", "repeat_interval": "0s", **(alerts or {})}
    lines = [f"control = {_toml(str(control or path.parent / 'control.sock'))}"] if receivers or control else []
    for table, keys in tables.items():
        lines.append(f"[{table}]")
        lines += [f"{k} = {_toml(v)}" for k, v in keys.items() if v is not None]
    for name, entries in (("spaces", spaces), ("alerts.rules", rules), ("alerts.receivers", receivers)):
        for entry in entries:
            lines.append(f"[[{name}]]")
            lines += [f"{k} = {_toml(v)}" for k, v in entry.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def _toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return str(value)


def run_command(arguments, env=None, timeout=60):
    """A runwatch command that ends by itself."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RUNWATCH_API")}
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, env={**clean, **(env or {})}, check=False)
