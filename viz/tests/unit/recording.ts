// SPDX-License-Identifier: BSD-2-Clause
//
// Recordings for the tests: the golden files of the exporter, and small synthetic ones of which a test sets the members
// that it needs.
import { readFileSync } from 'node:fs';

import { Callbacks } from '../../src/data/callbacks';
import { readTimelineText } from '../../src/data/read';
import type { BacklogSeries, Callback, GracePeriod, Hazard, Module, ReadSection, Timeline, Wait } from '../../src/data/timeline';
import { Model } from '../../src/model/model';

export function goldenText(name: string): string {
  return readFileSync(new URL(`../../../tests/golden/${name}`, import.meta.url), 'utf8');
}

export function golden(name: string): Model {
  return new Model(readTimelineText(goldenText(name)));
}

export interface Parts {
  end?: number;
  callbacks?: Partial<Callback>[];
  gps?: Partial<GracePeriod>[];
  sections?: Partial<ReadSection>[];
  waits?: Partial<Wait>[];
  modules?: Partial<Module>[];
  hazards?: Partial<Hazard>[];
  stacks?: string[][];
  backlog?: Partial<BacklogSeries>;
}

export function made(parts: Parts): Model {
  const callbacks = new Callbacks();
  (parts.callbacks ?? []).forEach((one, at) =>
    callbacks.add({
      id: at + 1, function: 'm:free', module: 'm', caller: 'm:set+0x1', queued_ns: 0, queued_cpu: 0, queued_tid: 1,
      queued_comm: 'writer', invoked_ns: null, done_ns: null, invoked_cpu: null, context: null, grace_period: null,
      state: one.done_ns == null ? 'pending' : 'done', lazy: false, stack: null, queued_context: null, ...one,
    }));
  const timeline: Timeline = {
    schema: 'rcuscope.timeline/1',
    host: { kernel: '6.1', machine: 'x86_64', cpus: 2, preempt_rcu: true },
    capture: { end_ns: parts.end ?? 1000, complete: true, end_reason: '', command: [], followed: ['m'], all_callbacks: true, missing: [], lost: [] },
    tasks: [],
    modules: (parts.modules ?? []).map((one) => ({
      name: 'm', followed: true, loaded_ns: 0, init_done_ns: null, init_error: null, exit_ns: null, exit_done_ns: null,
      free_begin_ns: null, freed_ns: null, pending_at_exit: null, pending_at_free: null, pending_at_freed: null, verdict: null, ...one,
    })),
    grace_periods: (parts.gps ?? []).map((one, at) => ({
      id: at + 1, expedited: false, gp_seq: 4 * at + 1, requested_ns: null, began_before: false, start_ns: 0,
      start_uncertainty_ns: 0, end_ns: null, cleaned_ns: null, scans: 0, first_scan_ns: null, quiescent_states: [],
      preempted_readers: [], busy_cpus: [], held_by: null, ...one,
    })),
    read_sections: (parts.sections ?? []).map((one) => ({
      tid: 7, comm: 'reader', cpu: 0, begin_ns: 0, end_ns: null, function: 'm:get', module: 'm', place: 'm:get+0x2',
      nesting: 0, by: 'rcu_read_lock', off_cpu: [], ...one,
    })),
    batches: [],
    waits: (parts.waits ?? []).map((one) => ({
      kind: 'synchronize_rcu', tid: 9, comm: 'waiter', caller: 'm:wait', expedited: false, begin_ns: 0, end_ns: null, stack: null, ...one,
    })),
    stacks: parts.stacks ?? [],
    backlogs: parts.backlog ? [{ of: 'all', module: null, max: 0, max_ns: null, begin_ns: [], pending: [], unknown: [], ...parts.backlog }] : [],
    hazards: (parts.hazards ?? []).map((one) => ({
      kind: 'freed-with-pending-callbacks', severity: 'fatal', module: 'm', at_ns: 0, callbacks: [], read_sections: [], text: '', ...one,
    })),
  };
  return new Model({ timeline, callbacks });
}

// A pseudo-random generator with the same sequence in every run.
export function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
