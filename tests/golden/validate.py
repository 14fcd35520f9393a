#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks documents against their JSON Schema, and that the schema is strict.

    validate.py SCHEMA DOCUMENT...

Each document must be valid. It must become invalid if any one member is removed (unless the schema allows that it is
missing), and if any one member is added.
"""
import copy
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema (Debian: python3-jsonschema)")
    sys.exit(77)

OPTIONAL = {"function_address", "caller_address", "place_address", "head", "object"}


def objects(value, path=()):
    """Paths of all objects within a value; of an array only the first element counts."""
    if isinstance(value, dict):
        yield path
        for key, member in value.items():
            yield from objects(member, path + (key,))
    elif isinstance(value, list) and value:
        yield from objects(value[0], path + (0,))


def changed(document, path, change):
    document = copy.deepcopy(document)
    at = document
    for step in path:
        at = at[step]
    change(at)
    return document


def main(schema_file, *document_files):
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    # One schema refers to another by the name of its file.
    resolver = jsonschema.RefResolver(pathlib.Path(schema_file).resolve().as_uri(), schema)
    validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
    failures = []
    for name in document_files:
        with open(name, encoding="utf-8") as file:  # not UTF-8: an exception
            document = json.load(file)
        failures += [f"{name}: {error.json_path}: {error.message}" for error in validator.iter_errors(document)]
        for path in objects(document):
            where = "/".join(map(str, path)) or "the top"
            if validator.is_valid(changed(document, path, lambda at: at.update(surplus=1))):
                failures.append(f"{name}: the schema lets a surplus member pass at {where}")
            at = document
            for step in path:
                at = at[step]
            for key in at.keys() - OPTIONAL:
                if validator.is_valid(changed(document, path, lambda at: at.pop(key))):
                    failures.append(f"{name}: the schema does not miss {key} at {where}")
    print("\n".join(failures) or f"{len(document_files)} documents are valid")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
