// SPDX-License-Identifier: BSD-2-Clause
//
// The window of time that the picture shows. d3-zoom holds it, so that mouse, touch, keys and links all change
// it in the same way.
import { scaleLinear } from 'd3-scale';
import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from 'd3-zoom';

import { GUTTER } from '../draw/scene';
import type { Window } from '../layout/navigate';

const SHORTEST = 200; // nanoseconds from edge to edge

export class View {
  private readonly behaviour = zoom<HTMLCanvasElement, unknown>();
  private width = 800;
  private readonly whole: Window;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    end: number,
    changed: () => void,
  ) {
    this.whole = { from: -end * 0.015, to: end * 1.015 };
    this.behaviour
      .filter((event: Event) => (event instanceof WheelEvent ? event.ctrlKey || event.metaKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey : !(event as MouseEvent).button))
      .scaleExtent([1, (this.whole.to - this.whole.from) / SHORTEST])
      .clickDistance(4)
      .on('zoom', (_: D3ZoomEvent<HTMLCanvasElement, unknown>) => changed());
    select(canvas).call(this.behaviour).on('dblclick.zoom', null);
    // A horizontal wheel moves along time. d3-zoom uses the wheel only for zooming.
    canvas.addEventListener('wheel', (event) => {
      if (event.ctrlKey || event.metaKey) return;
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (!event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.move(sideways / this.width);
    }, { capture: true, passive: false });
  }

  private base() {
    return scaleLinear().domain([this.whole.from, this.whole.to]).range([GUTTER, GUTTER + this.width]);
  }

  get window(): Window {
    const [from, to] = zoomTransform(this.canvas).rescaleX(this.base()).domain();
    return { from: from!, to: to! };
  }

  resize(canvasWidth: number): void {
    const { window } = this;
    this.width = Math.max(100, canvasWidth - GUTTER);
    const right = GUTTER + this.width;
    this.behaviour.extent([[GUTTER, 0], [right, 1]]).translateExtent([[GUTTER, -Infinity], [right, Infinity]]);
    this.show(window);
  }

  private apply(transform: ZoomTransform): void {
    select(this.canvas).call(this.behaviour.transform, transform);
  }

  show(window: Window): void {
    const length = this.whole.to - this.whole.from;
    const span = Math.max(SHORTEST, Math.min(length, window.to - window.from));
    const middle = (window.from + window.to) / 2;
    const from = Math.max(this.whole.from, Math.min(this.whole.to - span, middle - span / 2));
    const base = this.base();
    const k = length / span;
    this.apply(zoomIdentity.translate(GUTTER - k * base(from), 0).scale(k));
  }

  showAll(): void {
    this.show(this.whole);
  }

  // Moves by a fraction of the window.
  move(part: number): void {
    const { from, to } = this.window;
    const by = (to - from) * part;
    this.show({ from: from + by, to: to + by });
  }

  // A factor above 1 zooms in. The time `around`, or the middle of the window, keeps its position.
  zoom(factor: number, around?: number): void {
    const { from, to } = this.window;
    const at = around ?? (from + to) / 2;
    this.show({ from: at - (at - from) / factor, to: at + (to - at) / factor });
  }

  // Shows an interval with space around it. If the interval is already clearly visible, the window stays as it
  // is, unless `closer` is set.
  reveal(begin: number, end: number, closer: boolean): void {
    const { from, to } = this.window;
    const length = Math.max(end - begin, 1000);
    const seen = begin >= from && end <= to && length > (to - from) / 200;
    if (seen && !closer) return;
    const room = length * (closer ? 0.35 : 1.2);
    this.show({ from: begin - room, to: end + room });
  }
}
