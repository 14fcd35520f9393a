// SPDX-License-Identifier: BSD-2-Clause
//
// How items are related: a callback to its grace period, a grace period to its holder, and so on. Relations come from
// the recording or follow from RCU's rules. A relation that neither gives is null or -1.
import { type Item, type Model, firstPlace } from './model';

export interface Related {
  items: Item[];
  callbacks: Int32Array; // indexes; there may be very many
}

const NONE = new Int32Array();

// The read-side section that held a grace period; -1: none. The section began before the grace period started and
// ended later, since a grace period waits only for such sections. If the holder's thread is known, the section belongs
// to it. If there are several, it is the one that ended last, but not after the grace period.
export function holdingSection(model: Model, gpAt: number): number {
  const gp = model.gp(gpAt);
  const start = gp.start_ns;
  if (start === null) return -1;
  const end = gp.end_ns ?? model.end;
  const holder = gp.held_by;
  if (holder && holder.kind !== 'read-section' && holder.kind !== 'preempted-reader' && holder.kind !== 'busy-cpu') return -1;
  let best = -1;
  let bestEnd = start;
  const sections = model.timeline.read_sections;
  for (let i = model.firstSectionOpen(start); i < sections.length; ++i) {
    const section = sections[i]!;
    if (section.begin_ns > start) break;
    if (section.nesting > 0 || (holder?.tid != null && section.tid !== holder.tid)) continue;
    const until = section.end_ns ?? model.end;
    if (until > bestEnd && until <= end) {
      best = i;
      bestEnd = until;
    }
  }
  // A section that explains less than half of the grace period did not hold it.
  return best >= 0 && bestEnd - start >= (end - start) / 2 ? best : -1;
}

// The last quiescent state of the CPU that held a grace period, or of any CPU if that CPU is not known.
function lastReport(model: Model, gpAt: number): number {
  const cpu = model.gp(gpAt).held_by?.cpu;
  let found = -1;
  for (let i = firstReport(model, gpAt); i < model.reports.length && model.reports[i]!.gp === gpAt; ++i) {
    const state = model.gp(gpAt).quiescent_states[model.reports[i]!.state]!;
    if (cpu == null || state.cpus.includes(cpu)) found = i;
  }
  return found;
}

function firstReport(model: Model, gpAt: number): number {
  return firstPlace(model.reports.length, (at) => model.reports[at]!.gp >= gpAt);
}

// The item that shows the holder of a grace period in the picture.
export function holderOf(model: Model, gpAt: number): Item | null {
  const section = holdingSection(model, gpAt);
  if (section >= 0) return { kind: 'section', at: section };
  if (!model.gp(gpAt).held_by) return null;
  const report = lastReport(model, gpAt);
  return report >= 0 ? { kind: 'report', at: report } : null;
}

// The grace periods that a section held.
export function heldBySection(model: Model, sectionAt: number): number[] {
  const section = model.timeline.read_sections[sectionAt]!;
  const until = section.end_ns ?? model.end;
  const held: number[] = [];
  model.timeline.grace_periods.forEach((gp, at) => {
    if (gp.start_ns === null || gp.start_ns < section.begin_ns || gp.start_ns > until) return;
    if (holdingSection(model, at) === sectionAt) held.push(at);
  });
  return held;
}

export function placesOf(model: Model, ids: number[]): Int32Array {
  return Int32Array.from(ids, (id) => model.callbacks.place(id)).filter((at) => at >= 0);
}

function withHolder(model: Model, gp: number): Item[] {
  const holder = holderOf(model, gp);
  return holder ? [{ kind: 'gp', at: gp }, holder] : [{ kind: 'gp', at: gp }];
}

export function related(model: Model, item: Item): Related {
  switch (item.kind) {
    case 'callback': {
      const gp = model.gpOfCallback(item.at);
      return { items: gp < 0 ? [] : withHolder(model, gp), callbacks: NONE };
    }
    case 'gp':
      return { items: withHolder(model, item.at).slice(1), callbacks: model.released(item.at) };
    case 'report': {
      const { gp } = model.reports[item.at]!;
      return { items: [{ kind: 'gp', at: gp }], callbacks: NONE };
    }
    case 'section':
      return { items: heldBySection(model, item.at).map((at) => ({ kind: 'gp', at })), callbacks: NONE };
    case 'hazard': {
      const hazard = model.hazard(item.at);
      const items: Item[] = hazard.read_sections.map((at) => ({ kind: 'section', at }));
      model.timeline.modules.forEach((module, at) => {
        if (module.name === hazard.module) items.push({ kind: 'module', at });
      });
      return { items, callbacks: placesOf(model, hazard.callbacks) };
    }
    default:
      return { items: [], callbacks: NONE };
  }
}

// The indexes of the longest grace periods, longest first. Only those whose start and end were recorded and that did
// not begin before the recording.
export function longestGracePeriods(model: Model, atMost: number): number[] {
  const whole: number[] = [];
  model.timeline.grace_periods.forEach((gp, at) => {
    if (gp.start_ns !== null && gp.end_ns !== null && !gp.began_before) whole.push(at);
  });
  const length = (at: number) => model.gp(at).end_ns! - model.gp(at).start_ns!;
  return whole.sort((a, b) => length(b) - length(a)).slice(0, atMost);
}
