#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Records companion modules in a virtual machine. The help below shows its use.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
# shellcheck disable=SC2034 # for common.sh
ME=demo
source .ci/common.sh

DEMO=life
KERNEL=debian-6.1
OUT=
READER_MS=100
WRITER_MS=1000
RCUSCOPE=build/release/tracer/rcuscope

help() {
	cat <<END
usage: ./demo.sh [life|hazard] [OPTION]...

Boots a stock Debian kernel in QEMU and records what RCU and a module do there:

  life     the module rcucmap, from its first instruction to its unload [default]
  hazard   the module rcu_unload, which is unloaded while its callbacks are
           queued: the kernel dies, and the recording shows why; then the same
           module as it should be, which lives

It prints a summary of each recording and leaves in the folder OUT, for each:

  NAME.rcu       the recording
  NAME.pftrace   its timeline, for Perfetto
  NAME.json      its timeline, for programs (docs/timeline.schema.json)
  NAME.html      a page that shows and explains it, if there is npm to build one
  NAME.log       the guest's kernel log
NAME is rcucmap; with hazard, crash and barrier. Packages that are missing are
installed first (as root or with sudo); the kernel is downloaded once.

  --kernel NAME    which kernel [$KERNEL]; tests/vm/vm kernels lists them
  --out DIR        where the files go [out/demo; with hazard out/hazard]
  --reader-ms N    milliseconds between two rounds of rcucmap's reader [$READER_MS]
  --writer-ms N    milliseconds between two rounds of its writer [$WRITER_MS]
  -h, --help       this

Environment:
  RCUSCOPE_CACHE      where kernels are kept [~/.cache/rcuscope]
  RCUSCOPE_NO_SETUP   set: install nothing

Exit status: 0 done, 1 something failed, 2 wrong use, 3 this machine lacks
something that could not be installed.

Examples:
  ./demo.sh
  ./demo.sh hazard
  ./demo.sh --kernel debian-6.12 --out out/6.12
  ./demo.sh --reader-ms 10 --writer-ms 50
  $RCUSCOPE info out/demo/rcucmap.rcu
  $RCUSCOPE export out/demo/rcucmap.rcu -o out/demo/rcucmap.chrome.json
END
}

usage_error() { fail 2 "$1" "./demo.sh --help tells what can be asked for"; }

