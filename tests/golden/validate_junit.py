#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks JUnit files as CI systems read them: well-formed XML with correct counts.

    validate_junit.py FILE...
"""
import sys
import xml.etree.ElementTree


def problems_of(name):
    root = xml.etree.ElementTree.parse(name).getroot()  # not well-formed: an exception
    if root.tag != "testsuites":
        yield f"the root is {root.tag}"
    for suite in [root, *root.findall("testsuite")]:
        cases = list(suite.iter("testcase"))
        for attribute, count in (("tests", len(cases)),
                                 ("failures", sum(case.find("failure") is not None for case in cases)),
                                 ("skipped", sum(case.find("skipped") is not None for case in cases)),
                                 ("errors", sum(case.find("error") is not None for case in cases))):
            if suite.get(attribute) != str(count):
                yield f"{suite.tag}: {attribute} is {suite.get(attribute)}, and there are {count}"
    if not list(root.iter("testcase")):
        yield "there is no testcase"
    for case in root.iter("testcase"):
        if not case.get("classname") or not case.get("name"):
            yield "a testcase has no name"
        for result in case:
            if result.tag not in ("failure", "skipped", "error") or not result.get("message"):
                yield f"{case.get('name')}: {result.tag} without a message"


def main(*names):
    problems = [f"{name}: {problem}" for name in names for problem in problems_of(name)]
    print("\n".join(problems) or f"{len(names)} files are valid")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
