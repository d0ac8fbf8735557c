"""A scripted platform on raw sockets: well-behaved, until it is told to misbehave towards one space."""
import json
import re
import socket
import threading

HEALTHY, VICTIM = "HEALTHYSPACE00000000001", "VICTIMSPACE000000000001"
_PATH = re.compile(r"/api/v2/platform/(?:spaces/(?:([^/]+)/(?:runs/(?:([^/]+)/tasks/)?)?)?|organizations/)$")


def run_id(number):
    return f"R{number:08x}ace011f0b0ab156368e7acc4"  # of a version-1 UUID of 2025


def task_id(number):
    return f"T{number:08x}ace011f0b0ab156368e7acc4"


def make_task(number, status="pending", **fields):
    return {"_id": f"{number:024x}", "task_id": task_id(number), "status": status, "execution_type": "call",
            "created": "2025-11-30T17:51:52", "output": {}, **fields}


def envelope(data, count=None, **fields):
    return {"count": len(data) if count is None else count, "status_code": 200, "message": "Fetched", "data": data,
            **fields}


def http(body=b"", status="200 OK", headers=(), length=None):
    """A whole answer. `length`: what Content-Length claims."""
    body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    have = dict((("Content-Type", "application/json"), *headers))
    lines = [f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in have.items())]
    if "Transfer-Encoding" not in have:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Asked:
    def __init__(self, head, peer):
        line, *rest = head.decode("latin-1").split("\r\n")
        target = line.split(" ")[1]
        self.path, _, self.query = target.partition("?")
        self.headers = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in rest)}
        match = _PATH.search(self.path)
        self.space, self.run = (match[1], match[2]) if match else (None, None)
        self.call = "other"
        if match:
            self.call = ("tasks" if self.run else "runs" if self.path.endswith("/runs/") else "space" if self.space
                         else "organizations" if "organizations" in self.path else "spaces")
        self.page, self.page_size = self._number("page", 1), self._number("page_size", 50)
        self.peer = peer

    def _number(self, name, otherwise):
        found = re.search(rf"(?:^|&){name}=(\d+)", self.query)
        return int(found[1]) if found else otherwise


KEPT = object()


class Platform:
    """`tasks`: {space: {run id: [task objects]}}, newest first. `trouble(asked, connection)` may answer in the
    platform's place: it returns bytes to send before the connection is closed, or True when it did it all itself, or
    KEPT when it did and the connection goes on, or None to let the platform answer."""

    def __init__(self, tasks):
        self.tasks = tasks
        self.trouble = None
        self.asked = []
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pending = b""
            try:
                while True:
                    while b"\r\n\r\n" not in pending:
                        more = connection.recv(65536)
                        if not more:
                            return
                        pending += more
                    head, _, pending = pending.partition(b"\r\n\r\n")
                    asked = Asked(head, self)
                    self.asked.append(asked)
                    trouble = self.trouble
                    answer = trouble(asked, connection) if trouble else None
                    if answer is True:
                        return
                    if answer is KEPT:
                        continue
                    connection.sendall(answer if answer is not None else self.answer(asked))
                    if answer is not None:
                        return
            except OSError:
                return

    def answer(self, asked):
        if asked.call == "organizations":
            return http(envelope([{"name": "Peer", "domain_handle": "peer.example"}]))
        if asked.call == "spaces":
            return http(envelope([{"name": s, "slug": s.lower(), "token": s} for s in self.tasks]))
        if asked.space not in self.tasks:
            return http({"status_code": 206, "message": "Invalid Space Token", "data": {}}, "206 Partial Content")
        runs = self.tasks[asked.space]
        if asked.call == "space":
            return http({"status_code": 200, "message": "ok", "data": {"name": asked.space, "slug": asked.space.lower(),
                                                                       "token": asked.space}})
        if asked.call == "runs":
            rows = [{"run_id": r, "status": "in_progress", "run_mode": "prod", "created": "2025-11-30T17:51:52"}
                    for r in runs]
        else:
            rows = runs.get(asked.run, [])
        return http(self.page(rows, asked))

    @staticmethod
    def page(rows, asked, **fields):
        begin = (asked.page - 1) * asked.page_size
        return envelope(rows[begin:begin + asked.page_size], len(rows), **fields)
