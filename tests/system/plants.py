"""Texts that are planted in the rows of tasks, and where they turn up afterwards.

Each holds a mark of its own, several times, among what breaks out of JSON, HTML, logs and chats: quotes, line ends,
control characters, half of a surrogate pair. A mark is found whatever became of the text around it.
"""
import json
import random
import re

_MARK = re.compile(rb"zq[0-9a-f]{12}|88800471[0-9]{7}")
_HOSTILE = ('"{0}"', "O'{0}", "<script>{0}</script>", "@everyone {0}", "{{{{run_id}}}} {0}", 'x", "{0}": ["',
            "\n{0}\r\n", "\\{0}\\n", "\x00{0}\x1b[31m", "\u202e{0}\u202c", "नमस्ते {0}", "\ud83d{0}", "%00&lt;{0}",
            "😀{0}")


def marks_in(value):
    """The marks in bytes, in a text, or anywhere in what JSON can hold."""
    if isinstance(value, bytes):
        return {mark.decode() for mark in _MARK.findall(value)}
    return marks_in((value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "replace"))


def plain(value):
    """As it may be passed on in UTF-8: half of a surrogate pair becomes U+FFFD."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


class Plants:
    def __init__(self, seed):
        self.dice = random.Random(seed)

    def word(self):
        return f"zq{self.dice.getrandbits(48):012x}"

    def number(self):
        return f"88800471{self.dice.randrange(10 ** 7):07}"

    def text(self):
        word = self.word()
        return " ".join(form.format(word) for form in self.dice.sample(_HOSTILE, 3))

    def long(self, size):
        word = self.word()
        return (word + "-") * (size // (len(word) + 1))

    def row(self, long=0, older=False):
        """{field: value} of a task's row, a mark in all that is said freely; `long`: bytes of name and summary."""
        text, word, number = self.text, self.word, self.number
        fields = {"input": {"name": self.long(long) if long else text(), "contact_number": "+" + number(),
                            "email": f"{word()}@example.com", "quality_check": text(),
                            word(): [text(), {word(): int(number())}]},
                  "task": {"objective": text()}, "user_info": {"full_name": text(), "email": f"{word()}@example.com"},
                  "attachments": [{"url": f"https://files.example.com/{word()}"}], "provider": text(), "notes": text()}
        for field in ("user", "user_org_id", "thread_id", "ref_id", "collection_ref", "assignee", "execution_type",
                      "run_mode", "created", "modified", "last_failure_reason"):
            fields[field] = text()
        return {**fields, "output": self._older() if older else self._output(long)}

    def _analysis(self, summary):
        return {"summary": summary, "classification": {"labels": [self.text()]}, "success_evaluator": self.text(),
                "structured_data": json.dumps({self.word(): self.text()}), "outcome": self.text(),
                "sentiment": self.text(), "profile_summary": {"tone": self.text(), "notes": self.text()}}

    def _output(self, long):
        text = self.text
        summary = self.long(long) if long else self.dice.choice(
            [text(), {"status": text(), "summary": text(), "callback_datetime": text()}])
        talk = [{"role": role, "content": text(), "timestamp": text()} for role in ("assistant", "user")]
        return {"call_id": self.word(), "call_type": text(), "call_status": text(), "call_end_reason": text(),
                "end_reason": text(), "error": text(), "start_time": text(), "end_time": text(), "duration": text(),
                "cost": text(), "contact_number": int(self.number()), "transcript": talk,
                "recording_url": f"https://recordings.example.com/{self.word()}.wav",
                "post_call_data": self._analysis(summary)}

    def _older(self):
        text = self.text
        return {"id": self.word(), "type": text(), "status": text(), "endedReason": text(), "startedAt": text(),
                "endedAt": text(), "cost": text(), "costBreakdown": {"total": text()}, "transcript": f"AI: {text()}\n",
                "summary": text(), "analysis": self._analysis(text()), "recordingUrl": text()}
