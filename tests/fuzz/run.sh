#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: run.sh TARGET CORPUS [LIBFUZZER-ARGUMENT...]
# Runs a target of libFuzzer from a corpus. What it finds on its way is thrown
# away, so that each run is the same; an input that fails is kept and named.
set -euo pipefail
target=${1:?usage: run.sh TARGET CORPUS [LIBFUZZER-ARGUMENT...]} corpus=${2:?a folder with inputs}
shift 2
found=$(mktemp -d "${TMPDIR:-/tmp}/rcuscope-fuzz.XXXXXX")
trap 'rm -rf -- "$found"' EXIT

dictionary=$(dirname -- "${BASH_SOURCE[0]}")/$(basename -- "$corpus").dict
[[ ! -f $dictionary ]] || set -- "-dict=$dictionary" "$@"
# A small input needs little memory and little time, or that is what is wrong with it.
export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=6:${ASAN_OPTIONS:-} UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
"$target" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 -artifact_prefix="$target-" -print_final_stats=1 \
	"$@" "$found" "$corpus"
