"""One task as a platform's document shows it: the judge's own reading, with its own tables."""
from journal import timestamp

STATUSES = ("pending", "scheduled", "processing", "in_progress", "hold", "completed", "partially_completed", "failed",
            "unknown")
FINISHED = ("completed", "partially_completed", "failed")
DAY = 86400.0

_CALL_STATUSES = {
    "completed": "completed", "connected": "connected", "notconnected": "not_connected", "busy": "busy",
    "noanswer": "no_answer", "voicemail": "voicemail", "dropped": "dropped", "droped": "dropped",
    "cancelled": "cancelled", "canceled": "cancelled", "failed": "failed",
}
_CALL_TYPES = {"outbound": "outbound", "inbound": "inbound", "outboundphonecall": "outbound",
               "inboundphonecall": "inbound", "webcall": "web", "web": "web"}
# The first line with a word that is in the text decides.
_REASONS = (
    ("voicemail", ("voicemail", "answering machine")),
    ("invalid_number", ("invalid number", "invalid phone", "number is invalid", "unallocated", "not in service",
                        "sip 404", "does not exist")),
    ("busy", ("busy", "sip 486")),
    ("no_answer", ("no answer", "did not answer", "didnt answer", "unanswered", "ring timeout", "not pick", "sip 480",
                   "sip 408")),
    ("rejected", ("reject", "declin", "sip 603")),
    ("timeout", ("timeout", "timed out", "time out", "max duration", "deadline")),
    ("provider", ("provider", "sip", "trunk", "carrier", "gateway", "network", "twilio", "vapi", "livekit", "quota",
                  "websocket", "pipeline error", "failed to connect", "server error", "service unavailable")),
)


def _plain(text):
    return "".join(c for c in text.lower() if c not in "-_. \t\r\n")


def status_of(value):
    if not isinstance(value, str):
        return "unknown"
    word = value.strip().lower().replace("-", "_").replace(" ", "_")
    word = {"inprogress": "in_progress", "running": "in_progress"}.get(word, word)
    return word if word in STATUSES else "unknown"


def reason_of(text):
    plain = _plain(text)
    for reason, words in _REASONS:
        if any(_plain(word) in plain for word in words):
            return reason
    return "other"


def _first(*values):
    return next((v for v in values if v is not None), None)


class Sight:
    def __init__(self, row):
        out = row.get("output") if isinstance(row.get("output"), dict) else {}
        self.bad = set()
        self.status = status_of(row.get("status"))
        if not isinstance(row.get("status"), str):
            self.bad.add("status")
        self.finished = self.status in FINISHED
        call = _first(out.get("call_id"), out.get("id"))
        self.call = call if isinstance(call, str) and call else None
        self.created = self._time("created", row.get("created"))
        self.start = self._time("start", _first(out.get("start_time"), out.get("startedAt")))
        self.end = self._time("end", _first(out.get("end_time"), out.get("endedAt")))
        self.is_call = row.get("execution_type") == "call" or self.call is not None
        self.call_status = self._word(_first(out.get("call_status"), out.get("status")), _CALL_STATUSES, "other")
        self.call_type = self._word(_first(out.get("call_type"), out.get("type")), _CALL_TYPES, None) or "unknown"
        self.duration = self._number("duration", self._duration(out), DAY)
        costs = out.get("costBreakdown") if isinstance(out.get("costBreakdown"), dict) else {}
        self.cost = self._number("cost", _first(out.get("cost"), costs.get("total")), None)
        reasons = (row.get("last_failure_reason"), out.get("call_end_reason"), out.get("end_reason"), out.get("error"),
                   out.get("endedReason"))
        known = (reason_of(text) for text in reasons if isinstance(text, str))
        self.reason = next((reason for reason in known if reason != "other"), "other")

    @property
    def has_identity(self):
        return self.call is not None or self.start is not None

    def _time(self, field, value):
        moment = timestamp(value)
        if value is not None and moment is None:
            self.bad.add(field)
        return moment

    @staticmethod
    def _word(value, table, otherwise):
        return None if value is None else table.get(_plain(str(value)), otherwise)

    def _duration(self, out):
        if out.get("duration") is not None:
            return out["duration"]
        old_shape = "startedAt" in out and "endedAt" in out
        if old_shape and self.start is not None and self.end is not None:
            return self.end - self.start
        return None

    def _number(self, field, value, most):
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 or (most and value > most):
            self.bad.add(field)
            return None
        return float(value)
