// SPDX-License-Identifier: BSD-2-Clause
//
// Tests of the layout (src/layout) and of the page's address.
import { describe, expect, it } from 'vitest';

import { addressOf, placeOf } from '../../src/app/address';
import { axis } from '../../src/layout/axis';
import { Backlog, DRAWN_SINGLY, layOut, singly, spotsOf } from '../../src/layout/lanes';
import { across, beside, hit } from '../../src/layout/navigate';
import { PARTS, Shares, lifeOf } from '../../src/layout/shares';
import { NO_ROW, ROWS, Spans } from '../../src/layout/spans';
import { golden, made, random } from './recording';

function someSpans(count: number, seed: number) {
  const next = random(seed);
  return Array.from({ length: count }, (_, at) => {
    const begin = Math.floor(next() * 1000);
    return { begin, end: begin + Math.floor(next() * 60), at };
  });
}

describe('many intervals', () => {
  const entries = someSpans(500, 1);
  const spans = Spans.of('wait', [...entries]);
  it('are counted exactly, whatever the window', () => {
    for (let from = -10; from < 1080; from += 13)
      for (const length of [0, 1, 40, 500]) {
        const wanted = entries.filter(({ begin, end }) => begin <= from + length && end >= from).length;
        expect(spans.overlapping(from, from + length)).toBe(wanted);
      }
  });
  it('are all found from the first on', () => {
    for (let from = 0; from < 1000; from += 37) {
      const found = new Set<number>();
      for (let i = spans.first(from); i < spans.count && spans.begin[i]! <= from + 20; ++i)
        if (spans.end[i]! >= from) found.add(spans.item[i]!);
      expect(found.size).toBe(spans.overlapping(from, from + 20));
    }
  });
  it('do not lie over each other on one row', () => {
    spans.stack();
    const until = new Map<number, number>();
    for (let i = 0; i < spans.count; ++i) {
      const row = spans.row[i]!;
      expect(row).toBeLessThan(spans.rows);
      expect(spans.begin[i]!).toBeGreaterThan(until.get(row) ?? -1);
      until.set(row, spans.end[i]!);
    }
  });
  it('have no row where there are too many at once', () => {
    const crowd = Spans.of('callback', Array.from({ length: ROWS + 5 }, (_, at) => ({ begin: at, end: 1000, at })));
    crowd.stack();
    expect([...crowd.row].filter((row) => row === NO_ROW)).toHaveLength(5);
  });
});

describe('callbacks that are too many to be drawn', () => {
  const next = random(3);
  const gps: { start_ns: number; end_ns: number }[] = [];
  const callbacks = Array.from({ length: 400 }, (_, i) => {
    const queued_ns = i * 10;
    const start_ns = queued_ns + Math.floor(next() * 50);
    const end_ns = start_ns + Math.floor(next() * 90);
    gps.push({ start_ns, end_ns });
    const invoked_ns = end_ns + Math.floor(next() * 30);
    return { queued_ns, invoked_ns, done_ns: invoked_ns + 1, grace_period: i + 1 };
  });
  const model = made({ end: 6000, callbacks, gps });
  const all = Int32Array.from({ length: 400 }, (_, i) => i);
  it('are each counted in the part they were in', () => {
    const shares = new Shares(model, all);
    for (let from = 0; from < 4200; from += 53)
      for (const width of [1, 7, 300])
        PARTS.forEach((_, part) => {
          const wanted = callbacks.filter((__, i) => {
            const life = lifeOf(model, i);
            return life[part + 1]! > life[part]! && life[part]! < from + width && life[part + 1]! > from;
          }).length;
          expect(shares.during(part, from, from + width)).toBe(wanted);
        });
  });
  it('are drawn singly where they are few', () => {
    const many = made({ end: 1e6, callbacks: Array.from({ length: DRAWN_SINGLY + 1 }, (_, i) => ({ queued_ns: i * 100, invoked_ns: i * 100 + 50, done_ns: i * 100 + 60 })) });
    const track = layOut(many).flatMap((lane) => lane.tracks).find(({ spans }) => spans.kind === 'callback')!;
    expect(singly(track, 0, 1e6)).toBe(false);
    expect(singly(track, 0, 1e4)).toBe(true);
  });
});

