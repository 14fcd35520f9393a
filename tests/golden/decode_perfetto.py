#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares a Perfetto trace, as protoc (the protobuf compiler) decodes it, with the expected text.

    decode_perfetto.py PROTOC PROTO TRACE EXPECTED

With RCUSCOPE_UPDATE_GOLDEN=1 in the environment EXPECTED is written instead.
"""
import difflib
import os
import re
import subprocess
import sys


def main(protoc, proto, trace, expected):
    with open(trace, "rb") as file:
        decoded = subprocess.run(
            [protoc, "--proto_path", os.path.dirname(proto), "--decode", "rcuscope.golden.Trace", proto],
            stdin=file, stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
    unknown = re.findall(r"^ *\d+[: ].*", decoded, re.M)
    if unknown:
        print("fields that the format does not have:", *sorted(set(unknown)), sep="\n")
        return 1
    if os.environ.get("RCUSCOPE_UPDATE_GOLDEN"):
        with open(expected, "w", encoding="ascii") as file:
            file.write(decoded)
    with open(expected, encoding="ascii") as file:
        wanted = file.read()
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), decoded.splitlines(True), "golden", "decoded"))
    return int(wanted != decoded)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
