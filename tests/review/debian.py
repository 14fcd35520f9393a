#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the findings of review in modules of Debian's kernels, as rows of the table in docs/review.md.

    debian.py RCUSCOPE NAME=FOLDER...            prints the rows
    debian.py --check RCUSCOPE NAME=FOLDER...    compares them with docs/review.md: exit code 1 if they differ

NAME is the kernel's name in the table, FOLDER contains the modules of its package. Packages need not be installed:
apt-get download linux-image-VERSION-unsigned && dpkg -x linux-image-*.deb FOLDER. The table has only findings whose
sureness is "shown" or "likely".
"""
import json
import pathlib
import resource
import subprocess
import sys

document = pathlib.Path(__file__).resolve().parents[2] / "docs/review.md"


def rows(rcuscope, kernels):
    found = {}
    for kernel in kernels:
        name, folder = kernel.split("=", 1)
        ran = subprocess.run([rcuscope, "review", "--quiet", "--json", folder], stdout=subprocess.PIPE, check=False)
        result = json.loads(ran.stdout)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{name}: {len(result['modules'])} modules, {len(result['unread'])} not read, {result['findings']}; "
              f"up to now {used.ru_utime + used.ru_stime:.1f} s of CPU time, at most {used.ru_maxrss >> 10} MiB",
              file=sys.stderr)
        for module in result["modules"]:
            for finding in module["findings"]:
                if finding["sureness"] == "cannot-tell":
                    continue
                place = finding["place"]["function"] or finding["place"]["section"]
                key = (module["name"], finding["kind"], finding["sureness"], place)
                names = found.setdefault(key, [])
                if name not in names:
                    names.append(name)
    return [f"| {module} | {kind} | {sureness} | `{place}` | {', '.join(names)} |"
            for (module, kind, sureness, place), names in sorted(found.items())]


def main(arguments):
    check = arguments[:1] == ["--check"]
    rcuscope, *kernels = arguments[check:]
    now = rows(rcuscope, kernels)
    if not check:
        print("\n".join(now))
        return 0
    known = ["|".join(line.split("|")[:6]) + "|" for line in document.read_text(encoding="utf-8").splitlines()
             if line.startswith("| ") and len(line.split("|")) == 9]
    known = [row for row in known if " sureness " not in row]
    for row in sorted(set(now) - set(known)):
        print("not in the table:", row)
    for row in sorted(set(known) - set(now)):
        print("not found any more:", row)
    return 0 if set(now) == set(known) else 1


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
