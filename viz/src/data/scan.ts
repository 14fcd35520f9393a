// SPDX-License-Identifier: BSD-2-Clause
//
// Parses the line of a callback in the JSON timeline directly into the columns. This is several times as fast as
// JSON.parse() and creates no objects. The parser expects the members in the order in which rcuscope writes them;
// any other line goes to JSON.parse().
import type { Callbacks } from './callbacks';
import { STATES } from './callbacks';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytes = (text: string) => encoder.encode(text);

const KEYS = [
  '{"id":', ',"function":', ',"module":', ',"caller":', ',"queued_ns":', ',"queued_cpu":', ',"queued_tid":',
  ',"queued_comm":', ',"invoked_ns":', ',"done_ns":', ',"invoked_cpu":', ',"context":', ',"grace_period":',
  ',"state":', ',"lazy":', ',"shares":', ',"stack":', ',"queued_context":',
].map(bytes);
const SHARES = [
  '{"waiting_for_start_ns":', ',"waiting_for_end_ns":', ',"waiting_for_invocation_ns":', ',"running_ns":',
].map(bytes);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const F = 0x66;
const N = 0x6e;
const T = 0x74;
const CLOSE = 0x7d;

interface Known {
  bytes: Uint8Array; // with its quotes
  number: number;
}

// A string pool by raw bytes, so that each text is decoded once.
class Texts {
  private readonly buckets = new Map<number, Known[]>();
  private readonly recent: Known[] = [];
  private oldest = 0;
  length = 0; // of the last text, in bytes

  constructor(private readonly number: (text: string) => number) {}

  // The number of the text whose opening quote is at `at`.
  at(line: Uint8Array, at: number): number {
    for (const known of this.recent) if (same(known.bytes, line, at)) return this.found(known);
    let end = at + 1;
    while (end < line.length && line[end] !== QUOTE) end += line[end] === BACKSLASH ? 2 : 1;
    ++end;
    let hash = 0;
    for (let i = at; i < end; ++i) hash = (Math.imul(hash, 31) + line[i]!) | 0;
    let bucket = this.buckets.get(hash);
    if (!bucket) this.buckets.set(hash, (bucket = []));
    let known = bucket.find((one) => one.bytes.length === end - at && same(one.bytes, line, at));
    if (!known) {
      const bytes = line.slice(at, end);
      known = { bytes, number: this.number(JSON.parse(decoder.decode(bytes)) as string) };
      bucket.push(known);
    }
    this.recent[this.oldest] = known;
    this.oldest = (this.oldest + 1) % 4;
    return this.found(known);
  }

  private found(known: Known): number {
    this.length = known.bytes.length;
    return known.number;
  }
}

// True if the text at `at` is `known`. Quotes within a text are escaped, so a match up to and including the closing
// quote is the whole text.
function same(known: Uint8Array, line: Uint8Array, at: number): boolean {
  for (let i = known.length - 1; i >= 0; --i) if (known[i] !== line[at + i]) return false;
  return true;
}

export class CallbackScanner {
  private at = 0;
  private line: Uint8Array = new Uint8Array();
  private ok = true;
  private sure = false; // the last line had exactly the expected members
  private readonly functions: Texts;
  private readonly modules: Texts;
  private readonly callers: Texts;
  private readonly comms: Texts;
  private readonly contexts: Texts;
  private readonly states: Texts;

  constructor(private readonly into: Callbacks) {
    const name = (text: string) => into.names.number(text);
    this.functions = new Texts(name);
    this.modules = new Texts(name);
    this.callers = new Texts(name);
    this.comms = new Texts(name);
    this.contexts = new Texts(name);
    this.states = new Texts((text) => STATES.indexOf(text as (typeof STATES)[number]));
  }

