// SPDX-License-Identifier: BSD-2-Clause
//
// Searches functions, modules, tasks and grace periods by a part of the name or by a number.
import type { Item, Model } from './model';

export interface Found {
  title: string; // its name
  about: string; // what it is, and the number of occurrences
  first: Item; // the first occurrence
}

export function search(model: Model, text: string, atMost = 12): Found[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = new Map<string, Found & { count: number; what: string }>();
  const add = (title: string, what: string, first: Item) => {
    const key = `${what}\0${title}`;
    const known = found.get(key);
    if (known) ++known.count;
    else found.set(key, { title, what, first, count: 1, about: '' });
  };
  const matches = (name: string | null | undefined): name is string => !!name && name.toLowerCase().includes(wanted);

  const { timeline, callbacks } = model;
  timeline.modules.forEach((module, at) => matches(module.name) && add(module.name, 'module', { kind: 'module', at }));
  // There may be very many callbacks: the loop looks only at the numbers of their functions.
  const first = new Map<number, number>();
  const counts = new Int32Array(callbacks.names.list.length);
  for (let i = 0; i < callbacks.count; ++i) if (!counts[callbacks.function[i]!]!++) first.set(callbacks.function[i]!, i);
  for (const [name, at] of first) {
    if (!matches(callbacks.names.list[name])) continue;
    add(callbacks.functionName(at), 'callback', { kind: 'callback', at });
    found.get(`callback\0${callbacks.functionName(at)}`)!.count = counts[name]!;
  }
  timeline.read_sections.forEach((section, at) => {
    if (matches(section.function)) add(section.function, 'read-side section', { kind: 'section', at });
    const task = `${section.comm} ${section.tid}`;
    if (matches(task)) add(task, 'task with read-side sections', { kind: 'section', at });
  });
  timeline.waits.forEach((wait, at) => {
    const task = `${wait.comm} ${wait.tid}`;
    if (matches(task)) add(task, 'task that waits', { kind: 'wait', at });
    if (matches(wait.kind)) add(wait.kind, 'wait', { kind: 'wait', at });
    if (matches(wait.caller)) add(wait.caller, 'wait in', { kind: 'wait', at });
  });
  timeline.grace_periods.forEach((gp, at) => {
    if (`gp ${gp.gp_seq}`.includes(wanted)) add(`GP ${gp.gp_seq}`, 'grace period', { kind: 'gp', at });
    const holder = gp.held_by;
    if (matches(holder?.comm)) add(`${holder!.comm} ${holder!.tid ?? ''}`.trim(), 'holder of grace periods', { kind: 'gp', at });
    if (matches(holder?.function)) add(holder!.function!, 'function that held grace periods', { kind: 'gp', at });
  });
  return [...found.values()]
    .sort((a, b) => Number(b.title.toLowerCase().startsWith(wanted)) - Number(a.title.toLowerCase().startsWith(wanted)))
    .slice(0, atMost)
    .map(({ title, what, count, first }) => ({
      title,
      first,
      about: count === 1 ? what : `${what}, ${count.toLocaleString('en')}`,
    }));
}
