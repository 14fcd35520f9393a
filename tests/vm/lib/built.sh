# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Kernels that this machine builds: kind "built" of lib/kernels.sh.
#
# SPEC is the suites, the package with the source (linux-source: the newest), and the configuration fragments
# (kernels/NAME.config); a later fragment overrules an earlier one. The source package stays in the cache, so that a
# rebuild after a change of a fragment needs no network and uses the same version.

COMPILER=gcc-12

# Part of the cache key. Increase it when this file keeps different build results, so that results of older versions
# are not reused.
RECIPE=1

# CPU time of a build, for the estimate that is shown to the user.
BUILD_CPU_MINUTES=8

source_folder() { # SUITES PACKAGE
	local name=$2
	[[ $name != linux-source ]] || name+=-${1%%,*}
	printf '%s/sources-%s/%s\n' "$CACHE" "$LAYOUT" "$name"
}

fragment_files() { # FRAGMENT...
	local fragment
	for fragment; do printf '%s/kernels/%s.config\n' "$HERE" "$fragment"; done
}

# Prints a hash of all inputs of the build, which becomes part of the folder's name: the configuration without its
# comments, the source's version and the compiler's version.
key_built() { # SUITES PACKAGE FRAGMENT...
	local package=$2 source files
	source=$(source_folder "$1" "$package")
	mapfile -t files < <(fragment_files "${@:3}")
	{
		grep -hE '^CONFIG_|^# CONFIG_.* is not set$' "${files[@]}"
		printf '%s\n' "$RECIPE" "$package"
		[[ ! -d $source ]] || cat "$source/version"
		"$COMPILER" -dumpfullversion 2>/dev/null || true
	} | sha256sum | head -c 16
}

prepare_built() { # SUITES PACKAGE FRAGMENT...
	local folder
	folder=$(source_folder "$1" "$2")
	ensure_cached "$folder" "source-${folder##*/}" fetch_source "$1" "$2"
}

# Prints the name of the package with the source: linux-source depends on that of the newest version.
find_source() { # ROOT PACKAGE
	if [[ $2 == linux-source ]]; then
		depends_of "$1" "$2" | grep -m1 '^linux-source-' || fail "the package linux-source has no version here"
	else
		printf '%s\n' "$2"
	fi
}

fetch_source() { # SUITES PACKAGE
	local suites=$1 package root=$STAGING/.apt
	note "fetching $2 of $suites (about 150 MB)"
	apt_begin "$root" "$suites"
	package=$(find_source "$root" "$2")
	apt_download "$root" "$package"
	mv "$root/debs/$package"_*.deb "$STAGING/package.deb"
	dpkg-deb -f "$STAGING/package.deb" Version >"$STAGING/version"
	rm -rf "$root"
}

archive_version_built() { # ROOT SUITES PACKAGE FRAGMENT...
	apt_begin "$1" "$2"
	private_apt "$1" apt-cache show --no-all-versions "$(find_source "$1" "$3")" | sed -n 's/^Version: //p'
}

origin_built() { source_folder "${KERNEL_SPEC[0]}" "${KERNEL_SPEC[1]}"; } # NAME

populate_built() { # FOLDER SUITES PACKAGE FRAGMENT...
	local folder=$1 source tree=$1/.tree files release
	local log=$CACHE/build-$KERNEL_NAME.log
	source=$(source_folder "$2" "$3")
	shift 3
	need "$COMPILER" make flex bison bc pahole xz /usr/include/libelf.h
	mapfile -t files < <(fragment_files "$@")
	# Spaces and colons have a meaning in make.
	[[ $folder != *[[:space:]:]* ]] ||
		fail "no kernel can be built in $CACHE; set RCUSCOPE_CACHE to a path without space and colon"
	note "building the kernel $KERNEL_NAME, about $(((BUILD_CPU_MINUTES - 1) / $(nproc) + 1)) minutes"
	: >"$log"
	mkdir "$tree"

	build_step unpacking unpack_source "$source/package.deb" "$tree"
	configure "$tree" "${files[@]}"
	build_step compiling build_make "$tree" -j"$(nproc)" bzImage modules
	build_step "installing the modules" build_make "$tree" modules_install \
		INSTALL_MOD_PATH="$folder" INSTALL_MOD_STRIP=1 DEPMOD=true

	release=$(<"$tree/include/config/kernel.release")
	printf '%s\n' "$release" >"$folder/release"
	# Caches further on use "version" as their key. The key distinguishes configurations of one source.
	printf '%s, configuration %s\n' "$(<"$source/version")" "$KERNEL_KEY" >"$folder/version"
	cp "$tree/arch/x86/boot/bzImage" "$folder/vmlinuz"
	cp "$tree/.config" "$folder/config"
	ln -s "lib/modules/$release" "$folder/modules"
	rm -f "$folder/modules/build" "$folder/modules/source"
	build_step "keeping what modules are built with" keep_headers "$tree" "$folder/headers"
	rm -rf "$tree" "$log"
}

