#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_refusals.sh KERNEL
# rcuscope refuses what it cannot do with the right status and a line that says why. It leaves nothing behind, neither
# files nor anything in the kernel.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

other=$("$VM" kernels | awk -v this="$KERNEL" 'NR > 1 && $1 != this && $2 != "image" { print $1; exit }')
[[ $other ]] || { failed "there is no second kernel to take a module of"; finish; }
other_release=$("$VM" kernels | sed -n "s/^$other .*(\(.*\)).*/\1/p")
tools=(--add "$(command -v bpftool):/usr/sbin/")

# Checks a refusal of record: its status, a pattern that stderr must have, and the rest of its command line. If doctor
# must refuse too, it reports the same.
cat >"$WORK/refuse.sh" <<'EOS'
refused() { # WHAT STATUS PATTERN COMMAND...
	what=$1
	pattern=$3
	shift
	wanted=$1
	shift 2
	before=$(ls -A /tmp /root /out)
	expect_status "$what" "$wanted" "$@"
	cp /tmp/stderr /tmp/refusal
	expect_stderr "$what" "$pattern"
	awk 'NR == 1 && !/^rcuscope: .+: .+/ || NR == 2 && !/^  hint: / || NR > 2 { bad = 1 } END { exit bad || !NR }' /tmp/refusal ||
		{ failed "$what: not one clear line of error"; cat /tmp/refusal; }
	expect_equal "$what: files" "$before" "$(ls -A /tmp /root /out)"
	expect_nothing_left "$what"
}
touch /tmp/stdout /tmp/stderr /tmp/refusal # so that they exist before and after
record='rcuscope record -m /kmod/rcucmap.ko -o /tmp/r.rcu -o /tmp/r.json'
EOS

# A hostile module: the name of a function is a line that the kernel would execute if rcuscope wrote it to
# kprobe_events.
own=$("$VM" modules "$KERNEL")/rcucmap.ko
objcopy --redefine-sym "cmap_get=cmap_get"$'\np:foreign/evil schedule\n#' "$own" "$WORK/evil.ko"

guest "${tools[@]}" --add "$WORK/refuse.sh" --add "$WORK/evil.ko" \
	--add "$("$VM" modules "$other")/rcucmap.ko:/root/other.ko" <<GUEST
. ./refuse.sh
echo 'just text' >/root/text.ko
head -c 3000 /kmod/rcucmap.ko >/root/cut.ko
refused "a module that is not there" 2 no_such_module rcuscope record -m no_such_module -o /tmp/r.rcu -- true
refused "a file that is not there" 2 'nowhere\.ko' rcuscope record -m /root/nowhere.ko -o /tmp/r.rcu -- true
refused "a module of another kernel" 2 '${other_release//+/.}.*'"\$(uname -r | tr + .)" rcuscope record -m /root/other.ko -o /tmp/r.rcu -- true
refused "a text as module" 2 'text\.ko' rcuscope record -m /root/text.ko -o /tmp/r.rcu -- true
refused "half a module" 2 'cut\.ko' rcuscope record -m /root/cut.ko -o /tmp/r.rcu -- true
refused "a folder as module" 2 '/root' rcuscope record -m /root/ -o /tmp/r.rcu -- true
refused "a module twice" 2 'twice' rcuscope record -m /kmod/rcucmap.ko -m /kmod/rcucmap.ko -o /tmp/r.rcu -- true
refused "a command that is not there" 2 '/nonexistent' \$record -- /nonexistent
refused "a command that is not there, without -o .rcu" 2 '/nonexistent' rcuscope record -m /kmod/rcucmap.ko -o /tmp/r.json -- /nonexistent
refused "a command that is no program" 2 'text\.ko' \$record -- /root/text.ko
refused "an unknown format" 2 'r\.unknown' rcuscope record -m /kmod/rcucmap.ko -o /tmp/r.unknown -- true
refused "a folder that is not there" 2 '/nowhere' rcuscope record -m /kmod/rcucmap.ko -o /nowhere/r.rcu -- true
refused "a folder that is not there, for one of two" 2 '/nowhere' rcuscope record -m /kmod/rcucmap.ko -o /tmp/r.rcu -o /nowhere/r.json -- true
refused "a folder that is not there, without -o .rcu" 2 '/nowhere' rcuscope record -m /kmod/rcucmap.ko -o /nowhere/r.json -- true
refused "--until-unload of nothing" 2 'no module' rcuscope record --until-unload -o /tmp/r.rcu -- true
refused "a buffer of no power of two" 2 'power of two' rcuscope record --buffer 5 -o /tmp/r.rcu -- true
refused "an unknown way" 2 'nonsense' rcuscope record --via nonsense -o /tmp/r.rcu -- true

