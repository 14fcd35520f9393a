#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: btf_offset.py BTF STRUCT MEMBER
Prints the offset in bytes of a member of a structure, from a kernel's BTF."""
import json
import subprocess
import sys

dump = subprocess.run(
    ["bpftool", "--json", "btf", "dump", "file", sys.argv[1]], check=True, capture_output=True, text=True
)
for each in json.loads(dump.stdout)["types"]:
    if each["kind"] == "STRUCT" and each["name"] == sys.argv[2]:
        for member in each["members"]:
            if member["name"] == sys.argv[3]:
                print(member["bits_offset"] // 8)
                sys.exit()
sys.exit(f"struct {sys.argv[2]} has no member {sys.argv[3]}")
