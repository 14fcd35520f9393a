// SPDX-License-Identifier: BSD-2-Clause
//
// Tests of the model (src/model): relations between items, descriptions, search and the tour.
import { describe, expect, it } from 'vitest';

import { describe as inWords } from '../../src/model/describe';
import { holderOf, holdingSection, longestGracePeriods, related } from '../../src/model/relations';
import { search } from '../../src/model/search';
import { tour } from '../../src/model/tour';
import { duration } from '../../src/model/units';
import { golden, made } from './recording';

const holder = {
  kind: 'read-section' as const, cpu: 0, tid: 7, comm: 'reader', function: 'm:get', held_ns: 80, stack: [], text: 'held',
  read_section: 0, quiescent_state: null,
};

describe('the holder of a grace period', () => {
  const state = (at_ns: number, cpus: number[]) => ({ at_ns, kind: 'self' as const, cpus, last: false, blocked_readers: false });
  const reports = [state(120, [1]), state(190, [1]), state(195, [0])];
  it('is the section that the timeline names, whatever other sections there are', () => {
    const model = made({
      gps: [{ start_ns: 100, end_ns: 200, held_by: { ...holder, read_section: 2, quiescent_state: 1 }, quiescent_states: reports }, { start_ns: 300, end_ns: 400 }],
      sections: [{ begin_ns: 10, end_ns: 120 }, { begin_ns: 20, end_ns: 190 }, { begin_ns: 130, end_ns: 199, tid: 99 }, { begin_ns: 290, end_ns: 399 }],
    });
    expect(holdingSection(model, 0)).toBe(2);
    expect(holderOf(model, 0)).toEqual({ kind: 'section', at: 2 });
    expect(model.heldBy(2)).toEqual([0]);
    expect(model.heldBy(1)).toEqual([]);
    expect(holdingSection(model, 1)).toBe(-1);
    expect(holderOf(model, 1)).toBeNull();
  });
  it('is else seen at the quiescent state that the timeline names', () => {
    const busy = { ...holder, kind: 'busy-cpu' as const, cpu: 1, tid: 3, read_section: null, quiescent_state: 1 };
    const model = made({ gps: [{ end_ns: 50, quiescent_states: reports }, { start_ns: 100, end_ns: 200, held_by: busy, quiescent_states: reports }] });
    expect(holderOf(model, 1)).toEqual({ kind: 'report', at: 4 });
    expect(inWords(model, { kind: 'gp', at: 1 }).links).toEqual([{ text: 'Held until this quiescent state', item: { kind: 'report', at: 4 }, key: 'H' }]);
  });
  it.each([['idle-cpu', 'Held until this quiescent state'], ['gp-kthread', 'Held after this quiescent state'],
    ['preempted-reader', 'The last quiescent state that was recorded'], ['unknown', 'The last quiescent state that was recorded']] as const)(
    'is not claimed to be what it is not: %s', (kind, text) => {
      const model = made({ gps: [{ start_ns: 100, end_ns: 200, held_by: { ...holder, kind, read_section: null, quiescent_state: 2 }, quiescent_states: reports }] });
      expect(inWords(model, { kind: 'gp', at: 0 }).links.map((link) => link.text)).toEqual([text]);
    });
  it('is not known from a timeline of an earlier version, even if a section fits', () => {
    const { read_section: _r, quiescent_state: _q, ...earlier } = holder;
    const model = made({ gps: [{ start_ns: 100, end_ns: 200, held_by: earlier, quiescent_states: reports }], sections: [{ begin_ns: 20, end_ns: 190 }] });
    expect(holderOf(model, 0)).toBeNull();
    expect(inWords(model, { kind: 'gp', at: 0 }).sentences[0]).toBe('held.');
  });
});

