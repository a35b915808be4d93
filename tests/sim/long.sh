#!/bin/sh
# The longer command of the simulator: a million seeds each of punches, of agents and
# of servers under siege, each twice, and all thousand runs against strangers. Build
# the release preset first.
#   tests/sim/long.sh BUILD [SEEDS [JOBS]]
set -eu
build=$1
seeds=${2:-1000000}
jobs=${3:-2}
"$build/altair-sim" soak --seeds "$seeds" --jobs "$jobs"
"$build/altair-sim" agent soak --seeds "$seeds" --jobs "$jobs"
"$build/altair-sim" server soak --seeds "$seeds" --jobs "$jobs"
"$build/tests/sim/bars_test" all_strangers all_forgers
