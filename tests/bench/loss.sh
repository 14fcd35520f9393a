#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Finds the rate from which tracers lose events. See the help below.
set -euo pipefail
# shellcheck disable=SC2034 # for peers.sh
ME=loss.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/peers.sh"

RATES='5000 10000 20000 40000 80000 160000 320000 640000'
BURSTS='2500 5000 10000 20000 40000 80000 160000 320000 640000'
LASTS=3

help() {
	cat <<END
usage: tests/bench/loss.sh [OPTION]...

Boots a kernel on the bench and lets the module rcu_load queue callbacks, at one
rate after the other, and then in bursts, each twice as large as the last; each
tracer with the buffers that it takes by itself. Prints what each tool lost of
what the module counted, and up to where that is nothing.

  --rates LIST    callbacks of each thread in a second, rising; beyond what can be
                  reached under a tracer it stops [$RATES]
  --bursts LIST   callbacks at once, one burst a second, rising
                  [$BURSTS]
  --lasts S       seconds of each run [$LASTS]
$(common_help)

Examples:
  tests/bench/loss.sh
  tests/bench/loss.sh --kernel debian-6.1 --tools 'rcuscope perf' --bursts '10000 100000'
END
}

own_option() { # OPTION VALUE
	local number
	case $1 in
	--rates) RATES=$2 ;;
	--bursts) BURSTS=$2 ;;
	--lasts) LASTS=$2 ;;
	*) return 1 ;;
	esac
	for number in $2; do expect_number "$number"; done
}

parse "$@"
read -ra steps <<<"$RATES $BURSTS"
measure_kernels $((300 + ${#steps[@]} * 5 * (LASTS + 30))) loss.guest.sh loss.py "RATES='$RATES' BURSTS='$BURSTS' LASTS=$LASTS"