describe('the backlog', () => {
  const backlog = new Backlog({
    of: 'all', module: null, max: 7, max_ns: 30, begin_ns: [10, 20, 30, 40], pending: [2, 1, 7, 0], unknown: [0, 0, 3, 4],
  });
  it('is 0 before its first point', () => {
    expect(backlog.during(0, 10)).toEqual({ pending: 0, unknown: 0 });
  });
  it('is that of the point at a time, and lasts to the next', () => {
    expect(backlog.during(15, 16)).toEqual({ pending: 2, unknown: 0 });
    expect(backlog.during(20, 21)).toEqual({ pending: 1, unknown: 0 });
    expect(backlog.during(50, 60)).toEqual({ pending: 0, unknown: 4 });
  });
  it('is the maximum of the points that a time touches', () => {
    expect(backlog.during(12, 31)).toEqual({ pending: 7, unknown: 3 });
    expect(backlog.during(12, 30)).toEqual({ pending: 2, unknown: 0 });
    expect(backlog.during(0, 100)).toEqual({ pending: 7, unknown: 4 });
  });
  it('of the golden timeline is what its callbacks say', () => {
    const { timeline, callbacks } = golden('timeline.json');
    const stated = new Backlog(timeline.backlogs![0]!);
    for (let at = 0; at < timeline.capture.end_ns; at += 5000) {
      let wanted = 0;
      for (let i = 0; i < callbacks.count; ++i) if (callbacks.queued[i]! <= at && !(callbacks.invoked[i]! <= at)) ++wanted;
      const { pending, unknown } = stated.during(at, at + 1);
      expect(pending + unknown).toBe(wanted);
    }
  });
  it('has no lane where the timeline does not state it', () => {
    const callbacks = [{ queued_ns: 1 }];
    const titles = (model: ReturnType<typeof made>) => layOut(model).map(({ title }) => title);
    expect(titles(made({ callbacks, backlog: { max: 1, begin_ns: [1], pending: [1], unknown: [0] } }))).toContain('Backlog');
    expect(titles(made({ callbacks }))).not.toContain('Backlog');
  });
});

it('parts of a life that are not known are no guess', () => {
  const model = made({ end: 1000, gps: [{ start_ns: 100, end_ns: 300 }], callbacks: [{ queued_ns: 50, grace_period: 1 }, { queued_ns: 60 }, { queued_ns: 70, invoked_ns: 80, done_ns: 90 }] });
  expect([...lifeOf(model, 0)]).toEqual([50, 100, 300, 300, 300, 1000]);
  expect([...lifeOf(model, 1)]).toEqual([60, 60, 60, 60, 60, 1000]);
  expect([...lifeOf(model, 2)]).toEqual([70, 70, 70, 70, 70, 90]);
});

describe('the lanes of the golden timeline', () => {
  const model = golden('timeline.json');
  const lanes = layOut(model);
  it('hold everything once, and do not overlap', () => {
    for (const kind of ['callback', 'gp', 'section', 'wait', 'batch', 'module'] as const)
      for (let at = 0; at < model.count(kind); ++at) expect(spotsOf(lanes, model, { kind, at })).toHaveLength(1);
    for (let i = 1; i < lanes.length; ++i) expect(lanes[i]!.y).toBeGreaterThanOrEqual(lanes[i - 1]!.y + lanes[i - 1]!.height);
    for (const lane of lanes)
      for (const track of lane.tracks) expect(track.y + track.rows * track.rowHeight).toBeLessThanOrEqual(lane.height + 2);
  });
  it('are pointed at where they are drawn', () => {
    for (let at = 0; at < model.count('gp'); ++at) {
      const [spot] = spotsOf(lanes, model, { kind: 'gp', at });
      const { begin, end } = model.interval({ kind: 'gp', at });
      const found = hit(lanes, { from: 0, to: model.end }, spot!.lane.y + spot!.track.y + 1, (begin + end) / 2, 10);
      expect(found?.item).toEqual({ kind: 'gp', at });
    }
  });
  it('are walked without leaving anything out', () => {
    let item = { kind: 'callback' as const, at: 0 };
    const [spot] = spotsOf(lanes, model, item);
    const seen = [0];
    for (let next = spot!; ; ) {
      const to = beside(next, 1);
      if (!to) break;
      seen.push(to.at);
      [next] = spotsOf(lanes, model, to) as [typeof spot & object];
    }
    expect(seen).toEqual([0, 1, 3, 4]); // the callbacks of one function; other functions have their own lanes
    expect(across(lanes, spot!, 1)).not.toBeNull();
    expect(across(lanes, spot!, -1)).not.toBeNull();
  });
  it('have addresses that lead back to them', () => {
    for (const kind of ['callback', 'gp', 'report', 'section', 'hazard'] as const) {
      const place = { window: { from: 5, to: 500 }, item: { kind, at: 1 } };
      expect(placeOf(model, addressOf(model, place))).toEqual(place);
    }
    for (const bad of ['#', '#t=9,3&s=callback.999', '#s=constructor.1', '#t=x&s=gp.-1']) expect(placeOf(model, bad)).toEqual({ window: null, item: null });
  });
});

describe('the time axis', () => {
  it('writes times so that neighbours differ', () => {
    for (const [from, to] of [[0, 5e9], [5.2012e9, 5.2013e9], [5e9, 5e9 + 900], [1e6, 9e6], [3.99999e9, 4.00001e9]] as const) {
      const { ticks } = axis(from, to, 8);
      expect(ticks.length).toBeGreaterThan(2);
      expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
    }
  });
  it('names a base where it writes less than the whole time', () => {
    const { base, baseText, ticks } = axis(5.2012e9, 5.2012e9 + 2000, 5);
    expect(baseText).not.toBe('');
    for (const { at, text } of ticks) expect(base + parseFloat(text) * 1e3).toBeCloseTo(at, 0);
  });
});
