# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# Runs in the guest of loss.sh: the load under each tracer, at each rate, then in bursts, each twice as large as the one
# before. Needs: TOOLS RATES BURSTS LASTS THREADS CPUS

# shellcheck source=tests/bench/peers.guest.sh
. /root/peers.guest.sh

# A rate that the machine cannot reach gives the same result as the one before.
reached() { # NAME RATE
	[ $(($(sed -n 's/^invoked_per_second=//p' "/out/$1.run") * 10)) -ge $(($2 * THREADS * 7)) ]
}

for tool in $TOOLS; do
	for rate in $RATES; do
		measure "$tool" "$tool-rate-$rate" rate="$rate" threads="$THREADS" cpus="$CPUS"
		echo "$tool at $rate/s: $(grep invoked_per_second "/out/$tool-rate-$rate.run")"
		reached "$tool-rate-$rate" "$rate" || break
	done
	for burst in $BURSTS; do
		measure "$tool" "$tool-burst-$burst" burst="$burst" pending="$burst" pause_ms=1000 threads="$THREADS" cpus="$CPUS"
		echo "$tool, bursts of $burst: $(grep queued= "/out/$tool-burst-$burst.run")"
	done
done