# Runs a step of the build. On a terminal it shows the elapsed time and the last line of the log.
build_step() { # WHAT COMMAND...
	local what=$1 status=0 begun=$SECONDS
	shift
	("$@") </dev/null >>"$log" 2>&1 &
	CHILDREN+=($!)
	if [[ -t 2 ]]; then
		while kill -0 $! 2>/dev/null; do
			printf '\r\033[K%.78s' "vm: $what, $((SECONDS - begun)) s: $(tail -n 1 "$log" | tr -s '[:space:]' ' ')" >&2
			sleep 1
		done
		printf '\r\033[K' >&2
	fi
	wait $! || status=$?
	CHILDREN=()
	((status == 0)) && return
	grep -E -m 5 'error: |[*][*][*] |No space left' "$log" | sed 's/^/  | /' >&2 || true
	printf 'vm: the end of the log:\n' >&2
	tail -n 20 "$log" | sed 's/^/  | /' >&2
	fail "$KERNEL_NAME could not be built: $what failed; all that was said is in $log"
}

# Runs make with a clean environment. If vm is killed outright, make and the compilers are killed, too. Without debug
# information about the locations of variables and statements the compilers need a seventh less time; BTF contains
# only types, and the generated code is the same.
build_make() { # TREE ARGUMENT...
	local tree=$1
	shift
	exec env -i PATH="$PATH" LC_ALL=C TMPDIR="${TMPDIR:-/tmp}" KBUILD_BUILD_USER=rcuscope KBUILD_BUILD_HOST=bench \
		KCFLAGS='-fno-var-tracking -gno-statement-frontiers -gno-inline-points' setpriv --pdeathsig TERM make -C "$tree" "$@"
}

# Leaves out most of what no fragment can need; the whole source is 1.3 GB.
unpack_source() { # PACKAGE-FILE TREE
	local name
	name=$(dpkg-deb -f "$1" Package)
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$name.tar.xz" |
		setpriv --pdeathsig KILL tar -xJ -C "$2" --strip-components=1 --wildcards \
			--exclude="$name/arch/[!x]*/*.[chS]" --exclude="$name/arch/*.dts*" --exclude="$name/Documentation/*/*" \
			--exclude="$name/drivers/gpu/*.[ch]" --exclude="$name/drivers/net/*/*.[ch]" --exclude="$name/drivers/media/*.[ch]" \
			--exclude="$name/drivers/staging/*.[ch]" --exclude="$name/sound/*.[ch]" \
			--exclude="$name/tools/testing" --exclude="$name/tools/perf"
	# External modules that are built against the kept headers (vm headers) must use the same compiler.
	sed -i -E "s/^((HOST)?CC\s*= (\\\$\(CROSS_COMPILE\))?)gcc$/\1$COMPILER/" "$2/Makefile"
}

# Fails if the kernel does not accept a line of the fragments, for example because of a missing dependency: the built
# kernel would not match its configuration.
configure() { # TREE FILE...
	local tree=$1 missing
	shift
	cat "$@" >"$tree/wanted.config"
	build_step configuring build_make "$tree" KCONFIG_ALLCONFIG=wanted.config allnoconfig
	missing=$(awk '
		/^CONFIG_/ { split($0, part, "="); name = part[1] }
		/^# CONFIG_.* is not set$/ { name = $2 }
		name == "" { next }
		FNR == NR { wanted[name] = $0; name = ""; next }
		{ has[name] = $0; name = "" }
		END {
			for (name in wanted)
				if (name in has ? has[name] != wanted[name] : wanted[name] !~ /^#/) print wanted[name]
		}' "$tree/wanted.config" "$tree/.config")
	[[ -z $missing ]] || fail "$KERNEL_NAME could not be configured; the source of $(<"$source/version")" \
		"does not take, or not without something else: $(paste -sd, <<<"$missing")"
}

# Keeps the minimum that external modules need for their build. vmlinux contains only BTF, on which the BTF of the
# modules is based.
keep_headers() { # TREE FOLDER
	mkdir "$2"
	cd "$1" || exit
	find scripts tools -name '*.o' -delete
	find scripts tools include \( -name '.*.cmd' -o -name '*.a' \) -delete
	cp -a --parents -t "$2" Makefile .config Module.symvers include scripts arch/x86/Makefile* arch/x86/include \
		tools/objtool/objtool tools/bpf/resolve_btfids/resolve_btfids
	rm -rf "$2"/scripts/{kconfig,dtc,gcc-plugins,coccinelle,package}
	strip "$2/tools/objtool/objtool" "$2/tools/bpf/resolve_btfids/resolve_btfids"
	objcopy --only-section=.BTF vmlinux "$2/vmlinux"
}