parse() {
	case ${1:-} in
	life | hazard) DEMO=$1; shift ;;
	esac
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
		*) [[ $DEMO == life ]] || usage_error "$1 is not for the demo '$DEMO'" ;;&
		--reader-ms) READER_MS=$2 ;;
		--writer-ms) WRITER_MS=$2 ;;
		esac
		shift 2
	done
	[[ $OUT ]] || case $DEMO in
	life) OUT=out/demo ;;
	hazard) OUT=out/hazard ;;
	esac
	local value
	for value in "$READER_MS" "$WRITER_MS"; do
		# The module's parameter is an unsigned int, and the limit keeps the demo short.
		[[ $value =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "'$value' is not a number of milliseconds from 1 to 99999"
	done
	tests/vm/vm kernels | awk -v name="$KERNEL" 'NR > 1 && $1 == name { found = 1 } END { exit !found }' ||
		usage_error "no kernel is called '$KERNEL' (there are: $(tests/vm/vm kernels | awk 'NR > 1 { print $1 }' | paste -sd' '))"
}

# Prints commands for the guest that record MODULE while it is loaded, used until the condition UNTIL holds, however
# long that takes, and unloaded. All of this runs on the first CPU: the hazard's callbacks run on another CPU, which
# then has no time for the tracer.
guest_commands() { # STDERR NAME MODULE UNTIL [PARAMETER]...
	local stderr=$1 name=$2 module=$3 until=$4
	shift 4
	cat <<END
cat >load-and-unload <<'SCRIPT'
insmod /kmod/$module.ko $* || exit
until $until; do usleep 50000; done
rmmod $module
SCRIPT
echo on >/proc/sys/kernel/printk_devkmsg
taskset 1 rcuscope record --quiet -m /kmod/$module.ko --until-unload -o /out/$name.rcu -- sh load-and-unload 2>$stderr
status=\$?
dmesg >/out/$name.log
exit \$status
END
}

# Records into the folder NEW; guest_commands turns the arguments into the guest's commands.
record() { # SECONDS PANICS NAME MODULE...
	local seconds=$1 panics=$2 name=$3 module=$4 status=0 guest=$NEW/guest-$3
	local options=() stderr=/dev/stderr
	shift 2
	# Output in a pipe may be lost in a panic; the kernel's log is not.
	[[ $panics == no ]] || options=(--expect-panic) stderr=/dev/kmsg
	tests/vm/vm run --kernel "$KERNEL" --timeout "$seconds" --rcuscope "$RCUSCOPE" "${options[@]}" \
		--out "$guest" -- "$(guest_commands "$stderr" "$@")" >"$NEW/$name.output" || status=$?
	if ((status)); then
		note "the guest's output:"
		sed 's/^/  | /' "$NEW/$name.output" >&2
		[[ ! -s $guest/$name.log ]] || {
			note "the end of its kernel log:"
			tail -n 20 "$guest/$name.log" | sed 's/^/  | /' >&2
		}
		fail 1 "recording $module on $KERNEL failed with status $status" \
			"what was said is above; tests/vm/vm shell --kernel $KERNEL opens a shell on that kernel"
	fi
	# A crashed kernel wrote no log file, so the console's log is used. The recording still has its .part name.
	if [[ $panics == yes ]]; then
		mv "$guest/console.log" "$guest/$name.log"
		mv "$guest/$name".rcu.part "$guest/$name.rcu"
	fi
	mv "$guest/$name".{rcu,log} "$NEW"
	"$RCUSCOPE" export "$NEW/$name.rcu" -o "$NEW/$name.json" -o "$NEW/$name.pftrace" 2>"$NEW/$name.errors" || {
		cat "$NEW/$name.errors" >&2
		fail 1 "the recording could not be exported"
	}
	# Some builds have no page; the build has reported why.
	"$RCUSCOPE" export "$NEW/$name.rcu" -o "$NEW/$name.html" 2>/dev/null || true
	[[ $panics == yes ]] || "$RCUSCOPE" info --json "$NEW/$name.rcu" | grep -q '"complete": true' ||
		fail 1 "the recording does not reach to the module's unload"
}

# Only complete files are moved to OUT, each by a rename. The files of an earlier demo stay until then.
publish() { # NAME
	local file
	for file in "$NEW/$1".{rcu,json,pftrace,log}; do
		[[ -s $file ]] || fail 1 "the guest left no ${file##*/}"
	done
	for file in "$NEW/$1".{rcu,json,pftrace,log}; do
		mv -f "$file" "$OUT/"
	done
	# The page of an earlier demo would show another recording.
	rm -f -- "$OUT/$1.html"
	[[ ! -s $NEW/$1.html ]] || mv -f "$NEW/$1.html" "$OUT/"
}

how_to_open() { # NAME...
	printf '\nWritten to %s:' "$OUT"
	printf ' %s.{rcu,pftrace,json,log}' "$@"
	cat <<END

The timeline: open https://ui.perfetto.dev and drag $OUT/$1.pftrace into it.
Perfetto reads it in your browser; nothing is uploaded.
END
	[[ ! -s $OUT/$1.html ]] || printf 'Explained, and without a network: %s/%s.html, in any browser.\n' "$OUT" "$1"
}

demo_life() {
	note "recording rcucmap on $KERNEL"
	record $((120 + 8 * WRITER_MS / 1000 + 2 * READER_MS / 1000)) no rcucmap rcucmap \
		"dmesg | grep -q 'w: done' && dmesg | grep -q 'r: done'" reader_ms="$READER_MS" writer_ms="$WRITER_MS"
	publish rcucmap
	"$RCUSCOPE" info "$OUT/rcucmap.rcu"
	how_to_open rcucmap
}

# The output also says why the recording was cut off.
info_without_probes() { # NAME
	"$RCUSCOPE" info "$OUT/$1.rcu" 2>/dev/null | sed '/^Probes:/,$d; s/^/  /'
}

# The module's exit function queues a backlog, so that the bug crashes the kernel every time.
demo_hazard() {
	local used="dmesg | grep -q 'rcu_del: a='" backlog='long_read_ms=200 backlog=20000'
	note "unloading rcu_unload on $KERNEL without waiting for its callbacks"
	# shellcheck disable=SC2086 # words
	record 180 yes crash rcu_unload "$used" unload=none $backlog
	note "unloading rcu_unload on $KERNEL with rcu_barrier() in its exit function"
	# shellcheck disable=SC2086 # words
	record 180 no barrier rcu_unload "$used" unload=barrier $backlog
	publish crash
	publish barrier

	cat <<END

1. unload=none: the exit function returns while callbacks are queued

What the tracer said before the kernel died:
$(grep -a HAZARD "$OUT/crash.log" | sed 's/.*rcuscope: /rcuscope: /' | fold -s -w 110 | sed 's/^/  /')
How the kernel died:
$(grep -aE 'BUG: |RIP: |Kernel panic' "$OUT/crash.log" | awk '!seen[$0]++' | sed 's/^/  /' | head -n 4)
What the recording shows, which was on the disk by then:
END
	info_without_probes crash
	printf '\n2. unload=barrier: the same, and rcu_barrier() waits for them\n\n'
	info_without_probes barrier
	how_to_open crash barrier
}

NEW=
# shellcheck disable=SC2317 # the trap calls it
clean_up() { [[ -z $NEW ]] || rm -rf -- "$NEW"; }

parse "$@"
.ci/setup build vm || exit
note "building"
# The tests need more packages than this. After a run of ./test.sh they are installed.
configure=()
[[ -f build/release/build.ninja ]] || configure=(-DRCUSCOPE_TESTS=OFF)
build release rcuscope "${configure[@]}"

mkdir -p "$OUT" || fail 1 "$OUT cannot be made" "name another place with --out"
OUT=$(realpath -s --relative-base=. -- "$OUT")
NEW=$(mktemp -d "$OUT/.new.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"demo_$DEMO"
