# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The kernels of the bench, and how each gets into the cache.
#
# One line per kernel: its name, its kind, and the SPEC of the kind. A kind KIND is a function populate_KIND FOLDER
# SPEC... that fills FOLDER with
#   vmlinuz    the image that QEMU boots
#   release    the output of uname -r
#   version    the version for messages to the user
#   modules    link to its module folder (with modules.builtin and kernel/)
#   headers    link to the build folder for external modules
# FOLDER is renamed afterwards, so links inside it must be relative. Different kernels need different versions,
# because the caches of what is built for a kernel use the version as their key. A kind may also have key_KIND
# SPEC..., which prints a hash of the inputs of the kernel: the kernel is built again when it changes. prepare_KIND
# SPEC... is called before key_KIND.
#
#   fetched: Debian packages. SPEC is the suites (comma-separated), the flavour
#            and, if it is not the current one, the version that the release
#            begins with. The metapackages linux-{image,headers}-FLAVOUR name the
#            current version.
#   image:   like fetched, without headers: no modules are built for it.
#   built:   Debian's source, configured by fragments in kernels/. SPEC is the
#            suites, the source's package (linux-source: the newest), the
#            fragments (lib/built.sh).
#   foreign: like fetched, for another Debian release than this machine's, with
#            a root of that release in which modules are built. SPEC is the
#            suites, the flavour, the compiler, the version (lib/foreign.sh).
KERNELS=(
	'debian-5.10        image    bullseye,bullseye-security  cloud-amd64'
	'debian-6.1         fetched  bookworm,bookworm-security  cloud-amd64'
	'debian-6.1-rt      fetched  bookworm,bookworm-security  rt-amd64'
	'debian-6.12        foreign  trixie,trixie-security      cloud-amd64  gcc-14'
	'debian-6.12-rt     foreign  trixie,trixie-security      rt-amd64     gcc-14'
	'debian-7.2         foreign  trixie-backports            cloud-amd64  gcc-14  7.2'
	'debian-newest      foreign  trixie-backports            cloud-amd64  gcc-14'
	'debian-newest-rt   foreign  trixie-backports            rt-amd64     gcc-14'
	'rcu-trace-6.1      built    bookworm,bookworm-security  linux-source-6.1  rcu-trace'
	'rcu-voluntary-6.1  built    bookworm,bookworm-security  linux-source-6.1  rcu-trace voluntary'
	'rcu-trace-newest   built    trixie-backports            linux-source      rcu-trace newer'
	'rcu-lazy-newest    built    trixie-backports            linux-source      rcu-trace newer lazy'
	'fedora-like        built    trixie-backports            linux-source      rcu-trace newer fedora-like'
	'arch-like          built    trixie-backports            linux-source      rcu-trace newer arch-like'
)
# shellcheck disable=SC2034 # for vm
DEFAULT_KERNEL=debian-6.1

# Part of the cache path. Increase it when the layout above changes, so that older caches are not misread.
LAYOUT=1

kernel_folder() ( # NAME; runs in a subshell, so the caller's KERNEL_* variables stay as they are
	kernel_lookup "$1"
	printf '%s/kernels-%s/%s\n' "$CACHE" "$LAYOUT" "$(file_name "$1")${KERNEL_KEY:+-$KERNEL_KEY}"
)

# Prints the path of a cached kernel's configuration: Debian's packages have it in /boot and, since Linux 7, beside the
# modules.
kernel_config() { # NAME
	local folder file
	folder=$(kernel_folder "$1")
	for file in "$folder"/config "$folder/boot/config-$(<"$folder/release")" "$folder/modules/config"; do
		[[ ! -f $file ]] || { printf '%s\n' "$file"; return; }
	done
	fail "the bench has no configuration of $1"
}

# A kernel's NAME as a part of file names: QEMU gives commas and colons a meaning.
file_name() { printf '%s\n' "${1//[:,]/-}"; } # NAME

kernel_names() { printf '%s\n' "${KERNELS[@]}" | awk '{ print $1 }'; }

