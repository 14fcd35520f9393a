// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the page with real recordings: the actions of a user by keyboard and mouse, and that the page makes no
// requests.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Callback, GracePeriod, Hazard, ReadSection } from '../../src/data/timeline';
import { type Recorded, chosen, exported, launch, openPage, screenshot } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const NAMES = ['demo', 'crash', 'long-reader'] as const;

describe.each(NAMES)('%s', (name) => {
  let recorded: Recorded;
  beforeAll(() => {
    recorded = exported(name);
  });

  it.each(['light', 'dark'] as const)('opens from a file, offline, and asks nobody for anything (%s)', async (colorScheme) => {
    const { page, requests, errors, close } = await openPage(browser, recorded.html, '', { colorScheme });
    expect(await page.locator('html').getAttribute('data-ready')).toBe('yes');
    await screenshot(page, `${name}-${colorScheme}`);
    for (const key of ['e', 'w', 'd', 's', 'a', '0']) await page.keyboard.press(key);
    expect(requests).toEqual([]);
    expect(errors).toEqual([]);
    expect(await page.locator('a[href]:not([href^="#"]), link, script[src], img, iframe, object').count()).toBe(0);
    await close();
  });

  it('says in words what the timeline does', async () => {
    const { page, close } = await openPage(browser, recorded.html);
    const words = await page.locator('#overview').innerText();
    for (const hazard of recorded.timeline.hazards as Hazard[]) expect(words).toContain(hazard.text);
    const gps = (recorded.timeline.grace_periods as GracePeriod[]).filter((gp) => gp.start_ns !== null && gp.end_ns !== null && !gp.began_before);
    const longest = gps.reduce((a, b) => (b.end_ns! - b.start_ns! > a.end_ns! - a.start_ns! ? b : a));
    expect(words).toContain(`GP ${longest.gp_seq}`);
    if (longest.held_by) expect(words).toContain(longest.held_by.text);
    await close();
  });

  it('shows the same place to whom the address is sent', async () => {
    const first = await openPage(browser, recorded.html);
    await first.page.locator('#overview ol a').first().click();
    const before = await chosen(first.page);
    expect(before).toMatch(/race period/);
    await first.page.waitForFunction(() => /t=.*s=gp/.test(location.hash));
    const hash = await first.page.evaluate(() => location.hash);
    const one = await screenshot(first.page, `${name}-address-1`);
    const second = await openPage(browser, recorded.html, hash);
    expect(await chosen(second.page)).toBe(before);
    // Compare the canvas only: the focus is not part of the address.
    const pixels = (page: typeof first.page) => page.evaluate(() => {
      const canvas = document.querySelector('canvas')!;
      return canvas.toDataURL();
    });
    expect(one.length).toBeGreaterThan(0);
    await screenshot(second.page, `${name}-address-2`);
    expect((await pixels(second.page)) === (await pixels(first.page))).toBe(true);
    await first.close();
    await second.close();
  });

  it('tells the tour on its own data', async () => {
    const { page, close } = await openPage(browser, recorded.html);
    await page.getByRole('button', { name: 'What am I looking at?' }).click();
    const titles: string[] = [];
    for (;;) {
      titles.push(await page.locator('#explain h2').innerText());
      await screenshot(page, `${name}-tour-${titles.length}`);
      const next = page.locator('#explain').getByRole('button', { name: 'Next' });
      if (!(await next.isEnabled())) break;
      await next.click();
    }
    expect(titles.map((title) => title.replace(/^\d+\. /, '').split(':')[0])).toEqual(
      expect.arrayContaining(['Removal', 'Grace period', 'Reclamation']));
    await page.keyboard.press('Escape');
    expect(await page.locator('#explain').isHidden()).toBe(true);
    await close();
  });
});

