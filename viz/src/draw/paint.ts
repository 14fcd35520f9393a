// SPDX-License-Identifier: BSD-2-Clause
//
// Draws one frame of the picture.
import { axis } from '../layout/axis';
import type { Lane, Track } from '../layout/lanes';
import { GROUP_HEIGHT, singly, spotsOf } from '../layout/lanes';
import { type Brush, paintOne } from './bars';
import { paintBacklog, paintCrowd, paintShares } from './crowds';
import { AXIS, GUTTER, STRIP, Scale, type Scene, topOf } from './scene';

const CROWD = { gp: 'gp', report: 'report', section: 'section', wait: 'wait', batch: 'batch', module: 'live', hazard: 'hazard', callback: 'waiting' } as const;
const STEPPED_BACK = 0.28;

export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { model, palette, width, height } = scene;
  const scale = new Scale(scene.window, width);
  const brush: Brush = { context, model, palette, scale };
  context.textBaseline = 'middle';
  context.fillStyle = palette.page;
  context.fillRect(0, 0, width, height);

  const top = topOf(model);
  context.save();
  context.beginPath();
  context.rect(0, top, width, height - top);
  context.clip();
  const y = (lane: Lane) => top + lane.y - scene.scroll;
  const visible = scene.lanes.filter((lane) => y(lane) + lane.height > top && y(lane) - GROUP_HEIGHT < height);

  context.save();
  context.beginPath();
  context.rect(GUTTER, top, width - GUTTER, height - top);
  context.clip();
  grid(brush, height);
  hazardBands(brush, height);
  for (const lane of visible) {
    context.fillStyle = palette.stripe;
    context.fillRect(GUTTER, y(lane), width - GUTTER, lane.height);
  }
  context.globalAlpha = scene.lit ? STEPPED_BACK : 1;
  for (const lane of visible) paintLane(brush, lane, y(lane));
  context.globalAlpha = 1;
  if (scene.lit) paintLit(brush, scene, y);
  hazardLines(brush, top, height);
  paintBadges(brush, scene, y);
  context.restore();

  for (const lane of visible) names(brush, scene, lane, y(lane));
  context.restore();
  paintAxis(brush, top);
  if (top > AXIS) hazardMarks(brush);
}

function paintLane(brush: Brush, lane: Lane, y: number): void {
  const { window } = brush.scale;
  if (lane.backlog) paintBacklog(brush, lane, lane.backlog, y);
  for (const track of lane.tracks) {
    if (singly(track, window.from, window.to)) {
      const { spans } = track;
      for (let i = spans.first(window.from); i < spans.count && spans.begin[i]! <= window.to; ++i)
        if (spans.end[i]! >= window.from) paintOne(brush, track, i, y);
    } else if (track.shares) {
      paintShares(brush, track, y + track.y, lane.height - 2 * track.y);
    } else {
      paintCrowd(brush, track, y + track.y, brush.palette[CROWD[track.spans.kind]]);
    }
  }
}

function box(track: Track, index: number, laneY: number): { y: number; height: number } {
  const row = Math.min(track.rows - 1, track.spans.row[index]!);
  return { y: laneY + track.y + row * track.rowHeight, height: track.rowHeight };
}

// Draws the highlighted items again over the faded ones, with a frame.
function paintLit(brush: Brush, scene: Scene, laneY: (lane: Lane) => number): void {
  const { context, palette, scale } = brush;
  const { window } = scene;
  const lit = scene.lit!;
  if (lit.callbacks.size) paintLitCallbacks(brush, scene, laneY);
  lit.items.forEach((item, order) => {
    for (const { lane, track, index } of spotsOf(scene.lanes, scene.model, item)) {
      const { begin, end } = scene.model.interval(item);
      if (end < window.from || begin > window.to) continue;
      paintOne(brush, track, index, laneY(lane));
      const { y, height } = box(track, index, laneY(lane));
      const x = scale.clamped(begin);
      context.strokeStyle = order === 0 ? palette.focus : palette.text;
      context.lineWidth = order === 0 ? 2.5 : 1.5;
      context.strokeRect(x - 1.5, y - 1.5, Math.max(3, scale.clamped(end) - x) + 3, height + 1.5);
    }
  });
  guides(brush, scene, laneY);
}

