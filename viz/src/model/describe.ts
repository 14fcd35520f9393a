// SPDX-License-Identifier: BSD-2-Clause
//
// Describes each item in words: a title, facts, sentences, and links to related items.
import { lifeOf } from '../layout/shares';
import type { Holder } from '../data/timeline';
import type { Item, Model } from './model';
import { holderOf, holdingSection, placesOf } from './relations';
import { duration, moment, plural } from './units';

// Whether the task itself made the call, or an interrupt that happened to run over the task.
function interrupted(context: string): string {
  return context === 'softirq' || context === 'hardirq' ? `in an interrupt (${context}) over` : 'by';
}

export interface Link {
  text: string;
  item: Item;
  key?: string; // the key that follows this link
}

export interface Description {
  title: string;
  facts: [string, string][];
  sentences: string[];
  parts: { name: string; part: string; ns: number }[]; // only for a callback
  links: Link[];
}

const GP_PHASES = 'The hatched part at its left is how uncertain its start is, the paler one at its right the cleanup, in which callbacks are released; the stripe at its foot begins with the first forced scan.';

const QUIESCENT: Record<string, string> = {
  self: 'The CPU reported it itself: it had switched tasks, or was seen in user mode or idle.',
  scan: 'A forced scan found the CPU idle, in user mode or offline.',
  init: 'The CPU was offline when the grace period began.',
  other: 'It came in by another way.',
};

// The text of the link to the last quiescent state of a grace period, by the kind of its holder.
const LAST_STATE: Partial<Record<Holder['kind'], string>> = {
  'busy-cpu': 'Held until this quiescent state',
  'idle-cpu': 'Held until this quiescent state',
  'gp-kthread': 'Held after this quiescent state',
};

function lastState(model: Model, gp: number): string {
  return LAST_STATE[model.gp(gp).held_by?.kind ?? 'unknown'] ?? 'The last quiescent state that was recorded';
}

// The call stack as a fact, if it was recorded.
function stackOf(model: Model, stack: number): [string, string][] {
  const places = model.timeline.stacks[stack];
  return places ? [['By way of', places.map((place) => place ?? 'unknown').join(' ← ')]] : [];
}

function callback(model: Model, at: number): Description {
  const { callbacks } = model;
  const name = callbacks.functionName(at);
  const text = (column: Int32Array) => callbacks.names.list[column[at]!]!;
  const life = lifeOf(model, at);
  const invoked = callbacks.invoked[at]!;
  const done = callbacks.done[at]!;
  const gp = model.gpOfCallback(at);
  const facts: [string, string][] = [
    ['Queued', `${moment(life[0]!)} on CPU ${callbacks.cpu[at]} ${interrupted(text(callbacks.queuedContext))} ${text(callbacks.comm)} (${callbacks.tid[at]})`],
    ['call_rcu() in', text(callbacks.caller) || 'not known'],
    ...stackOf(model, callbacks.stack[at]!),
  ];
  if (!Number.isNaN(invoked)) {
    facts.push(['Invoked', `${moment(invoked)} on CPU ${callbacks.invokedCpu[at]}${text(callbacks.context) ? `, ${text(callbacks.context)}` : ''}`]);
    facts.push(['Latency', duration(invoked - life[0]!)]);
  }
  const sentences: string[] = [];
  if (callbacks.lazy[at]) sentences.push('RCU was free to hold it back until something else needed a grace period.');
  if (callbacks.state[at] === 1) sentences.push('It had not run by the end of the recording.');
  if (callbacks.state[at] === 2) sentences.push('Its end may have been lost: whether it ran is not known.');
  const names = ['for its grace period to start', 'for that to end', 'ready, and waiting to be invoked', 'running', Number.isNaN(done) ? 'not done' : 'of which no more is known'];
  const keys = ['start', 'end', 'invocation', 'running', 'waiting'];
  const parts = names
    .map((name, i) => ({ name, part: keys[i]!, ns: life[i + 1]! - life[i]! }))
    .filter(({ ns }) => ns > 0);
  const links: Link[] = [];
  if (gp >= 0) {
    links.push({ text: `Grace period ${model.gp(gp).gp_seq} released it`, item: { kind: 'gp', at: gp }, key: 'G' });
    const holder = holderOf(model, gp);
    if (model.gp(gp).held_by) sentences.push(`${model.gp(gp).held_by!.text}.`);
    if (holder) links.push({ text: holder.kind === 'section' ? `Held by the read-side section in ${model.timeline.read_sections[holder.at]!.function}` : lastState(model, gp), item: holder, key: 'H' });
  } else {
    sentences.push('Which grace period released it is not known.');
  }
  return { title: name, facts, sentences, parts, links };
}

