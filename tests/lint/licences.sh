#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every source file must name its licence within its first three lines, and it must be the licence of its folder.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

licence_of() { # FILE
	case $1 in
	kmod/* | tests/vm/cases/*) printf 'GPL-2.0-only\n' ;;
	bpf/*) printf 'GPL-2.0-only OR BSD-2-Clause\n' ;;
	*) printf 'BSD-2-Clause\n' ;;
	esac
}

# Data files cannot contain a comment, or would differ with one.
is_source() { # FILE
	case ${1##*/} in
	*.c | *.h | *.cpp | *.hpp | *.S | *.sh | *.py | *.ts | *.js | *.mjs | *.css | *.cmake | *.proto | *.yml | *.yaml) ;;
	CMakeLists.txt | Kbuild | Makefile | .clang-format | .clang-tidy | .shellcheckrc) ;;
	*) [[ $(first_line "$1") == '#!'* ]] ;;
	esac
}

count=0
while IFS= read -r file; do
	is_source "$file" || continue
	count=$((count + 1))
	wanted=$(licence_of "$file")
	# The folder's licence does not cover configuration files.
	[[ ${file##*/} != .* && ${file##*/} != CMakeLists.txt ]] || wanted=BSD-2-Clause
	found=$(head -n 3 -- "$file" | sed -n -E 's|^.*SPDX-License-Identifier: (.*[^ */>-])[ */>-]*$|\1|p')
	[[ $found == "$wanted" ]] || problem "$file" "names ${found:-no licence} within its first three lines; here it is $wanted"
done < <(project_files .)

for folder in . kmod bpf; do
	[[ -s $folder/LICENSE ]] || problem "$folder/LICENSE" 'is missing'
done
conclude "$count"
