#!/bin/sh
# ./run-tests over a toy: what it adds up, says last and ends with:
#   run-tests.sh <root of the tree>
set -u
root=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0
mkdir "$dir/tree" && cp -R "$root/run-tests" "$root/tools" "$dir/tree" &&
  cd "$dir/tree" || exit 1
# What is missing is not this test's business.
: >tools/packages.list
cat >CMakePresets.json <<'END'
{
  "version": 6,
  "configurePresets": [
    {"name": "dev", "generator": "Ninja", "binaryDir": "build/dev"},
    {"name": "release", "inherits": "dev", "binaryDir": "build/release"},
    {"name": "clang", "inherits": "dev", "binaryDir": "build/clang"}
  ],
  "buildPresets": [
    {"name": "dev", "configurePreset": "dev"},
    {"name": "release", "configurePreset": "release"},
    {"name": "clang", "configurePreset": "clang"}
  ]
}
END

toy() { # tests: "<name> <labels> <shell>" a line
  {
    echo 'cmake_minimum_required(VERSION 3.25)'
    echo 'project(toy NONE)'
    echo 'enable_testing()'
    while read -r name labels shell; do
      echo "add_test(NAME $name COMMAND sh -c [[$shell]])"
      echo "set_tests_properties($name PROPERTIES LABELS \"$labels\""
      echo '  SKIP_RETURN_CODE 77)'
    done
    [ "${1-}" != broken ] || echo 'add_custom_target(b ALL COMMAND false)'
  } >CMakeLists.txt
}

run() { # wanted-status wanted-last-line options...
  wanted=$1 last=$2
  shift 2
  ./run-tests "$@" </dev/null >"$dir/said" 2>&1
  got=$?
  if [ $got != "$wanted" ] || [ "$(tail -n 1 "$dir/said")" != "$last" ]; then
    echo "run-tests $* ended with $got, not $wanted, or not with: $last"
    cat "$dir/said"
    status=1
  fi
}

toy <<'END'
one unit true
two rules;release true
three lab true
four rules echo not here; exit 77
END
run 0 "5 passed, 0 failed, 1 skipped"
grep -q 'skipped: four: not here' "$dir/said" || {
  echo "the reason of the skip is not said"
  status=1
}
run 0 "2 passed, 0 failed, 0 skipped" -L unit
run 0 "2 passed, 0 failed, 1 skipped" -L rules
run 1 "0 passed, 0 failed, 0 skipped" -L nonsense

toy <<'END'
one unit true
two rules echo this is why; exit 1
END
run 1 "2 passed, 1 failed, 0 skipped"
grep -q 'this is why' "$dir/said" || {
  echo "the output of the failing test is not said"
  status=1
}

toy broken <<'END'
one unit true
END
run 1 "0 passed, 2 failed, 0 skipped"
exit $status