function gracePeriod(model: Model, at: number): Description {
  const gp = model.gp(at);
  const facts: [string, string][] = [];
  if (gp.start_ns !== null) facts.push(['Began', `${moment(gp.start_ns)}${gp.start_uncertainty_ns ? `, or up to ${duration(gp.start_uncertainty_ns)} before` : ''}`]);
  else facts.push(['Began', 'before the recording, or not seen']);
  if (gp.end_ns !== null) facts.push(['Ended', moment(gp.end_ns)]);
  if (gp.start_ns !== null && gp.end_ns !== null) facts.push(['Took', duration(gp.end_ns - gp.start_ns)]);
  if (gp.end_ns !== null && gp.cleaned_ns !== null) facts.push(['Cleanup', duration(gp.cleaned_ns - gp.end_ns)]);
  if (gp.scans) facts.push(['Forced scans', `${gp.scans}${gp.first_scan_ns !== null ? `, the first at ${moment(gp.first_scan_ns)}` : ''}`]);
  const released = model.released(at);
  const callbacks = model.timeline.capture.all_callbacks ? 'callback' : 'recorded callback';
  facts.push(['Released', plural(gp.released_callbacks ?? released.length, callbacks)]);
  const sentences = gp.held_by ? [`${gp.held_by.text}.`] : [];
  if (gp.began_before) sentences.push('It was in progress when the recording opened, perhaps for the tracer’s own sake.');
  if (gp.end_ns === null) sentences.push('It was in progress at the end of the recording.');
  const links: Link[] = [];
  const section = holdingSection(model, at);
  const holder = holderOf(model, at);
  if (section >= 0) {
    const { comm, tid, function: name } = model.timeline.read_sections[section]!;
    links.push({ text: `Held by ${comm} (${tid}), reading in ${name}`, item: { kind: 'section', at: section }, key: 'H' });
  } else if (holder) {
    links.push({ text: lastState(model, at), item: holder, key: 'H' });
  }
  if (released.length) links.push({ text: `The first callback it released: ${model.callbacks.functionName(released[0]!)}`, item: { kind: 'callback', at: released[0]! }, key: 'C' });
  return { title: `${gp.expedited ? 'Expedited grace period' : 'Grace period'} ${gp.gp_seq}`, facts, sentences: [...sentences, GP_PHASES], parts: [], links };
}

const LEFT = {
  'task-ended': 'It did not end: its thread ended within it.',
  'user-mode': 'It did not end: its thread ran in user mode within it.',
  idle: 'It did not end: an interrupt over the idle task left it open.',
  'unseen-end': 'Its end was not seen: when its thread ended it was in no section.',
};

function section(model: Model, at: number): Description {
  const one = model.timeline.read_sections[at]!;
  const { begin, end, open } = model.interval({ kind: 'section', at });
  const facts: [string, string][] = [
    ['Thread', `${one.comm} (${one.tid})`],
    ['Began', `${moment(begin)} on CPU ${one.cpu}${one.place ? ` at ${one.place}` : ''}`],
    [open ? 'Open for at least' : 'Lasted', duration(end - begin)],
  ];
  if (one.nesting) facts.push(['Within', plural(one.nesting, 'other section')]);
  if (one.off_cpu.length) facts.push(['Off the CPU', plural(one.off_cpu.length, 'time')]);
  const held = model.heldBy(at);
  const sentences = [one.by === 'function' ? 'Known as a call of a function that was named a reader.' : 'From rcu_read_lock() to rcu_read_unlock().'];
  if (one.left && one.end_ns === null) sentences.push(LEFT[one.left]);
  if (one.off_cpu.some((off) => off.voluntary)) sentences.push('It gave up the CPU within the section, which a reader must not.');
  if (one.off_cpu.some((off) => off.lock))
    sentences.push('It waited for a lock that another task held and that sleeps on this kernel. A reader may do that.');
  if (held.length) sentences.push(`It held ${plural(held.length, 'grace period')}: a grace period does not end before such a section.`);
  const links = held.slice(0, 8).map((gp): Link => ({ text: `Held grace period ${model.gp(gp).gp_seq}`, item: { kind: 'gp', at: gp }, key: 'G' }));
  return { title: `Read-side section in ${one.function}`, facts, sentences, parts: [], links };
}

