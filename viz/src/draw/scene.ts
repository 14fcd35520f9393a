// SPDX-License-Identifier: BSD-2-Clause
//
// Everything that a frame is drawn from.
import type { Lane } from '../layout/lanes';
import type { Window } from '../layout/navigate';
import type { Item, Model } from '../model/model';
import type { Palette } from './palette';

export const GUTTER = 184; // names of lanes, left of the time
export const AXIS = 34;
export const STRIP = 24; // marks of hazards

// What is lit up; everything else steps back.
export interface Lit {
  items: Item[]; // the first is the one that was asked about
  callbacks: Set<number>;
}

export interface Badge {
  item: Item;
  text: string;
  atEnd: boolean; // of its bar
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

// Pixels for times, and back.
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
  // Within the picture, and a little: canvas draws no line of a billion pixels well.
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
