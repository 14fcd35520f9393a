# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The companion modules (kmod/), built for a kernel of the bench.

KMOD=${RCUSCOPE_KMOD:-$PROJECT/kmod}

# Only sources: the checkout may hold what an older build left.
kmod_sources() {
	(cd "$KMOD" && find . -type f \( -name 'Kbuild*' -o -name 'Makefile*' -o -name '*.[chS]' \) -print0 | sort -z)
}

# The compiler of the modules of the kernel that was looked up last: the machine's,
# or, for a kernel of another release, that of its root.
compiler_version() {
	if [[ $KERNEL_KIND == foreign ]]; then
		cat "$(root_folder "${KERNEL_SPEC[0]}" "${KERNEL_SPEC[2]}")/version"
	else
		need make gcc-12
		gcc-12 --version
	fi
}

kbuild() { # KERNEL-FOLDER MODULES-FOLDER ARGUMENT...
	local kernel=$1 modules=$2
	shift 2
	if [[ $KERNEL_KIND == foreign ]]; then
		in_root "$(root_folder "${KERNEL_SPEC[0]}" "${KERNEL_SPEC[2]}")" "$kernel" "$modules" \
			make -C /kernel/headers M=/modules "$@"
		return
	fi
	# A vmlinux beside the headers makes kbuild give the modules their BTF.
	[[ ! -e $kernel/headers/vmlinux ]] || need pahole
	# The flags of a make that calls vm would leak in.
	env -u MAKEFLAGS -u MAKELEVEL make -C "$kernel/headers" M="$modules" "$@"
}

# Sets MODULES to the folder with the .ko files of kernel NAME, or to nothing
# if the project has no modules. The sources are copied: kbuild writes beside
# them, and the checkout stays clean. The folder's name is a hash of all that
# goes in, so an unchanged source is never built twice.
modules_ensure() { # NAME
	MODULES=
	[[ -f $KMOD/Kbuild ]] || return 0
	local kernel release hash
	kernel_lookup "$1"
	kernel=$(kernel_folder "$1")
	need sha256sum flock
	release=$(<"$kernel/release")
	hash=$({
		cat "$kernel/version"
		compiler_version
		kmod_sources | (cd "$KMOD" && xargs -0 sha256sum)
	} | sha256sum)
	MODULES=$CACHE/modules/$1-$release/${hash:0:16}
	ensure_cached "$MODULES" "modules-$1" build_modules "$1" "$kernel"
}

build_modules() { # NAME KERNEL-FOLDER
	local log=$STAGING/build.log
	# Trees of sources that have long been changed.
	find "${STAGING%/*}" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
	kmod_sources | (cd "$KMOD" && xargs -0 cp -L --parents -t "$STAGING")
	kbuild "$2" "$STAGING" KCFLAGS=-Werror modules >"$log" 2>&1 || {
		sed -E "s#($STAGING|/modules\b)/*#$KMOD/#g" "$log" >&2
		fail "the modules in $KMOD do not build for $1; the compiler's words are above"
	}
}
