// SPDX-License-Identifier: BSD-2-Clause
//
// How items are related: a callback to its grace period, a grace period to its holder, and so on. All relations are
// facts of the timeline. A relation that it does not give is null or -1.
import type { Item, Model } from './model';

export interface Related {
  items: Item[];
  callbacks: Int32Array; // indexes; there may be very many
}

const NONE = new Int32Array();

// The read-side section that held a grace period; -1: none.
export function holdingSection(model: Model, gpAt: number): number {
  return model.gp(gpAt).held_by?.read_section ?? -1;
}

// The item that shows the holder of a grace period in the picture: its section, or the last quiescent state.
export function holderOf(model: Model, gpAt: number): Item | null {
  const section = holdingSection(model, gpAt);
  if (section >= 0) return { kind: 'section', at: section };
  const state = model.gp(gpAt).held_by?.quiescent_state;
  return state != null ? { kind: 'report', at: model.report(gpAt, state) } : null;
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
      return { items: model.heldBy(item.at).map((at) => ({ kind: 'gp', at })), callbacks: NONE };
    case 'hazard': {
      const hazard = model.hazard(item.at);
      const items: Item[] = hazard.read_sections.map((at) => ({ kind: 'section', at }));
      if (hazard.life != null) items.push({ kind: 'module', at: hazard.life });
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
