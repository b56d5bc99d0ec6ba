import { html, LitElement, type TemplateResult } from 'lit';
import { answerBar } from './parts/answer-bar.js';
import { clipCard } from './parts/clip-card.js';
import { keySheet, nameDialog } from './parts/dialogs.js';
import { notice } from './parts/notices.js';
import { remarkBar } from './parts/remark-bar.js';
import { playheadX } from './parts/timeline.js';
import { topBar } from './parts/top-bar.js';
import { transport } from './parts/transport.js';
import { type ClipElements, Player } from './stage/player.js';
import { eventNames } from './state/alignment.js';
import { type Action, meaningOf, reasonOf } from './state/keys.js';
import { Labelling } from './state/labelling.js';
import { toggleTheme } from './state/theme.js';

/** The page: it turns keys and clicks into actions, and draws what the labelling and the player hold. */
class RapportViewer extends LitElement {
  readonly #player: Player = new Player((query, place, camera) => this.#labelling.askForPictures(query, place, camera));
  readonly #labelling: Labelling = new Labelling(
    {
      changed: () => this.requestUpdate(),
      prepared: (query) => this.#player.prepare(query),
      opened: (query, plays) => this.#player.open(query, plays),
      pictured: (message) => this.#player.addPictures(message),
    },
    {
      plays: () => this.#player.clock.plays,
      framesWithin: (fromSecs, toSecs) => this.#player.framesWithin(fromSecs, toSecs),
    },
  );
  readonly #actions: Readonly<Record<Action, (startMs: number) => void>> = {
    play: () => this.#change(({ clock }) => clock.togglePlaying()),
    'previous-frame': () => this.#change(({ clock }) => clock.step(-1)),
    'next-frame': () => this.#change(({ clock }) => clock.step(1)),
    restart: () => this.#change(({ clock }) => clock.seek(0)),
    slower: () => this.#change(({ clock }) => clock.changeSpeed(-1)),
    faster: () => this.#change(({ clock }) => clock.changeSpeed(1)),
    loop: () => this.#change(({ clock }) => clock.toggleLooping()),
    pictures: () => this.#change((player) => player.toggleMode()),
    align: () => this.#align((player) => player.alignByNext()),
    'mark-start': () => this.#labelling.markStart(this.#player.clock.timeSecs, this.#player.clock.durationSecs),
    'mark-end': () => this.#labelling.markEnd(this.#player.clock.frameEndSecs),
    'clear-mark': () => this.#labelling.clearWindow(),
    strength: () => this.#labelling.setStrength(),
    tie: () => this.#labelling.tie(),
    clear: () => this.#labelling.clear(),
    confirm: (startMs) => {
      if (this.#labelling.ranks !== undefined) this.#player.noteSwitch(startMs);
      this.#labelling.confirm();
    },
    skip: (startMs) => {
      this.#player.noteSwitch(startMs);
      this.#labelling.answer({ kind: 'skip' });
    },
    'cannot-tell': (startMs) => {
      this.#player.noteSwitch(startMs);
      this.#labelling.answer({ kind: 'cannot-tell' });
    },
    undo: () => this.#labelling.undo(),
    theme: () => this.#change(toggleTheme),
    keys: () => this.#dialog('keys').showModal(),
  };
  readonly #canvas = document.createElement('canvas');
  #elements: ClipElements[] = [];
  #frameCounts: HTMLElement[] = [];
  #playheads: Element[] = [];
  #shownPlaying = false;
  #shownFrame = -1;

  /** The page's one style sheet applies: there is nothing to shield the page from. */
  protected override createRenderRoot(): this {
    return this;
  }

  protected override firstUpdated(): void {
    this.#canvas.className = 'stage';
    this.#canvas.ariaHidden = 'true';
    try {
      this.#player.attach(this.#canvas);
    } catch {
      this.#labelling.notice = 'This browser has no WebGL 2: recorded pictures only';
    }
    this.#player.onSwitched = (start, end) => performance.measure('rapport:next-query', { start, end });
    addEventListener('keydown', (event) => this.#onKey(event));
    addEventListener('resize', () => this.#player.redraw());
    addEventListener('pagehide', () => this.#labelling.saveDraft());
    // Space and Enter belong to the page, not to the button that was clicked last.
    addEventListener('click', (event) => {
      if (event.detail > 0 && event.target instanceof Element) event.target.closest('button')?.blur();
    });
    this.#labelling.start();
    requestAnimationFrame((nowMs) => this.#tick(nowMs));
  }

  protected override updated(): void {
    this.#elements = [...this.querySelectorAll<HTMLElement>('.clip')].map((card) => ({
      viewport: card.querySelector<HTMLElement>('.viewport')!,
      pictures: [...card.querySelectorAll<HTMLCanvasElement>('canvas.pictures')],
    }));
    this.#playheads = [...this.querySelectorAll('.playhead')];
    this.#frameCounts = [...this.querySelectorAll<HTMLElement>('.frame-count')];
    this.#shownPlaying = this.#player.clock.isPlaying;
    this.#shownFrame = -1;
    this.#player.redraw();
  }

  protected override render(): TemplateResult {
    const labelling = this.#labelling;
    const act = (action: Action) => this.#act(action, performance.now());
    const query = labelling.connection === 'elsewhere' ? undefined : labelling.open;
    return html`
      ${topBar(labelling, {
        theme: () => act('theme'),
        keys: () => act('keys'),
        name: () => this.#dialog('name').showModal(),
      })}
      <main>
        ${
          query === undefined
            ? notice(labelling, () => act('undo'))
            : html`
                <h1 class="question">${labelling.question}</h1>
                <div class="clips count-${query.clips.length}">
                  ${this.#canvas}
                  ${query.clips.map((_, place) =>
                    clipCard({
                      place,
                      ranking: labelling.ranking,
                      shown: this.#player.shown(place),
                      span: this.#player.spanOf(place),
                      durationSecs: this.#player.clock.durationSecs,
                      window: labelling.remarks.window,
                      choose: () => labelling.place(place),
                    }),
                  )}
                </div>
                ${transport({
                  clock: this.#player.clock,
                  fps: Math.max(...query.clips.map(({ fps }) => fps)),
                  mode: this.#player.mode,
                  canShowPictures: this.#player.canShowPictures,
                  events: this.#player.events,
                  alignedBy: this.#player.alignedBy,
                  act,
                  seek: (timeSecs) => this.#change(({ clock }) => clock.seek(timeSecs)),
                  setSpeed: (speed) => this.#change(({ clock }) => clock.setSpeed(speed)),
                  align: (kind) => this.#align((player) => player.alignBy(kind)),
                })}
                ${remarkBar(labelling, act)}
                ${answerBar(labelling, act)}
              `
        }
        <p class="status" role="status" aria-live="polite">${labelling.notice}</p>
      </main>
      ${keySheet()} ${nameDialog(labelling.annotator, (name) => labelling.rename(name))}
    `;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const openDialog = this.querySelector<HTMLDialogElement>('dialog[open]');
    if (openDialog !== null) {
      if (event.key === '?' && openDialog.id === 'keys') openDialog.close();
      return;
    }
    if (event.target instanceof HTMLElement && usesKey(event.target, event.key)) return;
    const reason = reasonOf(event);
    if (reason !== undefined) {
      event.preventDefault();
      if (!event.repeat) this.#labelling.toggleReason(reason);
      return;
    }
    const meaning = meaningOf(event.key);
    if (meaning === undefined) return;
    event.preventDefault();
    if (typeof meaning === 'number') {
      if (!event.repeat) this.#labelling.place(meaning);
    } else if (!event.repeat || meaning === 'previous-frame' || meaning === 'next-frame') {
      this.#act(meaning, event.timeStamp);
    }
  }

  /** @param startMs when the key was pressed, on the clock of `performance.now` */
  #act(action: Action, startMs: number): void {
    this.#actions[action](startMs);
  }

  #change(change: (player: Player) => void): void {
    change(this.#player);
    this.#player.redraw();
    this.requestUpdate();
  }

  /** A mark on the clock would mean other frames after the clips have moved. */
  #align(change: (player: Player) => void): void {
    this.#labelling.clearWindow();
    this.#change(change);
    const { alignedBy, events } = this.#player;
    if (events.length === 0) this.#labelling.say('These clips share no event to be aligned by');
    else
      this.#labelling.say(alignedBy === undefined ? 'All clips start at once' : `Aligned by ${eventNames[alignedBy]}`);
  }

  #tick(nowMs: number): void {
    if (this.#player.tick(nowMs, this.#elements)) this.#showTime();
    // The clock stops by itself at the end when it does not loop.
    if (this.#player.clock.isPlaying !== this.#shownPlaying) this.requestUpdate();
    requestAnimationFrame((nextMs) => this.#tick(nextMs));
  }

  /** What changes with every frame of the clips is written past the templates. */
  #showTime(): void {
    const { clock } = this.#player;
    const x = playheadX(clock.timeSecs, clock.durationSecs);
    for (const playhead of this.#playheads) playhead.setAttribute('x', x);
    if (clock.frame === this.#shownFrame) return;
    this.#shownFrame = clock.frame;
    const scrub = this.querySelector<HTMLInputElement>('.scrub');
    const time = this.querySelector<HTMLElement>('.time');
    if (scrub === null || time === null) return;
    scrub.valueAsNumber = clock.timeSecs;
    time.textContent = `${clock.timeSecs.toFixed(2)} / ${clock.durationSecs.toFixed(2)} s`;
    this.#frameCounts.forEach((element, place) => {
      const shown = this.#player.frameOf(place);
      if (shown !== undefined) element.textContent = `${shown.frame + 1} / ${shown.frames}`;
    });
  }

  #dialog(id: 'keys' | 'name'): HTMLDialogElement {
    return this.querySelector<HTMLDialogElement>(`dialog#${id}`)!;
  }
}

/** Whether the focused control itself needs the key, so that the page must leave it alone. */
function usesKey(target: HTMLElement, key: string): boolean {
  // The button of a dialog that has just closed keeps the focus until the next display frame.
  if (!target.checkVisibility()) return false;
  if (target.matches('input[type="range"]')) return key.startsWith('Arrow') || key === 'Home' || key === 'End';
  if (target.matches('input, select')) return true;
  return target.matches('button:focus-visible') && (key === ' ' || key === 'Enter');
}

customElements.define('rapport-viewer', RapportViewer);
