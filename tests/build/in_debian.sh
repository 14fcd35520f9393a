#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: in_debian.sh SUITE [CTEST_ARGUMENT...]
# Builds the last commit on another release of Debian, with its compilers and libraries, and runs the unit and golden tests
# there. debootstrap makes a root of the release, which stays in the bench's cache.
# Example: tests/build/in_debian.sh trixie
set -euo pipefail
PROJECT=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")")
HERE=$PROJECT/tests/vm
# shellcheck source=../vm/lib/common.sh
source "$HERE/lib/common.sh"
# shellcheck source=../vm/lib/kernels.sh
source "$HERE/lib/kernels.sh"
(($#)) || die "$EXIT_USAGE" "usage: in_debian.sh SUITE [CTEST_ARGUMENT...]"
suite=$1
shift
((EUID == 0)) || fail "debootstrap and chroot need root"
command -v debootstrap >/dev/null || fail "debootstrap is missing; do: apt install debootstrap"

make_release() {
	local mirror
	mirror=$(archive_of "$suite") || fail "this machine's apt knows no archive that has $suite"
	note "making a root of $suite (about 100 MB to fetch)"
	debootstrap --variant=minbase --include=ca-certificates,git "$suite" "$STAGING" "$mirror" >"$STAGING.log" 2>&1 ||
		fail "debootstrap failed for $suite: $(tail -n 3 "$STAGING.log")"
	rm -f "$STAGING.log"
}
root=$CACHE/releases-1/$suite
ensure_cached "$root" "release-$suite" make_release

# Nothing of another commit stays.
rm -rf "$root/tmp/rcuscope"
git -C "$PROJECT" archive --format=tar HEAD | tar -x -C "$root/tmp" --one-top-level=rcuscope
# shellcheck disable=SC2016 # the inner shell's
unshare --mount sh -ec '
	mount --rbind /dev "$1/dev"
	mount --rbind /proc "$1/proc"
	root=$1
	shift
	exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		sh -ec "cd /tmp/rcuscope && apt-get update -q && exec ./test.sh unit golden -- \"\$@\"" sh "$@"' sh "$root" "$@"
