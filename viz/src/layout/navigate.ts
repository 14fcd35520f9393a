// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the item at a point of the picture, and the neighbours of an item.
import type { Item } from '../model/model';
import type { Lane, Spot, Track } from './lanes';
import { singly } from './lanes';
import { lowerBound } from './spans';

export interface Window {
  from: number;
  to: number;
}

export interface Hit {
  lane: Lane;
  track: Track;
  item: Item | null; // null: several items, which are not drawn one by one
  count: number;
}

// The item at `y` of the picture within `reach` of a time.
export function hit(lanes: Lane[], window: Window, y: number, at: number, reach: number): Hit | null {
  const lane = lanes.find((one) => y >= one.y && y < one.y + one.height);
  if (!lane) return null;
  for (const track of lane.tracks) {
    const inside = y - lane.y - track.y;
    if (inside < 0 || inside >= track.rows * track.rowHeight) continue;
    const { spans } = track;
    if (!singly(track, window.from, window.to)) {
      const count = spans.overlapping(at - reach, at + reach);
      if (count !== 1) return count ? { lane, track, item: null, count } : null;
    }
    const row = singly(track, window.from, window.to) ? Math.floor(inside / track.rowHeight) : -1;
    let best = -1;
    let distance = Infinity;
    for (let i = spans.first(at - reach); i < spans.count && spans.begin[i]! <= at + reach; ++i) {
      if (row >= 0 && spans.row[i] !== row) continue;
      const away = Math.max(spans.begin[i]! - at, at - spans.end[i]!, 0);
      // Prefer the shorter of two items: the longer one is visible on both sides of it.
      const size = away * 1e3 + (spans.end[i]! - spans.begin[i]!) * 1e-3;
      if (away <= reach && size < distance) {
        best = i;
        distance = size;
      }
    }
    if (best >= 0) return { lane, track, item: { kind: spans.kind, at: spans.item[best]! }, count: 1 };
  }
  return null;
}

function itemAt(track: Track, index: number): Item {
  return { kind: track.spans.kind, at: track.spans.item[index]! };
}

// The next or the previous item on the same track.
export function beside(spot: Spot, step: 1 | -1): Item | null {
  const index = spot.index + step;
  return index >= 0 && index < spot.track.spans.count ? itemAt(spot.track, index) : null;
}

// The nearest item in time on the next non-empty track up or down.
export function across(lanes: Lane[], spot: Spot, step: 1 | -1): Item | null {
  const tracks = lanes.flatMap((lane) => lane.tracks);
  const at = spot.track.spans.begin[spot.index]!;
  for (let i = tracks.indexOf(spot.track) + step; i >= 0 && i < tracks.length; i += step) {
    const found = nearest(tracks[i]!, at);
    if (found) return found;
  }
  return null;
}

export function nearest(track: Track, at: number): Item | null {
  const { spans } = track;
  if (!spans.count) return null;
  const index = Math.min(spans.count - 1, lowerBound(spans.begin, at));
  const before = Math.max(0, index - 1);
  return itemAt(track, at - spans.begin[before]! < spans.begin[index]! - at ? before : index);
}
