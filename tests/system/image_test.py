"""The Containerfile, built upon a Debian made on the spot, and run as the account that it names."""
import json
import shutil
import subprocess
import unittest

import machine
from harness import Simulator, folder, free_port, parse_metrics, request, start_process, total, wait_for, write_config

BASE, IMAGE = "localhost/runwatch-base", "localhost/runwatch"


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = machine.why_no_tree("buildah")
        if reason:
            raise unittest.SkipTest(reason)
        place = folder()
        cls.store = ["--storage-driver", "vfs", "--root", str(place / "root"), "--runroot", str(place / "run")]
        cls.context = folder()
        (cls.context / "build/package").mkdir(parents=True)
        shutil.copy(machine.package(), cls.context / "build/package")
        try:
            scratch = cls.buildah("from", "scratch").strip()
            cls.buildah("add", "--quiet", scratch, machine.layer(), "/")
            cls.buildah("commit", "--quiet", "--rm", scratch, BASE)
            cls.buildah("run", "--isolation", "chroot", cls.buildah("from", BASE).strip(), "true")
        except OSError as error:
            raise unittest.SkipTest(f"buildah makes no image here: {error}") from error
        cls.built = cls.buildah("bud", "--isolation", "chroot", "--format", "docker", "--build-arg", f"BASE={BASE}", "-t",
                                IMAGE, "-f", machine.ROOT / "Containerfile", cls.context)

    @classmethod
    def buildah(cls, *words):
        argv = ["buildah", *cls.store, *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise OSError(f"{' '.join(argv[7:9])} ended with {done.returncode}: {(done.stderr + done.stdout)[-1500:]}")
        return done.stdout

    def start(self):
        """The image's command in a container whose network is this machine's; how to call into it, and its address."""
        platform = Simulator("--tasks", 20, journal=False)
        address = f"127.0.0.1:{free_port()}"
        config = write_config(folder() / "runwatch.toml", platform.url, api={"org_handle": "sim.example"},
                              server={"listen": address}, store={"path": None})
        container = self.buildah("from", IMAGE).strip()
        self.buildah("add", "--chmod", "644", container, config, "/etc/runwatch/runwatch.toml")
        inside = ["buildah", *self.store, "run", "--isolation", "chroot", container, "--"]
        serving = start_process([*inside, "runwatch", "serve"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(serving.wait, 20)
        self.addCleanup(serving.terminate)  # which is passed on; nothing else would end what runs inside
        return inside, address

    def test_it_serves_as_its_own_account_and_its_health_check_asks_the_daemon(self):
        told = json.loads(self.buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]
        self.assertEqual(told["User"], "runwatch")
        self.assertEqual(list(told["Volumes"]), ["/var/lib/runwatch"])
        self.assertEqual((told["Entrypoint"], told["Cmd"]), (["runwatch"], ["serve"]))
        check = told["Healthcheck"]["Test"]
        self.assertEqual(check[0], "CMD")
        inside, address = self.start()

        def is_ready():
            try:
                return request(address, "/-/ready").status == 200
            except OSError:
                return False
        wait_for(is_ready, "readiness")
        wait_for(lambda: total(parse_metrics(request(address, "/metrics").text), "unpod_tasks"), "tasks")
        self.assertEqual(subprocess.run([*inside, *check[1:]], check=False, capture_output=True).returncode, 0)
        self.assertEqual(subprocess.run([*inside, "id", "-un"], check=True, capture_output=True).stdout, b"runwatch\n")
        self.assertEqual(subprocess.run([*inside, "stat", "-c", "%U", "/var/lib/runwatch/state.db"], check=True,
                                        capture_output=True).stdout, b"runwatch\n")


if __name__ == "__main__":
    machine.run_tests()
