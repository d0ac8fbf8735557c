"""The Markdown that docs/ is written in, as the blocks that a manual page is made of.

Blocks: ("heading", level, text), ("text", text), ("items", [text, …]), ("code", [line, …]),
("table", head, rows), texts with their inline marks. What it does not know is an error, never dropped.
"""
import re


def cells(line):
    """Of a row of a table; a bar in code is a bar."""
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def blocks(text):
    lines = text.splitlines()
    out = []
    i = 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
        elif line.startswith("```"):
            end = lines.index("```", i + 1)
            out.append(("code", lines[i + 1:end]))
            i = end + 1
        elif heading := re.match(r"(#{1,4}) (.*)", line):
            out.append(("heading", len(heading[1]), heading[2]))
            i += 1
        elif line.startswith("|"):
            end = i
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            if not re.fullmatch(r"[|\-: ]+", lines[i + 1]):
                raise ValueError(f"a table without a head: {line}")
            out.append(("table", cells(line), [cells(row) for row in lines[i + 2:end]]))
            i = end
        elif re.match(r"([-*]|\d+\.) ", line):
            items, i = list_items(lines, i)
            out.append(("items", items))
        elif line.startswith(("<", ">", "!")):
            raise ValueError(f"no manual page has this: {line}")
        else:
            end = i
            while end < len(lines) and lines[end].strip() and not re.match(r"```|#|\|", lines[end]):
                end += 1
            out.append(("text", " ".join(part.strip() for part in lines[i:end])))
            i = end
    return out


def list_items(lines, i):
    items = []
    while i < len(lines) and lines[i].strip():
        if start := re.match(r"([-*]|\d+\.) +(.*)", lines[i]):
            items.append(start[2])
        else:
            items[-1] += " " + lines[i].strip()
        i += 1
    return items, i
