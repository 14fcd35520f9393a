// SPDX-License-Identifier: BSD-2-Clause
//
// Draws items that are too dense to be drawn one by one: for each column of pixels, their number. Every item is
// counted in each column that it touches, so none is dropped.
import type { Backlog, Lane, Track } from '../layout/lanes';
import { PARTS } from '../layout/shares';
import type { Brush } from './bars';

function columns({ scale }: Brush, visit: (x: number, from: number, to: number) => void): void {
  const step = scale.span(1);
  for (let x = scale.left; x < scale.right; ++x) {
    const from = scale.at(x);
    visit(x, from, from + step);
  }
}

// Draws callbacks as stacked layers, one for each part of their lives. The height of a layer is their number.
export function paintShares(brush: Brush, track: Track, y: number, height: number): void {
  const { context, palette } = brush;
  const { shares } = track;
  if (!shares) return;
  const counts: number[][] = [];
  let most = 1;
  columns(brush, (_, from, to) => {
    const column = PARTS.map((_part, part) => shares.during(part, from, to));
    // A callback that changes its part within the column is counted once, divided among the parts.
    const sum = column.reduce((a, b) => a + b);
    const there = Math.min(sum, track.spans.overlapping(from, to));
    most = Math.max(most, there);
    counts.push(column.map((count) => (sum ? (count * there) / sum : 0)));
  });
  const scale = height / most;
  for (let part = PARTS.length - 1; part >= 0; --part) {
    context.fillStyle = palette[PARTS[part]!];
    counts.forEach((column, i) => {
      if (!column[part]) return;
      let below = 0;
      for (let k = part + 1; k < PARTS.length; ++k) below += column[k]!;
      // At least one pixel, so that one callback among thousands is visible. Rectangles of whole pixels take half the
      // time of a path with thousands of corners.
      const size = Math.max(1, column[part]! * scale);
      context.fillRect(brush.scale.left + i, Math.round(y + height - below * scale - size), 1, Math.ceil(size));
    });
  }
}

export function paintCrowd(brush: Brush, track: Track, y: number, colour: string): void {
  const { context } = brush;
  const height = track.rows * track.rowHeight - 2;
  const counts: number[] = [];
  let most = 1;
  columns(brush, (_, from, to) => {
    const count = track.spans.overlapping(from, to);
    most = Math.max(most, count);
    counts.push(count);
  });
  context.fillStyle = colour;
  counts.forEach((count, i) => {
    if (!count) return;
    const size = Math.max(2, Math.round((height * Math.log1p(count)) / Math.log1p(most)));
    context.fillRect(brush.scale.left + i, y + height - size, 1, size);
  });
}

export function paintBacklog(brush: Brush, lane: Lane, backlog: Backlog, y: number): void {
  const { context, palette, scale } = brush;
  const height = lane.height - 14;
  const counts: number[] = []; // with those of which it is not known whether they had run
  const sure: number[] = [];
  let most = 1;
  columns(brush, (_, from, to) => {
    const { pending, unknown } = backlog.during(from, to);
    most = Math.max(most, pending + unknown);
    counts.push(pending + unknown);
    sure.push(pending);
  });
  const top = (count: number) => y + lane.height - (height * count) / most;
  const alpha = context.globalAlpha;
  const area = (levels: number[], colour: string) => {
    context.beginPath();
    context.moveTo(scale.left, y + lane.height);
    levels.forEach((count, i) => {
      context.lineTo(scale.left + i, top(count));
      context.lineTo(scale.left + i + 1, top(count));
    });
    context.lineTo(scale.right, y + lane.height);
    context.fillStyle = colour;
    context.globalAlpha = alpha * 0.4;
    context.fill();
    context.globalAlpha = alpha;
    context.strokeStyle = palette.gp;
    context.lineWidth = 1.25;
    context.stroke();
  };
  const doubt = Math.max(...counts.map((count, i) => count - sure[i]!));
  if (doubt) area(counts, palette.waiting);
  area(sure, palette.start);
  const told = doubt ? `, of which it is not known whether ${doubt.toLocaleString('en')} had run` : '';
  context.fillStyle = palette.text;
  context.font = '11px system-ui, sans-serif';
  context.fillText(`${most.toLocaleString('en')} pending${told}`, scale.left + 6, y + 7);
}
