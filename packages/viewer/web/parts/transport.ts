import { html, type TemplateResult } from 'lit';
import type { EventKind } from '../../protocol/index.js';
import type { ViewMode } from '../stage/player.js';
import { eventNames } from '../state/alignment.js';
import { type Clock, speeds } from '../state/clock.js';
import type { Action } from '../state/keys.js';
import { icons } from './icons.js';

export interface Transport {
  readonly clock: Clock;
  readonly fps: number;
  readonly mode: ViewMode;
  readonly canShowPictures: boolean;
  /** Events that the clips can be aligned by, and the one that they are. */
  readonly events: readonly EventKind[];
  readonly alignedBy: EventKind | undefined;
  readonly act: (action: Action) => void;
  readonly seek: (timeSecs: number) => void;
  readonly setSpeed: (speed: number) => void;
  readonly align: (kind: EventKind | undefined) => void;
}

const modeNames: Readonly<Record<ViewMode, string>> = {
  redraw: '3-D view',
  both: '3-D view and pictures',
  pictures: 'Pictures',
};

/** Play, step, scrub, align, speed, loop and kind of view. */
export function transport(controls: Transport): TemplateResult {
  const { clock, fps, mode, canShowPictures, events, alignedBy, act, seek, setSpeed, align } = controls;
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
    ${
      events.length === 0
        ? ''
        : html`<label class="speed" title="Let an event happen in all clips at once (E)">
            <span>Align</span>
            <select class="align" @change=${(event: Event) => {
              const { value } = event.currentTarget as HTMLSelectElement;
              align(events.find((kind) => kind === value));
            }}>
              <option value="" ?selected=${alignedBy === undefined}>starts</option>
              ${events.map((kind) => html`<option value=${kind} ?selected=${kind === alignedBy}>${eventNames[kind]}</option>`)}
            </select>
          </label>`
    }
    <label class="speed">
      <span>Speed</span>
      <select @change=${(event: Event) => setSpeed(Number((event.currentTarget as HTMLSelectElement).value))}>
        ${speeds.map((speed) => html`<option value=${speed} ?selected=${speed === clock.speed}>${speed}×</option>`)}
      </select>
    </label>
    ${toggle('loop', 'Loop (L)', clock.isLooping, icons.loop)}
    ${
      canShowPictures
        ? button(
            'pictures',
            `${modeNames[mode]}; another view (V)`,
            mode === 'pictures' ? icons.pictures : mode === 'both' ? icons.both : icons.scene,
          )
        : ''
    }
  </section>`;
}
