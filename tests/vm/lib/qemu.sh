# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Starts QEMU, chooses between KVM and emulation, and reads what the guest left behind.

# tcg: cx16=off, because QEMU 7.2 emulates cmpxchg16b wrongly and newer kernels crash at random. thread=single: with
# one thread per CPU a guest crashed while code was patched ("Oops: int3" at rcu_gp_cleanup+0x1, the breakpoint
# already gone), because attaching probes patches code that another CPU executes. With one thread the CPUs take turns,
# which is no slower on a busy machine. erms=off: with erms a guest clears and copies memory with "rep stosb" and "rep
# movsb", which QEMU emulates byte by byte; without it a recording takes a sixth less CPU time.
declare -A ACCELERATION=(
	[tcg]='-accel tcg,thread=single -cpu max,cx16=off,erms=off'
	[kvm]='-accel kvm -cpu host'
	# The guest's clock advances by one nanosecond per executed instruction and jumps ahead while the CPU is idle.
	# QEMU 7.2 hangs when a second CPU comes up.
	[counted]='-accel tcg,thread=single -cpu max,cx16=off -icount shift=0,sleep=off'
)
# tsc=unstable: a kernel that boots on a busy machine may measure the TSC frequency with the PIT as a fifth of its
# true value, and uses it although the HPET shows the right one. Its clock then runs five times too fast until the
# kernel's watchdog notices, and RCU reports stalls. With this option the clock source is the HPET.
declare -A ARGUMENTS=([tcg]=tsc=unstable)

# Fills the array QEMU for kernel NAME. QEMU must start in SCRATCH/guest: the paths are relative, because QEMU gives a
# comma in a path a meaning.
qemu_command() { # NAME ACCELERATION CPUS MEMORY APPEND CONSOLE-CHARDEV
	local kernel acceleration
	kernel=$(kernel_folder "$1")
	read -ra acceleration <<<"${ACCELERATION[$2]}"
	# shellcheck disable=SC2054 # the commas are QEMU's
	QEMU=(
		qemu-system-x86_64 "${acceleration[@]}" -smp "$3" -m "$4"
		-nodefaults -display none -no-reboot
		-kernel "$kernel/vmlinuz" -initrd initrd
		# If the host is busy, the kernel's own test of the timer fails.
		-append "console=ttyS0,115200 panic=-1 no_timer_check ${ARGUMENTS[$2]:-} $5"
		-drive file=disk,format=raw,if=virtio,cache=unsafe # unsafe if the host dies, not the guest
		-chardev "$6,id=console" -serial chardev:console
		-chardev file,id=output,path=output -serial chardev:output
		-chardev file,id=control,path=control -serial chardev:control
	)
}

# Boots KERNEL in the folder SCRATCH/guest, which has initrd and disk and receives the guest's three serial lines:
# ttyS0 as console.log, ttyS1 as output, ttyS2 as control. Returns when QEMU has ended, after S seconds at most, with
# the status of timeout(1).
boot() { # NAME ACCELERATION CPUS MEMORY S APPEND
	local status=0
	qemu_command "$1" "$2" "$3" "$4" "loglevel=8 $6" file,path=console.log
	# setpriv: if vm is killed outright, timeout is killed, and then QEMU.
	(
		cd "$SCRATCH/guest" || exit
		exec setpriv --pdeathsig TERM timeout --kill-after=3 "$5" setpriv --pdeathsig KILL "${QEMU[@]}"
	) </dev/null >"$SCRATCH/guest/qemu.log" 2>&1 &
	CHILDREN+=($!)
	# Suppresses the shell's message about a signal; the caller judges the status.
	{ wait $! || status=$?; } 2>/dev/null
	CHILDREN=()
	return "$status"
}

# Boots with the guest's console on this terminal.
boot_interactive() { # NAME ACCELERATION CPUS MEMORY
	qemu_command "$1" "$2" "$3" "$4" quiet stdio,mux=on,signal=off
	(cd "$SCRATCH/guest" && exec "${QEMU[@]}" -mon chardev=console)
}

