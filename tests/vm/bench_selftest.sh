#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2317 # check calls the conditions by their names
# Tests the functions of the bench that the other tests rely on, with its default kernel. Needs no rcuscope.
# test_bench.sh tests the kernels.
set -euo pipefail
PATH+=:/usr/sbin:/sbin

HERE=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
VM=$HERE/vm
WORK=$(mktemp -d "${TMPDIR:-/tmp}/bench-selftest.XXXXXX")
trap 'rm -rf -- "$WORK"' EXIT
# A folder of its own, so that nothing_left() sees only files that vm leaves behind.
mkdir "$WORK/tmp"
export TMPDIR=$WORK/tmp

failed=0
check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then
		printf 'ok    %s\n' "$what"
	else
		printf 'FAIL  %s\n' "$what"
		failed=1
	fi
}

# Runs vm; leaves its status, stdout and stderr in STATUS, $WORK/out, $WORK/err.
vm() {
	STATUS=0
	"$VM" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}
status_is() { [[ $STATUS == "$1" ]]; }
output_is() { [[ $(<"$WORK/out") == "$1" ]]; }
error_has() { grep -qF -- "$1" "$WORK/err"; }
no_cr() { ! grep -q $'\r' "$1"; }
nothing_left() { [[ -z $(ls -A "$TMPDIR") ]]; }
no_qemu_in_scratch() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/cwd" 2>/dev/null) != "$TMPDIR"/* ]] || return 1
	done
}

vm run --kernel no-such-kernel -- true
check 'a wrong kernel name is wrong use' status_is 2
vm run --kernel-module no-such-module -- true
check 'a kernel module that is not there is wrong use' status_is 2
vm run --kernel
check 'an option without its value is wrong use' status_is 2
vm run --add /no/such/file -- true
check 'a file that is not there is wrong use' status_is 2
vm run --count-instructions --cpus 2 -- true
check 'instructions of two CPUs are wrong use' status_is 2

printf 'from the host\n' >"$WORK/given"
vm run --add "$WORK/given" --add "$(command -v sha256sum):/opt/" --out "$WORK/result" -- '
	cp given /out/"a name"; mkdir /out/d; echo deep >/out/d/f
	/opt/sha256sum </dev/null >/out/sum; echo to stderr >&2; echo to stdout >/dev/stdout; test ! -t 1'
check 'both streams come out' output_is $'to stderr\nto stdout'
check 'the output is not a terminal' status_is 0
check '/out comes out' cmp "$WORK/given" "$WORK/result/a name"
check '/out comes out with its folders' test "$(cat "$WORK/result/d/f")" = deep
check 'an added program has its libraries' grep -q ^e3b0c44298fc "$WORK/result/sum"
check 'lost+found does not come out' test ! -e "$WORK/result/lost+found"
check 'the console is kept' grep -q 'Linux version' "$WORK/result/console.log"
check 'the console has no CR' no_cr "$WORK/result/console.log"

# The result must not depend on the load of this machine. /proc/uptime counts hundredths of a second.
hundredths=()
for _ in 1 2; do
	# shellcheck disable=SC2016 # the guest's
	vm run --count-instructions -- '
		read before _ </proc/uptime
		i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done
		read after _ </proc/uptime
		echo $((${after%.*}${after#*.} - ${before%.*}${before#*.}))'
	hundredths+=("$(<"$WORK/out")")
done
alike() { (($1 > 10 && $1 - $2 <= 2 && $2 - $1 <= 2)); }
check "where instructions are counted, what takes as many takes as long (${hundredths[*]})" alike "${hundredths[@]}"

vm run -- 'seq 200000'
check 'a megabyte of output is whole, without CR' cmp <(seq 200000) "$WORK/out"

vm run -- 'echo c >/proc/sysrq-trigger; sleep 60'
check 'an unexpected panic is 125' status_is 125
check 'an unexpected panic is told' error_has 'the guest panicked'
vm run --expect-panic -- 'echo "Kernel panic?"'
check 'a panic that does not come is 1' status_is 1

vm run --timeout 5 --out "$WORK/late" -- 'while :; do :; done'
check 'a timeout is 124' status_is 124
check 'a timeout is told' error_has 'still running after 5 s'
check 'a timeout keeps the console' test -s "$WORK/late/console.log"

vm run --timeout 5 -- 'mkfifo never; cat never'
check 'what does not end is shown' error_has ': cat never '
check 'and where it waits' error_has 'fifo_open'

"$VM" run -- 'sleep 60' >"$WORK/out" 2>&1 &
sleep 4
kill "$!"
wait "$!" || true
"$VM" run -- 'sleep 60' >"$WORK/out" 2>&1 &
sleep 4
kill -KILL "$!"
wait "$!" || true
sleep 1
check 'no QEMU outlives its vm, not even a killed one' no_qemu_in_scratch
rm -rf "$TMPDIR"/rcuscope-vm.* # of the killed vm, which could not remove it

"$VM" run -- 'echo one' >"$WORK/one" 2>/dev/null &
"$VM" run -- 'echo two' >"$WORK/two" 2>/dev/null
wait "$!"
check 'two at once do not disturb each other' test "$(cat "$WORK/one" "$WORK/two")" = $'one\ntwo'
check 'nothing temporary is left' nothing_left

exit "$failed"
