#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What reading a recording takes, by its size: time, memory, events a second.
set -euo pipefail
exec python3 "$(dirname -- "${BASH_SOURCE[0]}")/offline.py" "$@"