# Sets KERNEL_NAME, KERNEL_KIND, KERNEL_SPEC and KERNEL_KEY (empty: the kind has no key). NAME is one of the names above,
# or image:SUITES:FLAVOUR[:VERSION] for any other kernel of Debian's.
kernel_lookup() { # NAME
	local line spec lines=("${KERNELS[@]}")
	[[ $1 != image:*:* ]] || lines=("$1 ${1//:/ }")
	for line in "${lines[@]}"; do
		read -r KERNEL_NAME KERNEL_KIND spec <<<"$line"
		[[ $KERNEL_NAME == "$1" ]] || continue
		read -ra KERNEL_SPEC <<<"$spec"
		KERNEL_KEY=
		! is_function "key_$KERNEL_KIND" || KERNEL_KEY=$("key_$KERNEL_KIND" "${KERNEL_SPEC[@]}")
		return
	done
	usage_error "no kernel is called '$1'; there are: $(kernel_names | paste -sd' ')"
}

is_function() { declare -F "$1" >/dev/null; }

kernel_list() {
	local name folder
	printf '%-18s %-8s %s\n' NAME KIND VERSION
	while read -r name; do
		kernel_lookup "$name"
		folder=$(kernel_folder "$name")
		if [[ -d $folder ]]; then
			printf '%-18s %-8s %s (%s), cached\n' "$name" "$KERNEL_KIND" "$(<"$folder/version")" "$(<"$folder/release")"
		else
			printf '%-18s %-8s not cached; the first use, or vm fetch %s, gets it\n' "$name" "$KERNEL_KIND" "$name"
		fi
	done < <(kernel_names)
}

# A folder in the cache under its final name is complete: it is filled as STAGING and renamed at the end.
stage() { # FOLDER; the caller holds its lock
	mkdir -p "${1%/*}"
	# Left by a vm that was killed outright. The lock guarantees that no other process fills it.
	rm -rf "${1%/*}/.${1##*/}".??????
	STAGING=$(mktemp -d "${1%/*}/.${1##*/}.XXXXXX")
	chmod 755 "$STAGING"
}

unstage() { # FOLDER
	mv -T "$STAGING" "$1"
	STAGING=
}

# Makes sure that FOLDER is in the cache. If it is missing, FUNCTION fills STAGING; LOCK lets one vm at a time do so.
ensure_cached() { # FOLDER LOCK FUNCTION ARGUMENT...
	local folder=$1
	if [[ -d $folder ]]; then
		touch "$folder"
		return
	fi
	lock "$2"
	if [[ ! -d $folder ]]; then
		stage "$folder"
		"${@:3}"
		unstage "$folder"
	fi
	unlock
}

# Makes sure that kernel NAME is in the cache.
kernel_ensure() { # NAME
	kernel_lookup "$1"
	if is_function "prepare_$KERNEL_KIND"; then
		"prepare_$KERNEL_KIND" "${KERNEL_SPEC[@]}"
		kernel_lookup "$1"
	fi
	ensure_cached "$(kernel_folder "$1")" "kernel-$(file_name "$1")" kernel_fill "$1"
}

kernel_fill() { # NAME
	local name
	name=$(file_name "$1")
	"populate_$KERNEL_KIND" "$STAGING" "${KERNEL_SPEC[@]}"
	# Removes builds with other keys that have been unused for a week.
	[[ -z $KERNEL_KEY ]] ||
		find "${STAGING%/*}" -mindepth 1 -maxdepth 1 -mtime +7 \( -name "$name-*" -o -name ".$name-*" \) -exec rm -rf {} +
	note "$1 is now in the cache: $(<"$STAGING/version")"
}

# Runs apt with a separate state: the packages installed on the machine and its preferences do not matter, and no
# privileges are needed. The machine's apt.conf still applies, because it has proxies and certificates.
private_apt() { # ROOT PROGRAM ARGUMENT...
	local root=$1 program=$2
	shift 2
	"$program" -q \
		-o Dir::State="$root" -o Dir::State::status="$root/status" \
		-o Dir::Cache="$root/cache" \
		-o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts="$root/none" \
		-o Dir::Etc::preferences="$root/none" -o Dir::Etc::preferencesparts="$root/none" \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o APT::Sandbox::User="$(id -un)" "$@"
	# Sandbox user: as root, apt would switch to the user _apt, who cannot read a cache below /root.
}

