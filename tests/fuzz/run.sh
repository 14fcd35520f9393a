#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: run.sh TARGET CORPUS [LIBFUZZER-ARGUMENT...]
#
# Runs a libFuzzer target on a corpus. Discards the inputs it generates, so that each run is the same. Keeps an input
# that fails and prints its name.
set -euo pipefail
target=${1:?usage: run.sh TARGET CORPUS [LIBFUZZER-ARGUMENT...]} corpus=${2:?a folder with inputs}
shift 2
found=$(mktemp -d "${TMPDIR:-/tmp}/rcuscope-fuzz.XXXXXX")
trap 'rm -rf -- "$found"' EXIT

dictionary=$(dirname -- "${BASH_SOURCE[0]}")/$(basename -- "$corpus").dict
[[ ! -f $dictionary ]] || set -- "-dict=$dictionary" "$@"
# A small input must need little memory and time; exceeding these limits is a failure.
export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=6:${ASAN_OPTIONS:-} UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
"$target" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 -artifact_prefix="$target-" -print_final_stats=1 \
	"$@" "$found" "$corpus"
