// SPDX-License-Identifier: BSD-2-Clause
//
// Names of modules, tasks and functions are any bytes that somebody chose.
// What would not be seen, or would turn the text around it, is spelled out
// before anything else of the page gets to see it.

// Control characters, directional marks and embeddings, what joins or has no
// width, line separators, halves of surrogate pairs, tags.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\u{e0000}-\u{e0fff}]/u;
const EACH = new RegExp(UNSEEN.source, 'gu');

export function shown(text: string): string {
  if (!UNSEEN.test(text)) return text;
  return text.replace(EACH, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

// The same for every text within a value that was read from JSON, in place.
export function showAll<T>(value: T): T {
  if (typeof value === 'string') return shown(value) as T;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; ++i) value[i] = showAll(value[i]);
  } else if (value !== null && typeof value === 'object') {
    const members = value as Record<string, unknown>;
    for (const key of Object.keys(members)) {
      const member = members[key];
      if (typeof member === 'string' || (typeof member === 'object' && member !== null)) members[key] = showAll(member);
    }
  }
  return value;
}
