import { html, type TemplateResult } from 'lit';
import type { Action } from '../state/keys.js';
import { keyLabel } from '../state/keys.js';
import type { Labelling } from '../state/labelling.js';

/** The ranking so far, and what can be answered. */
export function answerBar(labelling: Labelling, act: (action: Action) => void): TemplateResult {
  const button = (action: Action, text: string, kind: string, isOff = false) => html`<button
    class=${kind} @click=${() => act(action)} ?disabled=${isOff}>${text}<kbd>${keyLabel(action).split(' ')[0]}</kbd></button>`;
  const isEmpty = labelling.ranking.length === 0;
  return html`<section class="answer-bar" aria-label="Answer">
    <div class="side">
      ${button('undo', 'Undo', 'plain', !labelling.canUndo)} ${button('skip', 'Skip', 'plain')}
      ${button('cannot-tell', 'Cannot tell', 'plain')}
    </div>
    ${rankingStrip(labelling)}
    <div class="side end">
      ${button('tie', 'Tie', 'plain', labelling.ranking.flat().length < 2)}
      ${button('clear', 'Clear', 'plain', isEmpty)}
      ${button('confirm', 'Confirm', 'primary', labelling.ranks === undefined)}
    </div>
  </section>`;
}

function rankingStrip({ ranking, ranks, open }: Labelling): TemplateResult {
  const clipCount = open?.clips.length ?? 0;
  const unplaced = Array.from({ length: clipCount }, (_, clip) => clip).filter(
    (clip) => !ranking.flat().includes(clip),
  );
  const chip = (clip: number, kind: string) => html`<span class="chip ${kind}">${clip + 1}</span>`;
  if (ranking.length === 0) {
    return html`<div class="strip hint">Press <kbd>1</kbd> to <kbd>${clipCount}</kbd>, best first</div>`;
  }
  const implied = ranks !== undefined && unplaced.length === 1;
  return html`<div class="strip">
    <span class="strip-end">best</span>
    ${ranking.map((group, rank) => [
      rank > 0 ? html`<span class="then">›</span>` : '',
      group.map((clip, index) => [index > 0 ? html`<span class="then">=</span>` : '', chip(clip, 'placed')]),
    ])}
    ${implied ? html`<span class="then">›</span>${chip(unplaced[0]!, 'implied')}` : ''}
    ${ranks === undefined ? html`<span class="then">›</span>` : html`<span class="strip-end">worst</span>`}
  </div>`;
}
