#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Measures reading a recording by its size: time, memory, events per second.
set -euo pipefail
exec python3 "$(dirname -- "${BASH_SOURCE[0]}")/offline.py" "$@"