describe('what belongs together', () => {
  const model = made({
    end: 1000,
    gps: [{ start_ns: 100, end_ns: 200, held_by: holder, released_callbacks: 2 }, { start_ns: 300, end_ns: 340, released_callbacks: 1 }],
    sections: [{ begin_ns: 20, end_ns: 190 }, { begin_ns: 150, end_ns: 160 }],
    callbacks: [
      { queued_ns: 50, invoked_ns: 210, done_ns: 212, grace_period: 1 },
      { queued_ns: 60, invoked_ns: 220, done_ns: 222, grace_period: 1 },
      { queued_ns: 250, grace_period: 2 },
    ],
    modules: [{ exit_done_ns: 500, free_begin_ns: 600, freed_ns: 700 }],
    hazards: [{ at_ns: 600, callbacks: [3], text: 'too early', life: 0, from_ns: 500, to_ns: 900 }, { at_ns: 610, life: null, from_ns: null, to_ns: null }],
  });
  it('a callback: its grace period and its holder', () => {
    expect(related(model, { kind: 'callback', at: 0 }).items).toEqual([{ kind: 'gp', at: 0 }, { kind: 'section', at: 0 }]);
  });
  it('a grace period: all callbacks it released', () => {
    expect([...related(model, { kind: 'gp', at: 0 }).callbacks]).toEqual([0, 1]);
    expect([...model.released(1)]).toEqual([2]);
    expect(inWords(model, { kind: 'gp', at: 0 }).facts).toContainEqual(['Released', '2 callbacks']);
  });
  it('a hazard: its callbacks, and the span in which they were pending', () => {
    expect([...related(model, { kind: 'hazard', at: 0 }).callbacks]).toEqual([2]);
    expect(related(model, { kind: 'hazard', at: 0 }).items).toEqual([{ kind: 'module', at: 0 }]);
    expect(model.hazardSpan(0)).toEqual({ begin: 500, end: 900, open: false });
    expect(model.hazardSpan(1)).toBeNull();
    expect(related(model, { kind: 'hazard', at: 1 }).items).toEqual([]);
    expect(inWords(model, { kind: 'module', at: 0 }).links.map(({ item }) => item)).toEqual([{ kind: 'hazard', at: 0 }]);
  });
  it('the longest grace periods come first', () => {
    expect(longestGracePeriods(model, 5)).toEqual([0, 1]);
  });
  it('the tour shows removal, both readers, grace period, reclamation', () => {
    const { steps, window } = tour(model);
    expect(steps.map(({ title }) => title)).toEqual(['Removal', 'A reader from before', 'Grace period', 'A reader from after', 'Reclamation', 'Hazard: freed-with-pending-callbacks']);
    expect(steps[1]!.item).toEqual({ kind: 'section', at: 0 });
    expect(steps[3]!.item).toEqual({ kind: 'section', at: 1 });
    expect(window!.from).toBeLessThan(50);
  });
  it('the tour calls no reader one from before that began later', () => {
    const late = made({
      gps: [{ start_ns: 100, end_ns: 200, held_by: holder }],
      sections: [{ begin_ns: 110, end_ns: 190 }],
      callbacks: [{ queued_ns: 50, invoked_ns: 210, done_ns: 212, grace_period: 1 }],
    });
    expect(tour(late).steps.map(({ title }) => title)).toEqual(['Removal', 'Grace period', 'A reader from after', 'Reclamation']);
  });
  it('functions and tasks are found by a part of their names', () => {
    expect(search(model, 'FRE').map(({ title, about }) => [title, about])).toEqual([['m:free', 'callback, 3']]);
    expect(search(model, 'reader').map(({ title }) => title)).toContain('reader 7');
    expect(search(model, '  ')).toEqual([]);
  });
  it('a callback leads to its grace period and holder by keys', () => {
    expect(inWords(model, { kind: 'callback', at: 0 }).links.map(({ key, item }) => [key, item.kind])).toEqual([['G', 'gp'], ['H', 'section']]);
  });
});

describe('a section that never ends', () => {
  const left = (one: object) => made({ sections: [{ begin_ns: 10, end_ns: null, ...one }] });
  const item = { kind: 'section' as const, at: 0 };
  it('goes on until its thread ended', () => {
    const model = left({ left: 'task-ended', left_ns: 40, ended_by_ns: 40 });
    expect(model.interval(item)).toMatchObject({ begin: 10, end: 40, open: true });
    expect(inWords(model, item).sentences).toContain('It did not end: its thread ended within it.');
  });
  it('is open for good if its thread goes on', () => {
    const model = left({ left: 'user-mode', left_ns: 40, ended_by_ns: null });
    expect(model.interval(item).end).toBeGreaterThan(40);
    expect(inWords(model, item).sentences).toContain('It did not end: its thread ran in user mode within it.');
  });
  it('is not told from one that is open where nothing was found', () => {
    expect(inWords(left({}), item).sentences.join()).not.toMatch(/did not end/);
  });
});

describe('the golden timeline', () => {
  const model = golden('timeline.json');
  it('has words for everything in it', () => {
    for (const kind of ['callback', 'gp', 'report', 'section', 'wait', 'batch', 'module', 'hazard'] as const) {
      expect(model.count(kind)).toBeGreaterThan(0);
      for (let at = 0; at < model.count(kind); ++at) {
        const { title, facts, sentences } = inWords(model, { kind, at });
        expect(title + facts.flat().join() + sentences.join()).not.toMatch(/undefined|NaN|null|Infinity/);
        related(model, { kind, at });
      }
    }
  });
});

it('durations have three digits', () => {
  expect([0, 999, 1000, 28_600_000, 999_999, 3.2e9].map(duration)).toEqual(['0 ns', '999 ns', '1 µs', '28.6 ms', '1 ms', '3.2 s']);
});

describe('how a task got there', () => {
  it('is told of callbacks and waits, where it was recorded', () => {
    const model = made({
      callbacks: [{ stack: 0, lazy: true }, {}],
      waits: [{ stack: 0 }, {}],
      stacks: [['m:set+0x1', 'kthread+0xd2']],
    });
    const way = (kind: 'callback' | 'wait', at: number) => inWords(model, { kind, at }).facts.find(([name]) => name === 'By way of')?.[1];
    expect(way('callback', 0)).toBe('m:set+0x1 ← kthread+0xd2');
    expect(way('wait', 0)).toBe('m:set+0x1 ← kthread+0xd2');
    expect(way('callback', 1)).toBeUndefined();
    expect(way('wait', 1)).toBeUndefined();
    expect(inWords(model, { kind: 'callback', at: 0 }).sentences.join(' ')).toContain('free to hold it back');
  });
});
