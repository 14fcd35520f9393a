// SPDX-License-Identifier: BSD-2-Clause
//
// Times as people write them.

const UNITS: [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

// Three digits that mean something: "28.6 ms".
export function duration(ns: number): string {
  const size = Math.abs(ns);
  // What would be rounded up to a thousand of a unit is one of the next.
  const [unit, name] = UNITS.find(([one]) => size >= one * 0.9995) ?? UNITS[3]!;
  return `${Number((ns / unit).toPrecision(3))} ${name}`;
}

// Since the start of the recording, to the microsecond.
export function moment(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
