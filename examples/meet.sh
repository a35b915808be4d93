#!/bin/sh
# Two terminals of one computer, each with an agent of its own; two named pipes in
# a directory are the signalling. Needs jq. In the one terminal, then in the other:
#
#   examples/meet.sh left DIRECTORY [OPTION OF altair agent]...
#   examples/meet.sh right DIRECTORY [OPTION OF altair agent]...
#
# Each line typed is a message to the other side. Ctrl-D ends. The environment's
# ALTAIR is the command, if it is not in the PATH.
set -u
side=${1-} dir=${2-}
case $side in
left) role=--controlling other=right ;;
right) role=--controlled other=left ;;
esac
if [ -z "${other-}" ] || [ -z "$dir" ]; then
  echo "usage: meet.sh left|right DIRECTORY [OPTION OF altair agent]..." >&2
  exit 2
fi
shift 2

# What the agent writes, as what the other one reads.
signalling='
  if .event == "credentials" then {cmd: "remote", ufrag, pwd}
  elif .event == "candidate" then {cmd: .event, candidate}
  elif .event == "end-of-candidates" then {cmd: .event}
  else empty end'

# The same for people.
people='
  def endpoint: split(" ") | "\(.[7]) \(.[4]) port \(.[5])";
  if .event == "state" then "state    \(.state)"
  elif .event == "selected" then
    "path     \(.kind): \(.local | endpoint) - \(.remote | endpoint)"
  elif .event == "verdict" then
    "verdict  \(.code): \(.sentence); \(.advice)"
  elif .event == "data" then "message  \(.text // .base64 | @json)"
  elif .event == "error" then "error    \(.message)"
  else empty end'

mkdir -p "$dir" || exit 1
for pipe in left right; do
  [ -p "$dir/$pipe" ] || mkfifo "$dir/$pipe" 2>/dev/null
done
own=$(mktemp -d) && mkfifo "$own/in" "$own/out" || exit 1
jobs=
trap 'kill $jobs 2>/dev/null; rm -rf "$own"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

exec 3<>"$own/in" 4<&0
cat "$dir/$side" >&3 &
jobs="$jobs $!"
{
  jq --unbuffered -cR '{cmd: "send", text: .}' <&4
  echo '{"cmd":"close"}'
} >&3 &
jobs="$jobs $!"
jq --unbuffered -c "$signalling" <"$own/out" >"$dir/$other" &
jobs="$jobs $!"
"${ALTAIR:-altair}" agent "$role" "$@" <"$own/in" | tee "$own/out" |
  jq --unbuffered -r "$people"
