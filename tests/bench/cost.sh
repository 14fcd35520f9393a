#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Measures what it costs to trace each callback, compared with other tracers. See the help below.
set -euo pipefail
# shellcheck disable=SC2034 # for peers.sh
ME=cost.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/peers.sh"

ROUNDS=3
LASTS=2

help() {
	cat <<END
usage: tests/bench/cost.sh [OPTION]...

Boots a kernel on the bench and lets the module rcu_load queue callbacks as fast
as it can: by itself, and while each is traced from its queueing to its invocation
by rcuscope, bpftrace, trace-cmd and perf, in turn, several times. Prints how many
callbacks a second went through, what that costs each, what each tool lost of
what the module counted, and what an event takes on disk.

  --rounds N      how often each tool is run [$ROUNDS]
  --lasts S       seconds of each run [$LASTS]
$(common_help)

Examples:
  tests/bench/cost.sh
  tests/bench/cost.sh --kernel debian-6.1 --rounds 3 --json cost.json
  tests/bench/cost.sh --kernel debian-6.1 --wall-clock --append 'tsc=reliable clocksource=tsc'
END
}

own_option() { # OPTION VALUE
	case $1 in
	--rounds) ROUNDS=$2 ;;
	--lasts) LASTS=$2 ;;
	*) return 1 ;;
	esac
	expect_number "$2"
}

parse "$@"
measure_kernels $((300 + (ROUNDS + 1) * 6 * (LASTS + 30))) cost.guest.sh cost.py "ROUNDS=$ROUNDS LASTS=$LASTS"
