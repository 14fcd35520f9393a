// SPDX-License-Identifier: BSD-2-Clause
//
// Draws a single item of each kind on its track.
import { PARTS, lifeOf } from '../layout/shares';
import type { Track } from '../layout/lanes';
import type { Model } from '../model/model';
import type { Palette } from './palette';
import type { Scale } from './scene';

export interface Brush {
  context: CanvasRenderingContext2D;
  model: Model;
  palette: Palette;
  scale: Scale;
}

// A bar is at least one pixel wide, so every item is visible.
function bar({ context, scale }: Brush, from: number, to: number, y: number, height: number, colour: string): void {
  const x = scale.clamped(from);
  context.fillStyle = colour;
  context.fillRect(x, y, Math.max(1, scale.clamped(to) - x), height);
}

function label({ context, scale }: Brush, text: string, from: number, to: number, y: number, height: number, colour: string): void {
  const x = Math.max(scale.left, scale.clamped(from)) + 5;
  const room = Math.min(scale.right, scale.clamped(to)) - x - 4;
  if (room < 14) return;
  let fits = text;
  if (context.measureText(text).width > room) {
    if (room < 40) return;
    let length = text.length;
    while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) --length;
    if (length < 3) return;
    fits = `${text.slice(0, length)}…`;
  }
  context.fillStyle = colour;
  context.fillText(fits, x, y + height / 2 + 0.5);
}

// Slanted lines mark a time that is not known or that was spent waiting.
function hatch({ context, scale }: Brush, from: number, to: number, y: number, height: number, colour: string): void {
  const x = scale.clamped(from);
  const width = scale.clamped(to) - x;
  if (width < 2) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  // The lines lie on a fixed grid of pixels. The bar is clamped, which bounds their number.
  for (let at = x - (x % 6) - height; at < x + width; at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

function gracePeriod(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model, context, scale } = brush;
  const gp = model.gp(at);
  const { begin, end, open } = model.interval({ kind: 'gp', at });
  const start = gp.start_ns ?? begin;
  const over = gp.end_ns ?? end;
  const colour = gp.expedited ? palette.expedited : palette.gp;
  bar(brush, start, over, y, height, colour);
  if (start > begin) hatch(brush, begin, start, y, height, colour);
  if (gp.first_scan_ns !== null) {
    // From the first forced scan on, RCU also looks for quiescent states itself.
    bar(brush, gp.first_scan_ns, over, y + height - 5, 5, palette.scan);
  }
  if (gp.cleaned_ns !== null) bar(brush, over, gp.cleaned_ns, y + 5, height - 10, palette.cleanup);
  if (open || gp.start_ns === null) hatch(brush, open ? over - scale.span(12) : begin, open ? over : begin + scale.span(12), y, height, palette.page);
  context.font = '600 11px system-ui, sans-serif';
  label(brush, `GP ${gp.gp_seq}`, start, over, y, height - 3, gp.expedited ? palette.onLight : palette.onDark);
}

function callback(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model } = brush;
  const life = lifeOf(model, at);
  PARTS.forEach((part, i) => {
    if (life[i + 1]! > life[i]!) bar(brush, life[i]!, life[i + 1]!, y, height, palette[part]);
  });
  const from = life[0]!;
  if (from === life[5]) bar(brush, from, from, y, height, palette.waiting);
  if (Number.isNaN(model.callbacks.done[at]!) && height >= 2.5) hatch(brush, life[4]!, life[5]!, y, height, palette.hazard);
}

function section(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model, context } = brush;
  const one = model.timeline.read_sections[at]!;
  const { begin, end, open } = model.interval({ kind: 'section', at });
  bar(brush, begin, end, y, height - 2, palette.section);
  for (const off of one.off_cpu)
    hatch(brush, off.at_ns, off.until_ns ?? end, y, height - 2, off.voluntary ? palette.hazard : palette.page);
  if (open) hatch(brush, end - brush.scale.span(12), end, y, height - 2, palette.page);
  context.font = '11px system-ui, sans-serif';
  label(brush, one.function, begin, end, y, height - 2, palette.onLight);
}

function wait(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model, context } = brush;
  const { begin, end } = model.interval({ kind: 'wait', at });
  bar(brush, begin, end, y, height - 2, palette.wait);
  context.font = '11px system-ui, sans-serif';
  label(brush, model.timeline.waits[at]!.kind, begin, end, y, height - 2, palette.onLight);
}

function batch(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model, context } = brush;
  const { begin, end } = model.interval({ kind: 'batch', at });
  bar(brush, begin, end, y, height - 2, palette.batch);
  context.font = '11px system-ui, sans-serif';
  label(brush, `${model.timeline.batches[at]!.callbacks} callbacks`, begin, end, y, height - 2, palette.onLight);
}

function report(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model, context, scale } = brush;
  const { gp, state } = model.reports[at]!;
  const one = model.gp(gp).quiescent_states[state]!;
  const x = scale.clamped(one.at_ns);
  context.fillStyle = one.kind === 'self' ? palette.report : palette.scan;
  context.fillRect(x - 0.75, y, 1.5, height - 1);
  // A shape in addition to the colour: a foot if the CPU did not report by itself, a cap for the last report of a leaf.
  if (one.kind !== 'self') context.fillRect(x - 2, y + height - 3, 4, 2);
  else if (one.last) context.fillRect(x - 2, y, 4, 2);
}

function module(brush: Brush, at: number, y: number, height: number): void {
  const { palette, model, context } = brush;
  const one = model.timeline.modules[at]!;
  const end = model.interval({ kind: 'module', at }).end;
  const phases: [string, number | null, number | null, string][] = [
    [one.init_error === null ? 'init' : 'init failed', one.loaded_ns, one.init_done_ns, palette.init],
    ['in use', one.init_error === null ? (one.init_done_ns ?? (one.loaded_ns === null ? 0 : null)) : null, one.exit_ns ?? one.free_begin_ns ?? end, palette.live],
    ['exit function', one.exit_ns, one.exit_done_ns ?? one.free_begin_ns ?? end, palette.exit],
    ['exited', one.exit_done_ns, one.free_begin_ns ?? end, palette.exit],
    ['being freed', one.free_begin_ns, one.freed_ns ?? end, palette.free],
  ];
  context.font = '11px system-ui, sans-serif';
  for (const [name, from, to, colour] of phases) {
    if (from === null || to === null) continue;
    bar(brush, from, to, y, height, colour);
    if (name === 'exited') hatch(brush, from, to, y, height, palette.page);
    label(brush, name, from, to, y, height, palette.onLight);
  }
}

const PAINTERS = { gp: gracePeriod, callback, section, wait, batch, report, module };

export function paintOne(brush: Brush, track: Track, index: number, laneY: number): void {
  const { spans } = track;
  const row = Math.min(track.rows - 1, spans.row[index]!);
  const y = laneY + track.y + row * track.rowHeight;
  const height = spans.kind === 'callback' ? Math.max(1.5, track.rowHeight - 1) : track.rowHeight;
  if (spans.kind !== 'hazard') PAINTERS[spans.kind](brush, spans.item[index]!, y, height);
}
