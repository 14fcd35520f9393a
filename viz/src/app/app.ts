// SPDX-License-Identifier: BSD-2-Clause
//
// Connects the picture, the panel, the keys and the address. The display depends on three things: the window of
// time, the chosen item and the item under the pointer.
import { paint } from '../draw/paint';
import { type Palette, palette } from '../draw/palette';
import { type Badge, GUTTER, type Lit, STRIP, AXIS, Scale, topOf } from '../draw/scene';
import { layOut, spotsOf, totalHeight } from '../layout/lanes';
import { type Hit, across, beside, hit, nearest } from '../layout/navigate';
import { describe, inShort } from '../model/describe';
import { type Item, type Model, sameItem } from '../model/model';
import { related } from '../model/relations';
import { plural } from '../model/units';
import { byId, followedLink } from '../panel/dom';
import { fillPanel, showDetails } from '../panel/panel';
import { addressOf, placeOf } from './address';
import type { Actions } from './keys';
import { View } from './view';

export class App implements Actions {
  private readonly canvas = byId<HTMLCanvasElement>('picture');
  private readonly context = this.canvas.getContext('2d', { alpha: false })!;
  private readonly scroller = byId('scroller');
  private readonly tip = byId('tip');
  private readonly lanes;
  private readonly view: View;
  private colours: Palette = palette(document.documentElement);
  private chosen: Item | null = null;
  private pointed: Hit | null = null;
  private badges: Badge[] = [];
  private litFor: Item | null = null;
  private lit: Lit | null = null;
  private due = false;
  private addressDue = 0;
  onSearch = () => {};
  onHelp = () => {};
  onExplain = () => {};

