import { html, LitElement, type TemplateResult } from 'lit';
import { answerBar } from './parts/answer-bar.js';
import { clipCard } from './parts/clip-card.js';
import { keySheet, nameDialog } from './parts/dialogs.js';
import { notice } from './parts/notices.js';
import { topBar } from './parts/top-bar.js';
import { transport } from './parts/transport.js';
import { type ClipElements, Player } from './stage/player.js';
import { type Action, meaningOf } from './state/keys.js';
import { Labelling } from './state/labelling.js';
import { toggleTheme } from './state/theme.js';

/** The page: it turns keys and clicks into actions, and draws what the labelling and the player hold. */
class RapportViewer extends LitElement {
  readonly #player: Player = new Player((query, place) => this.#labelling.askForPictures(query, place));
  readonly #labelling: Labelling = new Labelling(
    {
      changed: () => this.requestUpdate(),
      prepared: (query) => this.#player.prepare(query),
      opened: (query, plays) => this.#player.open(query, plays),
      pictured: (message) => this.#player.addPictures(message),
    },
    () => this.#player.clock.plays,
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
      pictures: card.querySelector<HTMLCanvasElement>('canvas.pictures')!,
    }));
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
                      showsPictures: this.#player.showsPictures(place),
                      choose: () => labelling.place(place),
                    }),
                  )}
                </div>
                ${transport({
                  clock: this.#player.clock,
                  fps: Math.max(...query.clips.map(({ fps }) => fps)),
                  mode: this.#player.mode,
                  canShowPictures: this.#player.canShowPictures,
                  act,
                  seek: (timeSecs) => this.#change(({ clock }) => clock.seek(timeSecs)),
                  setSpeed: (speed) => this.#change(({ clock }) => clock.setSpeed(speed)),
                })}
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

  #tick(nowMs: number): void {
    if (this.#player.tick(nowMs, this.#elements)) this.#showTime();
    // The clock stops by itself at the end when it does not loop.
    if (this.#player.clock.isPlaying !== this.#shownPlaying) this.requestUpdate();
    requestAnimationFrame((nextMs) => this.#tick(nextMs));
  }

  /** What changes with every frame of the clips is written past the templates. */
  #showTime(): void {
    const { clock } = this.#player;
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
