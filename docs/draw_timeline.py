#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws a timeline JSON as the README's picture.

usage: draw_timeline.py TIMELINE.json > timeline.svg

Above, the followed module's whole life; below, the first round of call_rcu()
that came with a whole grace period, from queueing to the last invocation.
"""
import json
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, LANE = 1000, 170, 20, 26
INK, FAINT = "#24292f", "#d0d7de"
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#8250a8"  # told apart by the colour-blind too


class Panel:
    """A span of time and its lanes, drawn from `top` downwards."""

    def __init__(self, top, begin, end, title):
        self.top, self.begin, self.end = top, begin, end
        self.lanes = 0
        self.parts = [text(LEFT, top + 14, title, weight="bold")]

    def x(self, ns):
        ns = min(max(ns, self.begin), self.end)
        return LEFT + (ns - self.begin) * (WIDTH - LEFT - RIGHT) / (self.end - self.begin)

    def lane(self, name):
        self.lanes += 1
        y = self.top + self.lanes * LANE
        self.parts.append(text(LEFT - 8, y + 13, name, anchor="end"))
        self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y + 20}" y2="{y + 20}" stroke="{FAINT}"/>')
        return y

    def bar(self, y, begin, end, colour, label="", height=16):
        left, width = self.x(begin), max(self.x(end) - self.x(begin), 1.2)
        self.parts.append(f'<rect x="{left:.1f}" y="{y + 2}" width="{width:.1f}" height="{height}" rx="2" fill="{colour}"/>')
        if label and width > 7 * len(label):
            self.parts.append(text(left + 4, y + 14, label, colour="#ffffff"))

    def arrow(self, x1, y1, x2, y2):
        self.parts.append(f'<path d="M{x1:.1f},{y1:.1f} L{x2:.1f},{y2:.1f}" stroke="{PURPLE}" stroke-width="0.8" '
                          'fill="none" marker-end="url(#tip)" opacity="0.7"/>')

    def axis(self):
        y = self.top + (self.lanes + 1) * LANE
        for i in range(6):
            ns = self.begin + (self.end - self.begin) * i / 5
            self.parts.append(text(self.x(ns), y + 10, f"{(ns - self.begin) / 1e6:.1f} ms", anchor="end" if i == 5 else "middle", colour="#57606a"))
        return y + 20


def text(x, y, words, anchor="start", colour=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">'
            f"{escape(words)}</text>")


def within(rows, first, last, panel):
    for row in rows:
        begin, end = row[first], row[last]
        if begin is not None and end is not None and end >= panel.begin and begin <= panel.end:
            yield row, begin, end


def draw_common(panel, data, name):
    y = panel.lane("grace periods")
    for row, begin, end in within(data["grace_periods"], "start_ns", "end_ns", panel):
        panel.bar(y, begin, end, GREEN, str(row["gp_seq"]))
    y = panel.lane("read-side sections")
    for _, begin, end in within((r for r in data["read_sections"] if r["module"] == name), "begin_ns", "end_ns", panel):
        panel.bar(y, begin, end, BLUE)


def whole_life(top, data, life):
    name = life["name"]
    margin = (life["freed_ns"] - life["loaded_ns"]) * 0.02
    panel = Panel(top, life["loaded_ns"] - margin, life["freed_ns"] + margin, f"{name} on Linux {data['host']['kernel']}")
    y = panel.lane("module")
    panel.bar(y, life["loaded_ns"], life["init_done_ns"], ORANGE, "init")
    panel.bar(y, life["init_done_ns"], life["exit_ns"], "#8c959f", "live")
    panel.bar(y, life["exit_ns"], life["exit_done_ns"], ORANGE, "exit")
    panel.bar(y, life["free_begin_ns"], life["freed_ns"], INK, "free")
    draw_common(panel, data, name)
    y = panel.lane("callbacks, pending")
    for row in data["callbacks"]:
        if row["module"] == name and row["invoked_ns"] is not None:
            panel.bar(y, row["queued_ns"], row["invoked_ns"], PURPLE)
    return panel


def one_round(top, data, life):
    name = life["name"]
    ours = [c for c in data["callbacks"] if c["module"] == name and c["state"] == "done"]
    released = ours[0]["grace_period"]
    group = [c for c in ours if c["grace_period"] == released]
    begin, end = group[0]["queued_ns"], max(c["done_ns"] for c in group)
    margin = (end - begin) * 0.06
    panel = Panel(top, begin - margin, end + margin, f"{len(group)} callbacks: removal, grace period, reclamation")
    queue_y = panel.lane("call_rcu()")
    gp_y = panel.top + (panel.lanes + 1) * LANE
    draw_common(panel, data, name)
    run_y = panel.lane(f"invoked on CPU {group[0]['invoked_cpu']}")
    gp = next(g for g in data["grace_periods"] if g["id"] == released)
    for row in group:
        panel.bar(queue_y, row["queued_ns"], row["queued_ns"], PURPLE)
        panel.bar(run_y, row["invoked_ns"], row["done_ns"], PURPLE)
    for row in (group[0], group[-1]):
        panel.arrow(panel.x(row["queued_ns"]), queue_y + 18, panel.x(gp["start_ns"]), gp_y + 2)
        panel.arrow(panel.x(gp["end_ns"]), gp_y + 18, panel.x(row["invoked_ns"]), run_y + 2)
    return panel


def main():
    data = json.load(open(sys.argv[1], encoding="utf-8"))
    life = next(m for m in data["modules"] if m["followed"] and m["freed_ns"] is not None)
    first = whole_life(8, data, life)
    second = one_round(first.axis() + 16, data, life)
    height = second.axis() + 8
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">')
    print('<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
          f'<path d="M0,0 L8,4 L0,8 z" fill="{PURPLE}"/></marker></defs>')
    print(f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>')
    print("\n".join(first.parts + second.parts))
    print("</svg>")


if __name__ == "__main__":
    main()
