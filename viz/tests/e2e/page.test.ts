// SPDX-License-Identifier: BSD-2-Clause
//
// Properties of the page for any recording: it is accessible, runs no code from a recording, and is fast with very many
// callbacks.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { chosen, exported, keep, launch, openPage, screenshot } from './browser';
import { manyCallbacks, pageWith } from './many';

let browser: Browser;
let template: string; // the page as it was built, without a recording
beforeAll(async () => {
  browser = await launch();
  template = readFileSync(process.env.RCUSCOPE_PAGE!, 'utf8');
});
afterAll(() => browser?.close());

async function violations(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const run = (window as never as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run;
    return (await run()).violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`));
  });
}

describe.each(['light', 'dark'] as const)('axe-core finds nothing (%s)', (colorScheme) => {
  it.each(['crash', 'long-reader'])('%s', async (name) => {
    const { page, close } = await openPage(browser, exported(name).html, '', { colorScheme, bypassCSP: true });
    expect(await violations(page)).toEqual([]);
    // Check every state of the page that shows other elements.
    await page.keyboard.press('n');
    await page.keyboard.press('e');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('/');
    await page.keyboard.type('rcu');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('#overview a').first().click();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('?');
    expect(await violations(page)).toEqual([]);
    await close();
  });
});

describe('text from a kernel', () => {
  it('is text, and does nothing', async () => {
    const timeline = JSON.parse(readFileSync(new URL('../../../tests/golden/timeline.json', import.meta.url), 'utf8'));
    const nasty = ['<img src=x onerror=alert(1)>', '</script><script>alert(2)</script>', '"onmouseover="alert(3)', "'-alert(4)-'", '\u202egpj.exe', '\x1b[31mred\n', '{{7*7}}', '<!--', 'javascript:alert(5)'];
    let used = 0;
    const spoil = (value: unknown): void => {
      if (value === null || typeof value !== 'object') return;
      for (const [key, member] of Object.entries(value as Record<string, unknown>)) {
        if (typeof member === 'string' && /^(comm|queued_comm|name|function|module|place|caller|text|verdict|kernel|end_reason|why|hook)$/.test(key)) (value as Record<string, unknown>)[key] = nasty[used++ % nasty.length];
        else spoil(member);
      }
    };
    spoil(timeline);
    timeline.capture.followed = nasty;
    const path = keep('nasty.html', pageWith(template, gzipSync(JSON.stringify(timeline))));
    const { page, requests, errors, close } = await openPage(browser, path);
    expect(await page.locator('html').getAttribute('data-ready')).toBe('yes');
    await page.keyboard.press('/');
    await page.keyboard.type('alert');
    await page.keyboard.press('Escape');
    await page.locator('#picture').focus();
    for (let i = 0; i < 30; ++i) await page.keyboard.press(i % 3 ? 'ArrowDown' : 'ArrowRight');
    await page.keyboard.press('e');
    for (let i = 0; i < 6; ++i) await page.keyboard.press('ArrowRight');
    await screenshot(page, 'nasty');
    expect(requests).toEqual([]);
    expect(errors).toEqual([]);
    const text = await page.locator('body').innerText();
    expect(text).toContain('<img src=x onerror=alert(1)>');
    expect(text).toContain('\\u{202e}gpj.exe');
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\x1b]/);
    expect(await page.locator('#app img, #app script, #app [onmouseover]').count()).toBe(0);
    await close();
  });

  it('could do nothing even as markup: the policy stands', async () => {
    const { page, close } = await openPage(browser, exported('long-reader').html);
    const { ran, refused } = await page.evaluate(async () => {
      const refused: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'document.documentElement.dataset.ran = "yes"';
      document.body.append(script);
      const image = new Image();
      image.src = 'http://127.0.0.1:9/x.png';
      document.body.append(image);
      await fetch('http://127.0.0.1:9/').catch(() => {});
      // The browser dispatches these events asynchronously.
      for (let i = 0; i < 50 && refused.length < 3; ++i) await new Promise((done) => setTimeout(done, 100));
      return { ran: document.documentElement.dataset.ran, refused };
    });
    expect(ran).toBeUndefined();
    expect(refused.sort()).toEqual(['connect-src', 'img-src', 'script-src-elem']);
    await close();
  });
});

it('a timeline of an earlier version opens, and the page says what is missing', async () => {
  const { timeline } = exported('long-reader');
  const { backlogs: _, ...earlier } = timeline;
  for (const period of earlier.grace_periods as { held_by: Record<string, unknown> | null }[]) delete period.held_by?.read_section;
  const { page, errors, close } = await openPage(browser, keep('earlier.html', pageWith(template, gzipSync(JSON.stringify(earlier)))));
  expect(errors).toEqual([]);
  expect(await page.locator('#overview').innerText()).toContain('an earlier rcuscope wrote it');
  await close();
  const now = await openPage(browser, exported('long-reader').html);
  expect(await now.page.locator('#overview').innerText()).not.toContain('an earlier rcuscope wrote it');
  await now.close();
});

describe('what is no recording', () => {
  it.each([['nothing', null], ['no gzip', Buffer.from('hello')], ['no timeline', gzipSync('{"schema":"other"}')], ['a part', gzipSync('{"schema":"rcuscope.timeline/1",')]])('%s is told', async (_, data) => {
    const path = keep('broken.html', data ? pageWith(template, data) : template);
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    await page.goto(`file://${path}`);
    await page.waitForFunction(() => /could not be read|holds no recording/.test(document.getElementById('status')?.textContent ?? ''));
    await context.close();
  });
});

