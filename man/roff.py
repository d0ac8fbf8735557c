"""Writes man(7): blocks of Markdown, and inline marks, as lines that man and mandoc take without a complaint."""
import re
import textwrap

_SPECIAL = {"\\": "\\e", "-": "\\-", "~": "\\(ti", "^": "\\(ha", "`": "\\(ga", "'": "\\(aq"}


def literal(text):
    return "".join(_SPECIAL.get(c, c) for c in text)


def prose(text):
    """An apostrophe and a hyphen of a sentence stay what they are."""
    return "".join(c if c in "-'" else _SPECIAL.get(c, c) for c in text)


def inline(text):
    """Marks of Markdown as fonts; of a link its text, with its address where that leads out of the docs."""
    out = []
    for part in re.split(r"(`[^`]+`|\*\*.+?\*\*|\[[^\]]*\]\([^)]*\))", text):
        if part.startswith("`") and len(part) > 1:
            out.append("\\fB" + literal(part[1:-1]).replace(" ", "\\~") + "\\fR")  # no line ends within
        elif part.startswith("**"):
            inner = part[2:-2]
            out.append(inline(inner) if "`" in inner else "\\fI" + prose(inner) + "\\fR")
        elif link := re.fullmatch(r"\[([^\]]*)\]\(([^)]*)\)", part):
            out.append(inline(link[1]) + (f" ({literal(link[2])})" if link[2].startswith("http") else ""))
        else:
            out.append(prose(part))
    return "".join(out)


class Page:
    def __init__(self, name, section, about, date):
        self.lines = [f'.TH {name.upper()} {section} "{date}" "runwatch" "runwatch\'s manual"']
        self.heading("name")
        self.lines.append(f"{literal(name)} \\- {prose(about)}")

    def heading(self, text, level=1):
        if level == 1:
            self.lines.append(f".SH {prose(text).upper()}")
        else:
            self.lines.append(f".SS {prose(text)}")

    def wrapped(self, roff):
        """Broken at blanks, no line beginning with what roff takes for a request."""
        for line in textwrap.wrap(roff, 78, break_long_words=False, break_on_hyphens=False):
            self.lines.append(("\\&" if line.startswith((".", "'")) else "") + line)

    def paragraph(self, roff):
        # Right below a heading it is one without being told so.
        if not self.lines[-1].startswith((".SH", ".SS")):
            self.lines.append(".PP")
        self.wrapped(roff)

    def tagged(self, tag, roff):
        self.lines += [".TP", tag]
        if roff:
            self.wrapped(roff)

    def code(self, lines):
        self.lines += ([] if self.lines[-1].startswith((".SH", ".SS")) else [".PP"]) + [".RS 4", ".nf"]
        for line in lines:
            text = literal(line)
            self.lines.append(("\\&" if text.startswith((".", "'")) else "") + text)
        self.lines += [".fi", ".RE"]

    def table(self, head, rows):
        """The first column is what each row is about, the last one says it, those between are its particulars."""
        for row in rows:
            particulars = []
            for name, cell in zip(head[1:-1], row[1:-1]):
                if cell:
                    particulars.append(inline(cell) if name in ("type", "") else f"{prose(name)} {inline(cell)}")
            said = inline(row[-1])
            if particulars:
                said = f"({'; '.join(particulars)}) {said}".strip()
            self.tagged(inline(row[0]), said)

    def blocks(self, blocks):
        for kind, *content in blocks:
            if kind == "heading":
                self.heading(inline(content[1]), content[0] - 1)
            elif kind == "text":
                self.paragraph(inline(content[0]))
            elif kind == "items":
                for item in content[0]:
                    self.lines.append(".IP \\(bu 2")
                    self.wrapped(inline(item))
            elif kind == "code":
                self.code(content[0])
            else:
                self.table(*content)

    def text(self):
        return "\n".join(self.lines) + "\n"
