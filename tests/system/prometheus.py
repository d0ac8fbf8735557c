"""Debian's Prometheus as a process that scrapes one target, fast."""
import json
import subprocess
import urllib.parse

from harness import folder, free_port, request, start_process, wait_for

SCRAPE = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 1m}}
scrape_configs:
  - job_name: runwatch
    static_configs: [{{targets: ["{target}"]}}]
  - job_name: itself
    static_configs: [{{targets: ["{itself}"]}}]
"""


class Prometheus:
    def __init__(self, target=None, config=None, data=None):
        """Scrapes a target, or does what `config` says, and knows what is in `data`."""
        place = folder()
        self.address = f"127.0.0.1:{free_port()}"
        (place / "p.yml").write_text(SCRAPE.format(target=target, itself=self.address) if config is None else config)
        self.log = open(place / "log", "w+", encoding="utf-8")
        self.process = start_process(
            ["prometheus", f"--config.file={place / 'p.yml'}", f"--storage.tsdb.path={data or place / 'data'}",
             f"--web.listen-address={self.address}", "--log.level=warn", "--enable-feature=exemplar-storage"],
            stdout=self.log, stderr=subprocess.STDOUT)
        wait_for(self.is_ready, "Prometheus")

    def is_ready(self):
        try:
            return request(self.address, "/-/ready").status == 200
        except OSError:
            return False

    def query(self, expression):
        """{labels: value}"""
        answer = request(self.address, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        document = json.loads(answer.text)
        assert document["status"] == "success", document
        if document["data"]["resultType"] == "scalar":
            return {(): float(document["data"]["result"][1])}
        result = {}
        for sample in document["data"]["result"]:
            labels = {k: v for k, v in sample["metric"].items() if k not in ("instance", "job")}
            result[tuple(sorted(labels.items()))] = float(sample["value"][1])
        return result

    def ask(self, path, **values):
        """What the API answers, as it is."""
        answer = request(self.address, f"/api/v1/{path}?{urllib.parse.urlencode(values)}")
        document = json.loads(answer.text)
        assert document["status"] == "success", (values, document)
        return document["data"]

    def wait_scrapes(self, more):
        """Until the target was scraped so often again."""
        scrapes = 'count_over_time(up{job="runwatch"}[10m])'
        have = self.value(scrapes)
        wait_for(lambda: self.value(scrapes) >= have + more, "scrapes")

    def counts(self, selector, window):
        """How many samples each series has in the window before now, by all its labels."""
        answer = request(self.address, "/api/v1/query?" + urllib.parse.urlencode({"query": f"{selector}[{window}]"}))
        return {tuple(sorted(series["metric"].items())): len(series["values"])
                for series in json.loads(answer.text)["data"]["result"]}

    def value(self, expression):
        return sum(self.query(expression).values())

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
