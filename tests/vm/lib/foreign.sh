# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Kernels of another Debian release: kind "foreign" of lib/kernels.sh.
#
# The compiler and kbuild's own programs of such a kernel need the C library of that release. Its modules are
# therefore built in a root of the release: a folder with unpacked packages, whose maintainer scripts do not run. The
# build enters it with chroot in a mount namespace. This needs no privileges where users may create user namespaces.
#
# SPEC is the suites, the flavour, the compiler that the headers require, and a version as for kind "fetched".

# Part of the cache key. Increase it when the contents of the root change, so that an older root is not reused.
ROOT_RECIPE=1

# The programs that kbuild runs besides the compiler. Scripts of kbuild need perl-base, and the BTF of modules needs
# pahole. The name "awk" for mawk is created by mawk's postinst, which does not run here.
ROOT_PACKAGES=(base-files dash coreutils sed grep mawk findutils binutils make perl-base pahole libelf1t64 zlib1g)

# Kernels of a release and of its backports share the root of the release.
root_suites() { printf '%s\n' "${1//-backports/}"; } # SUITES

root_folder() { # SUITES COMPILER
	local suites
	suites=$(root_suites "$1")
	printf '%s/roots-%s/%s-%s\n' "$CACHE" "$ROOT_RECIPE" "${suites%%,*}" "$2"
}

prepare_foreign() { # SUITES FLAVOUR COMPILER [VERSION]
	local folder suites
	folder=$(root_folder "$1" "$3")
	suites=$(root_suites "$1")
	need unshare
	ensure_cached "$folder" "root-${folder##*/}" make_root "$suites" "$3"
}

make_root() { # SUITES COMPILER
	local suites=$1 compiler=$2 root=$STAGING/.apt package
	note "making a root of ${suites%%,*} with $compiler (about 65 MB to fetch)"
	apt_begin "$root" "$suites"
	private_apt "$root" apt-get install -y --download-only --no-install-recommends \
		-o Dir::Cache::archives="$root/debs" "$compiler-x86-64-linux-gnu" "${ROOT_PACKAGES[@]}" >"$root/log" 2>&1 ||
		fail "downloading $compiler of $suites failed: $(tail -n 3 "$root/log")"
	for package in "$root"/debs/*.deb; do
		dpkg-deb -x "$package" "$STAGING" || fail "cannot unpack $package; is the disk full?"
	done
	dpkg-deb -f "$root/debs/$compiler-x86-64-linux-gnu"_*.deb Version >"$STAGING/version"
	rm -rf "$root" "$STAGING"/usr/share/{doc,info,locale,man}
	ln -s mawk "$STAGING/usr/bin/awk"
	mkdir "$STAGING"/{kernel,modules}
	in_root "$STAGING" "$STAGING/tmp" "$STAGING/tmp" "x86_64-linux-gnu-$compiler" -c -x c /dev/null -o /tmp/empty.o >"$STAGING/.log" 2>&1 ||
		fail "nothing can be compiled in a root of ${suites%%,*}: $(tail -n 3 "$STAGING/.log")"
	rm "$STAGING/.log" "$STAGING/tmp/empty.o"
}

populate_foreign() { # FOLDER SUITES FLAVOUR COMPILER [VERSION]
	populate_fetched "$1" "$2" "$3" "${5:-}"
}

archive_version_foreign() { # ROOT SUITES FLAVOUR COMPILER [VERSION]
	archive_version_image "$1" "$2" "$3" "${5:-}"
}

# Runs COMMAND in ROOT, with the folder KERNEL as /kernel and MODULES as /modules.
# shellcheck disable=SC2016 # the variables are the inner shell's
in_root() { # ROOT KERNEL MODULES COMMAND...
	local namespaces=(--mount)
	((EUID == 0)) || namespaces+=(--map-root-user)
	unshare "${namespaces[@]}" sh -ec '
		mount --rbind /dev "$1/dev"
		mount --rbind /proc "$1/proc" # objtool of Linux 7 reads its limits there
		mount --bind "$2" "$1/kernel"
		mount --bind "$3" "$1/modules"
		root=$1
		shift 3
		exec chroot "$root" env -i PATH=/usr/bin LC_ALL=C "$@"' sh "$@"
}
