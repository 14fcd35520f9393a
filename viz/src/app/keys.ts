// SPDX-License-Identifier: BSD-2-Clause
//
// The keys and their actions. No key acts in a text field or an open dialog. Arrow and page keys act only if
// the picture or nothing has the focus.

export interface Actions {
  zoom(factor: number): void;
  move(part: number): void;
  scroll(pixels: number): void;
  beside(step: 1 | -1): void;
  across(step: 1 | -1): void;
  goto(key: 'G' | 'H' | 'C'): void;
  frame(): void;
  whole(): void;
  clear(): void;
  search(): void;
  help(): void;
  explain(): void;
  hazard(step: 1 | -1): void;
}

export const KEYS: [string, string][] = [
  ['W S', 'closer, farther'],
  ['A D', 'earlier, later'],
  ['← →', 'to the one before or after on the same lane'],
  ['↑ ↓', 'to the nearest on the lane above or below'],
  ['G', 'to its grace period'],
  ['H', 'to who held it: the read-side section, or the last quiescent state'],
  ['C', 'to the first of its callbacks'],
  ['N P', 'to the next or the previous hazard'],
  ['F', 'fill the window with what is chosen'],
  ['0', 'the whole recording'],
  ['/', 'search functions and tasks'],
  ['E', 'What am I looking at?'],
  ['Esc', 'choose nothing'],
  ['?', 'these keys'],
];

export function handleKey(event: KeyboardEvent, actions: Actions): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches('input, textarea, select') || target.closest('dialog[open]')) return;
  const onPicture = target.id === 'picture' || target === document.body;
  const anywhere: Record<string, () => void> = {
    '/': () => actions.search(),
    '?': () => actions.help(),
    e: () => actions.explain(),
    g: () => actions.goto('G'),
    h: () => actions.goto('H'),
    c: () => actions.goto('C'),
    n: () => actions.hazard(1),
    p: () => actions.hazard(-1),
    f: () => actions.frame(),
    w: () => actions.zoom(1.5),
    s: () => actions.zoom(1 / 1.5),
    a: () => actions.move(-0.2),
    d: () => actions.move(0.2),
    '0': () => actions.whole(),
    Escape: () => actions.clear(),
  };
  // If a link has the focus, these keys scroll as in any page.
  const picture: Record<string, () => void> = {
    ArrowLeft: () => actions.beside(-1),
    ArrowRight: () => actions.beside(1),
    ArrowUp: () => actions.across(-1),
    ArrowDown: () => actions.across(1),
    PageUp: () => actions.scroll(-300),
    PageDown: () => actions.scroll(300),
  };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = anywhere[key] ?? (onPicture ? picture[key] : undefined);
  if (!action) return;
  event.preventDefault();
  action();
}
