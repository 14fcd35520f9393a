// SPDX-License-Identifier: BSD-2-Clause
//
// How many callbacks were in which part of their life at any time: what is
// drawn where there are more of them than could be told apart.
import type { Model } from '../model/model';
import { ascending, lowerBound, upperBound } from './spans';

// Parts of a callback's life, in the order of time. `waiting`: for what is not known.
export const PARTS = ['start', 'end', 'invocation', 'running', 'waiting'] as const;
export type Part = (typeof PARTS)[number];

// Where the parts of a callback's life end. One that is not known takes no
// time; all that is left over is `waiting`.
export interface Life {
  queued: number;
  edges: [number, number, number, number, number];
}

export function lifeOf(model: Model, at: number): Life {
  const { callbacks } = model;
  const queued = callbacks.queued[at]!;
  const last = model.lifeEnd[at]!;
  const within = (time: number, from: number) => (Number.isNaN(time) ? from : Math.min(last, Math.max(from, time)));
  const started = within(callbacks.started[at]!, queued);
  const ended = within(callbacks.ended[at]!, started);
  const knowsEnd = !Number.isNaN(callbacks.ended[at]!);
  const knowsInvoked = !Number.isNaN(callbacks.invoked[at]!);
  const invoked = knowsEnd && knowsInvoked ? within(callbacks.invoked[at]!, ended) : ended;
  const done = knowsInvoked && !Number.isNaN(callbacks.done[at]!) && knowsEnd ? last : invoked;
  return { queued, edges: [started, ended, invoked, done, last] };
}

export class Shares {
  private readonly enter: Float64Array[] = [];
  private readonly leave: Float64Array[] = [];

  constructor(model: Model, callbacks: Int32Array) {
    const count = callbacks.length;
    const edges = Array.from({ length: 6 }, () => new Float64Array(count));
    for (let i = 0; i < count; ++i) {
      const life = lifeOf(model, callbacks[i]!);
      edges[0]![i] = life.queued;
      for (let part = 0; part < 5; ++part) edges[part + 1]![i] = life.edges[part]!;
    }
    for (let part = 0; part < 5; ++part) {
      // Parts that take no time are in none, or a column would count one callback twice.
      const begins = edges[part]!;
      const ends = edges[part + 1]!;
      const real = begins.map((begin, i) => (ends[i]! > begin ? 1 : 0));
      this.enter.push(ascending(begins.filter((_, i) => real[i])));
      this.leave.push(ascending(ends.filter((_, i) => real[i])));
    }
  }

  // How many were in the part at some time of [from, to).
  during(part: number, from: number, to: number): number {
    return lowerBound(this.enter[part]!, to) - upperBound(this.leave[part]!, from);
  }
}
