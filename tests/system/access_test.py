"""Who may ask, and where: TLS, users, a prefix and several addresses, as a real Prometheus and others come to them; and
the way to a platform behind a CA of its own."""
import base64
import http.client
import http.server
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import threading
import time
import unittest
import warnings

from harness import Daemon, Simulator, folder, free_port, request, run_command, start_process, wait_for, write_config

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

WORLD = ["--seed", 7, "--spaces", 1, "--runs", 2, "--tasks", 30, "--task-bytes", 200]
ADA, PASSWORD = "ada", "lovelace and more"
COST = 12
HASH = crypt.crypt(PASSWORD, f"$2y${COST}$abcdefghijklmnopqrstuu")
CHEAP = "$2y$04$abcdefghijklmnopqrstuuW839tY81OgYwy4gFNdslinRlf6MvQ8m"

PROMETHEUS = """
global: {{scrape_interval: 300ms, scrape_timeout: 300ms}}
scrape_configs:
  - job_name: runwatch
    scheme: https
    metrics_path: /run/watch/metrics
    tls_config: {{ca_file: "{ca}", server_name: localhost}}
    basic_auth: {{username: "{user}", password: "{password}"}}
    static_configs: [{{targets: ["{target}"]}}]
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Identity:
    """A key with its certificate, signed by itself or by `ca`."""

    def __init__(self, name, ca=None, days=2):
        place = folder()
        self.cert, self.key = place / "cert.pem", place / "key.pem"
        make = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", self.key]
        names = f"subjectAltName=DNS:{name},IP:127.0.0.1"
        if not ca:
            openssl(*make, "-x509", "-days", days, "-addext", names, "-out", self.cert)
            return
        openssl(*make, "-out", place / "request.pem")
        (place / "names").write_text(names + "\n")
        openssl("x509", "-req", "-in", place / "request.pem", "-CA", ca.cert, "-CAkey", ca.key, "-CAcreateserial",
                "-days", 2, "-extfile", place / "names", "-out", self.cert)


class Proxy:
    """Takes absolute targets, whatever their host, to one address."""

    def __init__(self, target):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("/", 3)[3] if self.path.startswith("http://") else "refused"
                answer = request(target, "/" + path, headers=dict(self.headers))
                self.send_response(answer.status)
                for name in ("Content-Type", "Content-Encoding", "Date"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def login(password, user=ADA):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class AccessTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.identity = Identity("localhost")

    def setUp(self):
        self.platform = Simulator(*WORLD)
        self.place = folder()
        self.config, self.web = self.place / "c.toml", self.place / "web.yml"
        self.daemon = None

    def tearDown(self):
        if self.daemon:
            self.daemon.kill()
        self.platform.kill()

    def install(self, identity):
        for source, name in ((identity.cert, "cert.pem"), (identity.key, "key.pem")):
            shutil.copy(source, self.place / (name + ".new"))
            (self.place / (name + ".new")).rename(self.place / name)

    def start(self, web="", api=None, **server):
        spaces = [{"token": token, "name": name} for token, name in self.platform.spaces().items()]
        if web:
            self.web.write_text(web)
            server = {"web_config_file": "web.yml", **server}
        write_config(self.config, self.platform.url, spaces, server=server, api=api)
        self.daemon = Daemon(self.config)
        return self.daemon.address

    def tls(self, more=""):
        self.install(self.identity)
        return "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n" + more

    def users(self):
        return f"basic_auth_users:\n  {ADA}: {HASH}\n  cheap: {CHEAP}\n"

    def context(self, trusted=None, client=None):
        context = ssl.create_default_context(cafile=str((trusted or self.identity).cert))
        if client:
            context.load_cert_chain(client.cert, client.key)
        return context

    def connect(self, **options):
        host, port = self.daemon.address.rsplit(":", 1)
        return http.client.HTTPSConnection(host, int(port), timeout=20, context=self.context(**options))

    def ask(self, path="/-/healthy", headers=None, **options):
        connection = self.connect(**options)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def reload(self):
        def ended():
            return len(re.findall("configuration reloaded|configuration not taken over", self.daemon.log))
        before = ended()
        self.daemon.signal(signal.SIGHUP)
        wait_for(lambda: ended() > before, "the reload")

    @unittest.skipUnless(shutil.which("prometheus"), "Prometheus is not installed")
    def test_prometheus_scrapes_over_tls_as_a_user_below_a_prefix(self):
        address = self.start(self.tls() + self.users(), route_prefix="/run/watch")
        place = folder()
        (place / "p.yml").write_text(PROMETHEUS.format(ca=self.identity.cert, user=ADA, password=PASSWORD,
                                                       target=address))
        own = f"127.0.0.1:{free_port()}"
        with open(place / "log", "w", encoding="utf-8") as log:
            prometheus = start_process(["prometheus", f"--config.file={place / 'p.yml'}",
                                        f"--storage.tsdb.path={place / 'data'}", f"--web.listen-address={own}"],
                                       stdout=log, stderr=subprocess.STDOUT)

        def scraped():
            try:
                answer = request(own, "/api/v1/query?query=sum(unpod_tasks)")
            except OSError:
                return False
            return '"60"' in answer.text
        wait_for(scraped, "the tasks in Prometheus")
        prometheus.kill()
        prometheus.wait()

    def test_users_are_asked_for_their_password_everywhere(self):
        self.start(self.tls() + self.users())
        for path in ("/metrics", "/-/healthy", "/", "/api/v1/runs", "/nowhere"):
            for headers in ({}, login("wrong"), login(PASSWORD, "bob"), {"Authorization": "Bearer x"}):
                self.assertEqual(self.ask(path, headers)[0], 401, path)
        self.assertEqual(self.ask("/metrics", login(PASSWORD))[0], 200)
        self.assertNotIn(HASH, self.daemon.log)
        self.assertNotIn(PASSWORD, self.daemon.log)

    def test_unknown_users_take_as_long_as_known_ones(self):
        self.start(self.users())

        def shortest(user, password, status):
            taken = []
            for _ in range(5):
                began = time.perf_counter()
                self.assertEqual(request(self.daemon.address, "/metrics", headers=login(password, user)).status, status)
                taken.append(time.perf_counter() - began)
            return min(taken)
        remembered = shortest(ADA, PASSWORD, 200)
        known, unknown = shortest(ADA, "wrong", 401), shortest("nobody", "wrong", 401)
        cheap = shortest("cheap", "wrong", 401)
        self.assertLess(max(known, unknown, cheap), 3 * min(known, unknown, cheap))
        self.assertGreater(unknown, 3 * remembered, "nobody's password is compared, too")

    def test_a_scrape_with_a_known_password_does_not_wait_for_twenty_who_guess(self):
        address = self.start(self.users())
        self.assertEqual(request(address, "/metrics", headers=login(PASSWORD)).status, 200)
        stop = threading.Event()
        guesses = []

        def guess(n):
            while not stop.is_set():
                try:
                    guesses.append(request(address, "/metrics", headers=login(f"guess {n}")).status)
                except OSError:
                    return
        guessers = [threading.Thread(target=guess, args=(n,), daemon=True) for n in range(20)]
        for guesser in guessers:
            guesser.start()
        wait_for(lambda: 401 in guesses, "a guess that was refused")
        before, taken = guesses.count(401), []
        for _ in range(100):
            began = time.perf_counter()
            self.assertEqual(request(address, "/metrics", headers=login(PASSWORD)).status, 200)
            taken.append(time.perf_counter() - began)
        stop.set()
        print(f"with 20 guessers: median {1000 * statistics.median(taken):.1f} ms, worst {1000 * max(taken):.1f} ms")
        # In their queue each scrape would have waited for twenty of them.
        self.assertLess(guesses.count(401) - before, 5 * len(taken))
        self.assertLessEqual(set(guesses), {401, 503})

    def test_the_certificate_is_rotated_without_a_reload_and_a_half_changed_pair_keeps_the_old(self):
        self.start(self.tls())
        self.assertEqual(self.ask()[0], 200)
        following = Identity("localhost")
        with self.assertRaises(ssl.SSLError):
            self.ask(trusted=following)
        shutil.copy(following.cert, self.place / "cert.pem")
        wait_for(lambda: "stay in force" in self.daemon.log, "the complaint")
        self.assertEqual(self.ask()[0], 200)
        self.install(following)

        def follows():
            try:
                return self.ask(trusted=following)[0] == 200
            except ssl.SSLError:
                return False
        wait_for(follows, "the new certificate")
        self.assertEqual(self.daemon.log.count("stay in force"), 1)

    def test_only_clients_with_a_certificate_for_an_allowed_name_are_heard(self):
        ca = Identity("ca")
        shutil.copy(ca.cert, self.place / "ca.pem")
        self.start(self.tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"
                            "  client_allowed_sans: [prometheus.example.org]\n"))
        self.assertEqual(self.ask(client=Identity("prometheus.example.org", ca))[0], 200)
        for other in (None, Identity("else.example.org", ca), Identity("prometheus.example.org")):
            with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                self.ask(client=other)

    def test_a_client_whose_authority_is_taken_out_of_the_file_is_answered_once_more_at_most(self):
        ca, following = Identity("ca"), Identity("ca")
        shutil.copy(ca.cert, self.place / "ca.pem")
        self.start(self.tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"))
        client = Identity("prometheus.example.org", ca)
        kept = self.connect(client=client)

        def is_kept():
            kept.request("GET", "/-/healthy")
            answer = kept.getresponse()
            answer.read()
            return answer.headers["Connection"] != "close"
        self.assertTrue(is_kept())
        shutil.copy(following.cert, self.place / "ca.pem")
        wait_for(lambda: not is_kept(), "the end of the connection")
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            self.ask(client=client)
        kept.close()

    def test_old_tls_is_refused(self):
        self.start(self.tls("  min_version: TLS13\n"))
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        host, port = self.daemon.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as plain, self.assertRaises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="localhost")
        self.assertEqual(self.ask()[0], 200)

    def test_a_reload_takes_users_over_and_refuses_a_bad_file(self):
        address = self.start(self.users())
        self.assertEqual(request(address, "/metrics", headers=login(PASSWORD)).status, 200)
        self.web.write_text("basic_auth_users:\n  ada: not-a-hash\n")
        self.reload()
        self.assertIn("configuration not taken over", self.daemon.log)
        self.assertIn("web.yml:2:8: basic_auth_users has a user whose password is no bcrypt hash", self.daemon.log)
        self.assertNotIn("not-a-hash", self.daemon.log)
        self.assertEqual(request(address, "/metrics", headers=login(PASSWORD)).status, 200)
        self.web.write_text("tls_server_config: {cert_file: nowhere.pem, key_file: nowhere.pem}\n")
        self.reload()
        self.assertIn("nowhere.pem", self.daemon.log)
        self.assertEqual(request(address, "/metrics", headers=login(PASSWORD)).status, 200)
        self.web.write_text("basic_auth_users:\n  bob: " + HASH + "\n")
        self.reload()
        self.assertIn("server.web_config_file", self.daemon.log)
        self.assertEqual(request(address, "/metrics", headers=login(PASSWORD)).status, 401)
        self.assertEqual(request(address, "/metrics", headers=login(PASSWORD, "bob")).status, 200)

    def test_several_addresses_and_a_prefix(self):
        self.start(listen=["127.0.0.1:0", "127.0.0.2:0", ":0"], route_prefix="/run/watch/")
        addresses = wait_for(lambda: [line.rsplit("address=", 1)[1].strip('"') for line in self.daemon.log.splitlines()
                                      if "msg=listening" in line and "address=" in line], "the addresses")
        self.assertEqual(len(addresses), 3)
        every = addresses[2].rsplit(":", 1)[1]
        for address in (addresses[0], addresses[1], f"127.0.0.1:{every}", f"127.0.0.3:{every}"):
            self.assertEqual(request(address, "/run/watch/-/healthy").status, 200)
            self.assertEqual(request(address, "/-/healthy").status, 404)
            found = request(address, "/run/watch")
            self.assertEqual((found.status, found.headers["Location"]), (302, "/run/watch/"))
        self.assertIn("server.listen is every address", self.daemon.log)

    def test_check_names_what_cannot_be_used(self):
        self.start()
        self.daemon.kill()
        (self.place / "junk.pem").write_text("no certificate\n")
        self.web.write_text("tls_server_config: {cert_file: junk.pem, key_file: junk.pem}\n")
        base = self.config.read_text()

        def check(old, new):
            self.config.write_text(base.replace(old, new))
            return run_command(["check", "--config", self.config])
        done = check("[server]", '[server]\nweb_config_file = "web.yml"')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("junk.pem", done.stderr)
        done = check("[api]", '[api]\nca_file = "junk.pem"')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("api.ca_file cannot be used", done.stderr)
        self.assertIn("no certificate in PEM form", done.stderr)

    def test_the_doctor_says_until_when_the_servers_own_certificate_holds(self):
        self.start()
        self.daemon.kill()
        self.config.write_text(self.config.read_text().replace("[server]", '[server]\nweb_config_file = "web.yml"'))
        for days, said in ((2, "ends in 47 h"), (60, "holds for 59 d")):
            own = Identity("localhost", days=days)
            self.web.write_text(f"tls_server_config: {{cert_file: {own.cert}, key_file: {own.key}}}\n")
            found = run_command(["check", "--live", "--config", self.config]).stdout
            self.assertRegex(found, rf"(?m)^. server +its certificate in {own.cert} {said} ")

    def test_the_platform_is_asked_through_a_proxy_and_the_environment_counts_when_it_is_asked_for(self):
        proxy = Proxy(self.platform.url.removeprefix("http://"))
        self.addCleanup(proxy.close)
        spaces = [{"token": token, "name": name} for token, name in self.platform.spaces().items()]
        for setting, env, works in ((proxy.url, {}, True), ("", {"http_proxy": proxy.url}, False),
                                    ("environment", {"http_proxy": proxy.url}, True),
                                    ("environment", {"http_proxy": "http://user:SECRET@127.0.0.1:1"}, False)):
            config = folder() / "c.toml"
            write_config(config, "http://platform.invalid", spaces, api={"proxy": setting, "timeout": "5s"})
            clean = {"no_proxy": "", "all_proxy": "", **env}
            done = run_command(["check", "--live", "--config", config], env=clean)
            self.assertEqual(done.returncode == 0, works, (setting, env, done.stdout, done.stderr))
            self.assertNotIn("SECRET", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
