// SPDX-License-Identifier: BSD-2-Clause
//
// The side panel: describes the recording and the chosen item in words. Every item is a link to its position in the
// picture.
import { addressOf } from '../app/address';
import type { Item, Model } from '../model/model';
import { type Description, describe } from '../model/describe';
import { longestGracePeriods } from '../model/relations';
import { duration, moment, plural } from '../model/units';
import { bdi, byId, el } from './dom';

const LONGEST = 8;
const HAZARDS = 50;

export function linkTo(model: Model, item: Item, ...children: (Node | string)[]): HTMLAnchorElement {
  return el('a', { href: addressOf(model, { window: null, item }) }, ...children);
}

function hazards(model: Model): HTMLElement {
  const list = model.timeline.hazards;
  if (!list.length) return el('p', { class: 'good', textContent: 'None found.' });
  const items = list.slice(0, HAZARDS).map((hazard, at) =>
    el('li', { class: `hazard ${hazard.severity}` },
      linkTo(model, { kind: 'hazard', at }, el('strong', {}, bdi(hazard.kind)), ` (${hazard.severity})`),
      el('p', {}, bdi(hazard.text)), el('p', { class: 'muted', textContent: `at ${moment(hazard.at_ns)}` })));
  if (list.length > HAZARDS) items.push(el('li', { textContent: `and ${list.length - HAZARDS} more, marked above the lanes` }));
  return el('ul', { class: 'plain' }, ...items);
}

function longest(model: Model): HTMLElement {
  const places = longestGracePeriods(model, LONGEST);
  if (!places.length) return el('p', { textContent: 'None was seen from its start to its end.' });
  return el('ol', { class: 'plain' }, ...places.map((at) => {
    const gp = model.gp(at);
    const holder = gp.held_by;
    const took = duration(gp.end_ns! - gp.start_ns!);
    return el('li', {},
      linkTo(model, { kind: 'gp', at }, el('strong', { textContent: took }), ` GP ${gp.gp_seq}${gp.expedited ? ', expedited' : ''}`),
      holder ? el('p', {}, bdi(holder.text)) : null);
  }));
}

function verdicts(model: Model): (HTMLElement | null)[] {
  return model.timeline.modules.map((module, at) =>
    module.verdict ? el('p', {}, linkTo(model, { kind: 'module', at }, bdi(module.name)), ': ', bdi(module.verdict.replace(`${module.name}: `, ''))) : null);
}

function recording(model: Model): HTMLElement {
  const { host, capture } = model.timeline;
  const facts: [string, string][] = [
    ['Kernel', `${host.kernel}, ${plural(host.cpus, 'CPU')}`],
    ['Recorded', `${duration(capture.end_ns)}${capture.complete ? '' : ', cut off'} (${capture.end_reason || 'why it ended is not known'})`],
    ['Callbacks', `${model.callbacks.count.toLocaleString('en')}${capture.all_callbacks ? '' : ', of followed modules only'}`],
    ['Grace periods', model.timeline.grace_periods.length.toLocaleString('en')],
  ];
  if (!model.timeline.backlogs)
    facts.push(['Not in this timeline', 'the backlog, which rows held grace periods, and when hazards were: an earlier rcuscope wrote it. Export the recording again']);
  const lost = capture.lost.reduce((sum, loss) => sum + loss.count, 0);
  if (lost) facts.push(['Lost', `${plural(lost, 'event')}: what is not here may have been`]);
  for (const missing of capture.missing) facts.push([`Not seen: ${missing.hook}`, missing.why]);
  return table(facts);
}

function table(facts: [string, string][]): HTMLElement {
  return el('dl', {}, ...facts.flatMap(([name, value]) => [el('dt', {}, bdi(name)), el('dd', {}, bdi(value))]));
}

const PARTS: [string, string][] = [
  ['start', 'waiting for a grace period to start'],
  ['end', 'waiting for it to end'],
  ['invocation', 'ready, waiting to be invoked'],
  ['running', 'running'],
  ['waiting', 'not run, or not known'],
];
const OTHERS: [string, string][] = [
  ['gp', 'grace period'],
  ['expedited', 'expedited grace period'],
  ['cleanup', 'its cleanup'],
  ['scan', 'from the first forced scan on'],
  ['report', 'quiescent state'],
  ['section', 'read-side section'],
  ['wait', 'wait for RCU'],
  ['batch', 'batch of callbacks'],
  ['hazard', 'hazard'],
];

function legend(entries: [string, string][]): HTMLElement {
  return el('ul', { class: 'plain legend' }, ...entries.map(([part, text]) =>
    el('li', {}, el('span', { class: `swatch ${part}` }), text)));
}

function part(title: string, ...children: (HTMLElement | null)[]): HTMLElement {
  return el('section', {}, el('h2', { textContent: title }), ...children);
}

// Fills the parts that do not change while the page is open.
export function fillPanel(model: Model): void {
  byId('overview').replaceChildren(
    part('Hazards', hazards(model), ...verdicts(model)),
    part('Longest grace periods', longest(model)),
    part('Colours', el('h3', { textContent: 'A callback, from call_rcu() to its return' }), legend(PARTS), el('h3', { textContent: 'Everything else' }), legend(OTHERS)),
    part('Recording', recording(model)),
  );
}

function shares(description: Description): HTMLElement | null {
  const { parts } = description;
  if (!parts.length) return null;
  const whole = parts.reduce((sum, one) => sum + one.ns, 0);
  const bar = el('div', { class: 'shares' });
  bar.setAttribute('aria-hidden', 'true');
  for (const one of parts) {
    const piece = el('span', { class: one.part });
    piece.style.flexGrow = String(Math.max(one.ns / whole, 0.004));
    bar.append(piece);
  }
  return el('div', {}, bar, el('ul', { class: 'plain legend' }, ...parts.map((one) =>
    el('li', {}, el('span', { class: `swatch ${one.part}` }), el('strong', { textContent: duration(one.ns) }), ` ${one.name} (${Math.round((100 * one.ns) / whole)} %)`))));
}

export function showDetails(model: Model, item: Item | null): void {
  const place = byId('details');
  if (!item) {
    place.replaceChildren(el('h2', { textContent: 'Nothing chosen' }),
      el('p', { class: 'muted', textContent: 'Point at something, or click it to keep it. Arrow keys go to what is next to it; ? lists all keys.' }));
    return;
  }
  const description = describe(model, item);
  const links = description.links.map((link) =>
    el('li', {}, linkTo(model, link.item, bdi(link.text)), link.key ? el('kbd', { textContent: link.key }) : null));
  place.replaceChildren(
    el('h2', {}, bdi(description.title)),
    ...(links.length ? [el('ul', { class: 'plain links' }, ...links)] : []),
    ...[shares(description)].filter((one) => one !== null),
    table(description.facts),
    ...description.sentences.filter(Boolean).map((sentence) => el('p', {}, bdi(sentence))),
  );
}
