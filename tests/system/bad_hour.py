"""A bad hour on a simulated platform, with the real daemon watching: one run failing by a carrier, one stalled, one space
refused, a receiver down; beside them runs that do well, one that is finished, and a space whose name is markup.

Run as a program it plays two hours in half a minute (needs libfaketime), prints the page's address and keeps it up until
its standard input ends: for `./dev screenshots`, and to look at while the page is worked on. The platform's clock is moved
on, and the daemon restarted with its wall clock set as far ahead: a restart takes the time that went by for lived.
"""
import json
import pathlib
import sys
import time

from harness import Daemon, Simulator, folder, key, run_command, wait_for, write_config
from receiver import Receiver

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
ODD_NAME = "<script>alert(1)</script> \"ümlaut\" & 'more'"
NAMES = ["collections", "renewals", "support", ODD_NAME]
ENDS = {"busy": "user busy", "carrier": "provider error: SIP 503"}  # of calls that fail


class BadHour:
    """It comes about in `steps`; with `minutes` each of them takes so long by the clock that is shown, else a moment."""

    def __init__(self, steps=12, minutes=0, server=None):
        self.steps, self.minutes, self.server = steps, minutes, server
        self.ahead = 0  # seconds
        self.place = folder()
        self.up, self.down = Receiver(seed=1), Receiver(seed=2)
        names = [part for name in NAMES for part in ("--space-name", name)]
        self.platform = Simulator("--spaces", len(NAMES), "--runs", 0, "--fixed", *names, journal=False)
        self.tokens = {name: token for token, name in self.platform.spaces().items()}
        self.next = {}  # run → index of the next task that is taken up

    def config(self):
        def long(quick, aged):
            return aged if self.minutes else quick
        rules = [{"name": "task-failed", "when": "task_failed", "severity": "page"},
                 {"name": "run-stalled", "when": "run_stalled", "for": long("2s", "30m")},
                 {"name": "poll-failing", "when": "poll_failing", "for": long("500ms", "5m")},
                 {"name": "delivery-failing", "when": "delivery_failing", "for": long("1s", "15m"),
                  "receivers": ["ops-slack"]}]
        receivers = [{"name": "ops-slack", "type": "webhook", "url": self.up.url, "rate_limit": 1000.0},
                     {"name": "pager", "type": "webhook", "url": self.down.url, "rate_limit": 1000.0}]
        return write_config(self.place / "runwatch.toml", self.platform.url,
                            [{"token": self.tokens[name], "name": name} for name in NAMES],
                            api={"page_size": 500}, poll={"interval": "200ms"}, rules=rules, receivers=receivers,
                            server=self.server,
                            alerts={"group_wait": long("200ms", "10s"), "group_interval": long("500ms", "5m")})

    def start(self):
        faked = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"+{self.ahead}", "DONT_FAKE_MONOTONIC": "1"}
        self.daemon = Daemon(self.config(), env=faked if self.ahead else {}).wait_ready()

    def move_on(self):
        if not self.minutes:
            time.sleep(0.25)
            return
        self.wait_polled()
        self.daemon.stop()
        self.ahead += self.minutes * 60
        self.platform.say("advance", seconds=self.minutes * 60)
        self.start()

    def wait_polled(self):
        """Until what was done to the failing run is known."""
        failed = {run["run_id"]: run["tasks"] for space in self.platform.say("state")["spaces"] for run in space["runs"]}
        wait_for(lambda: all(self.daemon.metrics().get(key("unpod_run_tasks", space=name, run_id=run, status="completed"))
                             == failed[run]["completed"] for name, run in self.watched.items()), "a poll")

    def run_of(self, name, tasks):
        run = self.platform.say("run", space=self.tokens[name], tasks=tasks)["run_id"]
        self.next[run] = 0
        for index in range(tasks):
            self.platform.say("task", run=run, index=index, status="pending")  # it waits until it is told otherwise
        return run

    def put(self, run, status, count=1):
        """Takes up the next tasks of a run, and ends them so."""
        for _ in range(count):
            index = self.next[run]
            self.next[run] += 1
            if status in ENDS:
                output = {"call_id": f"c-{index}", "call_type": "outbound", "call_status": "failed",
                          "call_end_reason": ENDS[status]}
                self.platform.say("say", run=run, index=index, field="output", json=json.dumps(output))
            self.platform.say("task", run=run, index=index, status="failed" if status in ENDS else status, call="new")

    def begin(self):
        self.start()
        time.sleep(1.1)  # the platform's times are whole seconds: what follows is younger
        self.carrier, self.stalled = self.run_of("collections", 400), self.run_of("renewals", 260)
        self.refused, self.well = self.run_of("support", 150), self.run_of("collections", 320)
        self.odd, self.done = self.run_of(ODD_NAME, 90), self.run_of("renewals", 40)
        self.watched = {"collections": self.carrier, "renewals": self.stalled, ODD_NAME: self.odd}
        self.put(self.done, "completed", 38)
        self.put(self.done, "partially_completed", 1)
        self.put(self.done, "busy", 1)
        return self

    def step(self, n):
        """One of `steps`: in the first half all is well but for a call or two."""
        share = n / self.steps
        done = max(1, 160 // self.steps)
        self.put(self.well, "completed", done)
        self.put(self.odd, "completed", max(1, done // 3))
        if share < 0.85:
            self.put(self.refused, "completed", max(1, done // 2))
        if share < 0.55:
            self.put(self.stalled, "completed", max(1, done))
        if share < 0.65:
            self.put(self.carrier, "completed", done)
        else:
            self.put(self.carrier, "carrier", 2 * done)
            self.put(self.carrier, "busy")
            self.put(self.carrier, "completed")
        if abs(share - 0.65) < 0.5 / self.steps:
            self.down.stop()
        if abs(share - 0.85) < 0.5 / self.steps:
            self.platform.say("remove", space=self.tokens["support"])

    def play(self):
        for n in range(self.steps):
            self.step(n)
            self.move_on()
        for index in range(self.next[self.carrier], self.next[self.carrier] + 12):
            self.platform.say("task", run=self.carrier, index=index, status="in_progress")
        self.silence()
        self.settle()
        return self

    def silence(self):
        made = run_command(["silence", "add", "--config", self.place / "runwatch.toml", "--space", "renewals", "--for", "2h",
                            "--reason", "the dialler is being moved"])
        assert made.returncode == 0, made.stderr

    def settle(self):
        """Until what is wrong was noticed."""
        want = {("task-failed", self.carrier), ("run-stalled", self.stalled)}

        def noticed():
            listed = run_command(["alerts", "list", "--config", self.place / "runwatch.toml", "--json"])
            incidents = json.loads(listed.stdout)["incidents"] if listed.returncode == 0 else []
            rules = {i["rule"] for i in incidents}
            return (want <= {(i["rule"], i.get("run_id")) for i in incidents} and {"poll-failing"} <= rules)
        wait_for(noticed, "the incidents")


def main():
    if not FAKETIME:
        sys.exit("bad_hour: libfaketime is missing; `apt-get install faketime`")
    hour = BadHour(steps=40, minutes=3).begin().play()
    print(hour.daemon.address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
