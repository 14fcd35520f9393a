// SPDX-License-Identifier: BSD-2-Clause
//
// Helpers that create elements. Text is always inserted as text and never parsed as HTML.

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

// Text from the kernel. <bdi> isolates its direction from the surrounding text.
export function bdi(text: string): HTMLElement {
  return el('bdi', { textContent: text });
}

export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

// The link within the page that a click follows. A click with a modifier key opens another tab and is left to the
// browser.
export function followedLink(event: MouseEvent): HTMLAnchorElement | null {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return null;
  return (event.target as Element).closest<HTMLAnchorElement>('a[href^="#"]');
}
