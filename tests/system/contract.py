"""docs/api.md as a contract: what it says of each answer, held against answers in both directions.

An object of an answer has the members that its table names, no more and no fewer, each of its type.
"""
import datetime
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "api.md"
STATUSES = ["pending", "scheduled", "processing", "in_progress", "hold", "completed", "partially_completed", "failed",
            "unknown"]
UNFINISHED = [s for s in STATUSES if s not in ("completed", "partially_completed", "failed")]
REASONS = ["no_answer", "busy", "rejected", "voicemail", "provider", "timeout", "invalid_number", "other"]


def _plain(text):
    return re.sub(r"\[([^\]]+)\]\(#[^)]*\)", r"\1", text).strip()


def _rows(text):
    """The cells of each row of the tables in `text`, without their heads."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0].startswith("`"):
            yield cells


class Contract:
    def __init__(self, text=None):
        parts = re.split(r"^## (.+)$", text or DOCUMENT.read_text(), flags=re.M)
        sections = dict(zip(parts[1::2], parts[2::2]))
        self.endpoints = {}  # path: (type, parameters)
        for path, answer, parameters in _rows(sections.pop("Endpoints")):
            self.endpoints[path.strip("`")] = (_plain(answer), re.findall(r"`([^`]+)`", parameters))
        self.objects = {}
        for name, body in sections.items():
            members = {row[0].strip("`"): _plain(row[1]) for row in _rows(body)}
            base = re.search(r"^As \[([^\]]+)\]", body, flags=re.M)
            self.objects[name.strip()] = {**(self.objects[base[1]] if base else {}), **members}
        self.seen = set()  # (object, member) that had a value

    def faults(self, kind, value, at="answer"):
        """What of `value` is otherwise than the document says of a `kind`."""
        if kind.endswith(" or null"):
            return [] if value is None else self.faults(kind.removesuffix(" or null"), value, at)
        if kind.startswith("list of "):
            if not isinstance(value, list):
                return [f"{at} is no list"]
            return [f for i, one in enumerate(value) for f in self.faults(kind.removeprefix("list of "), one, f"{at}[{i}]")]
        keyed = {"counts by status": (STATUSES, "number"), "times by status": (UNFINISHED, "time or null"),
                 "counts by reason": (REASONS, "number")}.get(kind)
        if keyed:
            return self._members({name: keyed[1] for name in keyed[0]}, value, at)
        if kind in self.objects:
            faults = self._members(self.objects[kind], value, at)
            self.seen |= {(kind, name) for name in value if value[name] not in (None, [])} if not faults else set()
            return faults
        return [] if self._is(kind, value) else [f"{at} is no {kind}: {value!r}"]

    def _members(self, kinds, value, at):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        faults = [f"{at}.{name} is not documented" for name in value if name not in kinds]
        faults += [f"{at}.{name} is not there" for name in kinds if name not in value]
        return faults + [f for name in value if name in kinds for f in self.faults(kinds[name], value[name], f"{at}.{name}")]

    @staticmethod
    def _is(kind, value):
        if kind == "any":
            return value is None or isinstance(value, (str, dict, list))
        if kind == "flag":
            return isinstance(value, bool)
        if kind == "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        if kind == "text":
            return isinstance(value, str)
        if kind == "time":
            return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value) is not None \
                and datetime.datetime.fromisoformat(value.replace("Z", "+00:00")) is not None
        raise AssertionError(f"docs/api.md has a type that is not described: {kind}")
