// SPDX-License-Identifier: BSD-2-Clause
//
// The time axis. Far into a recording, ticks a microsecond apart would have long labels that differ only in their last
// digits. So labels are relative to a base, which is shown once.
import { scaleLinear } from 'd3-scale';

export interface Axis {
  base: number;
  baseText: string; // empty: the start of the recording
  ticks: { at: number; text: string }[];
}

export function axis(from: number, to: number, count: number): Axis {
  const ticks = scaleLinear().domain([from, to]).ticks(Math.max(2, count));
  const step = (ticks[1] ?? to) - (ticks[0] ?? from);
  // The base is a multiple of this unit, which is larger than the step. 0: no base.
  const unit = step >= 1e6 ? 0 : step >= 1e3 ? 1e7 : step >= 1 ? 1e4 : 1e3;
  const base = unit ? Math.floor(from / unit) * unit : 0;
  const digits = unit === 1e7 ? 2 : unit === 1e4 ? 5 : 6;
  const [scale, name] = step >= 1e9 || (!unit && to >= 1e9) ? [1e9, 's'] : step >= 1e6 ? [1e6, 'ms'] : step >= 1e3 ? [1e6, 'ms'] : step >= 1 ? [1e3, 'µs'] : [1, 'ns'];
  const places = Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9));
  return {
    base,
    baseText: base ? `${(base / 1e9).toFixed(digits)} s` : '',
    ticks: ticks.map((at) => ({
      at,
      text: `${base ? '+' : ''}${((at - base) / scale).toFixed(places)} ${name}`,
    })),
  };
}

