#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: kmod.sh [KERNEL...]
# Checks the companion modules and the cases (without FIXED) with sparse, which distinguishes RCU's pointers from
# others and finds locks that are not released. It uses the headers of the bench's kernels (default: all for which
# this machine's compiler builds).
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

command -v sparse >/dev/null || { printf 'sparse is missing; do: apt install sparse\n'; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/kmod-lint.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

kernels=("$@")
(($#)) || mapfile -t kernels < <(tests/vm/vm kernels | awk '$2 == "fetched" || $2 == "built" { print $1 }')
count=0
for folder in kmod tests/vm/cases; do
	mapfile -t files < <(project_files "$folder/*.c" "$folder/*.h")
	count=$((count + ${#files[@]}))
	objects=$(sed -n 's/^obj-m += //p' "$folder/Kbuild")
	for kernel in "${kernels[@]}"; do
		headers=$(tests/vm/vm headers "$kernel")
		# kbuild writes next to the sources.
		copy=$work/$kernel/$folder
		mkdir -p "$copy"
		cp "$folder/Kbuild" "${files[@]}" "$copy"
		# sparse prints findings and does not fail, so any output counts. -s keeps make silent.
		# shellcheck disable=SC2086 # one word for each object
		output=$(env -u MAKEFLAGS -u MAKELEVEL make -s -C "$headers" M="$copy" C=2 CHECK=sparse W=1 \
			$objects 2>&1) || problem "$folder" "cannot be compiled for $kernel"
		[[ -z $output ]] || problem "$folder" "findings on $kernel:"$'\n'"${output//$copy/$folder}"
	done
done
conclude "$count"
