#!/usr/bin/python3
"""Runs every benchmark and prints one table: what is measured, what is to be reached, what came out."""
import argparse
import json
import os
import pathlib
import re
import subprocess


def google(binary, *arguments):
    """{benchmark: median CPU or real time in ns} of one Google Benchmark binary."""
    done = subprocess.run([binary, "--benchmark_repetitions=5", "--benchmark_report_aggregates_only=true",
                           "--benchmark_format=json", *arguments], capture_output=True, text=True, check=True)
    scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    document = json.loads(done.stdout[done.stdout.index("{"):done.stdout.rindex("}") + 1])
    results = {}
    for run in document["benchmarks"]:
        if run.get("aggregate_name") == "median":
            real = "real_time" in run["run_name"]
            results[run["run_name"]] = run["real_time" if real else "cpu_time"] * scale[run["time_unit"]]
    return results


def decode_rows(folder):
    done = subprocess.run([folder / "decode_bench", "--benchmark_filter=^$"], capture_output=True, text=True,
                          check=True)
    for kilobytes, ours, theirs, ratio in re.findall(
            r"x (\d+) KB: ([\d.]+) GB/s, nlohmann SAX ([\d.]+) GB/s, ratio ([\d.]+)", done.stdout):
        reach = (">= 20 x", float(ratio) >= 20) if kilobytes == "30" else ("", None)
        yield (f"decode a page of {kilobytes} KB tasks", reach[0], f"{ours} GB/s, {ratio} x",
               f"nlohmann SAX {theirs} GB/s", reach[1])


def scrape_rows(folder):
    times = google(folder / "scrape_bench", "--benchmark_filter=copy_same_bytes|scrape/0|prometheus_cpp")
    copy, ours, theirs = times["copy_same_bytes"], times["scrape/0"], times["prometheus_cpp"]
    yield ("scrape body of 100,000 series, beside memcpy", "<= 2 x", f"{ours / 1e6:.2f} ms, {ours / copy:.1f} x",
           f"memcpy {copy / 1e6:.2f} ms", ours <= 2 * copy)
    yield ("the same, beside prometheus-cpp", ">= 100 x", f"{theirs / ours:.0f} x",
           f"prometheus-cpp {theirs / 1e6:.0f} ms", theirs >= 100 * ours)


def known_rows(folder):
    done = subprocess.run([folder / "known_bench"], capture_output=True, text=True, check=True)
    ours, theirs = map(float, re.search(r"known state: ([\d.]+) bytes a task, map of strings ([\d.]+)",
                                        done.stdout).groups())
    yield ("known state in memory, a million tasks", "<= 40 B", f"{ours:.1f} B a task",
           f"map of strings {theirs:.0f} B", ours <= 40)


def store_rows(folder):
    for name, nanoseconds in google(folder / "store_bench").items():
        yield f"store: {name.removesuffix('/real_time')}", "", f"{nanoseconds / 1e6:.2f} ms", "", None


def page_rows(folder):
    """What a page is made in, and its bytes, which the benchmark counts."""
    done = subprocess.run([folder / "page_bench", "--benchmark_format=json"], capture_output=True, text=True, check=True)
    for run in json.loads(done.stdout)["benchmarks"]:
        name, runs = run["name"].split("/")
        large = runs == "10000"
        yield (f"page: {name} of {int(runs):,} runs", "<= 50 ms, 300 kB" if large else "",
               f"{run['cpu_time']:.1f} ms, {run['bytes'] / 1e3:.0f} kB", "",
               (run["cpu_time"] <= 50 and run["bytes"] <= 300e3) if large else None)


