#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: holders_known.py FILE...
Checks that the holder is unknown for less than 1 of 20 grace periods over 50 ms in the tests' loads. Each test has left
a tally (lib/timeline.py) in one of the files.
"""
import json
import pathlib
import sys

FEWEST = 100 # the smallest number with a meaning


def main(files):
    tallies = [json.loads(file.read_text(encoding="utf-8")) for file in map(pathlib.Path, files) if file.exists()]
    recordings = [recording for tally in tallies for recording in tally.values()]
    held = sum(recording["long"] for recording in recordings)
    unknown = [text for recording in recordings for text in recording["unknown"]]
    print(f"{held} grace periods over 50 ms in {len(recordings)} recordings; of {len(unknown)} the holder is not known")
    for text in unknown[:50]:
        print(f"  {text}")
    if held < FEWEST:
        print("FAILED: too few to tell; the other tests of this folder leave them")
        return 1
    if 20 * len(unknown) >= held:
        print("FAILED: that is not less than one of 20")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