describe('by keyboard alone', () => {
  it('from a callback to the reader that held it', async () => {
    const recorded = exported('long-reader');
    const { page, close } = await openPage(browser, recorded.html);
    await page.keyboard.press('/');
    await page.keyboard.type('rcu_del');
    await page.keyboard.press('Enter');
    expect(await chosen(page)).toBe('rcu_unload:rcu_del');
    // The arrow keys move to the first callback whose grace period a reader held.
    const callbacks = (recorded.timeline.callbacks as Callback[]).filter((one) => one.function === 'rcu_unload:rcu_del');
    const gps = new Map((recorded.timeline.grace_periods as GracePeriod[]).map((gp) => [gp.id, gp]));
    const wanted = callbacks.findIndex((one) => gps.get(one.grace_period ?? -1)?.held_by?.kind === 'read-section');
    expect(wanted).toBeGreaterThanOrEqual(0);
    for (let i = 0; i < wanted; ++i) await page.keyboard.press('ArrowRight');
    const gp = gps.get(callbacks[wanted]!.grace_period!)!;
    expect(await page.locator('#details').innerText()).toContain(`Grace period ${gp.gp_seq} released it`);
    await screenshot(page, 'keyboard-1-callback');
    await page.keyboard.press('g');
    expect(await chosen(page)).toBe(`Grace period ${gp.gp_seq}`);
    await screenshot(page, 'keyboard-2-grace-period');
    await page.keyboard.press('h');
    const held = gp.held_by!;
    expect(await chosen(page)).toBe(`Read-side section in ${held.function}`);
    await page.waitForFunction((section) => location.hash.endsWith(`s=section.${section}`), held.read_section);
    expect(await page.locator('#details').innerText()).toContain(`${held.comm} (${held.tid})`);
    await screenshot(page, 'keyboard-3-reader');
    await page.keyboard.press('Escape');
    expect(await chosen(page)).toBe('Nothing chosen');
    await close();
  });

  it('goes on in the picture as soon as a search is done: no key is lost', async () => {
    const { page, close } = await openPage(browser, exported('long-reader').html);
    await page.keyboard.press('/');
    await page.keyboard.type('rcu_del');
    const focus = await page.evaluate(() => {
      document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
      return document.activeElement!.id;
    });
    expect(focus).toBe('picture');
    expect(await page.locator('#results').isHidden()).toBe(true);
    expect(await chosen(page)).toBe('rcu_unload:rcu_del');
    await close();
  });

  it('to the hazard by the panel, and to the oldest of its callbacks', async () => {
    const recorded = exported('crash');
    const hazards = recorded.timeline.hazards as Hazard[];
    const at = hazards.findIndex((one) => one.kind === 'freed-with-pending-callbacks');
    const { page, close } = await openPage(browser, recorded.html);
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.textContent ?? '')).startsWith(hazards[at]!.kind)) break;
    }
    await page.keyboard.press('Enter');
    await page.waitForFunction((kind) => document.querySelector('#details h2')?.textContent === `Hazard: ${kind}`, hazards[at]!.kind);
    await screenshot(page, 'hazard');
    await page.keyboard.press('c');
    const first = Math.min(...hazards[at]!.callbacks);
    const callback = (recorded.timeline.callbacks as Callback[]).find(({ id }) => id === first)!;
    expect(await chosen(page)).toBe(callback.function);
    await close();
  });

  it('reaches everything: each key of the list does what it says', async () => {
    const recorded = exported('long-reader');
    const { page, close } = await openPage(browser, recorded.html);
    await page.keyboard.press('?');
    expect(await page.locator('dialog').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    // The dialog closes asynchronously, and the focus leaves its button later still.
    await page.locator('dialog').waitFor({ state: 'hidden' });
    // The address changes with a delay and may combine two keys, so no key here undoes the one before.
    for (const key of ['w', 'd', 'w', 'a', 's', '0']) {
      const before = await page.evaluate(() => location.href);
      await page.keyboard.press(key);
      await page.waitForFunction((url) => location.href !== url, before);
    }
    await page.locator('#picture').focus();
    const seen = new Set<string>();
    for (let i = 0; i < 12; ++i) {
      await page.keyboard.press('ArrowDown');
      seen.add(await chosen(page));
    }
    expect(seen.size).toBeGreaterThan(5);
    await page.keyboard.press('f');
    await close();
  });
});

describe('by mouse', () => {
  it('pointing lights up, clicking keeps', async () => {
    const recorded = exported('long-reader');
    const gps = recorded.timeline.grace_periods as GracePeriod[];
    const at = gps.findIndex((one) => one.held_by?.kind === 'read-section');
    const { page, close } = await openPage(browser, recorded.html, `#s=gp.${gps[at]!.id}`);
    const section = (recorded.timeline.read_sections as ReadSection[]).find((one) => one.tid === gps[at]!.held_by!.tid)!;
    expect(section).toBeDefined();
    await page.keyboard.press('Escape');
    const canvas = (await page.locator('#picture').boundingBox())!;
    // Along the lane of grace periods.
    let found = '';
    for (let x = canvas.x + 200; x < canvas.x + canvas.width && !found.startsWith('Grace period'); x += 40) {
      await page.mouse.move(x, canvas.y + 135);
      found = await chosen(page);
    }
    expect(found).toMatch(/^Grace period/);
    expect(await page.locator('#tip').isVisible()).toBe(true);
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.move(canvas.x + 20, canvas.y + 20);
    expect(await chosen(page)).toBe(found);
    await close();
  });
});
