// SPDX-License-Identifier: BSD-2-Clause
//
// Counts how many callbacks were in which part of their life at any time. The picture shows these numbers where
// there are too many callbacks to draw them one by one.
import type { Model } from '../model/model';
import { ascending, lowerBound, upperBound } from './spans';

// The parts of a callback's life, in the order of time. `waiting`: the rest, of which nothing is known.
export const PARTS = ['start', 'end', 'invocation', 'running', 'waiting'] as const;
export type Part = (typeof PARTS)[number];

// The time at which a callback was queued, and the end of each part of its life. An unknown part has no length; the
// rest of the life is `waiting`.
export type Life = Float64Array; // 6 elements

export function lifeOf(model: Model, at: number, into: Life = new Float64Array(6)): Life {
  const { callbacks } = model;
  const queued = callbacks.queued[at]!;
  const last = model.lifeEnd[at]!;
  const started = within(callbacks.started[at]!, queued, last);
  const ended = within(callbacks.ended[at]!, started, last);
  const knowsEnd = callbacks.ended[at]! === callbacks.ended[at]!;
  const invoked = knowsEnd ? within(callbacks.invoked[at]!, ended, last) : ended;
  const knowsDone = knowsEnd && callbacks.invoked[at]! === callbacks.invoked[at]! && callbacks.done[at]! === callbacks.done[at]!;
  into[0] = queued;
  into[1] = started;
  into[2] = ended;
  into[3] = invoked;
  into[4] = knowsDone ? last : invoked;
  into[5] = last;
  return into;
}

function within(time: number, from: number, to: number): number {
  return time !== time || time < from ? from : time > to ? to : time;
}

export class Shares {
  private readonly enter: Float64Array[] = [];
  private readonly leave: Float64Array[] = [];

  constructor(model: Model, callbacks: Int32Array) {
    const count = callbacks.length;
    const life = new Float64Array(6);
    const begins = PARTS.map(() => new Float64Array(count));
    const ends = PARTS.map(() => new Float64Array(count));
    const used = PARTS.map(() => 0);
    for (let i = 0; i < count; ++i) {
      lifeOf(model, callbacks[i]!, life);
      for (let part = 0; part < 5; ++part) {
        // Skip parts without length, or a column would count one callback twice.
        if (life[part + 1]! <= life[part]!) continue;
        const at = used[part]!++;
        begins[part]![at] = life[part]!;
        ends[part]![at] = life[part + 1]!;
      }
    }
    PARTS.forEach((_, part) => {
      this.enter.push(ascending(begins[part]!.slice(0, used[part])));
      this.leave.push(ascending(ends[part]!.slice(0, used[part])));
    });
  }

  // The number of callbacks that were in the part at any time in [from, to).
  during(part: number, from: number, to: number): number {
    return lowerBound(this.enter[part]!, to) - upperBound(this.leave[part]!, from);
  }
}
