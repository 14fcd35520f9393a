// SPDX-License-Identifier: BSD-2-Clause
//
// The lanes of the picture, from top to bottom, and the items on each. A lane has one or more tracks. Vertical
// positions and heights are pixels. The horizontal axis is time, which the layout does not scale.
import type { BacklogSeries } from '../data/timeline';
import type { Item, ItemKind, Model } from '../model/model';
import { Shares } from './shares';
import { NO_ROW, ROWS, Spans, upperBound } from './spans';

// A strip of a lane with items of one kind.
export interface Track {
  spans: Spans;
  y: number; // within the lane
  rowHeight: number;
  rows: number;
  shares?: Shares; // only for callbacks
}

export interface Lane {
  title: string;
  about: string; // a second line, smaller
  group: string; // heading above the first lane of each group
  y: number;
  height: number;
  tracks: Track[];
  backlog?: Backlog;
  function?: number; // the function of the lane's callbacks: a number of Names
}

// The backlog over time: the number of callbacks that were queued and not yet invoked, as the timeline states it.
export class Backlog {
  private readonly begin: Float64Array; // of each point, ascending

  constructor(private readonly series: BacklogSeries) {
    this.begin = Float64Array.from(series.begin_ns);
  }

  // The maximum in [from, to), and how many callbacks more may have been pending. A point that covers more than this
  // time counts as a whole.
  during(from: number, to: number): { pending: number; unknown: number } {
    let at = Math.max(0, upperBound(this.begin, from) - 1);
    let pending = 0;
    let unknown = 0;
    for (; at < this.begin.length && this.begin[at]! < to; ++at) {
      pending = Math.max(pending, this.series.pending[at]!);
      unknown = this.series.unknown[at]!; // it never decreases
    }
    return { pending, unknown };
  }
}

const GAP = 10;
export const GROUP_HEIGHT = 24;

type Entry = { begin: number; end: number; at: number; row?: number };

class Builder {
  readonly lanes: Lane[] = [];
  private y = 0;

  constructor(private readonly model: Model) {}

  build(): Lane[] {
    this.modules();
    this.gracePeriods();
    this.callbacks();
    this.threads();
    this.cpus();
    return this.lanes;
  }

  private add(group: string, title: string, about: string, tracks: Track[], height: number, backlog?: Backlog): void {
    if (this.lanes.at(-1)?.group !== group) this.y += GROUP_HEIGHT;
    this.lanes.push({ title, about, group, y: this.y, height, tracks, backlog });
    this.y += height + GAP;
  }

  private entry(kind: ItemKind, at: number, row?: number): Entry {
    const { begin, end } = this.model.interval({ kind, at });
    return { begin, end, at, row };
  }

  private modules(): void {
    const { modules } = this.model.timeline;
    const followed = modules.map((_, at) => at).filter((at) => modules[at]!.followed);
    const others = modules.map((_, at) => at).filter((at) => !modules[at]!.followed);
    for (const at of [...followed, ...others]) {
      const spans = Spans.of('module', [this.entry('module', at)]);
      const about = modules[at]!.followed ? 'its life' : 'not followed';
      this.add('Modules', modules[at]!.name, about, [{ spans, y: 4, rowHeight: 22, rows: 1 }], 30);
    }
  }

  private gracePeriods(): void {
    const gps = this.model.timeline.grace_periods;
    for (const expedited of [false, true]) {
      const places = gps.map((_, at) => at).filter((at) => gps[at]!.expedited === expedited);
      if (!places.length && expedited) continue;
      const spans = Spans.of('gp', places.map((at) => this.entry('gp', at)));
      const wanted = new Set(places);
      const reports = this.reports((gp) => wanted.has(gp));
      this.add('Grace periods', expedited ? 'Expedited' : 'Normal', `${places.length.toLocaleString('en')} in all`, [
        { spans, y: 4, rowHeight: 24, rows: 1 },
        { spans: reports, y: 30, rowHeight: 8, rows: 1 },
      ], 40);
    }
  }

  private reports(isWanted: (gp: number, cpus: number[]) => boolean): Spans {
    const entries: Entry[] = [];
    this.model.reports.forEach(({ gp, state }, at) => {
      if (isWanted(gp, this.model.gp(gp).quiescent_states[state]!.cpus)) entries.push(this.entry('report', at));
    });
    return Spans.of('report', entries);
  }

  private callbacks(): void {
    const { model } = this;
    const { callbacks } = model;
    if (!callbacks.count) return;
    const series = model.timeline.backlogs?.find((one) => one.of === 'all');
    if (series) this.add('Callbacks', 'Backlog', `at most ${series.max.toLocaleString('en')}`, [], 56, new Backlog(series));

    const ofFunction = new Map<number, number>(); // number of callbacks by function
    for (let i = 0; i < callbacks.count; ++i)
      ofFunction.set(callbacks.function[i]!, (ofFunction.get(callbacks.function[i]!) ?? 0) + 1);
    const places = new Map([...ofFunction].map(([name, count]) => [name, new Int32Array(count)]));
    const next = new Map([...ofFunction.keys()].map((name) => [name, 0]));
    const ordered = this.byQueueing();
    for (let k = 0; k < callbacks.count; ++k) {
      const i = ordered ? ordered[k]! : k;
      const name = callbacks.function[i]!;
      const at = next.get(name)!;
      places.get(name)![at] = i;
      next.set(name, at + 1);
    }
    const inModule = (name: number) => callbacks.module[places.get(name)![0]!]! > 0;
    const names = [...ofFunction.keys()].sort(
      (a, b) => Number(inModule(b)) - Number(inModule(a)) || ofFunction.get(b)! - ofFunction.get(a)!,
    );
    for (const name of names) this.callbackLane(name, places.get(name)!);
  }

