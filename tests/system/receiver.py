"""A webhook receiver in a process of its own: writes down what arrives, and answers as told.

Run as a program it listens on a free port, prints it, and appends one JSON line for each request to its journal, before it
answers: at, path, id, headers, body, and what became of it. `Receiver` starts it and reads the journal. Shares nothing
with the product.
"""
import argparse
import http.server
import json
import pathlib
import random
import sys
import threading
import time

from harness import folder, start_process, wait_for


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.server.lock:
            plan = json.loads(self.server.plan.read_text())
            outcome = self._choose(plan)
            entry = {"at": time.time(), "path": self.path, "id": self.headers.get("webhook-id", ""),
                     "headers": dict(self.headers.items()), "body": body.decode("utf-8", "replace"),
                     "outcome": outcome}
            self.server.journal.write(json.dumps(entry) + "\n")
            self.server.journal.flush()
        self._answer(outcome, plan)

    do_PUT = do_GET = do_POST

    def _choose(self, plan):
        dice = self.server.dice.random()
        for outcome, share in plan["faults"].items():
            dice -= share
            if dice < 0:
                return outcome
        return str(plan["status"])

    def _answer(self, outcome, plan):
        if outcome == "hang":
            time.sleep(plan["hang"])
            self.close_connection = True
        elif outcome == "lost":
            self.close_connection = True
        else:
            self.send_response(int(outcome))
            for name, value in plan.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--journal", required=True)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler)
    server.daemon_threads = True
    server.journal = open(arguments.journal, "a", encoding="utf-8")  # for as long as the process lives
    server.plan = pathlib.Path(arguments.plan)
    server.lock = threading.Lock()
    server.dice = random.Random(arguments.seed)
    print(server.server_address[1], flush=True)
    server.serve_forever()


class Receiver:
    """The process. `answer` says how it answers from now on: `status` 200, `faults` {"500": share, "lost": share,
    "hang": share}, `hang` seconds."""

    def __init__(self, seed=1, **plan):
        self.folder = folder()
        self.journal_path = self.folder / "journal"
        self.journal_path.touch()
        self.plan_path = self.folder / "plan"
        self.answer(**plan)
        self.seed = seed
        self.port = 0
        self.process = None
        self.start()

    def answer(self, status=200, faults=None, hang=2.0, headers=None):
        text = json.dumps({"status": status, "faults": faults or {}, "hang": hang, "headers": headers or {}})
        fresh = self.plan_path.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(self.plan_path)

    def start(self):
        """Also after `stop`: on the same port."""
        with open(self.folder / "output", "wb") as output:
            self.process = start_process([sys.executable, "-B", __file__, "--journal", str(self.journal_path), "--plan",
                                          str(self.plan_path), "--seed", str(self.seed), "--port", str(self.port)],
                                         stdout=output)
        self.port = int(wait_for(lambda: (self.folder / "output").read_text().strip(), "the receiver's port"))
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def stop(self):
        self.process.kill()
        self.process.wait()

    def entries(self):
        lines = self.journal_path.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def bodies(self):
        """What arrived and was taken, each id once, in the order of first arrival: [(id, document)]."""
        seen = {}
        for entry in self.entries():
            if entry["id"] not in seen:
                seen[entry["id"]] = json.loads(entry["body"])
        return list(seen.items())


if __name__ == "__main__":
    main()
