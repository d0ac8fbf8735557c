"""Debian's Alertmanager as a process, alone or in a cluster."""
import json
import subprocess

from harness import folder, free_port, parse_metrics, request, start_process, total, wait_for

QUICK = ("--cluster.peer-timeout=2s", "--cluster.gossip-interval=50ms", "--cluster.pushpull-interval=1s",
         "--cluster.settle-timeout=3s", "--cluster.probe-interval=500ms", "--cluster.reconnect-interval=1s")


class Alertmanager:
    """`cluster`: its own address for its peers, and theirs."""

    def __init__(self, config, cluster=None):
        self.folder = folder()
        (self.folder / "am.yml").write_text(config)
        self.address = f"127.0.0.1:{free_port()}"
        self.peers = ["--cluster.listen-address="]
        if cluster:
            self.peers = [f"--cluster.listen-address={cluster[0]}", *(f"--cluster.peer={peer}" for peer in cluster[1:]), *QUICK]
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.start()

    def start(self):
        self.process = start_process(
            ["prometheus-alertmanager", f"--config.file={self.folder / 'am.yml'}",
             f"--storage.path={self.folder / 'data'}", f"--web.listen-address={self.address}", *self.peers],
            stdout=self.log, stderr=subprocess.STDOUT)
        wait_for(self.is_ready, "Alertmanager")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def is_ready(self):
        try:
            return request(self.address, "/-/ready").status == 200
        except OSError:
            return False

    def peers_seen(self):
        return len(json.loads(request(self.address, "/api/v2/status").text)["cluster"].get("peers", ()))

    def heard(self):
        """How often its peers told it what they had told."""
        return total(parse_metrics(request(self.address, "/metrics").text), "alertmanager_nflog_gossip_messages_propagated_total")

    def alerts(self):
        """Those that are active, by amtool, as an operator asks."""
        shown = subprocess.run(["amtool", "alert", "query", f"--alertmanager.url=http://{self.address}", "-o", "json"],
                               capture_output=True, text=True, check=True)
        return [a for a in json.loads(shown.stdout) if a["status"]["state"] == "active"]
