// SPDX-License-Identifier: BSD-2-Clause
//
// The input of one frame, and the scale between times and pixels.
import type { Lane } from '../layout/lanes';
import type { Window } from '../layout/navigate';
import type { Item, Model } from '../model/model';
import type { Palette } from './palette';

export const GUTTER = 184; // width of the column with the names of lanes
export const AXIS = 34; // height of the time axis
export const STRIP = 24; // height of the strip with the marks of hazards

// The highlighted items. Everything else is drawn faded.
export interface Lit {
  items: Item[]; // the first is the item that is chosen or pointed at
  callbacks: Set<number>;
}

export interface Badge {
  item: Item;
  text: string;
  atEnd: boolean; // at the end of the item's bar, else at its start
}

export interface Scene {
  model: Model;
  lanes: Lane[];
  window: Window;
  scroll: number;
  width: number;
  height: number;
  palette: Palette;
  lit: Lit | null;
  badges: Badge[];
}

export function topOf(model: Model): number {
  return AXIS + (model.timeline.hazards.length ? STRIP : 0);
}

// Converts times to pixels and back.
export class Scale {
  readonly left = GUTTER;
  readonly right: number;
  private readonly perPixel: number;

  constructor(
    readonly window: Window,
    width: number,
  ) {
    this.right = Math.max(GUTTER + 1, width);
    this.perPixel = (window.to - window.from) / (this.right - GUTTER);
  }
  x(at: number): number {
    return GUTTER + (at - this.window.from) / this.perPixel;
  }
  // Clamped to the picture plus a margin: a canvas cannot draw a line of a billion pixels well.
  clamped(at: number): number {
    return Math.max(GUTTER - 10, Math.min(this.right + 10, this.x(at)));
  }
  at(x: number): number {
    return this.window.from + (x - GUTTER) * this.perPixel;
  }
  span(pixels: number): number {
    return pixels * this.perPixel;
  }
}