function paintLitCallbacks(brush: Brush, scene: Scene, laneY: (lane: Lane) => number): void {
  const { context, palette, scale } = brush;
  const { window, model } = scene;
  const lit = scene.lit!.callbacks;
  for (const lane of scene.lanes)
    for (const track of lane.tracks) {
      const { spans } = track;
      if (spans.kind !== 'callback') continue;
      if (singly(track, window.from, window.to)) {
        for (let i = spans.first(window.from); i < spans.count && spans.begin[i]! <= window.to; ++i)
          if (lit.has(spans.item[i]!)) paintOne(brush, track, i, laneY(lane));
        continue;
      }
      let from = Infinity;
      let to = -Infinity;
      let count = 0;
      for (const at of lit) {
        if (model.callbacks.function[at] !== lane.function) continue;
        from = Math.min(from, model.callbacks.queued[at]!);
        to = Math.max(to, model.lifeEnd[at]!);
        ++count;
      }
      if (!count || to < window.from || from > window.to) continue;
      paintShares(brush, track, laneY(lane) + track.y, lane.height - 2 * track.y);
      const x = scale.clamped(from);
      context.strokeStyle = palette.focus;
      context.lineWidth = 2;
      context.strokeRect(x, laneY(lane) + 1, Math.max(3, scale.clamped(to) - x), lane.height - 2);
      context.font = '600 11px system-ui, sans-serif';
      context.fillStyle = palette.text;
      context.fillText(`${count.toLocaleString('en')} of these`, Math.max(GUTTER, x) + 6, laneY(lane) + 10);
    }
}

// Draws vertical lines from the start and the end of the grace period to the highlighted callback or section.
function guides({ context, palette, scale }: Brush, scene: Scene, laneY: (lane: Lane) => number): void {
  const [first, ...others] = scene.lit!.items;
  const gpItem = first?.kind === 'gp' ? first : others.find((item) => item.kind === 'gp');
  if (!gpItem || (first!.kind !== 'callback' && first!.kind !== 'section')) return;
  const [from] = spotsOf(scene.lanes, scene.model, gpItem);
  const [to] = spotsOf(scene.lanes, scene.model, first!);
  if (!from || !to) return;
  const gp = scene.model.gp(gpItem.at);
  const ends = [laneY(from.lane) + from.lane.height - 10, box(to.track, to.index, laneY(to.lane)).y];
  context.strokeStyle = palette.focus;
  context.lineWidth = 1.25;
  context.setLineDash([4, 3]);
  for (const at of [gp.start_ns, gp.end_ns]) {
    if (at === null) continue;
    const x = scale.clamped(at);
    context.beginPath();
    context.moveTo(x, ends[0]!);
    context.lineTo(x, ends[1]!);
    context.stroke();
  }
  context.setLineDash([]);
}

function grid({ context, palette, scale }: Brush, height: number): void {
  context.fillStyle = palette.line;
  for (const { at } of ticks(scale).ticks) context.fillRect(Math.round(scale.x(at)), 0, 1, height);
}

function ticks(scale: Scale) {
  return axis(scale.window.from, scale.window.to, (scale.right - GUTTER) / 110);
}

function paintAxis({ context, palette, scale }: Brush, top: number): void {
  const { baseText, ticks: marks } = ticks(scale);
  context.fillStyle = palette.muted;
  context.font = '11.5px system-ui, sans-serif';
  for (const { at, text } of marks) {
    const x = Math.round(scale.x(at));
    if (x < GUTTER || x > scale.right) continue;
    context.fillRect(x, AXIS - 8, 1, 8);
    const half = context.measureText(text).width / 2;
    if (x - half > GUTTER - 12 && x + half < scale.right - 2) context.fillText(text, x - half, AXIS - 18);
  }
  context.font = '600 11.5px system-ui, sans-serif';
  context.fillText(baseText ? `from ${baseText}` : 'time', 12, AXIS - 18);
  context.fillStyle = palette.line;
  context.fillRect(0, AXIS - 1, scale.right, 1);
  context.fillRect(0, top - 1, scale.right, 1);
}

