"""What the simulated platform really sent: its journal, read as walks over runs and lists of runs.

A walk begins at page 1. It is whole when the distinct task ids equal `count` and `count` was the same on every page;
or, without `count`, when an empty page ends it. Anything else (an error, a body that did not arrive, an odd element)
ends the walk as nothing; but a page that was refused with 429 or 503 may be asked for again. Knows JSON and the platform's documents, nothing of the product.
"""
import json
import os
import re
import urllib.parse
from dataclasses import dataclass, field
from datetime import datetime, timezone

_TASKS = re.compile(r"/api/v2/platform/spaces/([^/]+)/runs/([^/]+)/tasks/$")
_RUNS = re.compile(r"/api/v2/platform/spaces/([^/]+)/runs/$")


class Journal:
    """The file, read on from where it was read last. Times are in milliseconds since 1970."""

    def __init__(self, path):
        self.path = path
        self._offset = 0

    def read(self):
        entries = []
        with open(self.path, "rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                entries.append(json.loads(line))
        return entries

    def empty(self):
        """Forgets what was read, on disk too. Only while its writer stands still; it appends."""
        os.truncate(self.path, 0)
        self._offset = 0


def timestamp(value):
    """Each form the platform writes; None for anything else."""
    if isinstance(value, dict) and isinstance(value.get("$date"), int):
        return value["$date"] / 1000
    if not isinstance(value, str):
        return None
    text = value.strip().replace(" ", "T", 1)
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def time_of_id(text):
    """The creation time inside a version-1 UUID; None for other ids."""
    if not re.fullmatch(r"[A-Za-z][0-9a-fA-F]{32}", text or "") or text[13] != "1":
        return None
    ticks = int(text[14:17] + text[9:13] + text[1:9], 16)
    return ticks / 1e7 - 12219292800


@dataclass
class Walk:
    kind: str  # "tasks" or "runs"
    space: str
    run: str
    began: float  # seconds since 1970
    ended: float = 0.0
    pages: int = 0
    last_was_empty: bool = False
    rows: dict = field(default_factory=dict)  # by id, the last reading of each
    count: object = None


class Walks:
    """Turns journal entries, in order, into (event, value): ("asked", (space, run)) as a walk of a run begins, and
    ("walk", Walk) as one turns out whole."""

    def __init__(self):
        self._open = {}

    def feed(self, entry):
        match = _TASKS.search(entry["path"])
        kind = "tasks"
        if not match:
            match, kind = _RUNS.search(entry["path"]), "runs"
        if not match:
            return
        space = urllib.parse.unquote(match[1])
        run = urllib.parse.unquote(match[2]) if kind == "tasks" else ""
        page = int(urllib.parse.parse_qs(entry["query"].lstrip("?")).get("page", ["1"])[0])
        name = (kind, space, run)
        if page == 1:
            yield "asked", name
            self._open[name] = Walk(kind, space, run, entry["at"] / 1000)
        walk = self._open.get(name)
        if walk is None:
            return
        if walk.pages + 1 == page and entry["status"] in (429, 503):
            return
        if walk.pages + 1 != page or not self._take(walk, entry):
            del self._open[name]
            return
        if self._is_whole(walk):
            walk.ended = entry["sent"] / 1000
            del self._open[name]
            yield "walk", walk

    @staticmethod
    def _take(walk, entry):
        if entry["status"] != 200 or not entry["complete"]:
            return False
        try:
            document = json.loads(entry["body"])
        except (KeyError, ValueError):  # a body that is not UTF-8 stands under another name
            return False
        if not isinstance(document, dict) or document.get("status_code", 200) != 200:
            return False
        data = document.get("data")
        if not isinstance(data, list):
            return False
        id_field = "task_id" if walk.kind == "tasks" else "run_id"
        count = document.get("count")
        if walk.pages > 0 and count != walk.count:
            return False
        known = len(walk.rows)
        for row in data:
            if not isinstance(row, dict) or not isinstance(row.get(id_field), str) or not row[id_field]:
                return False
            walk.rows[row[id_field]] = row
        walk.count = count
        walk.pages += 1
        walk.last_was_empty = not data
        # A page that brings nothing new before the end shows that rows moved.
        return len(walk.rows) > known or len(walk.rows) == count or not data

    @staticmethod
    def _is_whole(walk):
        if isinstance(walk.count, int):
            return len(walk.rows) == walk.count
        return walk.last_was_empty
