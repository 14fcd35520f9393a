#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_kernel_modules.sh KERNEL
# Modules of the kernel's own package, which are independent of this project, are loaded, used and unloaded under the
# recorder. Their callbacks must match what a tracefs kprobe on call_rcu() saw, and the verdict on each must match its
# source.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

modules=(sit vxlan macsec wireguard bridge macvlan sch_taprio act_ct)
# Modules that are needed in use and are not dependencies.
beside=(dummy veth cls_matchall sch_ingress gcm ctr ghash_generic aes_generic)
options=()
for tool in ip tc bridge; do
	path=$(command -v "$tool") || failed "$tool is missing; do: apt install iproute2"
	options+=(--add "$path:/usr/sbin/$tool")
done
for module in "${modules[@]}" "${beside[@]}"; do
	options+=(--kernel-module "$module")
done

guest "${options[@]}" <<GUEST
cat >/root/use.sh <<'SCRIPT'
. /root/guest_check.sh
tool() { # PATH ARGUMENT...
	"\$@" || failed "\$*"
}
# The tools of iproute2; busybox has its own.
ip() { tool /usr/sbin/ip "\$@"; }
tc() { tool /usr/sbin/tc "\$@"; }
bridge() { tool /usr/sbin/bridge "\$@"; }

use_sit() {
	ip tunnel add sit1 mode isatap local 192.0.2.1
	for host in 7 8 9; do ip tunnel prl dev sit1 prl-default 192.0.2.\$host; done
	ip tunnel prl dev sit1 prl-delete 192.0.2.7
	ip tunnel del sit1
}
use_vxlan() {
	ip link add vx0 type vxlan id 42 dstport 4789 dev v0 local 192.0.2.1
	ip link set vx0 up
	for host in 1 2 3 4; do bridge fdb add 00:11:22:33:44:5\$host dev vx0 dst 192.0.2.\$host; done
	bridge fdb del 00:11:22:33:44:51 dev vx0
	ip link del vx0
}
use_macsec() {
	ip link add link v0 macsec0 type macsec encrypt on
	ip macsec add macsec0 tx sa 0 pn 1 on key 01 12345678901234567890123456789012
	ip macsec add macsec0 rx address 00:11:22:33:44:55 port 1
	ip macsec add macsec0 rx address 00:11:22:33:44:55 port 1 sa 0 pn 1 on key 02 09876543210987654321098765432109
	ip link set macsec0 up
	ip link del macsec0
}
use_wireguard() {
	ip link add wg0 type wireguard
	ip link set wg0 up
	ip link del wg0
}
use_bridge() {
	ip link add br0 type bridge
	ip link set v1 master br0
	ip link set br0 up
	for host in 1 2 3; do bridge fdb add 00:11:22:33:44:6\$host dev v1 master static; done
	bridge fdb del 00:11:22:33:44:61 dev v1 master
	ip link set v1 nomaster
	ip link del br0
}
use_macvlan() {
	ip link add link v0 mv0 type macvlan mode source
	for host in 1 2 3; do ip link set mv0 type macvlan macaddr add 00:11:22:33:44:7\$host; done
	ip link set mv0 type macvlan macaddr del 00:11:22:33:44:71
	ip link del mv0
}
use_sch_taprio() {
	tc qdisc replace dev v0 parent root handle 100 taprio num_tc 3 map 2 2 1 0 2 2 2 2 2 2 2 2 2 2 2 2 \\
		queues 1@0 1@1 2@2 base-time 1000000000 sched-entry S 01 300000 sched-entry S 02 300000 \\
		sched-entry S 04 400000 clockid CLOCK_TAI
	tc qdisc del dev v0 root
}
use_act_ct() {
	tc qdisc add dev v0 clsact
	tc actions add action ct zone 5 index 1
	tc actions change action ct zone 6 index 1
	tc filter add dev v0 ingress matchall action ct index 1
	tc filter del dev v0 ingress
	tc actions del action ct index 1
	tc qdisc del dev v0 clsact
}

for module in ${modules[*]}; do
	modprobe \$module || failed "modprobe \$module"
	# The symbols exist only while the module is loaded.
	grep "\\[\$module\\]" /proc/kallsyms >/out/\$module.symbols
	use_\$module
	rmmod \$module || failed "rmmod \$module"
done
SCRIPT

for module in ${beside[*]}; do
	# Some kernels have it built in.
	[ ! -e "/lib/modules/\$(uname -r)/\$module.ko" ] || modprobe \$module || failed "modprobe \$module"
done
ip=/usr/sbin/ip
\$ip link add v0 numtxqueues 4 numrxqueues 4 type veth peer name v1 numtxqueues 4 numrxqueues 4
\$ip addr add 192.0.2.1/24 dev v0
\$ip link set v0 up
\$ip link set v1 up

# The witness: kprobes record the caller and the function of each call in a ring of their own.
mkdir $FTRACE
echo 4096 >$FTRACE/buffer_size_kb
echo boot >$FTRACE/trace_clock
for function in call_rcu call_rcu_hurry kvfree_call_rcu; do
	! grep -q " \$function\$" /proc/kallsyms ||
		echo "p:witness/\$function \$function head=%di func=%si caller=+0(%sp)" >>\$TRACEFS/kprobe_events
done
echo 1 >$FTRACE/events/witness/enable
expect_status record 0 rcuscope record $(printf -- "-m /lib/modules/\$(uname -r)/%s.ko " "${modules[@]}") --no-functions --until-unload \\
	-o /out/run.rcu -o /out/run.json -- sh /root/use.sh
cp /tmp/stdout /out/stdout
cp /tmp/stderr /out/stderr
grep FAILED /tmp/stdout
cat $FTRACE/trace >/out/witness
echo 0 >$FTRACE/events/witness/enable
rmdir $FTRACE
>\$TRACEFS/kprobe_events
expect_nothing_left record
GUEST
check_timeline valid "$OUT/run.json"
expect "the kernel's modules" "$TESTS_VM/lib/kernel_modules.py" "$OUT" "${modules[@]}"
finish
