# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# A steady RCU load for a guest of the bench, until the guest ends. Sourced.

# umount ends in an expedited grace period; closing files queues callbacks.
busy_files() {
	while :; do
		mount -t tmpfs none /mnt
		echo x >/mnt/file
		umount /mnt
		usleep 50000
	done
}

# Console output costs more than what is measured.
dmesg -n 1
mkdir -p /mnt
insmod /kmod/rcu_readers.ko reader_ms=100 writer_ms=2
busy_files &
