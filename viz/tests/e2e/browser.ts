// SPDX-License-Identifier: BSD-2-Clause
//
// Helpers for tests in a browser: they start Debian's chromium offline and without its background requests, and export
// recordings with rcuscope.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are run by CTest (./test.sh viz)`);
  return value;
}

export const OUT = given('RCUSCOPE_VIZ_OUT');
export const RCUSCOPE = given('RCUSCOPE');
const RECORDINGS = given('RCUSCOPE_RECORDINGS');
mkdirSync(OUT, { recursive: true });

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export interface Recorded {
  html: string; // path of the page
  timeline: Record<string, never[]> & Record<string, unknown>;
}

// Exports the page and the JSON of a recording in RCUSCOPE_RECORDINGS.
export function exported(name: string): Recorded {
  const html = join(OUT, `${name}.html`);
  const json = join(OUT, `${name}.json`);
  execFileSync(RCUSCOPE, ['export', join(RECORDINGS, `${name}.rcu`), '-o', html, '-o', json], { stdio: ['ignore', 'inherit', 'ignore'] });
  return { html, timeline: JSON.parse(readFileSync(json, 'utf8')) };
}

export function keep(name: string, contents: string | Buffer): string {
  const path = join(OUT, name);
  writeFileSync(path, contents);
  return path;
}

export interface Opened {
  page: Page;
  requests: string[]; // all requests except the page itself
  errors: string[];
  close(): Promise<void>;
}

export async function openPage(browser: Browser, path: string, hash = '', options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 860 }, offline: true, ...options });
  // A long timeout, since the machine may be busy with other tests. No test here checks a duration.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  const url = `file://${path}`;
  page.on('request', (request) => request.url().split('#')[0] !== url && requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('dialog', (dialog) => errors.push(`a dialog: ${dialog.message()}`));
  await page.goto(url + hash);
  await page.waitForSelector('html[data-ready]');
  return { page, requests, errors, close: () => context.close() };
}

// The title of the chosen item in the panel.
export function chosen(page: Page): Promise<string> {
  return page.locator('#details h2').innerText();
}

export async function screenshot(page: Page, name: string): Promise<Buffer> {
  // The browser draws frames asynchronously; after two of them the picture is up to date.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.screenshot({ path: join(OUT, `${name}.png`) });
}