# Prints the URI from which this machine's apt gets SUITE. For a suite that is not configured it prints the URI of
# another suite of the same archive: Debian has one archive for suites called -security and one for all others.
archive_of() { # SUITE
	local targets label=Debian
	[[ $1 != *-security ]] || label=Debian-Security
	# shellcheck disable=SC2016 # apt's variables
	targets=$(apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(REPO_URI) $(LABEL)') || return
	awk -v suite="$1" '$1 == "Packages" && $2 == suite { print $3; exit }' <<<"$targets" | grep . ||
		awk -v label="$label" '$1 == "Packages" && $4 == label { print $3; exit }' <<<"$targets" | grep .
}

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

write_sources() { # SUITES
	local suite uri
	local -i found=0
	for suite in ${1//,/ }; do
		if uri=$(archive_of "$suite"); then
			printf 'deb [arch=amd64 lang=none target=Packages signed-by=%s] %s %s main\n' "$DEBIAN_KEYRING" "$uri" "$suite"
			found+=1
		elif ((found)); then
			note "this machine's apt does not know $suite; going on without it"
		else
			fail "this machine's apt knows neither the suite $suite nor another of Debian's; add one to /etc/apt/sources.list.d and run apt-get update"
		fi
	done
}

# Creates a private apt root for SUITES, with their package lists.
apt_begin() { # ROOT SUITES
	local root=$1 suites=$2
	need apt-get dpkg-deb
	[[ -r $DEBIAN_KEYRING ]] || fail "$DEBIAN_KEYRING is missing; do: apt install debian-archive-keyring"
	mkdir -p "$root"/{lists,cache/archives}/partial "$root/none" "$root/debs"
	: >"$root/status"
	write_sources "$suites" >"$root/sources.list"
	private_apt "$root" apt-get update >"$root/log" 2>&1 ||
		fail "apt-get update failed for $suites: $(tail -n 3 "$root/log")"
}

apt_download() { # ROOT PACKAGE...: into ROOT/debs
	local root=$1
	shift
	(cd "$root/debs" && private_apt "$root" apt-get download "$@") >"$root/log" 2>&1 ||
		fail "downloading $1 failed: $(tail -n 3 "$root/log")"
}

depends_of() { # ROOT PACKAGE: one name per line, first alternatives only
	private_apt "$1" apt-cache show --no-all-versions "$2" |
		sed -n 's/^Depends: //p' | tr ',' '\n' | awk '{ print $1 }'
}

# Sets IMAGE and PACKAGES: the package linux-image-RELEASE, and the packages that have its files. Since Linux 7 they are
# several: linux-binary-RELEASE has the image, linux-modules-RELEASE the modules, linux-base-RELEASE their lists.
find_image() { # ROOT SUITES FLAVOUR VERSION-OR-EMPTY
	if [[ $4 ]]; then
		IMAGE=$(private_apt "$1" apt-cache pkgnames "linux-image-$4." | grep -E -- "^linux-image-[^-]*-$3\$" | sort -V | tail -n 1)
		[[ $IMAGE ]] || fail "no kernel $4 of flavour $3 is in $2"
	else
		IMAGE=$(depends_of "$1" "linux-image-$3" | grep -m1 '^linux-image-') ||
			fail "the package linux-image-$3 is not in $2"
	fi
	PACKAGES=("$IMAGE")
	local name
	for name in $(depends_of "$1" "$IMAGE" | grep -E -- "^linux-(base|binary|modules)-.*-$3\$"); do
		# Images of Linux 6.17 to 6.19 depend on a linux-base-RELEASE that may be gone. The bench needs none of its files.
		[[ $name == linux-base-* && ! $(private_apt "$1" apt-cache madison "$name") ]] || PACKAGES+=("$name")
	done
}

# Adds the packages with the headers for IMAGE to PACKAGES, and sets HEADERS.
find_headers() { # ROOT
	local needed
	HEADERS=linux-headers-${IMAGE#linux-image-}
	needed=$(depends_of "$1" "$HEADERS") || fail "the package $HEADERS does not exist"
	mapfile -t -O "${#PACKAGES[@]}" PACKAGES < <(printf '%s\n' "$HEADERS" && grep -E '^linux-(headers|kbuild)-' <<<"$needed")
}

# Links the kernel's image and modules to where the bench expects them.
place_image() { # FOLDER ROOT
	local folder=$1 root=$2 release=${IMAGE#linux-image-} modules vmlinuz
	printf '%s\n' "$release" >"$folder/release"
	dpkg-deb -f "$root/debs/${IMAGE}"_*.deb Version >"$folder/version"
	modules=lib/modules/$release
	[[ -d $folder/$modules ]] || modules=usr/$modules # from trixie on
	ln -s "$modules" "$folder/modules"
	vmlinuz=boot/vmlinuz-$release
	[[ -f $folder/$vmlinuz ]] || vmlinuz=$modules/vmlinuz # since Linux 7
	ln -s "$vmlinuz" "$folder/vmlinuz"
}

populate_image() { # FOLDER SUITES FLAVOUR [VERSION]
	populate_packages "$1" "$2" "$3" "${4:-}" ''
}

populate_fetched() { # FOLDER SUITES FLAVOUR [VERSION]
	populate_packages "$1" "$2" "$3" "${4:-}" headers
}

populate_packages() { # FOLDER SUITES FLAVOUR VERSION-OR-EMPTY headers-OR-EMPTY
	local IMAGE HEADERS PACKAGES package folder=$1 root=$1/.apt
	need xz
	note "fetching Debian's linux-image-$3 ${4:+$4 }of $2${5:+ and its headers} (30 to 45 MB)"
	apt_begin "$root" "$2"
	find_image "$root" "$2" "$3" "$4"
	[[ ! $5 ]] || find_headers "$root"
	apt_download "$root" "${PACKAGES[@]}"
	for package in "$root"/debs/*.deb; do
		dpkg-deb -x "$package" "$folder" || fail "cannot unpack $package; is the disk full?"
	done
	place_image "$folder" "$root"
	if [[ $5 ]]; then
		ln -s "usr/src/$HEADERS" "$folder/headers"
		relocate_headers "$folder" "$HEADERS"
	fi
	rm -rf "$root"
}

# archive_version_KIND prints the version that the archive has of the looked-up kernel, and origin_KIND the folder of the
# cache that has what comes from there, with its version.
archive_version_image() { # ROOT SUITES FLAVOUR [VERSION]
	local IMAGE PACKAGES
	apt_begin "$1" "$2"
	find_image "$1" "$2" "$3" "${4:-}"
	private_apt "$1" apt-cache show --no-all-versions "$IMAGE" | sed -n 's/^Version: //p'
}
archive_version_fetched() { archive_version_image "$@"; }

origin_image() { kernel_folder "$1"; } # NAME
origin_fetched() { kernel_folder "$1"; }
origin_foreign() { kernel_folder "$1"; }

# The cache keeps a kernel until its SPEC changes. "vm update" gets what the archive has in its place.
key_image() { printf '%s\n' "$@" | sha256sum | head -c 8; }
key_fetched() { key_image "$@"; }
key_foreign() { key_image "$@"; }

# The packages are made for /usr/src. These paths in them are absolute: the included Makefile and, since Linux 7,
# KBUILD_OUTPUT, and the links from the module folder. Kbuild derives all other paths from the included Makefile.
relocate_headers() { # FOLDER HEADERS
	local makefile=$1/usr/src/$2/Makefile
	# shellcheck disable=SC2016 # make's variables
	sed -i -e 's|^include /usr/src/|include ../|' \
		-e "s|^\(.*KBUILD_OUTPUT.*=\) */usr/src/$2\$|\1 \$(CURDIR)|" "$makefile"
	rm -f "$1/modules/build" "$1/modules/source"
	! grep -q '/usr/src' "$makefile" || fail "$2/Makefile holds a path that relocate_headers does not know; it has to be taught"
}
