"""The local receiver: what it says of signatures that were made without it, and how it fails when it is told to."""
import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import socket
import time
import unittest

from harness import Server, request, run_command, wait_for

SECRETS = ["whsec_" + base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2, 3)]
BODY = json.dumps({"type": "task_failed.firing", "timestamp": "2026-02-07T05:57:45.120Z",
                   "data": {"space": "sales", "run_id": "R1", "rule": "task-failed", "why": "3 tasks failed",
                            "counts": {"new": 3, "open": 3, "total": 3}}})


def signed(body, secrets, identity="msg_1", at=None):
    """Standard Webhooks headers, by its specification."""
    at = str(int(time.time() if at is None else at))
    content = f"{identity}.{at}.{body}".encode()
    signatures = []
    for secret in secrets:
        mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256)
        signatures.append("v1," + base64.b64encode(mac.digest()).decode())
    return {"webhook-id": identity, "webhook-timestamp": at, "webhook-signature": " ".join(signatures)}


class Sink(Server):
    def __init__(self, *arguments):
        super().__init__(["sink", "--listen", "127.0.0.1:0", *arguments])

    def post(self, body=BODY, headers=None, timeout=30):
        """The status; None: the connection ended without an answer."""
        try:
            return request(self.address, "/hook", "POST", headers, timeout, body).status
        except (http.client.RemoteDisconnected, ConnectionResetError):
            return None

    def lines(self, count):
        def found():
            lines = [line for line in self.log.splitlines() if "msg=listening" not in line]
            return lines if len(lines) >= count else None
        return wait_for(found, f"{count} lines")

    def arrivals(self, count):
        return [json.loads(line) for line in self.lines(count)]


class SinkTest(unittest.TestCase):
    def test_it_tells_good_signatures_from_bad_ones(self):
        sink = Sink("--json", "--secret", SECRETS[0], "--secret", SECRETS[1])
        altered = {**signed(BODY, SECRETS[:1], "altered")}
        cases = [("good", BODY, signed(BODY, SECRETS[:1], "a")),
                 ("good", BODY, signed(BODY, SECRETS[1:2], "b")),
                 ("good", BODY, signed(BODY, [SECRETS[2], SECRETS[0]], "c")),
                 ("bad", BODY, signed(BODY, SECRETS[2:], "d")),
                 ("bad", BODY.replace("3", "4"), altered),
                 ("bad", BODY, {**signed(BODY, SECRETS[:1], "e"), "webhook-id": "f"}),
                 ("bad", BODY, signed(BODY, SECRETS[:1], "old", time.time() - 3600)),
                 ("bad", BODY, signed(BODY, SECRETS[:1], "early", time.time() + 3600)),
                 ("bad", BODY, {"webhook-id": "unsigned"}),
                 ("bad", BODY, {})]
        for worth, body, headers in cases:
            self.assertEqual(sink.post(body, headers), 200 if worth == "good" else 401)
        arrivals = sink.arrivals(len(cases))
        self.assertEqual([a["signature"] for a in arrivals], [worth for worth, _, _ in cases])
        self.assertTrue(all(a["reason"] for a in arrivals if a["signature"] == "bad"))
        self.assertEqual(arrivals[0]["body"], json.loads(BODY))
        self.assertNotIn(SECRETS[0][6:], sink.log)

    def test_a_line_says_what_arrived_and_a_repeat_is_marked(self):
        sink = Sink("--secret", SECRETS[0])
        sink.post(BODY, signed(BODY, SECRETS[:1]))
        sink.post(BODY, signed(BODY, SECRETS[:1]))
        sink.post(BODY, signed(BODY, SECRETS[1:2], "other"))
        first, again, bad = sink.lines(3)
        self.assertIn("task_failed.firing sales R1 task-failed new=3 open=3 total=3: 3 tasks failed [signature good]", first)
        self.assertNotIn("again", first)
        self.assertIn("[again, 2 times now]", again)
        self.assertIn("[BAD SIGNATURE", bad)

    def test_without_a_secret_nothing_is_said_of_signatures(self):
        sink = Sink()
        sink.post()
        request(sink.address, "/heartbeat")
        first, heartbeat = sink.lines(2)
        self.assertNotIn("ignature", first.lower())
        self.assertTrue(heartbeat.endswith(" heartbeat"), heartbeat)

    def test_it_fails_at_the_rates_that_were_asked_for_and_in_the_same_way_for_the_same_seed(self):
        def course(seed):
            sink = Sink("--json", "--seed", seed, "--fail", "500:0.2", "--fail", "429:0.1", "--fail", "close:0.1")
            statuses = [sink.post() for _ in range(300)]
            told = [a["outcome"] for a in sink.arrivals(300)]
            self.assertEqual(told, ["close" if s is None else str(s) for s in statuses])
            return statuses

        first = course(1)
        self.assertEqual(first, course(1))
        self.assertNotEqual(first, course(2))
        for status, share in ((500, 0.2), (429, 0.1), (None, 0.1), (200, 0.6)):
            self.assertAlmostEqual(first.count(status) / 300, share, delta=0.08, msg=str(status))

    def test_one_that_hangs_holds_up_no_other_and_ends_at_once(self):
        sink = Sink("--json", "--seed", "3", "--fail", "hang:0.5")

        def post(_):
            try:
                return sink.post(timeout=1)
            except (TimeoutError, socket.timeout):
                return "hang"
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            outcomes = list(pool.map(post, range(20)))
        told = [a["outcome"] for a in sink.arrivals(20)]
        self.assertEqual(sorted(map(str, outcomes)), sorted(told))
        self.assertIn("hang", told)
        self.assertIn("200", told)
        with socket.create_connection(sink.address.split(":")) as silent:
            silent.sendall(b"POST / HTTP/1.1\r\n")
            code, seconds = sink.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 3)

    def test_what_it_cannot_do_is_a_usage_error_that_names_no_secret(self):
        for words in (["--secret", "whsec_c2hvcnQ="], ["--secret", "whsec_!?"], ["--fail", "200:0.5"],
                      ["--fail", "500:2"], ["--fail", "500:0.6", "--fail", "hang:0.6"], ["--listen", "nowhere"]):
            ended = run_command(["sink", *words])
            self.assertEqual(ended.returncode, 64, ended.stderr)
            self.assertTrue(ended.stderr)
            self.assertNotIn("c2hvcnQ", ended.stderr)

    def test_a_port_in_use_is_told(self):
        sink = Sink()
        ended = run_command(["sink", "--listen", sink.address])
        self.assertEqual(ended.returncode, 75, ended.stderr)


if __name__ == "__main__":
    unittest.main()