  // The indexes of the callbacks by queueing time. null: the callbacks are already in this order, as rcuscope writes
  // them.
  private byQueueing(): Int32Array | null {
    const { queued, count } = this.model.callbacks;
    let inOrder = true;
    for (let i = 1; inOrder && i < count; ++i) inOrder = queued[i]! >= queued[i - 1]!;
    if (inOrder) return null;
    return Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => queued[a]! - queued[b]!);
  }

  private callbackLane(name: number, places: Int32Array): void {
    const { callbacks, lifeEnd } = this.model;
    const begin = new Float64Array(places.length);
    const end = new Float64Array(places.length);
    for (let i = 0; i < places.length; ++i) {
      begin[i] = callbacks.queued[places[i]!]!;
      end[i] = lifeEnd[places[i]!]!;
    }
    const spans = new Spans('callback', begin, end, places);
    spans.stack();
    const rows = Math.min(ROWS, spans.rows);
    const rowHeight = Math.max(2.5, Math.min(8, 150 / rows));
    const height = Math.max(30, Math.ceil(rows * rowHeight) + 4);
    const [first, ...rest] = callbacks.names.list[name]!.split(':');
    const count = places.length.toLocaleString('en');
    this.add('Callbacks', rest.join(':') || first!, rest.length ? `${first}, ${count} in all` : `${count} in all`, [
      { spans, y: 2, rowHeight, rows, shares: new Shares(this.model, places) },
    ], height);
    this.lanes.at(-1)!.function = name;
  }

  private threads(): void {
    const { read_sections: sections, waits } = this.model.timeline;
    const threads = new Map<string, { title: string; sections: Entry[]; waits: Entry[]; depth: number }>();
    const thread = (tid: number, comm: string) => {
      // The idle tasks of all CPUs have tid 0; their names distinguish them.
      const key = tid === 0 ? `0 ${comm}` : String(tid);
      let known = threads.get(key);
      if (!known) threads.set(key, (known = { title: `${comm} ${tid}`, sections: [], waits: [], depth: 1 }));
      return known;
    };
    sections.forEach((section, at) => {
      const one = thread(section.tid, section.comm);
      const row = Math.min(3, section.nesting);
      one.depth = Math.max(one.depth, row + 1);
      one.sections.push(this.entry('section', at, row));
    });
    waits.forEach((wait, at) => thread(wait.tid, wait.comm).waits.push(this.entry('wait', at)));
    const ordered = [...threads.values()].sort((a, b) => Number(b.sections.length > 0) - Number(a.sections.length > 0));
    for (const { title, sections: mine, waits: its, depth } of ordered) {
      const tracks: Track[] = [];
      let y = 3;
      if (mine.length) {
        tracks.push({ spans: Spans.of('section', mine), y, rowHeight: 14, rows: depth });
        y += depth * 14 + 3;
      }
      if (its.length) {
        tracks.push({ spans: Spans.of('wait', its), y, rowHeight: 14, rows: 1 });
        y += 17;
      }
      const about = [
        mine.length ? `${mine.length.toLocaleString('en')} read-side` : '',
        its.length ? `${its.length.toLocaleString('en')} ${its.length === 1 ? 'wait' : 'waits'}` : '',
      ];
      this.add('Threads', title, about.filter(Boolean).join(', '), tracks, Math.max(30, y));
    }
  }

  private cpus(): void {
    const { host, batches } = this.model.timeline;
    const ofCpu: Entry[][] = Array.from({ length: host.cpus }, () => []);
    batches.forEach((batch, at) => ofCpu[batch.cpu]?.push(this.entry('batch', at)));
    const reportsOf: Entry[][] = Array.from({ length: host.cpus }, () => []);
    this.model.reports.forEach(({ gp, state }, at) => {
      for (const cpu of this.model.gp(gp).quiescent_states[state]!.cpus) reportsOf[cpu]?.push(this.entry('report', at));
    });
    for (let cpu = 0; cpu < host.cpus; ++cpu) {
      if (!ofCpu[cpu]!.length && !reportsOf[cpu]!.length) continue;
      this.add('CPUs', `CPU ${cpu}`, 'quiescent states, batches', [
        { spans: Spans.of('report', reportsOf[cpu]!), y: 3, rowHeight: 10, rows: 1 },
        { spans: Spans.of('batch', ofCpu[cpu]!), y: 15, rowHeight: 14, rows: 1 },
      ], 32);
    }
  }
}

export function layOut(model: Model): Lane[] {
  return new Builder(model).build();
}

export function totalHeight(lanes: Lane[]): number {
  const last = lanes.at(-1);
  return last ? last.y + last.height + GAP : 0;
}

// If more items than this lie in the window, the picture shows their number instead.
export const DRAWN_SINGLY = 4000;

// True if all items of a track that lie in the window can be drawn one by one.
export function singly({ spans }: Track, from: number, to: number): boolean {
  if (spans.overlapping(from, to) > DRAWN_SINGLY) return false;
  if (spans.kind !== 'callback') return true;
  for (let i = spans.first(from); i < spans.count && spans.begin[i]! <= to; ++i)
    if (spans.row[i] === NO_ROW && spans.end[i]! >= from) return false;
  return true;
}

// The position of an item: its lane, its track and its index on the track.
export interface Spot {
  lane: Lane;
  track: Track;
  index: number;
}

export function spotsOf(lanes: Lane[], model: Model, item: Item): Spot[] {
  const { begin } = model.interval(item);
  const spots: Spot[] = [];
  for (const lane of lanes)
    for (const track of lane.tracks) {
      if (track.spans.kind !== item.kind) continue;
      const index = track.spans.place(item.at, begin);
      if (index >= 0) spots.push({ lane, track, index });
    }
  return spots;
}
