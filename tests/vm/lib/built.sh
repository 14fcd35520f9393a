# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Kernels that are built here: kind "built" of lib/kernels.sh.
#
# SPEC is the suites, the package with the source, and the fragments of
# configuration (kernels/NAME.config), of which the later overrule the earlier.
# The package stays in the cache: what is built from it tomorrow, because a
# fragment was changed, needs no network and is of the same version.

COMPILER=gcc-12

# Changed when this file keeps other things of a build, so that what older
# versions of it left is not taken.
RECIPE=1

# What a build takes of the processor, to tell people how long they will wait.
BUILD_CPU_MINUTES=8

source_folder() { printf '%s/sources-%s/%s\n' "$CACHE" "$LAYOUT" "$1"; }

fragment_files() { # FRAGMENT...
	local fragment
	for fragment; do printf '%s/kernels/%s.config\n' "$HERE" "$fragment"; done
}

# What goes into the folder's name, so that nothing stale is ever taken: the
# configuration without its comments, the source's version, the compiler.
key_built() { # SUITES PACKAGE FRAGMENT...
	local package=$2 source files
	source=$(source_folder "$package")
	mapfile -t files < <(fragment_files "${@:3}")
	{
		grep -hE '^CONFIG_|^# CONFIG_.* is not set$' "${files[@]}"
		printf '%s\n' "$RECIPE" "$package"
		[[ ! -d $source ]] || cat "$source/version"
		"$COMPILER" -dumpfullversion 2>/dev/null || true
	} | sha256sum | head -c 16
}

prepare_built() { # SUITES PACKAGE FRAGMENT...
	ensure_cached "$(source_folder "$2")" "source-$2" fetch_source "$1" "$2"
}

fetch_source() { # SUITES PACKAGE
	local suites=$1 package=$2 root=$STAGING/.apt
	note "fetching $package of $suites (about 140 MB)"
	apt_begin "$root" "$suites"
	apt_download "$root" "$package"
	mv "$root/debs/$package"_*.deb "$STAGING/package.deb"
	dpkg-deb -f "$STAGING/package.deb" Version >"$STAGING/version"
	rm -rf "$root"
}

populate_built() { # FOLDER SUITES PACKAGE FRAGMENT...
	local folder=$1 package=$3 source tree=$1/.tree files release
	local log=$CACHE/build-$KERNEL_NAME.log
	shift 3
	need "$COMPILER" make flex bison bc pahole xz /usr/include/libelf.h
	source=$(source_folder "$package")
	mapfile -t files < <(fragment_files "$@")
	# Spaces and colons are make's.
	[[ $folder != *[[:space:]:]* ]] ||
		fail "no kernel can be built in $CACHE; set RCUSCOPE_CACHE to a path without space and colon"
	note "building the kernel $KERNEL_NAME, about $(((BUILD_CPU_MINUTES - 1) / $(nproc) + 1)) minutes"
	: >"$log"
	mkdir "$tree"

	build_step unpacking unpack_source "$source/package.deb" "$package" "$tree"
	configure "$tree" "${files[@]}"
	build_step compiling build_make "$tree" -j"$(nproc)" bzImage modules
	build_step "installing the modules" build_make "$tree" modules_install \
		INSTALL_MOD_PATH="$folder" INSTALL_MOD_STRIP=1 DEPMOD=true

	release=$(<"$tree/include/config/kernel.release")
	printf '%s\n' "$release" >"$folder/release"
	# The key tells apart what is built of one source: caches further on ask for the version.
	printf '%s, configuration %s\n' "$(<"$source/version")" "$KERNEL_KEY" >"$folder/version"
	cp "$tree/arch/x86/boot/bzImage" "$folder/vmlinuz"
	cp "$tree/.config" "$folder/config"
	ln -s "lib/modules/$release" "$folder/modules"
	rm -f "$folder/modules/build" "$folder/modules/source"
	build_step "keeping what modules are built with" keep_headers "$tree" "$folder/headers"
	rm -rf "$tree" "$log"
}

# Runs a step of the build. On a terminal it shows how far it is.
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

# A make that nothing of the caller's environment changes. Should vm be killed
# outright, make goes, and the compilers with it. Where variables and statements
# are is a seventh of the compilers' time; BTF is made of the types alone, and the
# code is the same.
build_make() { # TREE ARGUMENT...
	local tree=$1
	shift
	exec env -i PATH="$PATH" LC_ALL=C TMPDIR="${TMPDIR:-/tmp}" KBUILD_BUILD_USER=rcuscope KBUILD_BUILD_HOST=bench \
		KCFLAGS='-fno-var-tracking -gno-statement-frontiers -gno-inline-points' setpriv --pdeathsig TERM make -C "$tree" "$@"
}

# Without most of what no fragment can want; all is 1.3 GB.
unpack_source() { # PACKAGE-FILE PACKAGE TREE
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$2.tar.xz" |
		setpriv --pdeathsig KILL tar -xJ -C "$3" --strip-components=1 --wildcards \
			--exclude="$2/arch/[!x]*/*.[chS]" --exclude="$2/arch/*.dts*" --exclude="$2/Documentation/*/*" \
			--exclude="$2/drivers/gpu/*.[ch]" --exclude="$2/drivers/net/*/*.[ch]" --exclude="$2/drivers/media/*.[ch]" \
			--exclude="$2/drivers/staging/*.[ch]" --exclude="$2/sound/*.[ch]" \
			--exclude="$2/tools/testing" --exclude="$2/tools/perf"
	# Whoever builds in what is kept (vm headers) shall have the same compiler.
	sed -i -E "s/^((HOST)?CC\s*= (\\\$\(CROSS_COMPILE\))?)gcc$/\1$COMPILER/" "$3/Makefile"
}

# A line that the kernel does not take, perhaps because it depends on another,
# would leave a kernel that is not what its configuration says.
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
				if (has[name] != wanted[name] && (name in has || wanted[name] !~ /^#/)) print wanted[name]
		}' "$tree/wanted.config" "$tree/.config")
	[[ -z $missing ]] || fail "$KERNEL_NAME could not be configured; the source of $(<"$source/version")" \
		"does not take, or not without something else: $(paste -sd, <<<"$missing")"
}

# The least that external modules can be built with. vmlinux is there for its
# BTF, on which that of the modules is based.
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
