// SPDX-License-Identifier: BSD-2-Clause
//
// Tests that reading the JSON timeline (src/data) yields the same as JSON.parse().
import { gzipSync } from 'node:zlib';

import { describe, expect, it, vi } from 'vitest';

import { NotATimeline, embeddedTimeline, readTimeline, readTimelineText } from '../../src/data/read';
import { STATES } from '../../src/data/callbacks';
import { describe as describeItem } from '../../src/model/describe';
import { Model } from '../../src/model/model';
import { tour } from '../../src/model/tour';
import { layOut } from '../../src/layout/lanes';
import { golden, goldenText, random } from './recording';

function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      if (at >= bytes.length) controller.close();
    },
  });
}

// Converts the columns back to the objects of the JSON.
function rows(text: string) {
  const { callbacks: c } = readTimelineText(text);
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  const name = (number: number) => c.names.list[number] || null;
  return Array.from({ length: c.count }, (_, i) => ({
    id: c.id[i], function: name(c.function[i]!), module: name(c.module[i]!), caller: name(c.caller[i]!),
    queued_ns: c.queued[i], queued_cpu: c.cpu[i], queued_tid: c.tid[i], queued_comm: name(c.comm[i]!),
    invoked_ns: known(c.invoked[i]!), done_ns: known(c.done[i]!), invoked_cpu: c.invokedCpu[i]! < 0 ? null : c.invokedCpu[i],
    context: name(c.context[i]!), grace_period: c.gracePeriod[i]! < 0 ? null : c.gracePeriod[i], state: STATES[c.state[i]!],
    lazy: c.lazy[i] === 1, stack: c.stack[i]! < 0 ? null : c.stack[i], queued_context: name(c.queuedContext[i]!),
  }));
}

describe('reading the JSON timeline', () => {
  for (const name of ['timeline.json', 'timeline-addresses.json']) {
    const text = goldenText(name);
    it(`takes every callback of ${name} as JSON.parse() does`, () => {
      const wanted = (JSON.parse(text).callbacks as Record<string, unknown>[]).map(
        ({ shares: _s, function_address: _f, caller_address: _c, head: _h, ...rest }) => rest);
      expect(wanted.length).toBeGreaterThan(0);
      expect(rows(text)).toEqual(wanted);
    });
    it(`does not mind how ${name} is laid out`, () => {
      expect(rows(JSON.stringify(JSON.parse(text)))).toEqual(rows(text));
    });
  }

  it('has a callback’s grace period at the times that the shares give', () => {
    const text = goldenText('timeline.json');
    const { callbacks } = golden('timeline.json');
    let known = 0;
    (JSON.parse(text).callbacks as { queued_ns: number; shares: Record<string, number> | null }[]).forEach(({ queued_ns, shares }, i) => {
      if (!shares) return;
      ++known;
      expect(callbacks.started[i]).toBe(queued_ns + shares.waiting_for_start_ns!);
      expect(callbacks.ended[i]).toBe(callbacks.started[i]! + shares.waiting_for_end_ns!);
    });
    expect(known).toBeGreaterThan(0);
    expect(callbacks.started[2]).toBeNaN();
  });

  it('does not mind where the stream is cut', async () => {
    const text = goldenText('timeline.json');
    const bytes = new TextEncoder().encode(text);
    const whole = readTimelineText(text);
    for (const size of [1, 7, 97, 1000]) {
      const read = await readTimeline(streamOf(bytes, size));
      expect(read.timeline).toEqual(whole.timeline);
      expect(read.callbacks.queued.slice(0, read.callbacks.count)).toEqual(whole.callbacks.queued.slice(0, whole.callbacks.count));
    }
  });

  it('unpacks what a page holds', async () => {
    const text = goldenText('timeline.json');
    const read = await readTimeline(embeddedTimeline(gzipSync(text).toString('base64')));
    expect(read.timeline).toEqual(readTimelineText(text).timeline);
  });

  it('says what is wrong with what is no timeline', () => {
    expect(() => readTimelineText('{"schema": "else"}')).toThrow(NotATimeline);
    expect(() => readTimelineText(goldenText('timeline.json').slice(0, 5000))).toThrow(/not JSON/);
    expect(() => readTimelineText('null')).toThrow(NotATimeline);
  });

  it('shows what an earlier version wrote', () => {
    const timeline = JSON.parse(goldenText('timeline.json'));
    delete timeline.backlogs;
    for (const section of timeline.read_sections) delete section.ended_by_ns;
    for (const hazard of timeline.hazards) for (const key of ['life', 'from_ns', 'to_ns']) delete hazard[key];
    for (const gp of timeline.grace_periods) {
      delete gp.released_callbacks;
      if (gp.held_by) for (const key of ['read_section', 'quiescent_state']) delete gp.held_by[key];
    }
    const model = new Model(readTimelineText(JSON.stringify(timeline)));
    for (const kind of ['callback', 'gp', 'report', 'section', 'wait', 'batch', 'module', 'hazard'] as const)
      for (let at = 0; at < model.count(kind); ++at) {
        const { title, facts, sentences } = describeItem(model, { kind, at });
        expect(title + facts.flat().join() + sentences.join()).not.toMatch(/undefined|NaN|null|Infinity/);
      }
    expect(layOut(model).map(({ title }) => title)).not.toContain('Backlog');
    expect(tour(model).steps.length).toBeGreaterThan(1);
  });
});

