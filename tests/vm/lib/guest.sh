# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The guest's file system: two cpio archives, which the kernel unpacks one after the other. The first is the same for
# all runs of a kernel and is cached.

# The modules that a kernel needs to mount /out. Built-in modules are skipped; dependencies are added.
GUEST_MODULES=(virtio_pci virtio_blk ext4)
# Modules of the same kind that many kernels have built in or do not know: ext4 of the -rt kernels and of 5.10 asks for
# crc32c_generic without naming it as a dependency.
GUEST_MODULES_IF_THERE=(crc32c_generic)

make_cpio() { # FOLDER: newc archive on stdout
	(cd "$1" && find . -mindepth 1 -print0 | cpio --null --create --format=newc --owner=0:0 --quiet)
}

# Copies module NAME of kernel folder KERNEL into FOLDER, uncompressed and after its dependencies, and appends it to
# FOLDER/modules.order. Skips a built-in module. Returns 1 if there is no such module.
add_kernel_module() { # KERNEL NAME FOLDER
	local kernel=$1 name=${2//-/_} folder=$3 pattern file dependency
	[[ ! -e $folder/$name.ko ]] || return 0
	pattern=${name//_/[-_]} # file names use either character
	! grep -qE "/$pattern\.ko$" "$kernel/modules/modules.builtin" || return 0
	file=$(find -L "$kernel/modules/kernel" -name "$pattern.ko*" -print -quit)
	[[ $file ]] || return
	mkdir -p "$folder"
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -dcq "$file" ;;
	*.gz) gzip -dc "$file" ;;
	*) cat "$file" ;;
	esac >"$folder/$name.ko"
	# Reads .modinfo with grep, because the host may lack modinfo.
	while read -r dependency; do
		add_kernel_module "$kernel" "$dependency" "$folder" || return
	done < <(tr '\0' '\n' <"$folder/$name.ko" | grep -a '^depends=' | cut -d= -f2 | tr ',' '\n' | grep .)
	printf '%s.ko\n' "$name" >>"$folder/modules.order"
}

# Sets BASE to the cached archive of kernel NAME: busybox and the modules.
base_ensure() { # NAME
	local kernel busybox key module root
	kernel=$(kernel_folder "$1")
	busybox=$(command -v busybox)
	key=$(cat "$busybox" "$kernel/version" "$HERE/lib/guest.sh" | sha256sum)
	BASE=$CACHE/base/$(file_name "$1")-${key:0:16}.cpio
	[[ ! -f $BASE ]] || return 0
	[[ $(ldd "$busybox" 2>&1) == *"not a dynamic executable"* ]] ||
		fail "$busybox is dynamically linked and cannot be the guest's init; do: apt install busybox-static"
	scratch
	root=$SCRATCH/base
	mkdir -p "$root"/{bin,vm/modules} "$CACHE/base"
	cp "$busybox" "$root/bin/busybox"
	: >"$root/vm/modules/modules.order"
	for module in "${GUEST_MODULES_IF_THERE[@]}"; do
		add_kernel_module "$kernel" "$module" "$root/vm/modules" || true
	done
	for module in "${GUEST_MODULES[@]}"; do
		add_kernel_module "$kernel" "$module" "$root/vm/modules" ||
			fail "the kernel in $kernel has no module $module, which the guest needs for /out"
	done
	# Two processes at the same time create identical files; the last rename wins.
	STAGING=$(mktemp "$CACHE/base/.XXXXXX")
	make_cpio "$root" >"$STAGING"
	mv "$STAGING" "$BASE"
	STAGING=
	rm -rf "$root"
}

# Copies the shared libraries of PROGRAM and the loader into ROOT, at the same paths as on the host.
add_libraries() { # PROGRAM ROOT
	local output library
	# ldd fails for a script, a static program, a module or data: there is nothing to add.
	output=$(ldd "$1" 2>/dev/null) || return 0
	[[ $output != *"not found"* ]] || fail "$1 needs libraries that are not on this machine: $(grep 'not found' <<<"$output" | awk '{ print $1 }' | paste -sd' ')"
	# The loader's cache, for libraries outside the default folders.
	if [[ -r /etc/ld.so.cache ]]; then
		mkdir -p "$2/etc"
		cp /etc/ld.so.cache "$2/etc/"
	fi
	while read -r library; do
		[[ ! -e $2$library ]] || continue
		mkdir -p "$2${library%/*}"
		cp -L "$library" "$2$library"
	done < <(grep -oE '(^|[[:space:]])/[^[:space:]]+ \(0x' <<<"$output" | awk '{ print $1 }')
}

# Copies the modules of --kernel-module to where the guest's modprobe finds them.
add_wanted_modules() { # NAME-OF-KERNEL ROOT MODULE...
	local kernel root=$2 module release
	kernel=$(kernel_folder "$1")
	release=$(<"$kernel/release")
	for module in "${@:3}"; do
		add_kernel_module "$kernel" "$module" "$root/lib/modules/$release" ||
			usage_error "--kernel-module $module: $1 has no such module; $kernel/modules is what it has"
	done
}

# Handles one --add: FILE or FILE:GUESTPATH. The default path is /root, where the commands start.
add_file() { # FILE[:GUESTPATH] ROOT
	local file=${1%%:*} path='' name
	[[ $1 != *:* ]] || path=${1#*:}
	[[ -e $file ]] || usage_error "--add $1: there is no $file"
	name=$(basename -- "$(realpath -s -- "$file")")
	case $path in
	'') path=/root/$name ;;
	*/) path+=$name ;;
	esac
	case $path in
	/proc/* | /sys/* | /dev/* | /tmp/* | /run/* | /out/*)
		usage_error "--add $1: the guest mounts something over /$(cut -d/ -f2 <<<"$path"); take another guest path" ;;
	/*) ;;
	*) usage_error "--add $1: the guest path must begin with /" ;;
	esac
	mkdir -p "$2${path%/*}"
	cp -RL --preserve=mode -T -- "$file" "$2$path"
	if [[ -f $file && -x $file ]]; then
		add_libraries "$file" "$2"
	fi
}

# Sets RCUSCOPE_BINARY. A program that was named must exist.
# shellcheck disable=SC2034 # for vm
find_rcuscope() { # PATH-OR-EMPTY
	local named=${1:-${RCUSCOPE:-}} place
	RCUSCOPE_BINARY=
	if [[ $named ]]; then
		[[ -f $named && -x $named ]] || usage_error "$named is not a program; build rcuscope, or name another with --rcuscope"
		RCUSCOPE_BINARY=$named
		return
	fi
	for place in release/tracer release debug/tracer debug; do
		if [[ -f $PROJECT/build/$place/rcuscope && -x $PROJECT/build/$place/rcuscope ]]; then
			RCUSCOPE_BINARY=$PROJECT/build/$place/rcuscope
			return
		fi
	done
	note "found no rcuscope below $PROJECT/build; the commands run without it"
}
