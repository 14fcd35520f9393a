#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: words.py FILE...

Reports phrases in comments, documents and the messages of tracer/ that CONTRIBUTING.md asks authors to replace by plain
ones. Prints FILE:LINE, the phrase and the sentence. Exits with 1 if it finds any.
"""
import re
import sys

# Matched anywhere in a sentence.
PHRASES = [
    r"whoever", r"whomever", r"whosoever", r"himself", r"nobody", r"anybody", r"hardly", r"for ever", r"be it",
    r"be they", r"(?:is|are|was|were) not to", r"(?:is|are) to be", r"of whom", r"whence", r"thereby", r"betimes",
    r"by and by", r"has to be told", r"lets? itself", r"makes? do",
]
# Matched anywhere in a string literal of tracer/. Literals are parts of sentences, so openings are not checked there.
IN_MESSAGES = [r"whoever", r"whatever", r"nobody", r"anybody", r"hardly", r"for ever"]
# Matched at the beginning of a sentence: the subject comes first.
OPENINGS = ["Of", "What", "Who", "Whose", "Whoever", "Whatever", "Nothing but", "Not until"]

ANYWHERE = re.compile(r"\b(" + "|".join(PHRASES) + r")\b", re.IGNORECASE)
IN_MESSAGE = re.compile(r"\b(" + "|".join(IN_MESSAGES) + r")\b", re.IGNORECASE)
OPENING = re.compile(r"^(" + "|".join(OPENINGS) + r")\s(?!.*\?$)", re.DOTALL)
SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+(?=[A-Z`\"(])|\n\s*\n")


def c_comments(text):
    """Yields (line, text) of each comment block; consecutive // lines are one block."""
    token = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL)
    block, begin, last = [], 0, -2
    for found in token.finditer(text):
        if found.group()[0] != "/":
            continue
        line = text.count("\n", 0, found.start()) + 1
        body = re.sub(r"^/\*+|\*/$|^\s*\* ?|^//+ ?", "", found.group(), flags=re.MULTILINE)
        alone = not text[text.rfind("\n", 0, found.start()) + 1:found.start()].strip()
        if block and line == last + 1 and alone:
            block.append(body)
        else:
            if block:
                yield begin, "\n".join(block)
            block, begin = [body], line
        last = line + found.group().count("\n")
    if block:
        yield begin, "\n".join(block)


def c_strings(text):
    """Yields (line, text) of each string literal; adjacent literals are one."""
    token = re.compile(r"//[^\n]*|/\*.*?\*/|(?:\"(?:\\.|[^\"\\\n])*\"\s*)+|'(?:\\.|[^'\\\n])*'", re.DOTALL)
    for found in token.finditer(text):
        if found.group()[0] == '"':
            yield text.count("\n", 0, found.start()) + 1, re.sub(r'"\s*"', "", found.group().strip())


def hash_comments(text):
    block, begin, last = [], 0, -2
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"^\s*#(?!!)\s?(.*)$", line)
        if not found:
            continue
        if number == last + 1:
            block.append(found.group(1))
        else:
            if block:
                yield begin, "\n".join(block)
            block, begin = [found.group(1)], number
        last = number
    if block:
        yield begin, "\n".join(block)


def prose(text):
    """Of a Markdown document: without code, keeping its lines."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())
    text = re.sub(r"^```.*?^```", blank, text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^    .*$", blank, text, flags=re.MULTILINE)
    begin = 1
    for paragraph in re.split(r"\n(?=\s*\n|[-*#|] |\d+\. )", text):
        yield begin, re.sub(r"^\s*(?:[-*#]+|\d+\.)\s+", "", paragraph.strip())
        begin += paragraph.count("\n") + 1


def blocks_of(path, text):
    if path.endswith(".md"):
        return prose(text)
    if path.endswith((".sh", ".py", ".cmake", "CMakeLists.txt", "Kbuild", ".yml")) or "." not in path.split("/")[-1]:
        return hash_comments(text)
    return c_comments(text)


def main(paths):
    count = 0
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        for line, block in blocks_of(path, text):
            for sentence in SENTENCE_END.split(block):
                plain = " ".join(sentence.split())
                for found in [OPENING.search(plain), ANYWHERE.search(plain)]:
                    if found:
                        print(f"{path}:{line}: \"{found.group(1)}\": {plain[:160]}")
                        count += 1
        if path.removeprefix("./").startswith("tracer/") and path.endswith((".cpp", ".hpp")):
            for line, message in c_strings(text):
                if found := IN_MESSAGE.search(message):
                    print(f"{path}:{line}: \"{found.group(1)}\": {message[:160]}")
                    count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
