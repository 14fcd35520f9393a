// SPDX-License-Identifier: BSD-2-Clause
//
// The entry point: reads the recording that the page contains and opens it.
import './style.css';

import { App } from './app/app';
import { KEYS, handleKey } from './app/keys';
import { embeddedTimeline, readTimeline } from './data/read';
import { Model } from './model/model';
import { duration } from './model/units';
import { bdi, byId, el } from './panel/dom';
import { explainLayer } from './panel/explain';
import { searchBox } from './panel/search_box';

function say(text: string): void {
  const status = byId('status');
  status.hidden = false;
  status.textContent = text;
}

function theme(app: App): void {
  const button = byId<HTMLButtonElement>('theme');
  button.addEventListener('click', () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    app.recolour();
  });
}

function help(app: App): void {
  const dialog = byId<HTMLDialogElement>('keys');
  byId('key-list').replaceChildren(...KEYS.map(([keys, what]) =>
    el('div', {}, el('dt', {}, ...keys.split(' ').map((key) => el('kbd', { textContent: key }))), el('dd', { textContent: what }))));
  const open = () => dialog.showModal();
  byId('help').addEventListener('click', open);
  byId('keys-close').addEventListener('click', () => dialog.close());
  app.onHelp = open;
}

function subject(model: Model): void {
  const { capture, host, modules } = model.timeline;
  const names = [...new Set(capture.followed.length ? capture.followed : modules.filter((one) => one.followed).map((one) => one.name))];
  const text = names.length ? names.join(', ') : 'the whole system';
  document.title = `${text}: rcuscope`;
  byId('subject').replaceChildren(el('strong', {}, bdi(text)), ' on ', bdi(host.kernel), `, ${duration(capture.end_ns)}`);
}

async function open(stream: ReadableStream<Uint8Array>): Promise<void> {
  say('Reading the recording …');
  const model = new Model(await readTimeline(stream));
  byId('status').hidden = true;
  byId('app').hidden = false;
  subject(model);
  const app = new App(model);
  searchBox(app);
  explainLayer(app);
  theme(app);
  help(app);
  document.addEventListener('keydown', (event) => handleKey(event, app));
  document.documentElement.dataset.ready = 'yes';
}

function failed(error: unknown): void {
  say(`The recording could not be read: ${error instanceof Error ? error.message : String(error)}.`);
  document.documentElement.dataset.ready = 'failed';
}

const data = document.getElementById('recording')?.textContent?.trim() ?? '';
if (data) {
  open(embeddedTimeline(data)).catch(failed);
} else {
  say('This page holds no recording. rcuscope export FILE.rcu -o FILE.html makes one that does.');
}