// Measures the CPU time of the page's own thread, which other work on the machine does not affect.
async function cpuSeconds(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
}

interface Cost {
  open: number;
  frame: number;
}

async function cost(path: string): Promise<Cost> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 860 }, offline: true });
  const page = await context.newPage();
  const spent = await cpuSeconds(page);
  const before = await spent();
  await page.goto(`file://${path}`);
  await page.waitForSelector('html[data-ready=yes]', { timeout: 250_000 });
  const open = (await spent()) - before;
  const start = await spent();
  const FRAMES = 40;
  // Zooms in, then moves along time, one step for each frame.
  await page.evaluate(async (frames) => {
    const canvas = document.querySelector('canvas')!;
    canvas.focus();
    for (let i = 0; i < frames; ++i) {
      canvas.dispatchEvent(new KeyboardEvent('keydown', { key: i < frames / 4 ? 'w' : i % 2 ? 'd' : 'a', bubbles: true }));
      await new Promise((done) => requestAnimationFrame(done));
    }
  }, FRAMES);
  const frame = ((await spent()) - start) / FRAMES;
  await context.close();
  return { open, frame };
}

describe('very many callbacks', () => {
  it('cost no more than their number', async () => {
    const few = await cost(keep('few.html', pageWith(template, manyCallbacks(50_000))));
    const many = await cost(keep('many.html', pageWith(template, manyCallbacks(1_000_000))));
    console.log(`50,000: ${few.open.toFixed(2)} s, ${(few.frame * 1e3).toFixed(1)} ms a frame; 1,000,000: ${many.open.toFixed(2)} s, ${(many.frame * 1e3).toFixed(1)} ms a frame (CPU time)`);
    // Twenty times as many callbacks: the time to open grows linearly, the time of a frame only slightly.
    expect(many.open / few.open).toBeLessThan(30);
    expect(many.frame / few.frame).toBeLessThan(4);
  });

  it('are all there, however close they lie', async () => {
    const { page, close } = await openPage(browser, keep('some.html', pageWith(template, manyCallbacks(200_000))));
    await screenshot(page, 'many');
    await page.keyboard.press('/');
    await page.keyboard.type('free_1');
    expect(await page.locator('#results').innerText()).toContain('66,667');
    await page.keyboard.press('Enter');
    expect(await chosen(page)).toBe('many:free_1');
    await page.keyboard.press('f');
    await screenshot(page, 'many-one');
    await close();
  });
});

it('the page is what rcuscope puts a recording in', () => {
  const name = 'long-reader';
  const page = readFileSync(exported(name).html, 'utf8');
  const [head, tail] = template.split('<!--recording-->') as [string, string];
  expect(page.startsWith(head)).toBe(true);
  expect(page.endsWith(tail)).toBe(true);
  expect(page.slice(head.length, page.length - tail.length)).toMatch(/^<script id="recording" type="application\/gzip">[A-Za-z0-9+/]+=*<\/script>$/);
  const help = execFileSync(process.env.RCUSCOPE!, ['export', '--help'], { encoding: 'utf8' });
  expect(help).toContain('.html');
});