// Counts the calls of JSON.parse(), the slow path for lines that rcuscope does not write.
function parsed(read: () => void): number {
  const parse = vi.spyOn(JSON, 'parse');
  read();
  const { length } = parse.mock.calls;
  parse.mockRestore();
  return length;
}

// The timeline as rcuscope lays it out: each member of the top and each element of an array on its own line.
function laidOut(timeline: Record<string, unknown>): string {
  const members = Object.entries(timeline).map(([key, value]) => Array.isArray(value)
    ? `  "${key}": [\n${value.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`
    : `  "${key}": ${JSON.stringify(value)}`);
  return `{\n${members.join(',\n')}\n}\n`;
}

type Row = Record<string, unknown>;

function reordered(row: Row, order: (keys: string[]) => string[]): Row {
  return Object.fromEntries(order(Object.keys(row)).map((key) => [key, row[key]]));
}

describe('the order of members', () => {
  const text = goldenText('timeline-addresses.json');
  const wanted = rows(text);
  const timeline = JSON.parse(text) as { callbacks: Row[] } & Row;
  const parsedOnce = parsed(() => readTimelineText(text)); // each text, and the rest of the timeline
  const reads = (changed: string) => {
    expect(parsed(() => readTimelineText(changed))).toBe(parsedOnce);
    expect(rows(changed)).toEqual(wanted);
    expect(readTimelineText(changed).timeline).toEqual(readTimelineText(text).timeline);
  };
  it('is changed in the layout of rcuscope', () => {
    expect(text).toContain(laidOut({ callbacks: timeline.callbacks }).slice(2, -3));
  });
  it('of a callback does not matter', () => {
    for (let by = 1; by < 21; ++by) {
      const turned = (keys: string[]) => [...keys.slice(by % keys.length), ...keys.slice(0, by % keys.length)].reverse();
      reads(laidOut({ ...timeline, callbacks: timeline.callbacks.map((one) => reordered(one, turned)) }));
    }
  });
  it('may differ from callback to callback', () => {
    const next = random(7);
    const shuffled = (keys: string[]) => keys.map((key) => [next(), key] as const).sort(([a], [b]) => a - b).map(([, key]) => key);
    for (let round = 0; round < 20; ++round)
      reads(laidOut({ ...timeline, callbacks: timeline.callbacks.map((one) => reordered(one, shuffled)) }));
  });
  it('of the timeline does not matter', () => {
    const { callbacks, ...rest } = timeline;
    reads(laidOut({ callbacks, ...rest }));
    reads(laidOut(reordered(timeline, (keys) => keys.reverse())));
  });
  it('leaves room for members that the page does not know', () => {
    const more = { note: 'a "quoted" } ] , text\\', deep: [{ id: 9, a: [1, { state: 'done' }] }, null, true, -1.5e3], lazy_: {}, ids: [] };
    reads(laidOut({ ...timeline, callbacks: timeline.callbacks.map((one, i) => (i % 2 ? { ...more, ...one } : { ...one, ...more })) }));
  });
});

describe('another layout', () => {
  const text = goldenText('timeline.json');
  it.each([1, 2, 4, '\t'])('with indentation (%s) is read', (indent) => {
    expect(rows(JSON.stringify(JSON.parse(text), null, indent))).toEqual(rows(text));
  });
  it('of some callbacks is read', () => {
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('    {"id":3,"function"'));
    const spread = (line: string) => JSON.stringify(JSON.parse(line.replace(/,$/, '')), null, 2) + (line.endsWith(',') ? ',' : '');
    for (const change of [spread, (line: string) => line.replace(/":/g, '": '), (line: string) => line.replace('"lazy"', '"l\\u0061zy"'),
      (line: string) => line.replace('"shares":null', '"shares":{\n"running_ns":1}')]) {
      const changed = [...lines.slice(0, at), change(lines[at]!), ...lines.slice(at + 1)].join('\n');
      expect(changed).not.toBe(text);
      expect(rows(changed)).toEqual(rows(text));
    }
  });
  it('without a member is read as JSON.parse() does', () => {
    for (const key of ['queued_context', 'stack', 'invoked_ns', 'grace_period'])
      expect(rows(text.replace(new RegExp(`,"${key}":("[a-z]+"|\\d+|null)`, 'g'), ''))).toEqual(
        rows(JSON.stringify(JSON.parse(text), (name, value) => (name === key ? undefined : value))));
  });
});

describe('very many callbacks', () => {
  it('grows with the callbacks', () => {
    const text = goldenText('timeline.json');
    const line = text.split('\n').find((one) => one.includes('"id":1,"function"'))!;
    const many = Array.from({ length: 5000 }, (_, i) => line.replace('"id":1,', `"id":${i + 7},`)).join('\n');
    const changed = text.replace('"callbacks": [\n', `"callbacks": [\n${many}\n`);
    expect(parsed(() => readTimelineText(changed))).toBeLessThan(100);
    const { callbacks } = readTimelineText(changed);
    expect(callbacks.count).toBe(5006);
    expect(callbacks.id[4999]).toBe(5006);
    expect(callbacks.functionName(4999)).toBe('rcucmap:node_free');
  });
});
