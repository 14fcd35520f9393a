// SPDX-License-Identifier: BSD-2-Clause
//
// The model of a recording: its items, their times and how they belong together. It depends on the JSON timeline only,
// not on pixels.
import type { Callbacks } from '../data/callbacks';
import type { Recording } from '../data/read';
import type { GracePeriod, Hazard, Timeline } from '../data/timeline';

export type ItemKind = 'callback' | 'gp' | 'report' | 'section' | 'wait' | 'batch' | 'module' | 'hazard';

// One item of the recording: its kind, and its index among the items of that kind.
export interface Item {
  kind: ItemKind;
  at: number;
}

export function sameItem(a: Item | null, b: Item | null): boolean {
  return a === b || (a !== null && b !== null && a.kind === b.kind && a.at === b.at);
}

// A quiescent state that was reported for a grace period.
export interface Report {
  gp: number; // index of the grace period
  state: number; // index among the quiescent states of the grace period
}

export interface Interval {
  begin: number;
  end: number;
  open: boolean; // the end is not known; `end` is the latest time to which it can be drawn
}

// Binary search: the first index below `count` for which `holds` is true, else `count`. `holds` must also be true for
// all later indexes.
export function firstPlace(count: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class Model {
  readonly timeline: Timeline;
  readonly callbacks: Callbacks;
  readonly end: number; // of the recording
  readonly lifeEnd: Float64Array; // of each callback: when it was done, or the end of the recording
  readonly reports: Report[] = []; // by grace period
  private readonly reportsFrom: number[] = []; // index in `reports` of the first one of each grace period
  private readonly heldBySection = new Map<number, number[]>(); // indexes of grace periods
  private readonly sectionReach: Float64Array; // the maximum of the ends of the sections up to each index
  private readonly gpPlaces = new Map<number, number>();
  private readonly releasedFrom: Int32Array; // prefix sums: where each grace period begins in releasedList
  private readonly releasedList: Int32Array;

  constructor(recording: Recording) {
    this.timeline = recording.timeline;
    this.callbacks = recording.callbacks;
    this.end = Math.max(1, this.timeline.capture.end_ns);
    const gps = this.timeline.grace_periods;
    gps.forEach((gp, at) => {
      this.gpPlaces.set(gp.id, at);
      this.reportsFrom.push(this.reports.length);
      gp.quiescent_states.forEach((_, state) => this.reports.push({ gp: at, state }));
      const section = gp.held_by?.read_section;
      if (section == null) return;
      const held = this.heldBySection.get(section);
      if (held) held.push(at);
      else this.heldBySection.set(section, [at]);
    });

    let reach = -Infinity;
    this.sectionReach = Float64Array.from(this.timeline.read_sections, (_, at) => (reach = Math.max(reach, this.interval({ kind: 'section', at }).end)));

    const { callbacks } = this;
    const count = callbacks.count;
    this.lifeEnd = new Float64Array(count);
    const gpOf = new Int32Array(count);
    this.releasedFrom = new Int32Array(gps.length + 1);
    for (let i = 0; i < count; ++i) {
      const at = this.gpPlaces.get(callbacks.gracePeriod[i]!) ?? -1;
      gpOf[i] = at;
      if (at >= 0) ++this.releasedFrom[at + 1]!;
      this.complete(i, gps[at]);
    }
    for (let at = 0; at < gps.length; ++at) this.releasedFrom[at + 1]! += this.releasedFrom[at]!;
    this.releasedList = new Int32Array(this.releasedFrom[gps.length]!);
    const next = this.releasedFrom.slice();
    for (let i = 0; i < count; ++i) if (gpOf[i]! >= 0) this.releasedList[next[gpOf[i]!]!++] = i;
  }

  // Sets the times of the callback that other rows give: the start and end of its grace period, and lifeEnd.
  private complete(i: number, gp: GracePeriod | undefined): void {
    const { callbacks } = this;
    callbacks.started[i] = gp?.start_ns ?? NaN;
    callbacks.ended[i] = gp?.end_ns ?? NaN;
    const done = callbacks.done[i]!;
    this.lifeEnd[i] = Math.max(callbacks.queued[i]!, Number.isNaN(done) ? this.end : done);
  }

  // The first section that may be open at a time. All sections before it have ended by then.
  firstSectionOpen(at: number): number {
    return firstPlace(this.sectionReach.length, (i) => this.sectionReach[i]! > at);
  }

  // The first section that begins after a time.
  firstSectionAfter(at: number): number {
    const sections = this.timeline.read_sections;
    return firstPlace(sections.length, (i) => sections[i]!.begin_ns > at);
  }

  gp(at: number): GracePeriod {
    return this.timeline.grace_periods[at]!;
  }

  // The index of a grace period by its id; -1 if there is none.
  gpPlace(id: number): number {
    return this.gpPlaces.get(id) ?? -1;
  }

  gpOfCallback(i: number): number {
    return this.gpPlace(this.callbacks.gracePeriod[i]!);
  }

  // The indexes of the callbacks that a grace period released.
  released(gp: number): Int32Array {
    return this.releasedList.subarray(this.releasedFrom[gp]!, this.releasedFrom[gp + 1]!);
  }

  // The index in `reports` of a quiescent state of a grace period.
  report(gp: number, state: number): number {
    return this.reportsFrom[gp]! + state;
  }

  // The indexes of the grace periods that a section held.
  heldBy(section: number): number[] {
    return this.heldBySection.get(section) ?? [];
  }

  hazard(at: number): Hazard {
    return this.timeline.hazards[at]!;
  }

  // The span of time that the picture marks for a hazard. null: the hazard has none.
  hazardSpan(at: number): Interval | null {
    const { from_ns: begin, to_ns: end } = this.hazard(at);
    return begin != null && end != null ? { begin, end, open: false } : null;
  }

  // The number of items of a kind.
  count(kind: ItemKind): number {
    const { timeline } = this;
    switch (kind) {
      case 'callback': return this.callbacks.count;
      case 'gp': return timeline.grace_periods.length;
      case 'report': return this.reports.length;
      case 'section': return timeline.read_sections.length;
      case 'wait': return timeline.waits.length;
      case 'batch': return timeline.batches.length;
      case 'module': return timeline.modules.length;
      case 'hazard': return timeline.hazards.length;
    }
  }

  interval(item: Item): Interval {
    const { timeline } = this;
    const upTo = (begin: number, end: number | null): Interval => ({
      begin,
      end: Math.max(begin, end ?? this.end),
      open: end === null,
    });
    switch (item.kind) {
      case 'callback':
        return {
          begin: this.callbacks.queued[item.at]!,
          end: this.lifeEnd[item.at]!,
          open: Number.isNaN(this.callbacks.done[item.at]!),
        };
      case 'gp': {
        const gp = this.gp(item.at);
        const begin = gp.start_ns === null ? Math.min(0, gp.end_ns ?? 0) : gp.start_ns - gp.start_uncertainty_ns;
        return upTo(begin, gp.cleaned_ns ?? gp.end_ns);
      }
      case 'report': {
        const { gp, state } = this.reports[item.at]!;
        const at = this.gp(gp).quiescent_states[state]!.at_ns;
        return { begin: at, end: at, open: false };
      }
      case 'section': {
        const section = timeline.read_sections[item.at]!;
        return { ...upTo(section.begin_ns, section.ended_by_ns ?? section.end_ns), open: section.end_ns === null };
      }
      case 'wait': {
        const wait = timeline.waits[item.at]!;
        return upTo(wait.begin_ns, wait.end_ns);
      }
      case 'batch': {
        const batch = timeline.batches[item.at]!;
        return upTo(batch.begin_ns, batch.end_ns);
      }
      case 'module': {
        const module = timeline.modules[item.at]!;
        return upTo(module.loaded_ns ?? 0, module.freed_ns);
      }
      case 'hazard': {
        const at = this.hazard(item.at).at_ns;
        return { begin: at, end: at, open: false };
      }
    }
  }
}
