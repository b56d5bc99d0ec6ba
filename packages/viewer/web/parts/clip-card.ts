import { html, nothing, type TemplateResult } from 'lit';
import type { Shown, Span } from '../stage/player.js';
import { type Ranking, rankLabel } from '../state/ranking.js';
import type { TimeWindow } from '../state/remarks.js';
import { timeline } from './timeline.js';

export interface ClipCard {
  /** Place on screen, counted from 0. */
  readonly place: number;
  readonly ranking: Ranking;
  readonly shown: Shown;
  readonly span: Span;
  /** Of all clips together. */
  readonly durationSecs: number;
  readonly window: TimeWindow | null;
  readonly choose: () => void;
}

/** One clip: the whole card is a button that gives it the next rank. */
export function clipCard({ place, ranking, shown, span, durationSecs, window, choose }: ClipCard): TemplateResult {
  const label = rankLabel(ranking, place);
  const rank = ranking.findIndex((group) => group.includes(place));
  const layout = !shown.scene ? 'pictures-only' : shown.cameras.length === 0 ? 'scene-only' : 'side-by-side';
  return html`<button
    class="clip ${label === undefined ? '' : 'placed'} ${rank === 0 ? 'best' : ''}"
    @click=${choose}
    aria-pressed=${label === undefined ? 'false' : 'true'}
  >
    <span class="views ${layout}">
      <span class="viewport"></span>
      <span class="cameras">
        ${shown.cameras.map(
          (camera) =>
            html`<span class="camera"><canvas class="pictures"></canvas><span class="camera-name">${camera}</span></span>`,
        )}
      </span>
    </span>
    <kbd class="clip-key"><span><span class="spoken">Clip </span>${place + 1}</span></kbd>
    ${label === undefined ? nothing : html`<span class="rank"><span class="spoken">, </span>${label}</span>`}
    <span class="frame-count" aria-hidden="true"></span>
    ${timeline(span, durationSecs, window)}
  </button>`;
}
