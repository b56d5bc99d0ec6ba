import { html, LitElement, type TemplateResult } from 'lit';
import { Unpackr } from 'msgpackr';
import type { PlayClientMessage, PlayCommand, PlayServerMessage } from '../../protocol/play.js';
import { keyPairs, leverLevels } from './levers.js';

type Welcome = Extract<PlayServerMessage, { type: 'welcome' }>;
type Frame = Extract<PlayServerMessage, { type: 'frame' }>;

/** Keys of the recording, as LeRobot has them, with its letters for keyboards without arrows. */
const commandKeys: Readonly<Record<string, PlayCommand>> = {
  ArrowRight: 'save',
  n: 'save',
  ArrowLeft: 'redo',
  r: 'redo',
  Escape: 'stop',
  q: 'stop',
};

const phaseTexts: Readonly<Record<Frame['phase'], string>> = {
  ready: 'Push a key to begin',
  running: 'Recording',
  ended: 'The episode has ended: keep it or do it again?',
  stopped: 'Finished: this page can be closed',
};

/** The page on which a person drives an environment: its picture, the keys, and the state of the recording. */
class RapportPlay extends LitElement {
  readonly #held = new Set<string>();
  readonly #unpackr = new Unpackr({ useRecords: false });
  readonly #canvas = document.createElement('canvas');
  #socket: WebSocket | undefined;
  #welcome: Welcome | undefined;
  #frame: Frame | undefined;
  #sent = '';
  #lost = '';

  /** The page's one style sheet applies. */
  protected override createRenderRoot(): this {
    return this;
  }

  protected override firstUpdated(): void {
    this.#canvas.role = 'img';
    this.#canvas.ariaLabel = 'The environment, as its camera sees it';
    const url = new URL('./socket', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.search = location.search;
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('message', ({ data }) => this.#take(this.#unpackr.unpack(new Uint8Array(data))));
    this.#socket.addEventListener('close', ({ reason }) => {
      this.#lost = reason === '' ? 'the connection is lost; start the command again' : reason;
      this.requestUpdate();
    });
    addEventListener('keydown', (event) => this.#onKeyDown(event));
    addEventListener('keyup', (event) => this.#held.delete(event.key.toLowerCase()));
    // A key that is released over another window is not seen.
    addEventListener('blur', () => this.#held.clear());
    requestAnimationFrame(() => this.#poll());
  }

  protected override render(): TemplateResult {
    const welcome = this.#welcome;
    const frame = this.#frame;
    if (welcome === undefined)
      return html`<main class="play"><p role="status">${this.#lost || 'Connecting'}</p></main>`;
    const status = this.#lost || (frame === undefined ? '' : phaseTexts[frame.phase]);
    return html`
      <main class="play">
        <div class="play-picture">${this.#canvas}</div>
        <aside>
          <h1>${welcome.env}</h1>
          <p>${welcome.summary}</p>
          <p class="play-status" role="status">${status}</p>
          ${
            frame === undefined
              ? ''
              : html`<p class="play-count">step ${frame.step} of ${frame.steps}${frame.success ? ', success' : ''};
            ${frame.saved} of ${frame.episodes} episodes kept</p>`
          }
          <p class="play-buttons">
            ${this.#button('save', 'Keep', '→')} ${this.#button('redo', 'Again', '←')} ${this.#button('stop', 'Stop', 'Esc')}
          </p>
          <table>
            <caption class="spoken">Keys that drive</caption>
            ${welcome.entries.map(({ name, unit }, entry) => {
              const [raise, lower] = keyPairs[entry] ?? ['', ''];
              return html`<tr>
                <td><kbd>${raise.toUpperCase()}</kbd> <kbd>${lower.toUpperCase()}</kbd></td>
                <td>${name.replaceAll('_', ' ')}${unit === '1' ? '' : ` (${unit})`}</td>
              </tr>`;
            })}
          </table>
          <p class="play-hint">Shift pushes gently. A gamepad drives with its sticks, and with the triggers the last entry.</p>
        </aside>
      </main>
    `;
  }

  #button(command: PlayCommand, text: string, key: string): TemplateResult {
    const click = (event: Event) => {
      (event.currentTarget as HTMLElement).blur();
      this.#command(command);
    };
    return html`<button class="plain" data-command=${command} @click=${click}>${text} <kbd>${key}</kbd></button>`;
  }

  #onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const command = commandKeys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (command === undefined) {
      this.#held.add(event.key.toLowerCase());
      return;
    }
    event.preventDefault();
    if (!event.repeat) this.#command(command);
  }

  #command(command: PlayCommand): void {
    // A key released just before must not begin the next episode.
    this.#sendLevels();
    this.#send({ type: 'command', command });
  }

  /** Once per display frame: gamepads tell nothing by themselves. */
  #poll(): void {
    this.#sendLevels();
    requestAnimationFrame(() => this.#poll());
  }

  /** Sends how far every entry is pushed, when that has changed. */
  #sendLevels(): void {
    if (this.#welcome === undefined) return;
    const pad = navigator.getGamepads().find((candidate) => candidate !== null) ?? undefined;
    const levels = leverLevels(this.#welcome.entries.length, this.#held, pad);
    const text = levels.join();
    if (text === this.#sent) return;
    this.#sent = text;
    this.#send({ type: 'levels', levels });
  }

  #send(message: PlayClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(message: PlayServerMessage): void {
    if (message.type === 'welcome') {
      this.#welcome = message;
      this.#sent = '';
    } else {
      this.#frame = message;
      this.#draw(message);
    }
    this.requestUpdate();
  }

  #draw({ width, height, pixels }: Frame): void {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const image = new ImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      image.data.set(pixels.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
      image.data[4 * pixel + 3] = 255;
    }
    canvas.getContext('2d')?.putImageData(image, 0, 0);
  }
}

customElements.define('rapport-play', RapportPlay);
