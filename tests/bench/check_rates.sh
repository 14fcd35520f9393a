#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Measures how often rcuscope check is right, on a real kernel. See the help below.
set -euo pipefail
HERE=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
PROJECT=$(dirname -- "$(dirname -- "$HERE")")
VM=$PROJECT/tests/vm/vm
RCUSCOPE=${RCUSCOPE:-$PROJECT/build/release/tracer/rcuscope}

KERNEL=debian-6.1
BOOTS=4
CYCLES=5
LASTS=5
TRIES=20
RUNS=5
POOL=

help() {
	cat <<END
usage: tests/bench/check_rates.sh [OPTION]...

Records a steady load on the bench again and again, as it is and slowed for
real: by a reader that holds sections of 30 ms, by jiffies_till_first_fqs raised
to 10, by a CPU that is busy for 100 ms at a time. Then draws sets of recordings
from these, compares them with rcuscope check, and prints how often it said
what, and how often the cause is named.

  --kernel NAME   which kernel [$KERNEL]
  --boots N       boots [$BOOTS]
  --cycles N      in each boot: so many times three recordings of the load as it
                  is, and one slowed in each way [$CYCLES]
  --lasts S       seconds of each recording [$LASTS]; each takes ten more
  --pool DIR      where recordings are kept; if there are any, none are made
                  [out/check_rates/KERNEL]
  --tries N       comparisons of each kind [$TRIES]
  --runs N        recordings on each side of one [$RUNS]
  -h, --help      this

Exit status: 0 "same" and "worse" in at least 95 in a hundred, 1 not, 2 wrong use.

Examples:
  tests/bench/check_rates.sh                        # half an hour
  tests/bench/check_rates.sh --tries 500            # more draws from the same
  tests/bench/check_rates.sh --kernel debian-6.12 --boots 2
END
}

while (($#)); do
	case $1 in
	-h | --help) help; exit ;;
	--kernel | --boots | --cycles | --lasts | --pool | --tries | --runs)
		[[ ${2:-} ]] || { printf 'check_rates.sh: %s wants a value\n' "$1" >&2; exit 2; } ;;
	*) printf "check_rates.sh: what is '%s'? --help tells what can be asked for\n" "$1" >&2; exit 2 ;;
	esac
	case $1 in
	--kernel) KERNEL=$2 ;;
	--boots) BOOTS=$2 ;;
	--cycles) CYCLES=$2 ;;
	--lasts) LASTS=$2 ;;
	--pool) POOL=$2 ;;
	--tries) TRIES=$2 ;;
	--runs) RUNS=$2 ;;
	esac
	shift 2
done
POOL=${POOL:-$PROJECT/out/check_rates/$KERNEL}
mkdir -p "$POOL"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/check_rates.XXXXXX")
trap 'rm -rf -- "$WORK"' EXIT

if ! compgen -G "$POOL/*.rcu" >/dev/null; then
	for ((boot = 1; boot <= BOOTS; boot++)); do
		"$VM" run --kernel "$KERNEL" --rcuscope "$RCUSCOPE" --timeout $((CYCLES * 6 * (LASTS + 40) + 120)) --add "$HERE/load.sh" \
			--add "$HERE/check_rates.guest.sh" --out "$WORK/$boot" -- \
			"BOOT=$boot CYCLES=$CYCLES LASTS=$LASTS . /root/check_rates.guest.sh" >&2
		mv "$WORK/$boot"/*.rcu "$POOL"
	done
fi
for file in "$POOL"/*.rcu; do
	"$RCUSCOPE" summarize "$file" -o "$WORK/$(basename -- "$file" .rcu).json"
done
/usr/bin/python3 "$HERE/check_rates.py" "$RCUSCOPE" "$WORK" "$TRIES" "$RUNS"
