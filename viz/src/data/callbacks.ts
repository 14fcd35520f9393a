// SPDX-License-Identifier: BSD-2-Clause
//
// Callbacks in columns, one typed array for each member: a million objects would take seconds and gigabytes.
// An unknown time is NaN, an unknown number is -1.
import { shown } from './text';
import type { Callback, CallbackState } from './timeline';

export const STATES: CallbackState[] = ['done', 'pending', 'unknown'];

type Column = Float64Array | Int32Array | Uint8Array;

function grown<T extends Column>(column: T, size: number): T {
  const larger = new (column.constructor as new (size: number) => T)(size);
  larger.set(column as never);
  return larger;
}

// A string pool: numbers texts that occur often. 0 means "not known".
export class Names {
  readonly list: string[] = [''];
  private readonly numbers = new Map<string, number>();

  number(text: string | null): number {
    if (text === null) return 0;
    const safe = shown(text);
    let number = this.numbers.get(safe);
    if (number === undefined) {
      number = this.list.length;
      this.list.push(safe);
      this.numbers.set(safe, number);
    }
    return number;
  }
}

export class Callbacks {
  count = 0;
  readonly names = new Names();
  id = new Int32Array(1024);
  queued = new Float64Array(1024);
  invoked = new Float64Array(1024);
  done = new Float64Array(1024);
  // When its grace period began and ended. Set by the model. NaN: not known.
  started = new Float64Array(1024);
  ended = new Float64Array(1024);
  function = new Int32Array(1024);
  module = new Int32Array(1024);
  caller = new Int32Array(1024);
  comm = new Int32Array(1024);
  context = new Int32Array(1024);
  queuedContext = new Int32Array(1024);
  tid = new Int32Array(1024);
  cpu = new Int32Array(1024);
  invokedCpu = new Int32Array(1024);
  gracePeriod = new Int32Array(1024); // id
  state = new Uint8Array(1024); // index in STATES
  lazy = new Uint8Array(1024);
  stack = new Int32Array(1024); // index in Timeline.stacks

  // Makes room for one more callback and returns its index.
  next(): number {
    if (this.count === this.id.length) this.grow(this.count * 2);
    return this.count++;
  }

  private grow(size: number): void {
    for (const [key, column] of Object.entries(this))
      if (ArrayBuffer.isView(column)) (this as unknown as Record<string, Column>)[key] = grown(column as Column, size);
  }

  add(callback: Callback): void {
    const at = this.next();
    const { names } = this;
    this.id[at] = callback.id;
    this.queued[at] = callback.queued_ns;
    this.invoked[at] = callback.invoked_ns ?? NaN;
    this.done[at] = callback.done_ns ?? NaN;
    this.function[at] = names.number(callback.function);
    this.module[at] = names.number(callback.module);
    this.caller[at] = names.number(callback.caller);
    this.comm[at] = names.number(callback.queued_comm);
    this.context[at] = names.number(callback.context);
    this.queuedContext[at] = names.number(callback.queued_context ?? null);
    this.tid[at] = callback.queued_tid;
    this.cpu[at] = callback.queued_cpu;
    this.invokedCpu[at] = callback.invoked_cpu ?? -1;
    this.gracePeriod[at] = callback.grace_period ?? -1;
    this.state[at] = STATES.indexOf(callback.state);
    this.lazy[at] = callback.lazy ? 1 : 0;
    this.stack[at] = callback.stack ?? -1;
  }

  // The index of a callback by its id; -1 if there is none. Ids ascend.
  place(id: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.id[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.id[low] === id ? low : -1;
  }

  // The name of its function; "unknown" if it has no name.
  functionName(at: number): string {
    return this.names.list[this.function[at]!]!;
  }
}
