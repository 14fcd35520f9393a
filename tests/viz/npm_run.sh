#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: npm_run.sh SCRIPT
# Runs a script of viz/package.json, or reports which program is missing for it.
set -euo pipefail

skip() { printf 'skipped: %s\n' "$1"; exit 77; }
[[ -x ${NPM:-} ]] || skip 'no npm (Debian: nodejs npm)'
[[ $1 != e2e || -x ${CHROMIUM:-} ]] || skip 'no chromium (Debian: chromium)'
[[ -s $RCUSCOPE_PAGE ]] || skip 'the page could not be built; the build says why'
exec "$NPM" run --silent "$1"