function names({ context, palette }: Brush, scene: Scene, lane: Lane, y: number): void {
  const first = scene.lanes[scene.lanes.indexOf(lane) - 1]?.group !== lane.group;
  if (first) {
    context.fillStyle = palette.muted;
    context.font = '700 11px system-ui, sans-serif';
    context.fillText(lane.group.toUpperCase(), 12, y - 12);
    context.fillStyle = palette.line;
    context.fillRect(GUTTER, y - 12, scene.width, 1);
  }
  context.save();
  context.beginPath();
  context.rect(0, y - 2, GUTTER - 8, lane.height + 4);
  context.clip();
  context.fillStyle = palette.text;
  context.font = '600 12.5px system-ui, sans-serif';
  let title = lane.title;
  const room = GUTTER - 24;
  while (title.length > 4 && context.measureText(title).width > room) title = `${title.slice(0, -2)}…`;
  context.fillText(title, 12, y + 9);
  context.fillStyle = palette.muted;
  context.font = '11px system-ui, sans-serif';
  context.fillText(lane.about, 12, y + 24);
  context.restore();
}

function hazardBands({ context, palette, scale, model }: Brush, height: number): void {
  model.timeline.hazards.forEach((_, at) => {
    const span = model.hazardSpan(at);
    if (!span) return;
    const x = scale.clamped(span.begin);
    const width = Math.max(2, scale.clamped(span.end) - x);
    context.fillStyle = palette.hazard;
    context.globalAlpha = 0.13;
    context.fillRect(x, 0, width, height);
    context.globalAlpha = 1;
  });
}

function hazardLines({ context, palette, scale, model }: Brush, top: number, height: number): void {
  context.strokeStyle = palette.hazard;
  context.lineWidth = 1.5;
  for (const hazard of model.timeline.hazards) {
    const x = Math.round(scale.clamped(hazard.at_ns)) + 0.5;
    context.setLineDash(hazard.severity === 'fatal' ? [] : [6, 4]);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, height);
    context.stroke();
  }
  context.setLineDash([]);
}

function hazardMarks({ context, palette, scale, model }: Brush): void {
  const y = AXIS + STRIP / 2;
  context.fillStyle = palette.hazardText;
  context.font = '600 12.5px system-ui, sans-serif';
  context.fillText('Hazards', 12, y);
  context.save();
  context.beginPath();
  context.rect(GUTTER - 8, AXIS, scale.right, STRIP);
  context.clip();
  let free = -Infinity; // where the text of the last mark ends
  const marks = model.timeline.hazards.map((hazard) => ({ hazard, x: scale.x(hazard.at_ns) })).sort((a, b) => a.x - b.x);
  for (const { hazard, x } of marks) {
    if (x < GUTTER - 8 || x > scale.right + 8) continue;
    context.fillStyle = palette.hazard;
    context.beginPath();
    context.moveTo(x, y - 8);
    context.lineTo(x + 8.5, y + 7);
    context.lineTo(x - 8.5, y + 7);
    context.closePath();
    context.fill();
    context.fillStyle = palette.page;
    context.fillRect(x - 1, y - 3, 2, 5);
    context.fillRect(x - 1, y + 3.5, 2, 2);
    context.font = '600 11.5px system-ui, sans-serif';
    const width = context.measureText(hazard.kind).width;
    const at = x + 13 + width > scale.right ? x - 13 - width : x + 13;
    if (at < free || at < GUTTER) continue;
    context.fillStyle = palette.hazardText;
    context.fillText(hazard.kind, at, y);
    free = Math.max(at + width, x) + 16;
  }
  context.restore();
}

function paintBadges({ context, palette, scale }: Brush, scene: Scene, laneY: (lane: Lane) => number): void {
  for (const { item, text, atEnd } of scene.badges) {
    const [spot] = spotsOf(scene.lanes, scene.model, item);
    if (!spot) continue;
    const { begin, end } = scene.model.interval(item);
    if (begin > scene.window.to || end < scene.window.from) continue;
    // Next to the bar, so that its label stays readable.
    const beside = atEnd ? scale.clamped(end) + 14 : scale.clamped(begin) - 14;
    const { y, height } = box(spot.track, spot.index, laneY(spot.lane));
    const x = Math.max(GUTTER + 14, Math.min(scale.right - 14, beside));
    context.beginPath();
    context.arc(x, y + height / 2, 11, 0, 2 * Math.PI);
    context.fillStyle = palette.badge;
    context.fill();
    context.strokeStyle = palette.page;
    context.lineWidth = 2;
    context.stroke();
    context.fillStyle = palette.badgeText;
    context.font = '700 12.5px system-ui, sans-serif';
    context.fillText(text, x - context.measureText(text).width / 2, y + height / 2 + 0.5);
  }
}
