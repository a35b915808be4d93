#!/bin/sh
# tools/packages.sh before machines of every sort, with commands of our own in the
# places of id, sudo and apt-get:  packages.sh <root of the tree>
set -u
root=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0
mkdir "$dir/tools" "$dir/bin" "$dir/has" || exit 1
cat >"$dir/tools/packages.list" <<END
# a comment
build  package-one  file:$dir/has/one  the first thing
build  package-two  file:$dir/has/two  the second thing
test   package-three  file:$dir/has/three  the third thing
END

command_is() { # name body
  printf '#!/bin/sh\n%s\n' "$2" >"$dir/bin/$1" && chmod +x "$dir/bin/$1"
}

# A machine: who we are, whether sudo works, what apt-get does.
machine() { # uid sudo-status apt-get-body|none
  rm -f "$dir"/bin/* "$dir"/has/* "$dir/calls"
  for tool in grep cut sed sort tr mktemp rm env sh touch cat; do
    ln -s "$(command -v $tool)" "$dir/bin/$tool"
  done
  command_is id "echo $1"
  command_is true "exit 0"
  command_is sudo "[ $2 = 0 ] || exit $2
echo \"sudo \$*\" >>$dir/calls; shift; exec \"\$@\""
  [ "$3" = none ] || command_is apt-get "echo \"apt-get \$*\" >>$dir/calls; $3"
  : >"$dir/calls"
}

need() { # sections... ; sets `said` and `result`
  said=$(cd "$dir" && PATH=$dir/bin && . "$root/tools/packages.sh" &&
    packages_need "$dir/log" "$@")
  result=$?
}

expect() { # what wanted-result [text that is said] [text of the calls]
  if [ "$result" != "$2" ]; then
    echo "$1: ended with $result, not $2; said: $said"
    status=1
  fi
  case "$said" in
  *"${3-}"*) ;;
  *) echo "$1: said '$said', not '$3'"; status=1 ;;
  esac
  if ! grep -qF -- "${4-}" "$dir/calls" && [ -n "${4-}" ]; then
    echo "$1: no call '$4' in: $(cat "$dir/calls")"
    status=1
  fi
}

no_calls() {
  [ ! -s "$dir/calls" ] || {
    echo "$1: called $(cat "$dir/calls")"
    status=1
  }
}

machine 0 1 "exit 9"
touch "$dir/has/one" "$dir/has/two"
need build
expect "all there" 0
no_calls "all there"

machine 0 1 "touch $dir/has/one $dir/has/two"
touch "$dir/has/one"
need build
expect root 0 "Installing with apt-get: package-two" "apt-get update"
expect root 0 "" "apt-get install -y --no-install-recommends package-two"
grep -q sudo "$dir/calls" && echo "root called sudo" && status=1

machine 1000 0 "touch $dir/has/one $dir/has/two $dir/has/three"
need build test
expect sudo 0 "package-one package-three package-two" "sudo -n env"

machine 1000 1 "exit 9"
need build
expect "no sudo" 1 "sudo apt-get install package-one package-two"
no_calls "no sudo"

machine 0 1 none
need build
expect "not Debian" 1 "the first thing"

machine 0 1 none
touch "$dir/has/one" "$dir/has/two"
need build
expect "not Debian, all there" 0

machine 0 1 "exit 100"
need build
expect "apt-get fails" 1 "could not install: package-one package-two"

machine 0 1 true
need build
expect "wrong package" 1 "still not found: package-one package-two"
exit $status
