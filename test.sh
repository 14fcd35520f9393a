#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the project and runs its tests through CTest. The help below shows its use.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
# shellcheck disable=SC2034 # for common.sh
ME='test'
source .ci/common.sh

help() {
	cat <<'END'
usage: ./test.sh [GROUP...] [-- CTEST_ARGUMENT...]

Installs what is missing (as root or with sudo), builds, and runs the tests of
the groups through CTest:

  unit     the parts of the tracer, each by itself
  golden   the exporters' files, judged by readers that are not this project's
  viz      the page, its parts and all of it in a browser
  vm       everything together, on real kernels in QEMU
  matrix   vm, and its tests on every other kernel of the bench (tests/vm/matrix shows a table)
  lint     format, clang-tidy, shellcheck, licences and the like
  asan     unit and golden under ASan and UBSan
  tsan     unit and golden under TSan
  fuzz     bytes that nobody would send, under ASan and UBSan: as many as take some minutes

Without a GROUP: unit, golden, viz, vm and lint. The matrix and the builds of the
sanitizers and the fuzzers take long and are to be asked for. The arguments after -- go to every run of CTest.
The last line is the total of all runs.

Environment:
  CI=true             a test that was skipped has failed
  RCUSCOPE_CACHE      where kernels are kept [~/.cache/rcuscope]
  RCUSCOPE_NO_SETUP   set: install nothing

Exit status: 0 all passed, 1 not all, 2 wrong use, 3 this machine lacks
something that could not be installed.

Examples:
  ./test.sh
  ./test.sh unit golden
  ./test.sh vm -- -R rcucmap
  CI=true ./test.sh unit lint -- --stop-on-failure
END
}

# The labels to run in the build of each preset.
declare -A LABELS=()
declare -A PRESET_OF=([unit]=release [golden]=release [viz]=release [vm]=release [matrix]=release [lint]=release)
CTEST_ARGUMENTS=()

parse() {
	local groups=() group preset
	while (($#)); do
		case $1 in
		-h | --help) help; exit ;;
		--) shift; CTEST_ARGUMENTS=("$@"); break ;;
		unit | golden | viz | vm | matrix | lint | asan | tsan | fuzz) groups+=("$1") ;;
		*) fail 2 "there is no group '$1'" "./test.sh --help lists the groups; CTest's arguments follow --" ;;
		esac
		shift
	done
	((${#groups[@]})) || groups=(unit golden viz vm lint)
	for group in "${groups[@]}"; do
		case $group in
		asan | tsan) LABELS[$group]='unit|golden' ;;
		fuzz) LABELS[fuzz]=fuzz ;;
		*)
			preset=${PRESET_OF[$group]}
			LABELS[$preset]+=${LABELS[$preset]:+|}$group ;;
		esac
	done
}

# The configuration builds everything that the tests of any group run.
packages() {
	local groups=(build test)
	[[ ! ${LABELS[release]:-} =~ vm|matrix ]] || groups+=(vm)
	[[ ! ${LABELS[release]:-} =~ viz ]] || groups+=(page viz)
	[[ ! ${LABELS[asan]:-}${LABELS[tsan]:-} ]] || groups+=(page) # unit tests use the page
	[[ ! ${LABELS[release]:-} =~ lint ]] || groups+=(lint)
	[[ ! ${LABELS[fuzz]:-} ]] || groups+=(fuzz)
	.ci/setup "${groups[@]}" || exit
}

PASSED=0 FAILED=0 SKIPPED=0
WITH_FAILURES=() # reports

# Prints one line for each test: passed, failed or skipped, and its name. CTest counts a test that could not be
# started as skipped; here it counts as failed.
results() { # REPORT
	awk '
	function tell() { if (name != "") print result, name }
	/<testcase / {
		tell()
		name = $0; sub(/.*<testcase name="/, "", name); sub(/".*/, "", name)
		result = /status="run"/ ? "passed" : /status="disabled"/ ? "skipped" : "failed"
	}
	/<skipped message="SKIP_/ { result = "skipped" }
	END { tell() }' "$1"
}

# Prints the end of each failed test's output again, after all runs: if only the end of a log is kept, it should
# include the failures of the first run.
failures() { # REPORT...
	python3 - "$@" <<'END'
import sys
import xml.etree.ElementTree as tree

for report in sys.argv[1:]:
    for test in tree.parse(report).iter("testcase"):
        skipped = test.find("skipped")
        started = skipped is None or skipped.get("message", "").startswith("SKIP_")
        if test.get("status") == "fail" or test.get("status") == "notrun" and not started:
            print(f"--- {test.get('name')} failed ({report}):")
            print("\n".join((test.findtext("system-out") or "").rstrip().splitlines()[-40:]))
END
}

run() { # PRESET
	local preset=$1 report=build/$1-tests.xml status=0 result name seen=''
	# A test with a guest waits for a quarter to half of its time: recorders wait for grace periods when they attach
	# and detach.
	local jobs=$(($(nproc) * 2))
	note "running ${LABELS[$preset]//|/, } ($preset)"
	rm -f "$report"
	prefix_for "$preset"
	"${PREFIX[@]}" ctest --test-dir "build/$preset" -L "^(${LABELS[$preset]})\$" -j"$jobs" --output-on-failure --no-tests=error \
		--output-junit "$PWD/$report" "${CTEST_ARGUMENTS[@]}" </dev/null || status=$?
	if [[ ! -s $report ]]; then
		# Only a list (-N), or wrong arguments: no test ran.
		((status == 0)) || fail 1 "CTest ended with $status and ran nothing in build/$preset"
		return
	fi
	while read -r result name; do
		case $result in
		passed) PASSED=$((PASSED + 1)) ;;
		failed) FAILED=$((FAILED + 1)); seen=yes ;;
		skipped) SKIPPED=$((SKIPPED + 1)); note "skipped: $name" ;;
		esac
	done < <(results "$report")
	[[ ! $seen ]] || WITH_FAILURES+=("$report")
	# CTest may fail for another reason than a failed test.
	((status == 0)) || [[ $seen ]] || fail 1 "CTest ended with status $status in build/$preset, though no test failed"
}

parse "$@"
packages
for preset in release asan tsan fuzz; do
	[[ ${LABELS[$preset]:-} ]] || continue
	note "building ($preset)"
	target=all
	[[ $preset != fuzz ]] || target=fuzzers
	build "$preset" "$target" -DRCUSCOPE_TESTS=ON
	run "$preset"
done

status=0
if ((FAILED)); then
	status=1
	failures "${WITH_FAILURES[@]}"
fi
if ((SKIPPED)) && [[ ${CI:-} == true ]]; then
	note "skipped tests are failures here, because CI is true"
	FAILED=$((FAILED + SKIPPED)) SKIPPED=0 status=1
fi
if ((SKIPPED)); then
	printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
else
	printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
fi
exit "$status"
