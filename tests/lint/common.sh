# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the lint scripts share. Sourced; leaves the project as the working folder.

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." || exit

# The project's files of the patterns (.: all), also those that are new: one a line.
# Whoever owns the checkout, reading it is harmless.
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

# A check that looked at nothing has found nothing out.
conclude() { # NUMBER-OF-FILES
	(($1 > 0)) || { printf 'no files were checked\n'; exit 1; }
	((problems == 0)) || exit 1
	printf '%d files checked\n' "$1"
}
