// SPDX-License-Identifier: BSD-2-Clause
//
// The tour explains RCU with the user's own recording: one callback, the grace period that it waited for, a reader from
// before and a reader from after.
import type { Item, Model } from './model';
import { holdingSection } from './relations';
import { duration, moment, plural } from './units';

export interface Step {
  title: string;
  text: string;
  item: Item | null;
  atEnd?: boolean; // the step is about the end of the item
}

export interface Tour {
  steps: Step[];
  window: { from: number; to: number } | null; // shows all steps
}

// A callback that is done and whose grace period is known. Prefers callbacks of a module, then those whose grace period
// a reader held, then those with a reader that began later. -1: none.
function example(model: Model): number {
  const { callbacks } = model;
  let best = -1;
  let bestScore = -1;
  const scores = new Map<number, number>(); // by grace period: higher if it has more to show
  for (let i = 0; i < callbacks.count; ++i) {
    const gp = model.gpOfCallback(i);
    if (gp < 0 || Number.isNaN(callbacks.done[i]!) || model.gp(gp).start_ns === null) continue;
    let score = scores.get(gp);
    if (score === undefined) {
      score = holdingSection(model, gp) >= 0 ? 4 : 0;
      const { start_ns: start, end_ns: end } = model.gp(gp);
      if (readerAfter(model, Math.max(start!, callbacks.queued[i]!), end ?? model.end) >= 0) score += 2;
      scores.set(gp, score);
    }
    const own = score + (callbacks.module[i]! > 0 ? 8 : 0);
    if (own > bestScore) {
      best = i;
      bestScore = own;
    }
  }
  return best;
}

function readerBefore(model: Model, queued: number): number {
  const sections = model.timeline.read_sections;
  let found = -1;
  for (let i = model.firstSectionOpen(queued); i < sections.length && sections[i]!.begin_ns <= queued; ++i)
    if (model.interval({ kind: 'section', at: i }).end > queued) found = i;
  return found;
}

function readerAfter(model: Model, from: number, to: number): number {
  const sections = model.timeline.read_sections;
  const found = model.firstSectionAfter(from);
  return found < sections.length && sections[found]!.begin_ns <= to ? found : -1;
}

function readerStep(model: Model, at: number, title: string, text: (who: string, when: string) => string): Step {
  const section = model.timeline.read_sections[at]!;
  return {
    title,
    text: text(`${section.comm} (${section.tid}) in ${section.function}`, moment(section.begin_ns)),
    item: { kind: 'section', at },
  };
}

export function tour(model: Model): Tour {
  const steps: Step[] = [];
  const { callbacks } = model;
  const i = example(model);
  let window: Tour['window'] = null;
  if (i >= 0) {
    const gpAt = model.gpOfCallback(i);
    const gp = model.gp(gpAt);
    const queued = callbacks.queued[i]!;
    const name = callbacks.functionName(i);
    const who = `${callbacks.names.list[callbacks.comm[i]!]} (${callbacks.tid[i]})`;
    steps.push({
      title: 'Removal',
      text: `At ${moment(queued)} ${who} had taken a piece of data out of reach and handed ${name} to call_rcu(). `
        + 'A reader that begins from now on finds the new version, or none; one that is already reading may still hold the old one. So it must not be freed yet.',
      item: { kind: 'callback', at: i },
    });
    const holding = holdingSection(model, gpAt);
    // A section can also hold a grace period that began before it. It is no reader from before.
    const holdsFromBefore = holding >= 0 && model.timeline.read_sections[holding]!.begin_ns <= gp.start_ns!;
    const before = holdsFromBefore ? holding : readerBefore(model, queued);
    if (before >= 0)
      steps.push(readerStep(model, before, 'A reader from before', (reader, when) =>
        `${reader} entered its read-side section at ${when}, before the grace period began. It may have fetched the old pointer, so it may still see the old value until its section ends: that is what is waited for.`));
    const held = gp.held_by ? ` Its holder: ${gp.held_by.text}.` : '';
    steps.push({
      title: 'Grace period',
      text: `GP ${gp.gp_seq} began at ${moment(gp.start_ns!)} and took ${duration((gp.end_ns ?? model.end) - gp.start_ns!)}. `
        + 'It ends when every CPU has passed a quiescent state, a moment at which it certainly holds no reference: then every reader that had begun before is done.' + held,
      item: { kind: 'gp', at: gpAt },
    });
    const after = readerAfter(model, Math.max(queued, gp.start_ns!), model.end);
    if (after >= 0)
      steps.push(readerStep(model, after, 'A reader from after', (reader, when) =>
        `${reader} began at ${when}, after the grace period had. The old pointer was no longer to be found by then, so it sees the new value, and nobody needs to wait for it.`));
    steps.push({
      title: 'Reclamation',
      text: `Nobody can hold the old version any more. ${name} ran at ${moment(callbacks.invoked[i]!)}, ${duration(callbacks.invoked[i]! - queued)} after it was queued, and may free it. `
        + `The same grace period released ${plural(model.released(gpAt).length, 'callback')}.`,
      item: { kind: 'callback', at: i },
      atEnd: true,
    });
    const earliest = Math.min(queued, gp.start_ns!);
    const latest = Math.max(callbacks.done[i]!, gp.end_ns ?? 0);
    const room = (latest - earliest) * 0.25;
    window = { from: earliest - room, to: latest + room };
  } else {
    const gpAt = model.timeline.grace_periods.findIndex((gp) => gp.start_ns !== null && gp.end_ns !== null);
    if (gpAt >= 0)
      steps.push({
        title: 'Grace period',
        text: `GP ${model.gp(gpAt).gp_seq} took ${duration(model.gp(gpAt).end_ns! - model.gp(gpAt).start_ns!)}: by its end every reader that had begun before it was done. No callback of this recording went its whole way, so removal and reclamation cannot be shown on it.`,
        item: { kind: 'gp', at: gpAt },
      });
  }
  model.timeline.hazards.slice(0, 1).forEach((hazard, at) =>
    steps.push({ title: `Hazard: ${hazard.kind}`, text: hazard.text, item: { kind: 'hazard', at } }));
  if (!steps.length)
    steps.push({ title: 'Nothing to show', text: 'This recording holds neither grace periods nor callbacks.', item: null });
  return { steps, window };
}
