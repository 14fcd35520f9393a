# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# Runs in the guest of cost.sh: the load by itself and under each tracer. The runs alternate, so that any change over
# time affects all of them alike. Needs: TOOLS ROUNDS LASTS THREADS CPUS

# shellcheck source=tests/bench/peers.guest.sh
. /root/peers.guest.sh

# Measures the size of an empty recording. It also takes the extra time of each tool's first run.
for tool in none $TOOLS; do
	measure "$tool" "$tool-empty" threads=0
done
round=0
while [ "$round" -lt "$ROUNDS" ]; do
	round=$((round + 1))
	for tool in none $TOOLS; do
		measure "$tool" "$tool-$round" rate=0 pending=262144 threads="$THREADS" cpus="$CPUS"
		echo "round $round, $tool: $(grep invoked_per_second "/out/$tool-$round.run")"
	done
done
