import { html, type TemplateResult } from 'lit';
import { type Clock, speeds } from '../state/clock.js';
import type { Action } from '../state/keys.js';
import { icons } from './icons.js';

export interface Transport {
  readonly clock: Clock;
  readonly fps: number;
  readonly mode: 'redraw' | 'pictures';
  readonly canShowPictures: boolean;
  readonly act: (action: Action) => void;
  readonly seek: (timeSecs: number) => void;
  readonly setSpeed: (speed: number) => void;
}

/** Play, step, scrub, speed, loop and kind of view. */
export function transport({ clock, fps, mode, canShowPictures, act, seek, setSpeed }: Transport): TemplateResult {
  const button = (action: Action, title: string, icon: TemplateResult) =>
    html`<button class="quiet" @click=${() => act(action)} aria-label=${title} title=${title}>${icon}</button>`;
  const toggle = (action: Action, title: string, isOn: boolean, icon: TemplateResult) => html`<button
    class="quiet toggle" @click=${() => act(action)} aria-pressed=${isOn} aria-label=${title} title=${title}>${icon}</button>`;
  return html`<section class="transport" aria-label="Playback">
    ${button('play', clock.isPlaying ? 'Pause (Space)' : 'Play (Space)', clock.isPlaying ? icons.pause : icons.play)}
    ${button('previous-frame', 'One frame back (,)', icons.previousFrame)}
    ${button('next-frame', 'One frame on (.)', icons.nextFrame)}
    ${button('restart', 'From the start (R)', icons.restart)}
    <input
      class="scrub" type="range" min="0" max=${clock.durationSecs} step=${1 / fps} aria-label="Position in seconds"
      @input=${(event: Event) => seek((event.currentTarget as HTMLInputElement).valueAsNumber)}
    />
    <span class="time"></span>
    <label class="speed">
      <span>Speed</span>
      <select @change=${(event: Event) => setSpeed(Number((event.currentTarget as HTMLSelectElement).value))}>
        ${speeds.map((speed) => html`<option value=${speed} ?selected=${speed === clock.speed}>${speed}×</option>`)}
      </select>
    </label>
    ${toggle('loop', 'Loop (L)', clock.isLooping, icons.loop)}
    ${
      canShowPictures
        ? toggle(
            'pictures',
            'Recorded pictures (V)',
            mode === 'pictures',
            mode === 'pictures' ? icons.scene : icons.pictures,
          )
        : ''
    }
  </section>`;
}
