// SPDX-License-Identifier: BSD-2-Clause
//
// Encodes the view in the page's address: #t=FROM,TO&s=KIND.NUMBER, times in nanoseconds.
// NUMBER is the id of a callback or a grace period; of all other kinds it is the index.
import type { Window } from '../layout/navigate';
import type { Item, ItemKind, Model } from '../model/model';

export interface Place {
  window: Window | null; // null: a window that shows the item
  item: Item | null;
}

const KINDS: ItemKind[] = ['callback', 'gp', 'report', 'section', 'wait', 'batch', 'module', 'hazard'];

export function addressOf(model: Model, place: Place): string {
  const parts: string[] = [];
  if (place.window) parts.push(`t=${Math.round(place.window.from)},${Math.round(place.window.to)}`);
  if (place.item) {
    const { kind, at } = place.item;
    const number = kind === 'callback' ? model.callbacks.id[at] : kind === 'gp' ? model.gp(at).id : at;
    parts.push(`s=${kind}.${number}`);
  }
  return `#${parts.join('&')}`;
}

// The user may have edited the address: invalid parts are ignored.
export function placeOf(model: Model, address: string): Place {
  const place: Place = { window: null, item: null };
  const time = /[#&]t=(-?\d+),(-?\d+)/.exec(address);
  if (time && Number(time[2]) > Number(time[1])) place.window = { from: Number(time[1]), to: Number(time[2]) };
  const item = /[#&]s=([a-z]+)\.(\d+)/.exec(address);
  const kind = KINDS.find((one) => one === item?.[1]);
  if (kind && item) {
    const number = Number(item[2]);
    const at = kind === 'callback' ? model.callbacks.place(number) : kind === 'gp' ? model.gpPlace(number) : number;
    if (at >= 0 && at < model.count(kind)) place.item = { kind, at };
  }
  return place;
}
