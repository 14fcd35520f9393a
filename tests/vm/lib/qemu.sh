# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Starting QEMU and judging how the guest ended.

# tcg: cx16=off, because QEMU 7.2 emulates cmpxchg16b wrongly and newer kernels
# die of it at random. thread=single, because with a thread for each CPU a guest
# was seen to die while code was patched ("Oops: int3" at rcu_gp_cleanup+0x1, the
# breakpoint already gone): attaching probes patches code that another CPU runs.
# The CPUs take turns then, which is no slower on a busy machine. erms=off: a guest
# that has it clears and copies memory with "rep stosb" and "rep movsb", which are
# emulated byte by byte; without, a recording takes a sixth less of the processor.
declare -A ACCELERATION=(
	[tcg]='-accel tcg,thread=single -cpu max,cx16=off,erms=off'
	[kvm]='-accel kvm -cpu host'
	# Time goes by with what is executed, a nanosecond for each instruction, and jumps where the
	# CPU is idle. QEMU 7.2 hangs as a second CPU comes up.
	[counted]='-accel tcg,thread=single -cpu max,cx16=off -icount shift=0,sleep=off'
)
# tsc=unstable: a kernel that boots on a busy machine may measure the TSC's frequency by the PIT as a fifth of what
# it is, and takes that although the HPET tells the right one; its clock then runs five times too fast, until the
# kernel's watchdog notices, and RCU sees stalls. The clock is the HPET's instead.
declare -A ARGUMENTS=([tcg]=tsc=unstable)

# Fills QEMU for kernel NAME. It is to be started in SCRATCH/guest: the paths
# are relative, since QEMU would read a comma in one.
qemu_command() { # NAME ACCELERATION CPUS MEMORY APPEND CONSOLE-CHARDEV
	local kernel acceleration
	kernel=$(kernel_folder "$1")
	read -ra acceleration <<<"${ACCELERATION[$2]}"
	# shellcheck disable=SC2054 # the commas are QEMU's
	QEMU=(
		qemu-system-x86_64 "${acceleration[@]}" -smp "$3" -m "$4"
		-nodefaults -display none -no-reboot
		-kernel "$kernel/vmlinuz" -initrd initrd
		# Where the host has something else to do meanwhile, the kernel's own test of the timer fails.
		-append "console=ttyS0,115200 panic=-1 no_timer_check ${ARGUMENTS[$2]:-} $5"
		-drive file=disk,format=raw,if=virtio,cache=unsafe # unsafe if the host dies, not the guest
		-chardev "$6,id=console" -serial chardev:console
		-chardev file,id=output,path=output -serial chardev:output
		-chardev file,id=control,path=control -serial chardev:control
	)
}

# Boots KERNEL in the folder SCRATCH/guest, where initrd and disk lie and where
# the guest's three serial lines end up: console.log, ttyS1 at descriptor
# OUTPUT_FD, control. Returns when QEMU is gone, after S seconds at most, with
# the status of timeout(1).
boot() { # NAME ACCELERATION CPUS MEMORY S APPEND
	local status=0
	qemu_command "$1" "$2" "$3" "$4" "loglevel=8 $6" file,path=console.log
	# setpriv: should vm be killed outright, timeout goes, and QEMU with it.
	(
		cd "$SCRATCH/guest" || exit
		exec setpriv --pdeathsig TERM timeout --kill-after=3 "$5" setpriv --pdeathsig KILL "${QEMU[@]}"
	) </dev/null >"$SCRATCH/guest/qemu.log" 2>&1 &
	CHILDREN+=($!)
	# The shell would tell of a signal; who called judges the status.
	{ wait $! || status=$?; } 2>/dev/null
	CHILDREN=()
	return "$status"
}

# The guest's console on this terminal.
boot_interactive() { # NAME ACCELERATION CPUS MEMORY
	qemu_command "$1" "$2" "$3" "$4" quiet stdio,mux=on,signal=off
	(cd "$SCRATCH/guest" && exec "${QEMU[@]}" -mon chardev=console)
}

# An empty file system for /out. It is sparse, so its size costs nothing.
make_disk() {
	truncate -s 2G "$SCRATCH/guest/disk"
	mke2fs -q -F -t ext4 -m 0 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 "$SCRATCH/guest/disk"
}

# A device /dev/kvm says little: on some machines a guest started on it hangs.
# So a trial decides, once per kernel and boot of this machine; where it went
# wrong with one kernel there is none with the others.
KVM_TRIAL_SECONDS=10

ACCEL= # the one to take, if it was asked for

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

# What the guest left in /out, as DIR. The journal is replayed first: after a
# panic the synced files are there only with it.
extract_out() { # DIR
	local disk=$SCRATCH/guest/disk staging=$SCRATCH/out status=0
	e2fsck -p "$disk" >"$SCRATCH/e2fsck.log" 2>&1 || status=$?
	# 1: repaired. 4: not without questions, so answer them all with yes.
	((status < 4)) || e2fsck -fy "$disk" >>"$SCRATCH/e2fsck.log" 2>&1 || (($? < 4)) ||
		fail "the guest's /out cannot be read: $(tail -n 3 "$SCRATCH/e2fsck.log")"
	mkdir -p "$staging" "$1"
	# debugfs always ends with 0, and complains when it may not set owners.
	debugfs -R "rdump / \"$staging\"" "$disk" >/dev/null 2>&1
	rmdir "$staging/lost+found" 2>/dev/null || true
	cp -R --preserve=mode,timestamps "$staging/." "$1" ||
		fail "what the guest left in /out does not go into $1; is it writable, is the disk full?"
}

show_console_end() {
	printf 'vm: the last lines of the console:\n' >&2
	tail -n 150 "$SCRATCH/guest/console.log" | sed 's/^/  | /' >&2
}
