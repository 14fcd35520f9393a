// SPDX-License-Identifier: BSD-2-Clause
//
// "What am I looking at?": shows the tour (model/tour.ts) one step at a time. Badges in the picture carry the numbers
// of the steps.
import type { App } from '../app/app';
import { tour } from '../model/tour';
import { bdi, byId, el } from './dom';

export function explainLayer(app: App): void {
  const box = byId('explain');
  const button = byId<HTMLButtonElement>('explain-button');
  let step = 0;

  const close = () => {
    box.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    app.setBadges([]);
    button.focus();
  };
  const show = (fresh: boolean) => {
    const { steps, window } = tour(app.model);
    step = Math.max(0, Math.min(steps.length - 1, step));
    const one = steps[step]!;
    if (fresh && window) app.show(window);
    app.setBadges(steps.flatMap(({ item, atEnd }, at) =>
      item && item.kind !== 'hazard' ? [{ item, text: String(at + 1), atEnd: atEnd ?? false }] : []));
    if (one.item) app.goTo(one.item);
    const go = (by: number, text: string, off: boolean) => {
      const key = el('button', { type: 'button', textContent: text, disabled: off });
      key.addEventListener('click', () => {
        step += by;
        show(false);
      });
      return key;
    };
    const end = el('button', { type: 'button', textContent: 'Close' });
    end.addEventListener('click', close);
    const heading = el('h2', { tabIndex: -1 }, `${step + 1}. `, bdi(one.title));
    box.replaceChildren(
      el('p', { class: 'muted', textContent: `What am I looking at? ${step + 1} of ${steps.length}` }),
      heading,
      el('p', {}, bdi(one.text)),
      el('p', { class: 'buttons' }, go(-1, 'Back', step === 0), go(1, 'Next', step === steps.length - 1), end),
    );
    heading.focus({ preventScroll: true });
  };
  const toggle = () => {
    if (!box.hidden) return close();
    step = 0;
    box.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    show(true);
  };
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      step += event.key === 'ArrowRight' ? 1 : -1;
      show(false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  button.addEventListener('click', toggle);
  app.onExplain = toggle;
}
