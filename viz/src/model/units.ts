// SPDX-License-Identifier: BSD-2-Clause
//
// Formats times and counts for human readers.

const UNITS: [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

// With three significant digits: "28.6 ms".
export function duration(ns: number): string {
  const size = Math.abs(ns);
  // A value that would be rounded up to 1000 of a unit is shown as 1 of the next unit.
  const [unit, name] = UNITS.find(([one]) => size >= one * 0.9995) ?? UNITS[3]!;
  return `${Number((ns / unit).toPrecision(3))} ${name}`;
}

// A time since the start of the recording, with microseconds.
export function moment(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
