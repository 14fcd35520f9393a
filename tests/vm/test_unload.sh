#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_unload.sh KERNEL
# Each right way to unload, ten times, while others queue callbacks too: no
# alarm. No way at all: never missed, whether it went well or not.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
ROUNDS=${RCUSCOPE_ROUNDS:-10}
RIGHT_WAYS='barrier synchronize modref counter'

guest --timeout 1500 <<GUEST
# Callbacks of others: of the kernel's files, and of another module's life.
load() {
	while [ ! -e /tmp/enough ]; do
		mkdir -p /tmp/load/a/b
		rm -r /tmp/load
		usleep 1000
	done
}
other_module() {
	while [ ! -e /tmp/enough ]; do
		insmod /kmod/rcucmap.ko reader_ms=5 writer_ms=10
		until dmesg | tail -n 40 | grep -q 'rcucmap: exit\|w: done'; do usleep 100000; done
		rmmod rcucmap
	done
}
load &
other_module &

cat >/root/life.sh <<'SCRIPT'
before=\$(dmesg | grep -c 'rcu_del: ')
insmod /kmod/rcu_unload.ko unload=\$1 long_read_ms=100 writer_ms=10 reader_ms=5 || exit
until [ "\$(dmesg | grep -c 'rcu_writer: write to new')" -gt \$((before + 20)) ]; do usleep 20000; done
[ "\$1" != modref ] || echo 1 >/sys/module/rcu_unload/parameters/stop
tries=0
until rmmod rcu_unload 2>/root/rmmod; do
	[ "\$1" = modref ] || { cat /root/rmmod; exit 1; }
	tries=\$((tries + 1))
	[ \$tries -lt 600 ] || { cat /root/rmmod; exit 1; }
	usleep 50000
done
SCRIPT

for way in $RIGHT_WAYS; do
	for i in \$(seq $ROUNDS); do
		dmesg -c >/root/before
		expect_status "\$way \$i" 0 rcuscope record --fail-on hazard -m /kmod/rcu_unload.ko --no-functions \\
			--until-unload -o /out/\$way-\$i.rcu -- sh /root/life.sh \$way
		cp /tmp/stderr /out/\$way-\$i.summary
		dmesg >/out/\$way-\$i.log
	done
done
for i in \$(seq $ROUNDS); do
	dmesg -c >/root/before
	expect_status "none \$i" 0 rcuscope record -m /kmod/rcu_unload.ko --no-functions \\
		--until-unload -o /out/none-\$i.rcu -- sh /root/life.sh none
	dmesg >/out/none-\$i.log
done
touch /tmp/enough
wait
GUEST
finish
