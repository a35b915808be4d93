"""How long a command takes until it says a text:

    code_time.py TEXT COMMAND [ARGUMENT]...

One line of JSON: ms, and what it had said before it ({"line": ms}). The command
keeps its stdin open until then."""

import json
import os
import subprocess
import sys
import time

text, command = sys.argv[1], sys.argv[2:]
begin = time.monotonic()
process = subprocess.Popen(command, stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=os.environ)
said, heard = {}, None
while heard is None:
    line = process.stdout.readline()
    if not line:
        break
    now = round((time.monotonic() - begin) * 1000, 1)
    line = line.decode(errors="replace").rstrip()
    said.setdefault(line, now)
    if text in line:
        heard = now
process.kill()
if heard is None:
    print(*said, sep="\n", file=sys.stderr)
    sys.exit(1)
print(json.dumps({"ms": heard, "said": said}))
