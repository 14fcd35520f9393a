#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_foreign.sh KERNEL
# Modules with a known right answer (tests/vm/cases), wrong and corrected, are loaded, used and unloaded under the
# recorder. Each must have exactly the findings of the table in lib/cases.py, and the counts of its own log.
# RCUSCOPE_ROUNDS: number of lives, for cases that can be repeated.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
rounds=${RCUSCOPE_ROUNDS:-1}
# The kernel places a module's probes again at each load, and some kernels refuse some of them. A second life shows
# this.
rounds_of() { # GROUP
	[[ $1 == idle ]] && echo $((rounds + 1)) || echo "$rounds"
}

cases=$TESTS_VM/lib/cases.py
built=$(RCUSCOPE_KMOD=$TESTS_VM/cases "$VM" modules "$KERNEL")
mkdir "$WORK/cases" "$WORK/stripped"
cp "$built"/*.ko "$WORK/cases"
for file in "$built"/*.ko; do
	strip --strip-unneeded -o "$WORK/stripped/${file##*/}" "$file"
done

mapfile -t groups < <("$cases" groups "$rounds")
record_group() { # GROUP
	local folder=/root/cases modules
	[[ $1 != stripped ]] || folder=/root/stripped
	mapfile -t modules < <("$cases" modules "$1")
	cat <<GUEST
cat /root/life.sh - >/root/$1.sh <<'SCRIPT'
folder=$folder
$("$cases" lives "$1" "$(rounds_of "$1")")
SCRIPT
dmesg -c >/dev/null
expect_status $1 0 rcuscope record $(printf -- "-m $folder/%s.ko " "${modules[@]}") --until-unload -o /out/$1.json -- sh -e /root/$1.sh
cp /tmp/stderr /out/$1.stderr
grep FAILED /tmp/stdout
dmesg >/out/$1.log
GUEST
}

# The kernel may also complain about the mistakes in the cases.
# shellcheck disable=SC2034 # for guest
EXPECTED_COMPLAINT='rcu_note_context_switch|kmem_cache_destroy|__kmem_cache_shutdown|__slab_err|Slab cache still has objects|cleanup_srcu_struct|rcu_do_batch'
guest --add "$WORK/cases:/root/cases" --add "$WORK/stripped:/root/stripped" <<GUEST
cat >/root/life.sh <<'SCRIPT'
. /root/guest_check.sh
has_value() { # MODULE PARAMETER VALUE
	[ "\$(cat /sys/module/\$1/parameters/\$2)" -ge "\$3" ]
}
load() { # MODULE [PARAMETER VALUE]
	taskset 1 insmod "\$folder/\$1.ko" || failed "insmod \$1"
	[ \$# = 1 ] || wait_for "\$*" has_value "\$@"
}
unload() { # MODULE
	taskset 1 rmmod "\$1" || failed "rmmod \$1"
}
refused() { # MODULE
	! rmmod "\$1" || failed "\$1 was in use, and is unloaded"
}
SCRIPT
$(for group in "${groups[@]}"; do record_group "$group"; done)

# Two processes load the module at the same time; the kernel refuses one of them. The module has six lives.
expect_status twice 0 rcuscope record -m /root/cases/no_barrier_idle.ko --until-unload -o /out/twice.json -- sh -c '
	i=0
	while [ \$i -lt 6 ]; do
		insmod /root/cases/no_barrier_idle.ko & insmod /root/cases/no_barrier_idle.ko & rmmod no_barrier_idle
		wait
		rmmod no_barrier_idle
		i=\$((i + 1))
	done
	true'
cp /tmp/stderr /out/twice.stderr
expect_nothing_left record
GUEST

for group in "${groups[@]}"; do
	check_timeline valid "$OUT/$group.json"
	expect "the cases $group" "$cases" check "$group" "$(rounds_of "$group")" "$OUT"
done
check_timeline valid "$OUT/twice.json"
check_timeline holds "$OUT/twice.json" 'len(of_name(modules, "no_barrier_idle")) <= 12' \
	'all(m["loaded_ns"] is not None and m["init_done_ns"] is not None and m["freed_ns"] is not None for m in of_name(modules, "no_barrier_idle"))'
finish
