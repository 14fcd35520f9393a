# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Shared by the lint scripts, which source it. The working folder is the project's afterwards.

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." || exit

# Prints the project's files that match the patterns (.: all), including untracked ones, one per line. safe.directory:
# git may read the checkout of any owner.
project_files() { # PATTERN...
	git -c safe.directory='*' ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
		while IFS= read -r file; do [[ ! -f $file || -L $file ]] || printf '%s\n' "$file"; done
}

first_line() { head -n 1 -- "$1" | tr -d '\0'; }

problems=0
problem() { # FILE WHAT
	printf '%s: %s\n' "$1" "$2"
	problems=$((problems + 1))
}

# A check without any file proves nothing, so it fails.
conclude() { # NUMBER-OF-FILES
	(($1 > 0)) || { printf 'no files were checked\n'; exit 1; }
	((problems == 0)) || exit 1
	printf '%d files checked\n' "$1"
}
