#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Printed text must go through base/text_out, and JSON through base/json_text: these escape names from outside.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

mapfile -t files < <(project_files 'tracer/*.cpp' 'tracer/*.hpp')
ways='std::(cout|cerr|clog)|[^a-z_](v?f?printf|puts|fputs|perror|putchar)\(|[.>]dump\('
for file in "${files[@]}"; do
	[[ $file != tracer/base/text_out.cpp && $file != tracer/base/json_text.cpp ]] || continue
	while IFS= read -r line; do
		problem "$file:${line%%:*}" 'writes past base/text_out.hpp (TextOut, StandardError) or base/json_text.hpp (JsonText)'
	done < <(grep -nE -- "$ways" "$file" | grep -vE '^[0-9]+: *//|std::cout[.]rdbuf\(')
done
conclude "${#files[@]}"
