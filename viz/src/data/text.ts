// SPDX-License-Identifier: BSD-2-Clause
//
// Escapes untrusted text. The names of modules, tasks and functions can contain any bytes. Characters that are
// invisible or change the direction of the text around them are replaced by escapes before any other code of the page
// uses the text.

// Control characters, directional marks and embeddings, joiners and characters without width, line separators,
// unpaired surrogates, tags.
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

// Does the same for every text in a value that was read from JSON, in place.
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
