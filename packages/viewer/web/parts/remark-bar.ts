import { html, nothing, type TemplateResult } from 'lit';
import { type Action, keyLabel } from '../state/keys.js';
import type { Labelling } from '../state/labelling.js';
import { strengths } from '../state/remarks.js';

/** What can be added to the answer, and need not be: what decided, by how much, and why. */
export function remarkBar(labelling: Labelling, act: (action: Action) => void): TemplateResult {
  const { remarks, reasons } = labelling;
  const button = (action: Action, text: string, title: string) => html`<button
    class="small" @click=${() => act(action)} title=${title}>${text}<kbd>${keyLabel(action)}</kbd></button>`;
  const choice = (text: string, isOn: boolean, choose: () => void, key?: string) => html`<button
    class="small choice" aria-pressed=${isOn} @click=${choose}>${text}${key === undefined ? nothing : html`<kbd>${key}</kbd>`}</button>`;
  const { window } = remarks;
  return html`<section class="remark-bar" aria-label="Remarks, if you like">
    <span class="group" role="group" aria-label="What decided">
      ${
        // In the label's place, so that the bar keeps its one line.
        window === null
          ? html`<span class="label">What decided</span>`
          : html`<span class="label marked">${window.fromSecs.toFixed(1)} to ${window.toSecs.toFixed(1)} s</span>`
      }
      ${button('mark-start', 'from here', 'The part that decided begins at this moment (I)')}
      ${button('mark-end', 'to here', 'The part that decided ends with this moment (O)')}
      ${
        window === null
          ? nothing
          : html`<button class="small" aria-label="unmark" @click=${() => act('clear-mark')} title="Take the mark away (X)">✕</button>`
      }
    </span>
    <span class="group" role="group" aria-label="Better by how much">
      <span class="label">Better<kbd>${keyLabel('strength')}</kbd></span>
      ${strengths.map(({ strength, name }) =>
        choice(name, remarks.strength === strength, () => labelling.setStrength(strength)),
      )}
    </span>
    ${
      reasons.length === 0
        ? nothing
        : html`<span class="group" role="group" aria-label="Reasons">
            <span class="label">Because</span>
            ${reasons.map((reason, index) =>
              choice(reason, remarks.reasons.includes(reason), () => labelling.toggleReason(index), `⇧${index + 1}`),
            )}
          </span>`
    }
  </section>`;
}
