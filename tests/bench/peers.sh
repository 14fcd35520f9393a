# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Host side of the benchmarks that compare tracers. Sourced with ME as the name in messages. The sourcing script handles
# its own options in own_option().
HERE=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
PROJECT=$(dirname -- "$(dirname -- "$HERE")")
VM=$PROJECT/tests/vm/vm
export RCUSCOPE=${RCUSCOPE:-$PROJECT/build/release/tracer/rcuscope}

KERNELS=()
THREADS=1
TOOLS=
APPEND=
JSON=
KEEP=
# One CPU does all work, including that of the tools in user space.
GUEST=(--count-instructions)
CPUS=0

common_help() {
	cat <<END
  --kernel NAME   which kernel; may be given more than once
                  [debian-6.1, debian-6.12 and rcu-trace-6.1]
  --threads N     threads that queue callbacks [$THREADS]
  --wall-clock    measure time in a guest of two CPUs, the load on the second, instead
                  of instructions in a guest of one, which are the same whatever else
                  the machine does
  --tools LIST    of rcuscope, rcuscope-summary, bpftrace, bpftrace-fentry, trace-cmd, perf [all that
                  make sense on the kernel]
  --append ARGS   arguments for the kernel, such as a clocksource
  --json FILE     all numbers, for programs; -: on stdout, after the table
  --keep DIR      keep the recordings in DIR/KERNEL
  -h, --help      this

Packages that are missing are installed first (as root or with sudo). Environment:
as tests/vm/vm --help says; RCUSCOPE names another rcuscope than build/release has.

Exit status: 0 measured, 1 something failed, 2 wrong use.
END
}

usage_error() {
	printf '%s: %s\n%s: hint: tests/bench/%s --help tells what can be asked for\n' "$ME" "$1" "$ME" "$ME" >&2
	exit 2
}

expect_number() { # VALUE
	[[ $1 =~ ^[1-9][0-9]*$ ]] || usage_error "'$1' is not a number from 1"
}

parse() { # OPTION...
	local tool
	while (($#)); do
		[[ $1 != -h && $1 != --help ]] || { help; exit; }
		[[ $1 == --* ]] || usage_error "what is '$1'?"
		[[ $1 != --wall-clock ]] || { GUEST=() CPUS=1; shift; continue; }
		(($# > 1)) || usage_error "$1 wants a value"
		case $1 in
		--kernel) KERNELS+=("$2") ;;
		--threads) THREADS=$2 ;;
		--tools) TOOLS=$2 ;;
		--append) APPEND=$2 ;;
		--json) JSON=$2 ;;
		--keep) KEEP=$2 ;;
		*) own_option "$1" "$2" || usage_error "what is '$1'?" ;;
		esac
		shift 2
	done
	((${#KERNELS[@]})) || KERNELS=(debian-6.1 debian-6.12 rcu-trace-6.1)
	expect_number "$THREADS"
	for tool in $TOOLS; do
		[[ $tool =~ ^(rcuscope|rcuscope-summary|bpftrace|bpftrace-fentry|trace-cmd|perf)$ ]] || usage_error "no tool is called '$tool'"
	done
	# Checked now rather than after all measurements.
	[[ ! $JSON || $JSON == - || -w $(dirname -- "$JSON") ]] || usage_error "--json $JSON: its folder cannot be written to"
	[[ -x $RCUSCOPE ]] || usage_error "there is no $RCUSCOPE; build it, or name one with RCUSCOPE"
}

# Where tracepoints exist, fentry has no advantage.
tools_for() { # KERNEL
	case $TOOLS:$1 in
	:rcu-trace-*) printf 'rcuscope rcuscope-summary bpftrace trace-cmd perf' ;;
	:*) printf 'rcuscope rcuscope-summary bpftrace bpftrace-fentry trace-cmd perf' ;;
	*) printf '%s' "$TOOLS" ;;
	esac
}

# Boots each kernel and runs SCRIPT there with SETTINGS (VARIABLE=VALUE...) and TOOLS. Then gives the resulting folders
# to PROGRAM.
measure_kernels() { # SECONDS SCRIPT PROGRAM SETTINGS
	local kernel folder status folders=()
	"$PROJECT/.ci/setup" vm bench
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/$ME.XXXXXX")
	trap 'rm -rf -- "$WORK"' EXIT
	for kernel in "${KERNELS[@]}"; do
		folder=${KEEP:-$WORK}/$kernel
		rm -rf -- "$folder"
		mkdir -p "$folder"
		# bpftrace includes a compiler, which must fit into memory twice.
		"$VM" run --kernel "$kernel" "${GUEST[@]}" --memory 3072 --append "$APPEND" --timeout "$1" \
			--add /usr/bin/bpftrace:/usr/bin/ --add /usr/bin/trace-cmd:/usr/bin/ --add /usr/bin/perf:/usr/bin/ \
			--add "$HERE/peer-kprobe.bt" --add "$HERE/peer-fentry.bt" --add "$HERE/peer-tracepoint.bt" \
			--add "$HERE/peers.guest.sh" --add "$HERE/$2" --out "$folder" -- \
			"$4 TOOLS='$(tools_for "$kernel")' THREADS=$THREADS CPUS=$CPUS . /root/$2" >&2 || {
			status=$?
			printf '%s: %s: the guest failed; what it said is above\n' "$ME" "$kernel" >&2
			exit $((status == 2 ? 2 : 1))
		}
		folders+=("$folder")
	done
	/usr/bin/python3 "$HERE/$3" "$RCUSCOPE" "$JSON" "${folders[@]}"
}
