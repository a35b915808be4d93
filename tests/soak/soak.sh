#!/bin/sh
# soak.sh [--seconds N] [--check] [--run clean|faults] ALTAIR: clients of every kind
# come and go at `altair serve` for ten minutes, and ten more under faults; soak.py
# says what is counted and how it is judged. In a network namespace of its own where
# that is allowed, else on loopback.
set -u
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v python3 >/dev/null; then
  echo "skipped: python3 is missing"
  exit 77
fi
if unshare -n true 2>/dev/null; then
  exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh \
    python3 "$here/soak.py" "$@"
fi
exec python3 "$here/soak.py" "$@"
