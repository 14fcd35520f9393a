// SPDX-License-Identifier: BSD-2-Clause
//
// Parses the line of a callback in the JSON timeline directly into the columns. This is several times as fast as
// JSON.parse() and creates no objects. The members may be in any order, and there may be others among them. A line with
// white space, with escapes in a key, or without one of the members goes to JSON.parse().
import type { Callbacks } from './callbacks';
import { STATES } from './callbacks';

const decoder = new TextDecoder();

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const F = 0x66;
const N = 0x6e;
const T = 0x74;
const OPEN = 0x7b;
const CLOSE = 0x7d;

// The bytes that matter to the skipping of a value.
const STRUCTURE = new Uint8Array(256);
for (const byte of [QUOTE, COMMA, OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY]) STRUCTURE[byte] = 1;

// How the value of a member is read: a number into a Float64Array (null: NaN) or into an Int32Array (null: -1), a text
// by its number in a pool (null: 0), a boolean. The value of a member that the page does not use is skipped.
enum Kind { time, number, text, flag, skipped }

// The members that the page uses, with their columns.
const MEMBERS: [string, Kind, keyof Callbacks][] = [
  ['id', Kind.number, 'id'],
  ['function', Kind.text, 'function'],
  ['module', Kind.text, 'module'],
  ['caller', Kind.text, 'caller'],
  ['queued_ns', Kind.time, 'queued'],
  ['queued_cpu', Kind.number, 'cpu'],
  ['queued_tid', Kind.number, 'tid'],
  ['queued_comm', Kind.text, 'comm'],
  ['queued_context', Kind.text, 'queuedContext'],
  ['invoked_ns', Kind.time, 'invoked'],
  ['done_ns', Kind.time, 'done'],
  ['invoked_cpu', Kind.number, 'invokedCpu'],
  ['context', Kind.text, 'context'],
  ['grace_period', Kind.number, 'gracePeriod'],
  ['state', Kind.text, 'state'],
  ['lazy', Kind.flag, 'lazy'],
  ['stack', Kind.number, 'stack'],
];
const ALL_MEMBERS = (1 << MEMBERS.length) - 1;

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
    const end = endOfText(line, at);
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

// The offset behind the closing quote of the text whose opening quote is at `at`.
function endOfText(line: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < line.length && line[end] !== QUOTE) end += line[end] === BACKSLASH ? 2 : 1;
  return end + 1;
}

// The offset behind a value of any kind, which is within an object.
function endOfValue(line: Uint8Array, from: number): number {
  let at = from;
  for (let depth = 0; at < line.length; ++at) {
    const byte = line[at]!;
    if (!STRUCTURE[byte]) continue;
    if (byte === QUOTE) at = endOfText(line, at) - 1;
    else if (byte === OPEN || byte === OPEN_ARRAY) ++depth;
    else if (depth === 0) break; // a comma or the end of the object
    else if (byte !== COMMA) --depth;
  }
  return at;
}

interface Member {
  key: Uint8Array; // with its quotes and the colon
  kind: Kind;
  bit: number; // in the set of members; 0: the page does not use it
  name: keyof Callbacks | null;
  column: Float64Array | Int32Array | Uint8Array;
  texts: Texts;
}

export class CallbackScanner {
  // The members in the order of the last line. The next line mostly has the same order, so one comparison finds each.
  private readonly order: Member[] = [];
  private readonly members = new Map<string, Member>();
  private room = 0; // length of the columns

  constructor(private readonly into: Callbacks) {
    const names = (text: string) => into.names.number(text);
    const states = (text: string) => STATES.indexOf(text as (typeof STATES)[number]);
    MEMBERS.forEach(([key, kind, name], i) =>
      this.members.set(key, this.member(key, kind, 1 << i, name, new Texts(key === 'state' ? states : names))));
  }

  private member(key: string, kind: Kind, bit: number, name: keyof Callbacks | null, texts: Texts): Member {
    return { key: new TextEncoder().encode(`"${key}":`), kind, bit, name, column: new Uint8Array(), texts };
  }

  // Reads the element of the array that begins at `from`. False: it does not end on this line.
  read(line: Uint8Array, from: number, to: number): boolean {
    const at = this.into.next();
    if (this.scan(line, from, to, at)) return true;
    this.into.count = at;
    const end = line[to - 1] === COMMA ? to - 1 : to;
    try {
      this.into.add(JSON.parse(decoder.decode(line.subarray(from, end))));
      return true;
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  }

  // False: the line is not as rcuscope writes it.
  private scan(line: Uint8Array, from: number, to: number, row: number): boolean {
    if (this.room !== this.into.id.length) this.takeColumns();
    const { order } = this;
    let at = from;
    let seen = 0;
    let position = 0;
    do {
      ++at; // the brace or the comma before the key
      let member = order[position];
      if (member === undefined || !same(member.key, line, at)) {
        member = this.look(line, at, position);
        if (member === undefined) return false;
      }
      ++position;
      at += member.key.length;
      seen |= member.bit;
      const first = line[at]!;
      switch (member.kind) {
        case Kind.time:
        case Kind.number: {
          if (first === N) {
            member.column[row] = member.kind === Kind.time ? NaN : -1;
            at += 'null'.length;
            break;
          }
          const begin = first === MINUS ? ++at : at;
          let value = 0;
          for (let digit; (digit = line[at]! - ZERO) >= 0 && digit <= 9; ++at) value = value * 10 + digit;
          if (at === begin) return false;
          member.column[row] = first === MINUS ? -value : value;
          break;
        }
        case Kind.text:
          if (first === QUOTE) {
            member.column[row] = member.texts.at(line, at);
            at += member.texts.length;
          } else if (first === N) {
            member.column[row] = 0;
            at += 'null'.length;
          } else return false;
          break;
        case Kind.flag:
          if (first !== T && first !== F) return false;
          member.column[row] = first === T ? 1 : 0;
          at += first === T ? 'true'.length : 'false'.length;
          break;
        case Kind.skipped:
          at = endOfValue(line, at);
      }
    } while (line[at] === COMMA);
    return at < to && line[at] === CLOSE && seen === ALL_MEMBERS;
  }

  private takeColumns(): void {
    this.room = this.into.id.length;
    for (const member of this.members.values()) if (member.name) member.column = this.into[member.name] as Member['column'];
  }

  // The member whose key is at `at`. undefined: no key is there, or it has escapes.
  private look(line: Uint8Array, at: number, position: number): Member | undefined {
    if (line[at] !== QUOTE) return undefined;
    const end = endOfText(line, at);
    const key = decoder.decode(line.subarray(at + 1, end - 1));
    if (line[end] !== COLON || key.includes('\\')) return undefined;
    let member = this.members.get(key);
    if (!member) {
      member = this.member(key, Kind.skipped, 0, null, new Texts(() => 0));
      this.members.set(key, member);
    }
    this.order[position] = member;
    return member;
  }
}
