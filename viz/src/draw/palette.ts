// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the colours of the picture from the page's style sheet, which has a light and a dark theme. The colours
// are Okabe and Ito's, which people with any colour vision can distinguish.

const NAMES = [
  'page', 'text', 'muted', 'line', 'stripe', 'start', 'end', 'invocation', 'running', 'waiting', 'gp', 'expedited',
  'cleanup', 'section', 'wait', 'batch', 'hazard', 'live', 'init', 'exit', 'free', 'report', 'scan', 'focus',
  'onDark', 'onLight', 'hazardText', 'badge', 'badgeText',
] as const;

export type Palette = Record<(typeof NAMES)[number], string>;

export function palette(element: Element): Palette {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}
