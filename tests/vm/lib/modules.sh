# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Builds the companion modules (kmod/) for a kernel of the bench.

KMOD=${RCUSCOPE_KMOD:-$PROJECT/kmod}

# Lists only sources: the checkout may contain results of an older build.
kmod_sources() {
	(cd "$KMOD" && find . -type f \( -name 'Kbuild*' -o -name 'Makefile*' -o -name '*.[chS]' \) -print0 | sort -z)
}

# Prints the version of the compiler for modules of the kernel that was looked up last: this machine's compiler or,
# for a kernel of another release, the one in its root.
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
	# If vmlinux is next to the headers, kbuild generates BTF for the modules.
	[[ ! -e $kernel/headers/vmlinux ]] || need pahole
	# If make calls vm, its flags must not reach this make.
	env -u MAKEFLAGS -u MAKELEVEL make -C "$kernel/headers" M="$modules" "$@"
}

# Sets MODULES to the folder with the .ko files of kernel NAME, or to nothing if the project has no modules or the bench
# has no headers of the kernel. The sources are copied, because kbuild writes next to them and the checkout must stay
# clean. The folder's name is a hash of all inputs, so an unchanged source is built only once.
modules_ensure() { # NAME
	MODULES=
	[[ -f $KMOD/Kbuild ]] || return 0
	local kernel release hash
	kernel_lookup "$1"
	kernel=$(kernel_folder "$1")
	[[ -e $kernel/headers ]] || return 0
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
	# Removes builds of old sources.
	find "${STAGING%/*}" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
	kmod_sources | (cd "$KMOD" && xargs -0 cp -L --parents -t "$STAGING")
	kbuild "$2" "$STAGING" KCFLAGS=-Werror modules >"$log" 2>&1 || {
		sed -E "s#($STAGING|/modules\b)/*#$KMOD/#g" "$log" >&2
		fail "the modules in $KMOD do not build for $1; the compiler's words are above"
	}
}
