// SPDX-License-Identifier: BSD-2-Clause
//
// Many intervals of one kind, so that those of a window of time, or how many
// there are, is found without looking at all.
import type { ItemKind } from '../model/model';

// The first place in an ascending array that is not below the value.
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The first place that is above it.
export function upperBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function ascending(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; ++i) if (values[i]! < values[i - 1]!) return values.slice().sort();
  return values;
}

export const ROWS = 64;
export const NO_ROW = 255; // all rows were taken

export class Spans {
  readonly count: number;
  readonly row: Uint8Array;
  rows = 1;
  private readonly ends: Float64Array; // ascending
  private readonly reach: Float64Array; // the latest end up to each

  // By begin, ascending; `item` is the place of each among those of its kind.
  constructor(
    readonly kind: ItemKind,
    readonly begin: Float64Array,
    readonly end: Float64Array,
    readonly item: Int32Array,
  ) {
    this.count = begin.length;
    this.row = new Uint8Array(this.count);
    this.ends = ascending(end);
    this.reach = new Float64Array(this.count);
    let latest = -Infinity;
    for (let i = 0; i < this.count; ++i) this.reach[i] = latest = Math.max(latest, end[i]!);
  }

  static of(kind: ItemKind, entries: { begin: number; end: number; at: number; row?: number }[]): Spans {
    entries.sort((a, b) => a.begin - b.begin);
    const spans = new Spans(
      kind,
      Float64Array.from(entries, (one) => one.begin),
      Float64Array.from(entries, (one) => one.end),
      Int32Array.from(entries, (one) => one.at),
    );
    entries.forEach((one, i) => (spans.row[i] = one.row ?? 0));
    spans.rows = 1 + Math.max(0, ...new Set(spans.row));
    return spans;
  }

  // Where to begin looking for what reaches into the window; it ends where
  // `begin` lies behind the window.
  first(from: number): number {
    return lowerBound(this.reach, from);
  }

  // Exactly how many overlap [from, to].
  overlapping(from: number, to: number): number {
    return upperBound(this.begin, to) - lowerBound(this.ends, from);
  }

  // The place of an item; -1: it is not among these.
  place(item: number, begin: number): number {
    for (let i = lowerBound(this.begin, begin); i < this.count && this.begin[i] === begin; ++i)
      if (this.item[i] === item) return i;
    return -1;
  }

  // Gives each the lowest row that is free, so that none lies over another.
  stack(): void {
    const until = new Float64Array(ROWS).fill(-Infinity);
    let freeFrom = -Infinity; // before that no row is free
    this.rows = 1;
    for (let i = 0; i < this.count; ++i) {
      const begin = this.begin[i]!;
      let row = NO_ROW;
      if (begin > freeFrom) {
        for (row = 0; row < ROWS && until[row]! >= begin; ++row);
        if (row === ROWS) {
          freeFrom = until.reduce((a, b) => Math.min(a, b));
          row = NO_ROW;
        } else {
          until[row] = this.end[i]!;
          if (row >= this.rows) this.rows = row + 1;
        }
      }
      this.row[i] = row;
    }
  }
}
