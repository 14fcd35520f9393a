#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A CI gate against slower grace periods. See the help below.
set -euo pipefail
HERE=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
PROJECT=$(dirname -- "$(dirname -- "$HERE")")
VM=$PROJECT/tests/vm/vm
export RCUSCOPE=${RCUSCOPE:-$PROJECT/build/release/tracer/rcuscope}

RUNS=5
KERNEL=debian-6.1
APPEND=
AGAINST=
AGAINST_APPEND=
BASELINE=
RECORD_BASELINE=
SETUP=$HERE/load.sh
WORKLOAD=
OUT=$PROJECT/out/gate
TIMEOUT=300
GUEST=()
CHECK=()

help() {
	cat <<END
usage: tests/bench/gate.sh [OPTION]... [-- OPTION-OF-CHECK...]

Boots a kernel on the bench several times, records a workload in each boot, and
holds what was recorded to limits, to a baseline that is kept, or to another
kernel. Says in the end what rcuscope check says, and ends with its exit code.

  --kernel NAME            the kernel to check [$KERNEL]; tests/vm/vm kernels lists them
  --append ARGS            its arguments
  --runs N                 boots, and so recordings [$RUNS]; four are the least to compare
  --workload SCRIPT        what is recorded, from its start to its end: run with sh in
                           the guest, as root [sleep 5]
  --setup SCRIPT           sourced by the guest's sh before [tests/bench/load.sh, a steady
                           load in the background]
  --baseline DIR           compare with the summaries in DIR
  --record-baseline DIR    put such summaries into DIR, and compare nothing
  --against NAME           compare with this kernel, recorded now, in turn with the other:
                           whatever else changes on this machine changes both
  --against-append ARGS    its arguments; without --against, the same kernel's
  --budget BUDGET          a limit, as in rcuscope check; may be given more than once
  --add FILE[:GUESTPATH]   put a file into the guest; may be given more than once
  --cpus N, --memory MB    of the guest, as in vm run
  --timeout S              for each boot [$TIMEOUT]
  --out DIR                where recordings and summaries go [out/gate]
  -h, --help               this

Environment: as tests/vm/vm --help says; RCUSCOPE_KMOD names other modules than
the companions, and RCUSCOPE another rcuscope than build/release has.

Exit status: 0 passed, 1 something got worse or is over budget, 2 wrong use or
unusable input, 124 a boot took too long, 125 a boot failed.

Examples:
  tests/bench/gate.sh --budget 'gp.p99<100ms' --budget 'hazards==0'
  tests/bench/gate.sh --record-baseline ci/rcu-baseline
  tests/bench/gate.sh --baseline ci/rcu-baseline -- --strict -o rcu.xml
  tests/bench/gate.sh --kernel debian-6.12 --against debian-6.1
  tests/bench/gate.sh --append rcutree.jiffies_till_first_fqs=10 --against-append ''
END
}

usage_error() {
	printf "gate.sh: %s\ngate.sh: hint: tests/bench/gate.sh --help tells what can be asked for\n" "$1" >&2
	exit 2
}

parse() {
	local compared=
	while (($#)); do
		case $1 in
		-h | --help) help; exit ;;
		--) shift; CHECK+=("$@"); break ;;
		--kernel | --append | --runs | --workload | --setup | --baseline | --record-baseline | --against | \
			--against-append | --budget | --add | --cpus | --memory | --timeout | --out)
			(($# > 1)) || usage_error "$1 wants a value" ;;
		*) usage_error "what is '$1'?" ;;
		esac
		case $1 in
		--kernel) KERNEL=$2 ;;
		--append) APPEND=$2 ;;
		--runs) RUNS=$2 ;;
		--workload) WORKLOAD=$2 ;;
		--setup) SETUP=$2 ;;
		--baseline) BASELINE=$2; compared+=x ;;
		--record-baseline) RECORD_BASELINE=$2; compared+=x ;;
		--against) AGAINST=$2; compared+=x ;;
		--against-append) AGAINST_APPEND=$2; AGAINST=${AGAINST:-same} ;;
		--budget) CHECK+=(--budget "$2") ;;
		--add | --cpus | --memory) GUEST+=("$1" "$2") ;;
		--timeout) TIMEOUT=$2 ;;
		--out) OUT=$2 ;;
		esac
		shift 2
	done
	[[ $AGAINST != same ]] || { AGAINST=$KERNEL; compared+=x; }
	((${#compared} <= 1)) || usage_error "--baseline, --record-baseline and --against are different gates; take one"
	[[ $RUNS =~ ^[1-9][0-9]*$ ]] || usage_error "--runs $RUNS is not a number from 1"
	local file
	for file in "$SETUP" ${WORKLOAD:+"$WORKLOAD"}; do
		[[ -r $file ]] || usage_error "there is no script $file"
	done
	if [[ $BASELINE ]]; then
		compgen -G "$BASELINE/*.json" >/dev/null ||
			usage_error "$BASELINE has no summaries (*.json); --record-baseline $BASELINE makes them"
	fi
	[[ $compared || ${#CHECK[@]} != 0 ]] || usage_error "there is nothing to check: give --baseline, --against or --budget"
	[[ -x $RCUSCOPE ]] || usage_error "there is no $RCUSCOPE; build it, or name one with RCUSCOPE"
}

# One boot with one recording and one summary.
record() { # NAME KERNEL ARGUMENTS
	local folder=$OUT/$1 status=0 command='sleep 5'
	[[ -z $WORKLOAD ]] || command='sh /root/workload'
	printf 'gate.sh: recording %s on %s\n' "$1" "$2" >&2
	rm -rf -- "$folder" "$OUT/$1.json"
	"$VM" run --kernel "$2" --append "$3" --timeout "$TIMEOUT" --out "$folder" "${GUEST[@]}" --add "$SETUP:/root/setup" \
		${WORKLOAD:+--add "$WORKLOAD:/root/workload"} -- \
		". /root/setup; rcuscope record --quiet -o /out/run.rcu -- $command" >"$OUT/$1.log" 2>&1 ||
		status=$?
	if ((status)); then
		tail -n 20 "$OUT/$1.log" >&2
		printf 'gate.sh: recording %s failed (%d); all that was said is in %s\n' "$1" "$status" "$OUT/$1.log" >&2
		exit $((status == 124 ? 124 : 125))
	fi
	"$RCUSCOPE" summarize "$folder/run.rcu" -o "$OUT/$1.json"
}

parse "$@"
mkdir -p "$OUT"
current=()
baseline=()
[[ -z $BASELINE ]] || baseline=("$BASELINE"/*.json)
for ((run = 1; run <= RUNS; run++)); do
	if [[ $AGAINST ]]; then
		record "baseline-$run" "$AGAINST" "$AGAINST_APPEND"
		baseline+=("$OUT/baseline-$run.json")
	fi
	record "current-$run" "$KERNEL" "$APPEND"
	current+=("$OUT/current-$run.json")
done
if [[ $RECORD_BASELINE ]]; then
	mkdir -p "$RECORD_BASELINE"
	cp -t "$RECORD_BASELINE" "${current[@]}"
	printf 'gate.sh: %d summaries are in %s\n' "$RUNS" "$RECORD_BASELINE" >&2
	exit
fi
exec "$RCUSCOPE" check "${current[@]}" "${baseline[@]/#/--baseline=}" "${CHECK[@]}"
