# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Shared by all parts of vm: messages, the path of the cache, locks and temporary files.

CACHE=${RCUSCOPE_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set: set it, or RCUSCOPE_CACHE}/.cache}/rcuscope}

EXIT_USAGE=2
# shellcheck disable=SC2034 # for vm
EXIT_TIMEOUT=124
# shellcheck disable=SC2034 # for vm
BOOT_PATIENCE=120 # seconds by this machine's clock: for the guest's boot, and for its report of running processes at the timeout
EXIT_GUEST=125 # the guest did not end normally, or the bench itself failed

die() { # STATUS MESSAGE...
	local status=$1
	shift
	printf 'vm: %s\n' "$*" >&2
	exit "$status"
}

fail() { die "$EXIT_GUEST" "$@"; }

usage_error() { die "$EXIT_USAGE" "$* (see 'vm --help')"; }

note() { printf 'vm: %s\n' "$*" >&2; }

# Maps a program or file to the Debian package that contains it. need() reports all missing packages at once, so that
# one apt command installs them.
declare -A PACKAGE_OF=(
	[qemu-system-x86_64]=qemu-system-x86 [busybox]=busybox-static
	[cpio]=cpio [mke2fs]=e2fsprogs [e2fsck]=e2fsprogs [debugfs]=e2fsprogs
	[flock]=util-linux [setpriv]=util-linux [unshare]=util-linux [xz]=xz-utils [ldd]=libc-bin
	[apt-get]=apt [dpkg-deb]=dpkg [make]=make [gcc-12]=gcc-12 [pahole]=dwarves
	[sha256sum]=coreutils [flex]=flex [bison]=bison [bc]=bc [/usr/include/libelf.h]=libelf-dev
)

need() { # PROGRAM-OR-FILE...
	local program packages=()
	for program; do
		command -v "$program" >/dev/null || [[ -f $program ]] || packages+=("${PACKAGE_OF[$program]}")
	done
	((${#packages[@]} == 0)) && return
	fail "programs are missing on this machine; do: apt install $(printf '%s\n' "${packages[@]}" | sort -u | paste -sd' ')"
}

# All temporary files are in the folder SCRATCH, and CHILDREN lists the processes that must not outlive vm. The EXIT
# trap removes both, whatever ended vm.
SCRATCH=
CHILDREN=()
STAGING=

scratch() {
	[[ $SCRATCH ]] || SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/rcuscope-vm.XXXXXX")
}

clean_up() {
	local status=$?
	trap '' INT TERM HUP
	local child
	for child in "${CHILDREN[@]}"; do
		kill "$child" 2>/dev/null || continue
	done
	for child in "${CHILDREN[@]}"; do
		wait "$child" 2>/dev/null || true
	done
	[[ -z $SCRATCH ]] || rm -rf -- "$SCRATCH"
	[[ -z $STAGING ]] || rm -rf -- "$STAGING"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Takes the lock NAME exclusively until unlock. Programs that are started meanwhile inherit the descriptor; each of
# them ends before unlock.
LOCK_FD=
lock() { # NAME
	mkdir -p "$CACHE/locks" || fail "cannot create the cache $CACHE; set RCUSCOPE_CACHE to a folder you can write to"
	exec {LOCK_FD}>"$CACHE/locks/$1"
	flock -n "$LOCK_FD" || {
		note "waiting for another vm that prepares $1"
		flock "$LOCK_FD"
	}
}

unlock() { exec {LOCK_FD}>&-; }
