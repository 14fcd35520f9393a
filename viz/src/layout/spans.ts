// SPDX-License-Identifier: BSD-2-Clause
//
// Many intervals of one kind, sorted and indexed by time. The intervals in a window of time, and their number, are
// found by binary search.
import type { ItemKind } from '../model/model';

// The first index in an ascending array whose element is not below the value.
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

// The first index whose element is above the value.
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
export const NO_ROW = 255; // all rows were occupied

export class Spans {
  readonly count: number;
  readonly row: Uint8Array;
  rows = 1;
  private readonly ends: Float64Array; // ascending
  private readonly reach: Float64Array; // the maximum of the ends up to each index

  // The arrays are sorted by `begin`. `item` is the index of each among the items of its kind.
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

  // The first index from which to search for intervals that reach into the window. The search ends where `begin` lies
  // after the window.
  first(from: number): number {
    return lowerBound(this.reach, from);
  }

  // The exact number of intervals that overlap [from, to].
  overlapping(from: number, to: number): number {
    return upperBound(this.begin, to) - lowerBound(this.ends, from);
  }

  // The index of an item; -1 if it is not among these.
  place(item: number, begin: number): number {
    for (let i = lowerBound(this.begin, begin); i < this.count && this.begin[i] === begin; ++i)
      if (this.item[i] === item) return i;
    return -1;
  }

  // Assigns each interval the lowest free row, so that the intervals of a row do not overlap.
  stack(): void {
    const until = new Float64Array(ROWS).fill(-Infinity);
    let freeFrom = -Infinity; // no row is free before this time
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
