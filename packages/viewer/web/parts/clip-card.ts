import { html, nothing, type TemplateResult } from 'lit';
import { type Ranking, rankLabel } from '../state/ranking.js';

export interface ClipCard {
  /** Place on screen, counted from 0. */
  readonly place: number;
  readonly ranking: Ranking;
  readonly showsPictures: boolean;
  readonly choose: () => void;
}

/** One clip: the whole card is a button that gives it the next rank. */
export function clipCard({ place, ranking, showsPictures, choose }: ClipCard): TemplateResult {
  const label = rankLabel(ranking, place);
  const rank = ranking.findIndex((group) => group.includes(place));
  return html`<button
    class="clip ${label === undefined ? '' : 'placed'} ${rank === 0 ? 'best' : ''}"
    @click=${choose}
    aria-pressed=${label === undefined ? 'false' : 'true'}
  >
    <span class="viewport">
      <canvas class="pictures" ?hidden=${!showsPictures}></canvas>
    </span>
    <kbd class="clip-key"><span><span class="spoken">Clip </span>${place + 1}</span></kbd>
    ${label === undefined ? nothing : html`<span class="rank"><span class="spoken">, </span>${label}</span>`}
    <span class="frame-count" aria-hidden="true"></span>
  </button>`;
}