expect_status "a line as a function's name" 0 rcuscope record -m /root/evil.ko -o /out/evil.json -- cp \$TRACEFS/kprobe_events /tmp/placed
grep -q rcucmap: /tmp/placed || failed "a line as a function's name: nothing is placed, so this tests nothing"
! grep -v ':rcuscope_' /tmp/placed || failed "a line as a function's name: it was obeyed"
expect_nothing_left "a line as a function's name"

insmod /kmod/rcucmap.ko reader_ms=1 writer_ms=1
refused "a module that is loaded" 2 'loaded already' \$record -- true
expect_status "doctor beside a loaded module" 0 rcuscope doctor
wait_for "rcucmap's end" rcucmap_done
rmmod rcucmap

expect_status "a command that fails" 1 \$record -- false
expect_stderr "a command that fails" 'false ended with status 1'
[ -s /tmp/r.rcu ] && [ -s /tmp/r.json ] || failed "a command that fails: there is no recording"
expect_nothing_left "a command that fails"
expect_status "a command that fails, until unload" 1 \$record --until-unload -- sh -c 'exit 7'
expect_stderr "a command that fails, until unload" 'ended with status 7'
rm /tmp/r.rcu /tmp/r.json

echo 'root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
as_nobody() { su nobody -s /bin/sh -c "\$*"; }
expect_equal "nobody" 65534 "\$(as_nobody id -u)"
refused "not root" 3 'root' as_nobody "\$record -- true"
expect_stderr "not root" 'hint: .*sudo'
expect_status "doctor, not root" 3 as_nobody rcuscope doctor
grep -q 'Problem: .*not running as root' /tmp/stdout || failed "doctor does not say that it is not root"
expect_status "doctor --json, not root" 3 as_nobody rcuscope doctor --json
cp /tmp/stdout /out/nobody.json

mkdir /run/empty
mount --bind /run/empty /sys/kernel/btf
refused "no BTF" 3 'BTF|type information' \$record -- true
expect_status "doctor, no BTF" 3 rcuscope doctor
grep -qE 'Problem: .*(BTF|type information)' /tmp/stdout || failed "doctor does not say that there is no BTF"
expect_status "doctor --json, no BTF" 3 rcuscope doctor --json
cp /tmp/stdout /out/no-btf.json
umount /sys/kernel/btf

mount --bind /run/empty /sys/devices/system/cpu
refused "no list of CPUs" 3 'CPUs.*cpu/possible' \$record -- true
umount /sys/devices/system/cpu