function report(model: Model, at: number): Description {
  const { gp, state } = model.reports[at]!;
  const one = model.gp(gp).quiescent_states[state]!;
  const sentences = [QUIESCENT[one.kind] ?? ''];
  if (one.last) sentences.push('The last of its leaf’s CPUs.');
  if (one.blocked_readers) sentences.push('The leaf waits for preempted readers, too.');
  return {
    title: `Quiescent state of ${one.cpus.length === 1 ? 'CPU' : 'CPUs'} ${one.cpus.join(', ')}`,
    facts: [['At', moment(one.at_ns)]],
    sentences,
    parts: [],
    links: [{ text: `For grace period ${model.gp(gp).gp_seq}`, item: { kind: 'gp', at: gp }, key: 'G' }],
  };
}

function module(model: Model, at: number): Description {
  const one = model.timeline.modules[at]!;
  const facts: [string, string][] = [];
  const times: [string, number | null][] = [
    ['Loaded', one.loaded_ns], ['Init returned', one.init_done_ns], ['Exit called', one.exit_ns],
    ['Exit returned', one.exit_done_ns], ['Freeing began', one.free_begin_ns], ['Memory gone', one.freed_ns],
  ];
  for (const [name, ns] of times) if (ns !== null) facts.push([name, moment(ns)]);
  const pending: [string, number | null][] = [['at its exit', one.pending_at_exit], ['when freeing began', one.pending_at_free], ['when it was gone', one.pending_at_freed]];
  for (const [when, count] of pending) if (count !== null) facts.push([`Pending ${when}`, plural(count, 'callback')]);
  const links = model.timeline.hazards.flatMap((hazard, place): Link[] => hazard.life === at ? [{ text: `Hazard: ${hazard.kind}`, item: { kind: 'hazard', at: place } }] : []);
  return { title: `Module ${one.name}`, facts, sentences: one.verdict ? [`${one.verdict}.`] : [], parts: [], links };
}

function hazard(model: Model, at: number): Description {
  const one = model.hazard(at);
  const callbacks = placesOf(model, one.callbacks);
  const links: Link[] = [];
  if (callbacks.length) {
    // Link the callback that waited longest.
    const first = callbacks.reduce((a, b) => (model.callbacks.queued[b]! < model.callbacks.queued[a]! ? b : a));
    links.push({ text: `The oldest of its ${plural(callbacks.length, 'callback')}: ${model.callbacks.functionName(first)}`, item: { kind: 'callback', at: first }, key: 'C' });
  }
  for (const section of one.read_sections.slice(0, 8)) {
    const name = model.timeline.read_sections[section]?.function;
    if (name) links.push({ text: `The read-side section in ${name}`, item: { kind: 'section', at: section }, key: 'H' });
  }
  return { title: `Hazard: ${one.kind}`, facts: [['Severity', one.severity], ['At', moment(one.at_ns)]], sentences: [one.text], parts: [], links };
}

export function describe(model: Model, item: Item): Description {
  const { timeline } = model;
  switch (item.kind) {
    case 'callback': return callback(model, item.at);
    case 'gp': return gracePeriod(model, item.at);
    case 'section': return section(model, item.at);
    case 'report': return report(model, item.at);
    case 'module': return module(model, item.at);
    case 'hazard': return hazard(model, item.at);
    case 'wait': {
      const one = timeline.waits[item.at]!;
      const { begin, end, open } = model.interval(item);
      return {
        title: `${one.kind}()`,
        facts: [['Thread', `${one.comm} (${one.tid})`], ['Called in', one.caller ?? 'not known'], ...stackOf(model, one.stack ?? -1), ['Began', moment(begin)], [open ? 'Waits for at least' : 'Waited', duration(end - begin)]],
        sentences: [one.kind === 'rcu_barrier' ? 'Waits until every callback that is queued has run.' : `Waits for a grace period${one.expedited ? ', an expedited one' : ''}.`],
        parts: [],
        links: [],
      };
    }
    case 'batch': {
      const one = timeline.batches[item.at]!;
      const { begin, end } = model.interval(item);
      return {
        title: `Batch of ${plural(one.callbacks, 'callback')}`,
        facts: [['On CPU', String(one.cpu)], ['Callbacks of CPU', String(one.list_cpu)], ['Context', one.context ?? 'not known'], ['Began', moment(begin)], ['Took', duration(end - begin)]],
        sentences: ['One run over the callbacks of a CPU whose grace period has ended.'],
        parts: [],
        links: [],
      };
    }
  }
}

// One line for screen readers.
export function inShort(model: Model, item: Item): string {
  const { title, facts } = describe(model, item);
  const told = facts.filter(([name]) => /Took|Latency|Lasted|Waited|Thread|^At$/.test(name)).map(([name, value]) => `${name.toLowerCase()} ${value}`);
  return [title, ...told].join(', ');
}
