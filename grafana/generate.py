#!/usr/bin/python3
"""Writes dashboards/*.json. With --check: says whether they are as this would write them."""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import itself  # noqa: E402  (after the line above)
import overview  # noqa: E402
import run  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "dashboards"


def main():
    stale = []
    for name, board in (("overview", overview), ("run", run), ("itself", itself)):
        text = json.dumps(board.made(), indent=1, ensure_ascii=False) + "\n"
        path = FOLDER / f"{name}.json"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"not as generate.py makes them: {', '.join(stale)}; run grafana/generate.py and commit what it writes")


if __name__ == "__main__":
    main()
