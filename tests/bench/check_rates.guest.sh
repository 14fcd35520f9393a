# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# Runs in the guest of check_rates.sh. Records a steady load, unchanged and slowed in three ways. The recordings
# alternate, so that any change over time affects all of them alike. Needs: BOOT CYCLES LASTS

PARAMETERS=/sys/module/rcutree/parameters

record() { # NAME
	rcuscope record --quiet -o "/out/$1.rcu" -- sleep "$LASTS" >/tmp/record.log 2>&1 || {
		echo "recording $1 failed"
		cat /tmp/record.log
		exit 1
	}
	echo "recorded $1"
}

# shellcheck source=tests/bench/load.sh
. /root/load.sh
cycle=0
while [ "$cycle" -lt "$CYCLES" ]; do
	cycle=$((cycle + 1))
	record "base-$BOOT-${cycle}a"

	insmod /kmod/rcu_unload.ko reader_ms=10 writer_ms=1000 long_read_ms=30
	record "reader-$BOOT-$cycle"
	rmmod rcu_unload
	record "base-$BOOT-${cycle}b"

	before=$(cat $PARAMETERS/jiffies_till_first_fqs)
	echo 10 >$PARAMETERS/jiffies_till_first_fqs
	record "first_fqs-$BOOT-$cycle"
	echo "$before" >$PARAMETERS/jiffies_till_first_fqs
	record "base-$BOOT-${cycle}c"

	insmod /kmod/rcu_hog.ko hog_ms=100
	record "busy_cpu-$BOOT-$cycle"
	rmmod rcu_hog
done