# Creates an empty file system for /out. It is sparse, so its size costs nothing.
make_disk() {
	truncate -s 2G "$SCRATCH/guest/disk"
	mke2fs -q -F -t ext4 -m 0 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 "$SCRATCH/guest/disk"
}

# A device /dev/kvm is no guarantee: on some machines a guest that uses it hangs. A trial boot decides, once per
# kernel and boot of this machine. After a failed trial with one kernel, the other kernels do not use KVM either.
KVM_TRIAL_SECONDS=10

ACCEL= # the acceleration to use, if the caller has chosen one

choose_acceleration() { # NAME, sets ACCEL; the guest's folder is ready to boot
	ACCEL=tcg
	[[ -z ${RCUSCOPE_NO_KVM:-} && -r /dev/kvm && -w /dev/kvm ]] || return 0
	local this_boot verdicts
	this_boot=$(</proc/sys/kernel/random/boot_id)
	verdicts=$CACHE/kvm/$this_boot
	! kvm_failed "$verdicts" || return 0
	if [[ ! -f $verdicts-$1 ]]; then
		lock kvm
		if [[ ! -f $verdicts-$1 ]] && ! kvm_failed "$verdicts"; then
			kvm_trial "$1"
			mkdir -p "$CACHE/kvm"
			find "$CACHE/kvm" -type f ! -name "$this_boot-*" -delete
			printf '%s\n' "$ACCEL" >"$verdicts-$1.new"
			mv "$verdicts-$1.new" "$verdicts-$1"
		fi
		unlock
	fi
	kvm_failed "$verdicts" || ACCEL=kvm
}

kvm_failed() { # VERDICTS
	grep -qsx tcg "$1"-*
}

kvm_trial() { # NAME
	local guest=$SCRATCH/guest answer='KVM hangs or fails here; emulating'
	note "trying whether $1 boots with KVM (once, $KVM_TRIAL_SECONDS s at most; RCUSCOPE_NO_KVM=1 skips it)"
	mv "$guest" "$SCRATCH/real"
	mkdir -p "$guest" "$SCRATCH/trial/vm"
	cp "$HERE/guest/init" "$SCRATCH/trial/init"
	printf 'true\n' >"$SCRATCH/trial/vm/commands"
	{
		cat "$BASE"
		make_cpio "$SCRATCH/trial"
	} >"$guest/initrd"
	make_disk
	if boot "$1" kvm 2 512 "$KVM_TRIAL_SECONDS" '' && grep -q '^status 0' "$guest/control" 2>/dev/null; then
		ACCEL=kvm
		answer='KVM works here'
	fi
	rm -rf "$guest" "$SCRATCH/trial"
	mv "$SCRATCH/real" "$guest"
	note "$answer"
}

# Copies the guest's /out to DIR. The journal is replayed first: after a panic the synced files are only there with
# it.
extract_out() { # DIR
	local disk=$SCRATCH/guest/disk staging=$SCRATCH/out status=0
	e2fsck -p "$disk" >"$SCRATCH/e2fsck.log" 2>&1 || status=$?
	# 1: repaired. 4: errors left, because a repair needs answers; answer all with yes.
	((status < 4)) || e2fsck -fy "$disk" >>"$SCRATCH/e2fsck.log" 2>&1 || (($? < 4)) ||
		fail "the guest's /out cannot be read: $(tail -n 3 "$SCRATCH/e2fsck.log")"
	mkdir -p "$staging" "$1"
	# debugfs always exits with 0, and complains when it may not set owners.
	debugfs -R "rdump / \"$staging\"" "$disk" >/dev/null 2>&1
	rmdir "$staging/lost+found" 2>/dev/null || true
	cp -R --preserve=mode,timestamps "$staging/." "$1" ||
		fail "what the guest left in /out does not go into $1; is it writable, is the disk full?"
}

show_console_end() {
	printf 'vm: the last lines of the console:\n' >&2
	tail -n 150 "$SCRATCH/guest/console.log" | sed 's/^/  | /' >&2
}
