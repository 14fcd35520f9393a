#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: kmod.sh [KERNEL...]
# Holds the companion modules to sparse, which knows RCU's pointers from others
# and locks that are not given back, with the headers of the bench's kernels
# (default: all that this machine's compiler builds for).
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

command -v sparse >/dev/null || { printf 'sparse is missing; do: apt install sparse\n'; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/kmod-lint.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

mapfile -t files < <(project_files 'kmod/*.c' 'kmod/*.h')
objects=$(sed -n 's/^obj-m += //p' kmod/Kbuild)
kernels=("$@")
(($#)) || mapfile -t kernels < <(tests/vm/vm kernels | awk 'NR > 1 && $2 != "foreign" { print $1 }')
for kernel in "${kernels[@]}"; do
	headers=$(tests/vm/vm headers "$kernel")
	# kbuild writes beside the sources.
	mkdir "$work/$kernel"
	cp kmod/Kbuild "${files[@]}" "$work/$kernel"
	# sparse speaks, but does not fail: what is said counts. -s leaves make nothing to say.
	# shellcheck disable=SC2086 # one word for each object
	output=$(env -u MAKEFLAGS -u MAKELEVEL make -s -C "$headers" M="$work/$kernel" C=2 CHECK=sparse W=1 \
		$objects 2>&1) || problem kmod "cannot be compiled for $kernel"
	[[ -z $output ]] || problem kmod "findings on $kernel:"$'\n'"${output//$work\/$kernel/kmod}"
done
conclude "${#files[@]}"
