// SPDX-License-Identifier: BSD-2-Clause
//
// Elements, made by hand: text is only ever set as text.

type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> & { class?: string } = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { class: classes, ...others } = properties;
  if (classes) element.className = classes;
  Object.assign(element, others);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

// Text from the kernel: whatever its direction, it does not turn its surroundings.
export function bdi(text: string): HTMLElement {
  return el('bdi', { textContent: text });
}

export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

// The link that a click follows within the page. With a key held it is for another tab: the browser's business.
export function followedLink(event: MouseEvent): HTMLAnchorElement | null {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return null;
  return (event.target as Element).closest<HTMLAnchorElement>('a[href^="#"]');
}
