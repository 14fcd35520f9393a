// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the escaping of untrusted text (src/data/text.ts).
import { describe, expect, it } from 'vitest';

import { shown } from '../../src/data/text';
import { golden } from './recording';

describe('text from a kernel', () => {
  it('leaves what can be seen as it is', () => {
    for (const text of ['rcucmap:node_free', '<b>&"\'', 'naïve Ω 漢字 😀', '']) expect(shown(text)).toBe(text);
  });
  it('spells out what cannot, or turns the text', () => {
    expect(shown('a\x1b[31mb\n\x7f')).toBe('a\\x1b[31mb\\x0a\\x7f');
    expect(shown('a\u202egpj.exe\u2066')).toBe('a\\u{202e}gpj.exe\\u{2066}');
    expect(shown('x\u200by\ufeff')).toBe('x\\u{200b}y\\u{feff}');
    expect(shown('\ud800')).toBe('\\u{d800}');
    expect(shown('\u{e0041}')).toBe('\\u{e0041}');
  });
  it('has none of it anywhere in the model', () => {
    const { timeline, callbacks } = golden('timeline-nasty.json');
    const all = JSON.stringify(timeline) + callbacks.names.list.join('');
    expect(all).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
  });
});
