"""docs/interop.md: two parts, each written by a test of its own, which leaves the
other one as it is."""

import datetime
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs" / "interop.md"
PARTS = {"ice": "# Interoperation\n", "relay": "# TURN clients\n"}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=False).stdout.strip()


def package_version(name):
    return output("dpkg-query", "-f", "${source:Upstream-Version}", "-W", name)


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def fill(template, values):
    """The template of this folder with its @name@ replaced; @date@ is today."""
    values = {"date": datetime.date.today().isoformat(), **values}
    text = (HERE / template).read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda match: values[match[1]], text)


def read():
    """{part: text}, each of which begins with its heading."""
    text = DOCS.read_text(encoding="utf-8") if DOCS.exists() else ""
    ice, heading, relay = text.partition(PARTS["relay"])
    return {"ice": ice, "relay": heading + relay}


def write(part, text):
    parts = {**read(), part: text}
    assert text.startswith(PARTS[part])
    whole = "\n".join(parts[name].strip("\n") + "\n" for name in PARTS
                      if parts[name])
    DOCS.write_text(whole, encoding="utf-8")


def cells_of(text):
    return [line for line in text.splitlines() if line.startswith("|")]


def compare(part, text):
    """Prints how the cells differ from those of the page; True: they do not."""
    now, before = cells_of(text), cells_of(read()[part])
    for line in before:
        if line not in now:
            print("- " + line)
    for line in now:
        if line not in before:
            print("+ " + line)
    return now == before
