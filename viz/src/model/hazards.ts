// SPDX-License-Identifier: BSD-2-Clause
//
// The span of time that the picture marks for a hazard.
import type { Interval, Model } from './model';
import { placesOf } from './relations';

// A cache: every frame asks for all spans, and a hazard may name very many callbacks.
const known = new WeakMap<Model, Map<number, Interval | null>>();

// For a module that was unloaded too early: from the return of its exit function to the end of the last callback that
// was pending. null: the hazard is of another kind.
export function hazardSpan(model: Model, at: number): Interval | null {
  let spans = known.get(model);
  if (!spans) known.set(model, (spans = new Map()));
  let span = spans.get(at);
  if (span === undefined) spans.set(at, (span = spanOf(model, at)));
  return span;
}

function spanOf(model: Model, at: number): Interval | null {
  const hazard = model.hazard(at);
  if (!hazard.callbacks.length || hazard.module === null || !/pending|barrier/.test(hazard.kind)) return null;
  const callbacks = placesOf(model, hazard.callbacks);
  if (!callbacks.length) return null;
  let end = hazard.at_ns;
  for (const place of callbacks) end = Math.max(end, model.lifeEnd[place]!);
  const life = model.timeline.modules.find(
    (module) => module.name === hazard.module && (module.loaded_ns ?? 0) <= hazard.at_ns && (module.freed_ns ?? Infinity) >= hazard.at_ns,
  );
  const begin = Math.min(hazard.at_ns, life?.exit_done_ns ?? life?.free_begin_ns ?? hazard.at_ns);
  return { begin, end, open: false };
}