def whole_rows(options):
    import whole_job  # reads RUNWATCH_BIN when it is imported
    cells = whole_job.check_equal()
    yield "counters of runwatch and of the script", "equal", f"{cells} series equal", "", True
    (ours, theirs), memory, (median, worst) = whole_job.measure_cpu(options.tasks, options.windows, options.seconds)
    yield ("user CPU per million tasks polled", ">= 20 x less", f"{ours:.2f} s, {theirs / ours:.1f} x less",
           f"requests + prometheus_client {theirs:.1f} s", theirs >= 20 * ours)
    yield (f"peak memory, {options.tasks:,} tasks", "<= 24 MB", f"{memory[0]:.1f} MB", f"script {memory[1]:.0f} MB",
           memory[0] <= 24)
    yield ("scrape with 600 bad connections open", "<= 0.1 s", f"{median * 1e3:.1f} ms, worst {worst * 1e3:.1f} ms", "",
           worst <= 0.1)
    peak, start = whole_job.measure_million(options.million)
    yield f"peak memory, {options.million:,} tasks", "<= 80 MB", f"{peak:.1f} MB", "", peak <= 80
    yield f"start to /metrics, {options.million:,} tasks known", "<= 0.5 s", f"{start:.2f} s", "", start <= 0.5


def alert_rows(options):
    import alerts  # reads RUNWATCH_BIN when it is imported
    import alerts_kill
    poll, told, without = alerts.storm(10_000, options.windows)
    yield ("10,000 tasks fail in one poll, CPU, one rule", "<= 1.5 x", f"{poll * 1e3:.0f} ms, {poll / without:.2f} x",
           f"without rules {without * 1e3:.0f} ms", poll <= 1.5 * without)
    yield ("the same, and until its one notice is there", "", f"{told * 1e3:.0f} ms, {told / without:.2f} x", "", None)
    ours, without = alerts.at_rest(1000, 3 * options.windows, options.seconds / 3)
    yield ("user CPU of a poll, 100 rules, 1,000 runs at rest", "<= 1.1 x",
           f"{ours * 1e6:.1f} us, {ours / without:.2f} x", f"without rules {without * 1e6:.1f} us",
           ours <= 1.1 * without)
    alive, dead = alerts.delays(options.windows, 60)
    for name, share in (("median", 0.5), ("p99", 0.99)):
        before, after = alerts.percentile(alive, share), alerts.percentile(dead, share)
        yield (f"delay beside a dead receiver, {name}", "<= 1.2 x", f"{after * 1e3:.0f} ms, {after / before:.2f} x",
               f"beside one that works {before * 1e3:.0f} ms", after <= 1.2 * before)
    ours, theirs = (alerts_kill.kill(side, options.kills, seed=7) for side in (alerts_kill.Ours, alerts_kill.Theirs))
    yield (f"{options.kills} kills: accepted alerts lost", "0", f"{ours[0]} of {ours[2]}",
           f"Alertmanager {theirs[0]} of {theirs[2]}", ours[0] == 0)
    yield (f"{options.kills} kills: alerts told again", "", f"{ours[1]}", f"Alertmanager {theirs[1]}", None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--tasks", type=int, default=20_000, help="of the world that both watch")
    parser.add_argument("--windows", type=int, default=5, help="measurements of each")
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--million", type=int, default=1_000_000, help="tasks of the large world")
    parser.add_argument("--kills", type=int, default=20, help="of runwatch and of Alertmanager")
    parts = ["decode", "scrape", "known", "store", "page", "whole", "alerts"]
    parser.add_argument("--only", choices=parts, help="one part alone")
    options = parser.parse_args()
    os.environ["RUNWATCH_BIN"] = str((options.build / "daemon" / "runwatch").resolve())
    folder = options.build / "tests" / "bench"
    parts = {"decode": lambda: decode_rows(folder), "scrape": lambda: scrape_rows(folder),
             "known": lambda: known_rows(folder), "store": lambda: store_rows(folder),
             "page": lambda: page_rows(folder), "whole": lambda: whole_rows(options), "alerts": lambda: alert_rows(options)}
    line = "{:<50} {:<13} {:<34} {:<36} {}"
    print(line.format("what", "reach", "runwatch", "beside", "reached"), flush=True)
    for name, rows in parts.items():
        if options.only in (None, name):
            for *cells, reached in rows():
                print(line.format(*cells, {True: "yes", False: "NO", None: ""}[reached]).rstrip(), flush=True)


if __name__ == "__main__":
    main()