  constructor(readonly model: Model) {
    this.lanes = layOut(model);
    this.view = new View(this.canvas, model.end, () => {
      this.keepAddress();
      this.draw();
    });
    fillPanel(model);
    showDetails(model, null);
    new ResizeObserver(() => this.resize()).observe(this.scroller);
    this.scroller.addEventListener('scroll', () => this.draw());
    this.canvas.addEventListener('pointermove', (event) => this.point(event));
    this.canvas.addEventListener('pointerleave', () => this.point(null));
    this.canvas.addEventListener('click', (event) => this.click(event));
    window.addEventListener('hashchange', () => this.goToAddress(location.hash));
    document.addEventListener('click', (event) => {
      const link = followedLink(event);
      if (!link) return;
      event.preventDefault();
      this.goToAddress(link.hash);
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.recolour());
    this.resize();
    if (location.hash.length > 1) this.goToAddress(location.hash);
  }

  recolour(): void {
    this.colours = palette(document.documentElement);
    this.draw();
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.scroller;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const rest = totalHeight(this.lanes) + topOf(this.model) - height;
    byId('spacer').style.height = `${Math.max(0, rest)}px`;
    this.view.resize(width);
    this.paintNow();
  }

  private draw(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.paintNow();
    });
  }

  private paintNow(): void {
    const ratio = devicePixelRatio || 1;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(this.context, {
      model: this.model,
      lanes: this.lanes,
      window: this.view.window,
      scroll: this.scroller.scrollTop,
      width: this.canvas.width / ratio,
      height: this.canvas.height / ratio,
      palette: this.colours,
      lit: this.litNow(),
      badges: this.badges,
    });
  }

  private litNow(): Lit | null {
    const item = this.pointed?.item ?? this.chosen;
    if (!sameItem(item, this.litFor)) {
      this.litFor = item;
      if (item) {
        const { items, callbacks } = related(this.model, item);
        this.lit = { items: [item, ...items], callbacks: new Set(callbacks) };
      } else {
        this.lit = null;
      }
    }
    return this.lit;
  }

  // Chooses an item. It stays chosen until another one is.
  choose(item: Item | null): void {
    this.chosen = item;
    this.pointed = null;
    this.tip.hidden = true;
    showDetails(this.model, item);
    byId('spoken').textContent = item ? inShort(this.model, item) : 'Nothing chosen';
    this.keepAddress();
    this.draw();
  }

  // Chooses an item and moves the window so that it is visible.
  goTo(item: Item, closer = false): void {
    this.choose(item);
    const { begin, end } = this.model.interval(item);
    const { items } = related(this.model, item);
    // Include the related grace periods and sections.
    let [from, to] = [begin, end];
    for (const other of items) {
      if (other.kind !== 'gp' && other.kind !== 'section') continue;
      const one = this.model.interval(other);
      [from, to] = [Math.min(from, one.begin), Math.max(to, one.end)];
    }
    if (item.kind === 'hazard') {
      // Show the span that the hazard names and the time before it.
      const span = this.model.hazardSpan(item.at) ?? { begin, end };
      const room = Math.max(span.end - span.begin, this.model.end * 0.04);
      [from, to] = [span.begin - room, span.end + room / 2];
      this.view.show({ from, to });
    } else if (begin === end) {
      const { from: left, to: right } = this.view.window;
      if (closer) this.view.reveal(begin - 5e4, begin + 5e4, true);
      else if (begin < left || begin > right) this.view.show({ from: begin - (right - left) / 2, to: begin + (right - left) / 2 });
    } else {
      this.view.reveal(closer ? begin : from, closer ? end : to, closer);
    }
    this.scrollTo(item);
  }

  private scrollTo(item: Item): void {
    const [spot] = spotsOf(this.lanes, this.model, item);
    if (!spot) return;
    const top = spot.lane.y - 30;
    const bottom = spot.lane.y + spot.lane.height + 10 + topOf(this.model);
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight;
  }

  show(window: { from: number; to: number }): void {
    this.view.show(window);
  }

  setBadges(badges: Badge[]): void {
    this.badges = badges;
    this.draw();
  }

  // Throttled: browsers limit how often a page may change its address.
  private keepAddress(): void {
    if (this.addressDue) return;
    this.addressDue = window.setTimeout(() => {
      this.addressDue = 0;
      history.replaceState(null, '', addressOf(this.model, { window: this.view.window, item: this.chosen }));
    }, 250);
  }

  private goToAddress(address: string): void {
    const { window, item } = placeOf(this.model, address);
    if (item && !window) this.goTo(item);
    else {
      if (window) this.view.show(window);
      this.choose(item);
      if (item) this.scrollTo(item);
    }
  }

  private hitAt(event: MouseEvent): Hit | null {
    const { offsetX: x, offsetY: y } = event;
    const window = this.view.window;
    const scale = new Scale(window, this.canvas.clientWidth);
    const top = topOf(this.model);
    if (x < GUTTER) return null;
    if (y < top) return y > AXIS ? this.hazardAt(x, scale) : null;
    return hit(this.lanes, window, y - top + this.scroller.scrollTop, scale.at(x), scale.span(3));
  }

  private hazardAt(x: number, scale: Scale): Hit | null {
    let best = -1;
    this.model.timeline.hazards.forEach((hazard, at) => {
      const away = Math.abs(scale.x(hazard.at_ns) - x);
      if (away < STRIP / 2 && (best < 0 || away < Math.abs(scale.x(this.model.hazard(best).at_ns) - x))) best = at;
    });
    return best < 0 ? null : { lane: this.lanes[0]!, track: this.lanes[0]!.tracks[0]!, item: { kind: 'hazard', at: best }, count: 1 };
  }

  private point(event: PointerEvent | null): void {
    const before = this.pointed;
    this.pointed = event && !event.buttons ? this.hitAt(event) : null;
    const { pointed } = this;
    this.canvas.style.cursor = pointed ? 'pointer' : 'grab';
    this.tip.hidden = !pointed;
    if (pointed && event) {
      this.tip.replaceChildren(...this.tipText(pointed));
      const width = this.canvas.clientWidth;
      this.tip.style.left = `${Math.min(event.offsetX + 14, width - this.tip.offsetWidth - 8)}px`;
      const below = event.offsetY + 18;
      this.tip.style.top = `${below + this.tip.offsetHeight > this.canvas.clientHeight ? event.offsetY - this.tip.offsetHeight - 10 : below}px`;
    }
    if (!sameItem(before?.item ?? null, pointed?.item ?? null)) {
      showDetails(this.model, pointed?.item ?? this.chosen);
      this.draw();
    }
  }

  private tipText({ item, count, track }: Hit): (Node | string)[] {
    const line = (tag: 'strong' | 'span', text: string) => {
      const element = document.createElement(tag);
      element.textContent = text;
      return element;
    };
    if (!item) {
      const what = track.spans.kind === 'gp' ? 'grace period' : track.spans.kind === 'report' ? 'quiescent state' : track.spans.kind;
      return [line('strong', `${plural(count, what, what === 'batch' ? 'batches' : `${what}s`)} here`), line('span', 'W or Ctrl and the wheel: closer')];
    }
    const { title, facts } = describe(this.model, item);
    return [line('strong', title), ...facts.slice(0, 4).map(([name, value]) => line('span', `${name}: ${value}`))];
  }

  private click(event: MouseEvent): void {
    this.canvas.focus({ preventScroll: true });
    const found = this.hitAt(event);
    if (!found) return this.choose(null);
    if (found.item) return this.choose(found.item);
    const scale = new Scale(this.view.window, this.canvas.clientWidth);
    this.choose(nearest(found.track, scale.at(event.offsetX)));
  }

  // The actions of the keys.

  zoom(factor: number): void {
    let around: number | undefined;
    if (this.chosen) {
      const { from, to } = this.view.window;
      const { begin, end } = this.model.interval(this.chosen);
      const middle = (Math.max(from, begin) + Math.min(to, end)) / 2;
      if (middle > from && middle < to) around = middle;
    }
    this.view.zoom(factor, around);
  }
  move(part: number): void {
    this.view.move(part);
  }
  scroll(pixels: number): void {
    this.scroller.scrollTop += pixels;
  }
  whole(): void {
    this.view.showAll();
  }
  clear(): void {
    this.setBadges([]);
    this.choose(null);
  }
  frame(): void {
    if (this.chosen) this.goTo(this.chosen, true);
  }
  search(): void {
    this.onSearch();
  }
  help(): void {
    this.onHelp();
  }
  explain(): void {
    this.onExplain();
  }
  beside(step: 1 | -1): void {
    this.step((spot) => beside(spot, step));
  }
  across(step: 1 | -1): void {
    this.step((spot) => across(this.lanes, spot, step));
  }
  private step(next: (spot: ReturnType<typeof spotsOf>[number]) => Item | null): void {
    const [spot] = this.chosen ? spotsOf(this.lanes, this.model, this.chosen) : [];
    if (spot) {
      const item = next(spot);
      if (item) this.bring(item);
      return;
    }
    // Nothing is chosen: start in the middle of the first lane that is not empty.
    const { from, to } = this.view.window;
    for (const lane of this.lanes)
      for (const track of lane.tracks) {
        const item = nearest(track, (from + to) / 2);
        if (item) return this.bring(item);
      }
  }
  // Moves the window only if the item is outside of it, so that the picture stays still under the arrow keys.
  private bring(item: Item): void {
    this.choose(item);
    const { begin, end } = this.model.interval(item);
    const { from, to } = this.view.window;
    if (end < from || begin > to) this.show({ from: begin - (to - from) / 2, to: begin + (to - from) / 2 });
    this.scrollTo(item);
  }
  goto(key: 'G' | 'H' | 'C'): void {
    if (!this.chosen) return;
    const link = describe(this.model, this.chosen).links.find((one) => one.key === key);
    if (link) this.goTo(link.item);
  }
  hazard(step: 1 | -1): void {
    const count = this.model.timeline.hazards.length;
    if (!count) return;
    const at = this.chosen?.kind === 'hazard' ? this.chosen.at + step : step > 0 ? 0 : count - 1;
    this.goTo({ kind: 'hazard', at: (at + count) % count });
  }
}
