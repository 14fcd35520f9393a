# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The kernels of the bench, and how each comes into the cache.
#
# One line per kernel: its name, its kind, and what the kind wants to know.
# A kind KIND is a function populate_KIND FOLDER SPEC... that fills FOLDER with
#   vmlinuz    the image QEMU boots
#   release    what uname -r says there
#   version    what people are told it is
#   modules    link to its module folder (with modules.builtin and kernel/)
#   headers    link to the build folder for external modules
# FOLDER is renamed afterwards: links inside it must be relative.
#
#   fetched: Debian packages. SPEC is the suites (comma-separated) and the
#            flavour; the metapackages linux-{image,headers}-FLAVOUR tell the
#            current version.
KERNELS=(
	'debian-6.1   fetched  bookworm,bookworm-security  cloud-amd64'
	'debian-6.12  fetched  bookworm-backports          cloud-amd64'
)
# shellcheck disable=SC2034 # for vm
DEFAULT_KERNEL=debian-6.1

# Changed when the layout above changes, so that older caches are not misread.
LAYOUT=1

kernel_folder() { printf '%s/kernels-%s/%s\n' "$CACHE" "$LAYOUT" "$1"; }

kernel_names() { printf '%s\n' "${KERNELS[@]}" | awk '{ print $1 }'; }

# Sets KERNEL_KIND and KERNEL_SPEC.
kernel_lookup() { # NAME
	local line name
	for line in "${KERNELS[@]}"; do
		read -r name KERNEL_KIND KERNEL_SPEC <<<"$line"
		[[ $name == "$1" ]] && return
	done
	usage_error "no kernel is called '$1'; there are: $(kernel_names | paste -sd' ')"
}

kernel_list() {
	local name folder
	printf '%-14s %-9s %s\n' NAME KIND VERSION
	while read -r name; do
		kernel_lookup "$name"
		folder=$(kernel_folder "$name")
		if [[ -d $folder ]]; then
			printf '%-14s %-9s %s (%s), cached\n' "$name" "$KERNEL_KIND" "$(<"$folder/version")" "$(<"$folder/release")"
		else
			printf '%-14s %-9s not cached; the first use, or vm fetch %s, gets it\n' "$name" "$KERNEL_KIND" "$name"
		fi
	done < <(kernel_names)
}

# Makes sure NAME is in the cache. A folder under its final name is whole: it
# is filled under another name and renamed.
kernel_ensure() { # NAME
	kernel_lookup "$1"
	local folder spec
	folder=$(kernel_folder "$1")
	[[ -d $folder ]] && return
	lock "kernel-$1"
	if [[ ! -d $folder ]]; then
		mkdir -p "${folder%/*}"
		# Left by a vm that was killed outright; the lock says nobody is filling it.
		rm -rf "${folder%/*}/.$1".??????
		STAGING=$(mktemp -d "${folder%/*}/.$1.XXXXXX")
		chmod 755 "$STAGING"
		read -ra spec <<<"$KERNEL_SPEC"
		"populate_$KERNEL_KIND" "$STAGING" "${spec[@]}"
		mv -T "$STAGING" "$folder"
		STAGING=
		note "$1 is now in the cache: $(<"$folder/version")"
	fi
	unlock
}

# apt with a state of its own: neither what is installed on the machine nor its
# preferences matter, and no privileges are needed. The machine's apt.conf
# still counts, because proxies and certificates stand there.
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
	# Sandbox user: apt run by root would go over to _apt, which cannot read
	# a cache below /root.
}

# Where the machine itself gets SUITE from. A suite of the main archive that is
# not configured is taken from the place of the suite it belongs to.
archive_of() { # SUITE
	local targets
	# shellcheck disable=SC2016 # apt's variables
	targets=$(apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(REPO_URI)') || return
	awk -v suite="$1" '$1 == "Packages" && $2 == suite { print $3; exit }' <<<"$targets" | grep . ||
		awk -v suite="${1%-backports}" '$1 == "Packages" && $2 == suite { print $3; exit }' <<<"$targets" | grep .
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
			fail "this machine's apt does not know the suite ${suite%-backports}; add it to /etc/apt/sources.list.d and run apt-get update"
		fi
	done
}

depends_of() { # ROOT PACKAGE: one name per line, first alternatives only
	private_apt "$1" apt-cache show --no-all-versions "$2" |
		sed -n 's/^Depends: //p' | tr ',' '\n' | awk '{ print $1 }'
}

populate_fetched() { # FOLDER SUITES FLAVOUR
	local folder=$1 suites=$2 flavour=$3
	need apt-get dpkg-deb xz
	[[ -r $DEBIAN_KEYRING ]] || fail "$DEBIAN_KEYRING is missing; do: apt install debian-archive-keyring"
	note "fetching Debian's current linux-image-$flavour of $suites (about 45 MB)"

	local root=$folder/.apt
	mkdir -p "$root"/{lists,cache/archives}/partial "$root/none" "$root/debs"
	: >"$root/status"
	write_sources "$suites" >"$root/sources.list"
	private_apt "$root" apt-get update >"$root/log" 2>&1 ||
		fail "apt-get update failed for $suites: $(tail -n 3 "$root/log")"

	local image headers packages
	image=$(depends_of "$root" "linux-image-$flavour" | grep -m1 '^linux-image-') ||
		fail "the package linux-image-$flavour is not in $suites"
	headers=$(depends_of "$root" "linux-headers-$flavour" | grep -m1 '^linux-headers-') ||
		fail "the package linux-headers-$flavour is not in $suites"
	mapfile -t packages < <(depends_of "$root" "$headers" | grep -E '^linux-(headers|kbuild)-')
	(cd "$root/debs" && private_apt "$root" apt-get download "$image" "$headers" "${packages[@]}") >"$root/log" 2>&1 ||
		fail "downloading $image failed: $(tail -n 3 "$root/log")"
	local package
	for package in "$root"/debs/*.deb; do
		dpkg-deb -x "$package" "$folder" || fail "cannot unpack $package; is the disk full?"
	done

	local release=${image#linux-image-}
	printf '%s\n' "$release" >"$folder/release"
	dpkg-deb -f "$root/debs/${image}"_*.deb Version >"$folder/version"
	ln -s "boot/vmlinuz-$release" "$folder/vmlinuz"
	ln -s "lib/modules/$release" "$folder/modules"
	ln -s "usr/src/$headers" "$folder/headers"
	relocate_headers "$folder" "$headers"
	rm -rf "$root"
}

# The packages are made for /usr/src. Two things in them are absolute: the
# Makefile's include, and the links from the module folder. Kbuild finds the
# rest from where the included Makefile is.
relocate_headers() { # FOLDER HEADERS
	sed -i 's|^include /usr/src/|include ../|' "$1/usr/src/$2/Makefile"
	rm -f "$1/modules/build" "$1/modules/source"
	! grep -q '/usr/src' "$1/usr/src/$2/Makefile" ||
		fail "$2/Makefile holds a path that relocate_headers does not know; it has to be taught"
}
