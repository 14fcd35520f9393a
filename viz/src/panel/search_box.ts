// SPDX-License-Identifier: BSD-2-Clause
//
// The search field. The results are a list of links; the arrow keys move through it.
import type { App } from '../app/app';
import { search } from '../model/search';
import { bdi, byId, el, followedLink } from './dom';
import { linkTo } from './panel';

export function searchBox(app: App): void {
  const field = byId<HTMLInputElement>('search');
  const results = byId('results');
  const said = byId('spoken');
  const close = () => {
    results.hidden = true;
    results.replaceChildren();
  };
  const links = () => [...results.querySelectorAll('a')];
  const look = () => {
    if (!field.value.trim()) return close();
    const found = search(app.model, field.value);
    results.hidden = false;
    results.replaceChildren(...(found.length
      ? found.map((one) => el('li', {}, linkTo(app.model, one.first, el('strong', {}, bdi(one.title)), ' ', one.about)))
      : [el('li', { class: 'muted', textContent: 'No function, module, task or grace period matches.' })]));
    said.textContent = found.length === 1 ? '1 found' : `${found.length} found`;
  };
  field.addEventListener('input', look);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') links()[0]?.focus();
    else if (event.key === 'Enter') links()[0]?.click();
    else if (event.key === 'Escape') {
      field.value = '';
      close();
      byId('picture').focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  });
  results.addEventListener('keydown', (event) => {
    const all = links();
    const at = all.indexOf(document.activeElement as HTMLAnchorElement);
    if (event.key === 'ArrowDown') all[Math.min(all.length - 1, at + 1)]?.focus();
    else if (event.key === 'ArrowUp') (at > 0 ? all[at - 1] : field)?.focus();
    else if (event.key === 'Escape') {
      close();
      field.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  results.addEventListener('click', (event) => {
    // A click that opens another tab keeps the list open for the next click.
    if (!followedLink(event)) return;
    // Close immediately, so that the next keys go to the picture. The click still reaches the handler that follows
    // links.
    close();
    byId('picture').focus({ preventScroll: true });
  });
  app.onSearch = () => {
    field.focus();
    field.select();
  };
}
