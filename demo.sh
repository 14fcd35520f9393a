#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Records the companion module rcucmap in a virtual machine. The help below
# says how.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
# shellcheck disable=SC2034 # for common.sh
ME=demo
source .ci/common.sh

MODULE=rcucmap
KERNEL=debian-6.1
OUT=out/demo
READER_MS=100
WRITER_MS=1000

help() {
	cat <<END
usage: ./demo.sh [OPTION]...

Boots a stock Debian kernel in QEMU, records what RCU and the module $MODULE do
there from its first instruction to its unload, and leaves in $OUT:

  $MODULE.rcu       the recording
  $MODULE.pftrace   its timeline, for Perfetto
  $MODULE.json      its timeline, for programs (docs/timeline.schema.json)
  $MODULE.log       the guest's kernel log
Then it prints a summary of the recording. Packages that are missing are
installed first (as root or with sudo); the kernel is downloaded once.

  --kernel NAME    which kernel [$KERNEL]; tests/vm/vm kernels lists them
  --out DIR        where the files go [$OUT]
  --reader-ms N    milliseconds between two rounds of the module's reader [$READER_MS]
  --writer-ms N    milliseconds between two rounds of its writer [$WRITER_MS]
  -h, --help       this

Environment:
  RCUSCOPE_CACHE      where kernels are kept [~/.cache/rcuscope]
  RCUSCOPE_NO_SETUP   set: install nothing

Exit status: 0 done, 1 something failed, 2 wrong use, 3 this machine lacks
something that could not be installed.

Examples:
  ./demo.sh
  ./demo.sh --kernel debian-6.12 --out out/6.12
  ./demo.sh --reader-ms 10 --writer-ms 50
  build/release/tracer/rcuscope info $OUT/$MODULE.rcu
  build/release/tracer/rcuscope export $OUT/$MODULE.rcu -o $OUT/$MODULE.chrome.json
END
}

usage_error() { fail 2 "$1" "./demo.sh --help tells what can be asked for"; }

parse() {
	while (($#)); do
		case $1 in
		-h | --help) help; exit ;;
		--kernel | --out | --reader-ms | --writer-ms)
			[[ ${2:-} ]] || usage_error "$1 wants a value" ;;
		*) usage_error "what is '$1'?" ;;
		esac
		case $1 in
		--kernel) KERNEL=$2 ;;
		--out) OUT=$2 ;;
		--reader-ms) READER_MS=$2 ;;
		--writer-ms) WRITER_MS=$2 ;;
		esac
		shift 2
	done
	local value
	for value in "$READER_MS" "$WRITER_MS"; do
		# The module's parameter is an unsigned int; a day of waiting is not a demo.
		[[ $value =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "'$value' is not a number of milliseconds from 1 to 99999"
	done
	tests/vm/vm kernels | awk -v name="$KERNEL" 'NR > 1 && $1 == name { found = 1 } END { exit !found }' ||
		usage_error "no kernel is called '$KERNEL' (there are: $(tests/vm/vm kernels | awk 'NR > 1 { print $1 }' | paste -sd' '))"
}

# In the guest: loads the module under the tracer and unloads it once both of
# its threads have said that they are done, however long that takes here.
guest_commands() {
	cat <<END
cat >load-and-unload <<'SCRIPT'
insmod /kmod/$MODULE.ko reader_ms=$READER_MS writer_ms=$WRITER_MS || exit
until dmesg | grep -q 'w: done' && dmesg | grep -q 'r: done'; do usleep 50000; done
rmmod $MODULE
SCRIPT
rcuscope record --quiet -m /kmod/$MODULE.ko --until-unload -o /out/$MODULE.rcu -- sh load-and-unload
status=\$?
dmesg >/out/$MODULE.log
exit \$status
END
}

# Fills the folder NEW; the guest's time goes by with the module's intervals.
record() {
	local status=0 seconds=$((120 + 8 * WRITER_MS / 1000 + 2 * READER_MS / 1000))
	note "recording $MODULE on $KERNEL"
	tests/vm/vm run --kernel "$KERNEL" --timeout "$seconds" --rcuscope build/release/tracer/rcuscope \
		--out "$NEW/guest" -- "$(guest_commands)" >"$NEW/output" || status=$?
	if ((status)); then
		note "the guest's output:"
		sed 's/^/  | /' "$NEW/output" >&2
		[[ ! -s $NEW/guest/$MODULE.log ]] || {
			note "the end of its kernel log:"
			tail -n 20 "$NEW/guest/$MODULE.log" | sed 's/^/  | /' >&2
		}
		fail 1 "recording $MODULE on $KERNEL failed with status $status" \
			"what was said is above; tests/vm/vm shell --kernel $KERNEL opens a shell on that kernel"
	fi
}

# Whole files only, each renamed into its place: what an earlier demo left
# stays until then.
publish() {
	local file
	mv "$NEW/guest/$MODULE".{rcu,log} "$NEW"
	build/release/tracer/rcuscope export "$NEW/$MODULE.rcu" -o "$NEW/$MODULE.json" -o "$NEW/$MODULE.pftrace" ||
		fail 1 "the recording could not be exported"
	build/release/tracer/rcuscope info --json "$NEW/$MODULE.rcu" | grep -q '"complete": true' ||
		fail 1 "the recording does not reach to the module's unload"
	for file in "$NEW/$MODULE".{rcu,json,pftrace,log}; do
		[[ -s $file ]] || fail 1 "the guest left no ${file##*/}"
	done
	for file in "$NEW/$MODULE".{rcu,json,pftrace,log}; do
		mv -f "$file" "$OUT/"
	done
}

NEW=
# shellcheck disable=SC2317 # the trap calls it
clean_up() { [[ -z $NEW ]] || rm -rf -- "$NEW"; }

parse "$@"
.ci/setup build vm || exit
note "building"
# The tests want more packages than this. Where ./test.sh was, they are there.
configure=()
[[ -f build/release/build.ninja ]] || configure=(-DRCUSCOPE_TESTS=OFF)
build release rcuscope "${configure[@]}"

mkdir -p "$OUT" || fail 1 "$OUT cannot be made" "name another place with --out"
OUT=$(realpath -s --relative-base=. -- "$OUT")
NEW=$(mktemp -d "$OUT/.new.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
record
publish

build/release/tracer/rcuscope info "$OUT/$MODULE.rcu"
cat <<END

Written to $OUT: $MODULE.rcu $MODULE.json $MODULE.pftrace $MODULE.log
The timeline: open https://ui.perfetto.dev and drag $OUT/$MODULE.pftrace into it.
Perfetto reads it in your browser; nothing is uploaded.
END
