"""The pictures of README: the page in a simulated bad hour, at a desk and on a phone. `screenshots.py FOLDER`."""
import pathlib
import sys
import urllib.parse

import bad_hour
from eyes import Eyes, why_not

# name → path, width, height, dark
PICTURES = {
    "page": ("/", 1280, 860, False),
    "page-dark": ("/", 1280, 860, True),
    "page-phone": ("/", 390, 844, False),
    "run": ("/run?", 1280, 860, False),
}


def main():
    place = pathlib.Path(sys.argv[1])
    lacking = why_not() or ("" if bad_hour.FAKETIME else "there is no libfaketime: apt-get install faketime")
    if lacking:
        sys.exit(f"screenshots: {lacking}")
    hour = bad_hour.BadHour(steps=40, minutes=3).begin().play()
    place.mkdir(parents=True, exist_ok=True)
    eyes = Eyes()
    for name, (path, width, height, dark) in PICTURES.items():
        if path.endswith("?"):
            path += urllib.parse.urlencode({"space": "collections", "run": hour.carrier})
        eyes.open(f"http://{hour.daemon.address}{path}", width, height=height, dark=dark)
        eyes.ask("shoot", path=str(place / f"{name}.png"))
        print(place / f"{name}.png")
    eyes.close()


if __name__ == "__main__":
    main()
