#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_crash.sh KERNEL
# Unloading a module while its callbacks are queued crashes the kernel, in every run. In every run the tracer reports
# this before the crash, and the capture that is on the disk afterwards shows why, unless the disk was too slow.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
# shellcheck source=lib/crash.sh
source "$TESTS_VM/lib/crash.sh"
begin "$@"

runs=${RCUSCOPE_CRASHES:-10}
freeing=0 ran=0 # numbers of captures with these words
for ((i = 1; i <= runs; i++)); do
	crash_guest "run $i"
	[[ $WORDS != *ran ]] || ran=$((ran + 1))
	[[ $WORDS != freeing* ]] || freeing=$((freeing + 1))
	((failures == 0)) || break
done
# The kernel may crash before the last milliseconds are on the disk, so not every run has them.
((failures > 0)) || {
	expect_rate "captures that have the entry of free_module()" "$freeing" "$runs" 0.95
	expect_rate "captures that have callbacks after that" "$ran" "$runs" 0.9
}
finish
