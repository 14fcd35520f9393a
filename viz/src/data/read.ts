// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the JSON timeline from a stream of bytes. rcuscope writes each element of an array on its own line, so the
// callbacks are read line by line from the stream, and only the rest is kept as text. JSON with another layout is
// also read, but as a whole. Neither the order of members nor white space matters.
import { Callbacks } from './callbacks';
import { CallbackScanner } from './scan';
import { showAll } from './text';
import type { Callback, Timeline } from './timeline';

export interface Recording {
  timeline: Timeline;
  callbacks: Callbacks;
}

export class NotATimeline extends Error {}

const NEWLINE = 0x0a;
const BRACE = 0x7b;
const encoder = new TextEncoder();
const OPENING = encoder.encode('  "callbacks": [\n');

function startsWith(line: Uint8Array, from: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; ++i) if (line[from + i] !== text[i]) return false;
  return true;
}

class Lines {
  readonly callbacks = new Callbacks();
  private readonly scanner = new CallbackScanner(this.callbacks);
  private readonly decoder = new TextDecoder();
  private readonly rest: string[] = [];
  private within = false; // inside the array of callbacks
  private carry: Uint8Array = new Uint8Array();

  // A line that is split between two chunks is joined in a separate buffer, so that nothing else is copied.
  take(chunk: Uint8Array): void {
    let from = 0;
    if (this.carry.length) {
      const newline = chunk.indexOf(NEWLINE);
      const end = newline < 0 ? chunk.length : newline + 1;
      const line = new Uint8Array(this.carry.length + end);
      line.set(this.carry);
      line.set(chunk.subarray(0, end), this.carry.length);
      this.carry = line;
      if (newline < 0) return;
      this.carry = new Uint8Array();
      this.lines(line, 0);
      from = end;
    }
    this.carry = chunk.slice(this.lines(chunk, from));
  }

  // Takes all complete lines and returns the offset of their end.
  private lines(data: Uint8Array, begin: number): number {
    let from = begin;
    let kept = begin; // start of the bytes that belong to `rest` and are not yet in it
    for (;;) {
      const newline = data.indexOf(NEWLINE, from);
      if (newline < 0) break;
      const next = newline + 1;
      if (this.within) {
        let at = from;
        while (data[at] === 0x20) ++at;
        if (data[at] === BRACE && this.scanner.read(data, at, newline)) {
          kept = next;
        } else {
          this.within = false;
          kept = from;
        }
      } else if (next - from === OPENING.length && startsWith(data, from, OPENING)) {
        this.keep(data, kept, next);
        kept = next;
        this.within = true;
      }
      from = next;
    }
    this.keep(data, kept, from);
    return from;
  }

  private keep(data: Uint8Array, from: number, to: number): void {
    if (from < to) this.rest.push(this.decoder.decode(data.subarray(from, to), { stream: true }));
  }

  finish(): Recording {
    this.rest.push(this.decoder.decode(this.carry));
    let timeline: Timeline & { callbacks?: Callback[] };
    try {
      timeline = JSON.parse(this.rest.join(''));
    } catch (error) {
      throw new NotATimeline(`this is not JSON, or not all of it: ${error instanceof Error ? error.message : error}`);
    }
    if (timeline?.schema !== 'rcuscope.timeline/1')
      throw new NotATimeline('this is not a timeline of rcuscope (schema rcuscope.timeline/1)');
    for (const callback of timeline.callbacks ?? []) this.callbacks.add(callback); // those that were not read by line
    delete timeline.callbacks;
    return { timeline: showAll(timeline), callbacks: this.callbacks };
  }
}

export async function readTimeline(stream: ReadableStream<Uint8Array>): Promise<Recording> {
  const lines = new Lines();
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return lines.finish();
    lines.take(value);
  }
}

export function readTimelineText(text: string): Recording {
  const lines = new Lines();
  lines.take(encoder.encode(text));
  return lines.finish();
}

// New browsers have this method; it is several times as fast as atob().
const { fromBase64 } = Uint8Array as unknown as { fromBase64?(text: string): Uint8Array<ArrayBuffer> };

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Unpacks the data that `rcuscope export` puts into the page: gzip as base64.
export function embeddedTimeline(base64: string): ReadableStream<Uint8Array> {
  const piece = 1 << 20; // a multiple of 4: whole groups of base64
  let at = 0;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(bytesOf(base64.slice(at, at + piece)));
      at += piece;
      if (at >= base64.length) controller.close();
    },
  });
  return packed.pipeThrough(new DecompressionStream('gzip'));
}