  // Reads the element of the array that begins at `from`.
  read(line: Uint8Array, from: number, to: number): void {
    this.line = line;
    this.at = from;
    this.ok = true;
    const into = this.into;
    const at = into.next();
    into.id[at] = this.number(KEYS[0]!);
    into.function[at] = this.text(KEYS[1]!, this.functions);
    into.module[at] = this.text(KEYS[2]!, this.modules);
    into.caller[at] = this.text(KEYS[3]!, this.callers);
    const queued = (into.queued[at] = this.number(KEYS[4]!));
    into.cpu[at] = this.number(KEYS[5]!);
    into.tid[at] = this.number(KEYS[6]!);
    into.comm[at] = this.text(KEYS[7]!, this.comms);
    into.invoked[at] = this.number(KEYS[8]!);
    into.done[at] = this.number(KEYS[9]!);
    const cpu = this.number(KEYS[10]!);
    into.invokedCpu[at] = Number.isNaN(cpu) ? -1 : cpu;
    into.context[at] = this.text(KEYS[11]!, this.contexts);
    const gp = this.number(KEYS[12]!);
    into.gracePeriod[at] = Number.isNaN(gp) ? -1 : gp;
    into.state[at] = this.text(KEYS[13]!, this.states);
    into.lazy[at] = this.flag(KEYS[14]!) ? 1 : 0;
    this.shares(at, queued);
    const stack = this.number(KEYS[16]!);
    into.stack[at] = Number.isNaN(stack) ? -1 : stack;
    into.queuedContext[at] = this.text(KEYS[17]!, this.contexts);
    this.ok &&= this.line[this.at] === CLOSE;
    if (this.ok) {
      this.sure = true;
      return;
    }
    this.sure = false;
    into.count = at;
    const end = line[to - 1] === 0x2c ? to - 1 : to;
    into.add(JSON.parse(decoder.decode(line.subarray(from, end))));
  }

  private shares(at: number, queued: number): void {
    const into = this.into;
    this.key(KEYS[15]!);
    if (this.line[this.at] === N) {
      this.at += 4;
      into.started[at] = into.ended[at] = NaN;
    } else {
      into.started[at] = queued + this.number(SHARES[0]!);
      into.ended[at] = into.started[at]! + this.number(SHARES[1]!);
      this.number(SHARES[2]!);
      this.number(SHARES[3]!);
      this.ok &&= this.line[this.at++] === CLOSE;
    }
  }

  // Compares the whole key on the first line. On later lines it compares only what distinguishes the members: length,
  // first letters and end. This code runs for every member of recordings of hundreds of megabytes.
  private key(key: Uint8Array): void {
    const { line, at } = this;
    const { length } = key;
    if (line[at + length - 1] !== COLON || line[at + length - 3] !== key[length - 3] || line[at + 2] !== key[2] || line[at + 3] !== key[3]) {
      this.ok = false;
    } else if (!this.sure) {
      for (let i = 0; i < length; ++i) this.ok &&= line[at + i] === key[i];
    }
    this.at += length;
  }

  // NaN for null.
  private number(key: Uint8Array): number {
    this.key(key);
    if (!this.ok) return NaN;
    const { line } = this;
    let { at } = this;
    if (line[at] === N) {
      this.at += 4;
      return NaN;
    }
    const negative = line[at] === MINUS;
    if (negative) ++at;
    const from = at;
    let value = 0;
    for (;; ++at) {
      const digit = line[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    this.ok = at > from;
    this.at = at;
    return negative ? -value : value;
  }

  private flag(key: Uint8Array): boolean {
    this.key(key);
    const first = this.line[this.at];
    this.ok &&= first === T || first === F;
    this.at += first === T ? 'true'.length : 'false'.length;
    return first === T;
  }

  // 0 for null.
  private text(key: Uint8Array, texts: Texts): number {
    this.key(key);
    if (!this.ok) return 0;
    const { line, at } = this;
    if (line[at] !== QUOTE) {
      this.ok = line[at] === N;
      this.at += 4;
      return 0;
    }
    const number = texts.at(line, at);
    this.at += texts.length;
    return number;
  }
}
