#!/usr/bin/env python3
"""Makes the manual pages and the completions of shells, each from what else says the same:

  runwatch(1), completions   what `runwatch describe` tells, which is what `--help` prints
  runwatch.toml(5)           docs/configuration.md, which a test holds against the code
  runwatch-metrics(7)        docs/metrics.md

Usage: make.py BINARY DOCS OUTPUT DATE
"""
import json
import pathlib
import re
import subprocess
import sys

import completion
import markdown
from roff import Page, inline, literal, prose

ALSO = "Everything else is told in \\fI/usr/share/runwatch/docs\\fR."


def of_document(name, section, about, document, date, also):
    page = Page(name, section, about, date)
    body = markdown.blocks(document.read_text(encoding="utf-8"))
    if body[0][:2] != ("heading", 1):
        raise ValueError(f"{document} does not begin with its title")
    page.heading("description")
    page.blocks(body[1:])
    page.heading("see also")
    page.wrapped(also)
    page.paragraph(ALSO)
    return page.text()


def split_footer(command):
    """What a command's help says below its options, and its exit codes as pairs."""
    own, _, codes = command["footer"].partition("Exit codes:\n")
    return own.strip("\n"), re.findall(r"^  (\d+) +(.*)$", codes, re.M)


def help_text(page, text):
    """Paragraphs as they are, wrapped anew; what stands in columns keeps them."""
    for part in filter(None, text.split("\n\n")):
        if re.search(r"\S {2,}\S", part):
            page.code(part.split("\n"))
        else:
            page.paragraph(inline(" ".join(part.split("\n"))))


def describe_options(page, command):
    for option in command["options"]:
        names = ", ".join(f"\\fB{literal(name)}\\fR" for name in option["names"])
        value = f" \\fI{literal(option['value'])}\\fR" if option["value"] else ""
        page.tagged(names + value, inline(option["text"]))


def describe_command(page, command, path, known):
    """`known`: the exit codes that the page tells below, which no command tells again."""
    page.heading(literal(" ".join(path)), 2)
    page.paragraph(inline(command["about"] + "."))
    page.paragraph(f"\\fB{literal(command['usage'].removeprefix('Usage: '))}\\fR")
    describe_options(page, command)
    help_text(page, split_footer(command)[0])
    codes = ", ".join(code if (code, meaning) in known else f"{code} ({prose(meaning)})"
                      for code, meaning in split_footer(command)[1])
    page.paragraph(f"Exit status: {codes}.")
    for inner in command["commands"]:
        describe_command(page, inner, [*path, inner["name"]], known)


def of_command_line(app, date):
    page = Page("runwatch", 1, "watch voice-call campaign runs, for Prometheus and for people", date)
    page.heading("synopsis")
    page.wrapped(f"\\fB{literal(app['usage'].removeprefix('Usage: '))}\\fR")
    page.heading("description")
    help_text(page, app["about"])
    page.heading("options")
    describe_options(page, app)
    page.heading("commands")
    page.wrapped("\\fBrunwatch\\fR \\fICOMMAND\\fR \\fB\\-\\-help\\fR says the same.")
    for command in app["commands"]:
        describe_command(page, command, [command["name"]], split_footer(app)[1])
    page.heading("exit status")
    for code, meaning in split_footer(app)[1]:
        page.tagged(f"\\fB{code}\\fR", prose(meaning))
    page.heading("files")
    for path, what in FILES:
        page.tagged(f"\\fI{literal(path)}\\fR", inline(what))
    page.heading("see also")
    page.wrapped("\\fBrunwatch.toml\\fR(5), \\fBrunwatch\\-metrics\\fR(7), \\fBprometheus\\fR(1)")
    page.paragraph(ALSO)
    return page.text()


FILES = (
    ("/etc/runwatch/runwatch.toml", "the configuration, which `--config` replaces"),
    ("/etc/runwatch/token", "the API token, in the shipped configuration: one line, readable by root and the group "
                            "runwatch"),
    ("/var/lib/runwatch/state.db", "the ledger"),
    ("/run/runwatch/control.sock", "the running daemon's control socket"),
    ("/usr/share/runwatch", "dashboards, scrape configuration and rules for Prometheus, the schema of notices, docs"),
)


def main(binary, docs, output, date):
    docs, output = pathlib.Path(docs), pathlib.Path(output)
    app = json.loads(subprocess.run([binary, "describe"], check=True, capture_output=True, text=True).stdout)
    made = {
        "runwatch.1": of_command_line(app, date),
        "runwatch.toml.5": of_document(
            "runwatch.toml", 5, "configuration of runwatch", docs / "configuration.md", date,
            "\\fBrunwatch\\fR(1), \\fBrunwatch\\-metrics\\fR(7)"),
        "runwatch-metrics.7": of_document(
            "runwatch-metrics", 7, "what runwatch tells Prometheus", docs / "metrics.md", date,
            "\\fBrunwatch\\fR(1), \\fBrunwatch.toml\\fR(5)"),
        "runwatch.bash": completion.bash(app),
        "_runwatch": completion.zsh(app),
        "runwatch.fish": completion.fish(app),
    }
    output.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (output / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
