#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: rates.py WHAT HITS RUNS RATE
Checks a result that depends on a race: prints how often it came, with the 98 % interval of its rate (Clopper-Pearson).
Exit status 1 if all of the interval is below RATE, or if there were no runs. A true rate of RATE fails once in a hundred.
"""
import math
import sys

TAIL = 0.01 # of each side


def at_most(hits, runs, rate):
    """The probability of so few hits"""
    return sum(math.comb(runs, k) * rate**k * (1 - rate)**(runs - k) for k in range(hits + 1))


def root(falling, wanted):
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > wanted else (low, middle)
    return low


def interval(hits, runs):
    low = root(lambda rate: at_most(hits - 1, runs, rate), 1 - TAIL) if hits > 0 else 0.0
    high = root(lambda rate: at_most(hits, runs, rate), TAIL) if hits < runs else 1.0
    return low, high


def main(what, hits, runs, rate):
    hits, runs, rate = int(hits), int(runs), float(rate)
    if not 0 <= hits <= runs or runs == 0:
        print(f"{what}: {hits} of {runs}: there is no rate")
        return 1
    low, high = interval(hits, runs)
    print(f"{what}: {hits} of {runs}, a rate of {low:.2f} to {high:.2f}; expected: {rate:.2f}")
    return 0 if high >= rate else 1


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