# A world-writable folder in which another user has placed files, links and pipes.
his() { chown -h 65534:65534 "\$@"; }
mkdir -m 1777 /shared
mkdir /shared/his /root/etc
echo secret >/root/secret
ln -s /root/secret /shared/link.rcu
ln -s /root/secret /shared/link.json
ln -s /root/etc /shared/folder
mkfifo /shared/pipe.rcu
his /shared/his /shared/link.rcu /shared/link.json /shared/folder /shared/pipe.rcu
refused "another user's link" 2 'link\.rcu is a symbolic link that belongs to another user' rcuscope record -o /shared/link.rcu -- true
refused "another user's link, for one of two" 2 'link\.json is a symbolic' rcuscope record -o /tmp/r.rcu -o /shared/link.json -- true
refused "another user's link, of a summary" 2 'link\.json is a symbolic' rcuscope record --mode summary -o /shared/link.json -- true
refused "another user's link in the middle" 2 'folder is a symbolic link' rcuscope record -o /shared/folder/r.rcu -- true
refused "another user's pipe" 2 'it is a pipe that belongs to another user' rcuscope record -o /shared/pipe.rcu -- true
refused "a recording into the module" 2 'it is also an input file' sh -c 'cp /kmod/rcucmap.ko /tmp/m.ko
	ln -s m.ko /tmp/m.rcu
	rcuscope record -m /tmp/m.ko -o /tmp/m.rcu -- true
	status=\$?
	rm /tmp/m.ko /tmp/m.rcu
	exit \$status'

# After all refusals a recording still works, next to these files; with the variables of sudo, the files belong to the
# user who called sudo.
ln -s /root/secret /shared/r.rcu.part
echo his >/shared/r.rcu
chmod 666 /shared/r.rcu
his /shared/r.rcu /shared/r.rcu.part
expect_status "a recording" 0 env SUDO_UID=65533 SUDO_GID=65532 rcuscope record -m /kmod/rcucmap.ko --until-unload \
	-o /shared/r.rcu -o /shared/r.json -- sh -c 'insmod /kmod/rcucmap.ko; rmmod rcucmap'
expect_nothing_left "a recording"
expect_status "a recording without -o .rcu" 0 rcuscope record --quiet -m /kmod/rcucmap.ko -o /shared/his/r.json -- true
expect_equal "files of another user's folder" r.json "\$(ls -A /shared/his)"
expect_equal "root's file" secret "\$(cat /root/secret)"
expect_equal "root's folder" '' "\$(ls -A /root/etc)"
expect_equal "files of everybody's folder" 'folder his link.json link.rcu pipe.rcu r.json r.rcu r.rcu.part' "\$(ls -A /shared | sort | xargs)"
expect_equal "owner and mode of a capture" '65533:65532 600' "\$(stat -c '%u:%g %a' /shared/r.rcu)"
expect_equal "owner and mode of an export" '65533:65532 644' "\$(stat -c '%u:%g %a' /shared/r.json)"
echo 'caller:x:65533:65532::/:/bin/sh' >>/etc/passwd
expect_status "a capture, read by who called sudo" 0 su caller -s /bin/sh -c 'rcuscope info /shared/r.rcu'
expect_status "a capture, read by another" 2 as_nobody rcuscope info /shared/r.rcu
GUEST
check_timeline holds "$OUT/evil.json" \
	'any("foreign/evil" in lack["why"] and "letters, digits" in lack["why"] for lack in capture["missing"])'
for file in nobody no-btf; do
	check_timeline holds "$OUT/$file.json" 'len(problems) == 1' 'all(problems[0][word] for word in ("what", "why", "hint"))'
done
check_timeline holds "$OUT/no-btf.json" 'not btf' 'all(hook["via"] != "fentry" for hook in plan)'

guest "${tools[@]}" --append lockdown=confidentiality --add "$WORK/refuse.sh" <<'GUEST'
. ./refuse.sh
expect_equal "lockdown" 'none integrity [confidentiality]' "$(cat /sys/kernel/security/lockdown)"
refused "lockdown" 3 'lockdown' $record -- true
expect_status "doctor, locked down" 3 rcuscope doctor
grep -q 'Problem: .*lockdown=confidentiality' /tmp/stdout || failed "doctor does not name the lockdown"
expect_status "doctor --json, locked down" 3 rcuscope doctor --json
cp /tmp/stdout /out/lockdown.json
GUEST
check_timeline holds "$OUT/lockdown.json" 'lockdown == "confidentiality"' 'problems'
finish
