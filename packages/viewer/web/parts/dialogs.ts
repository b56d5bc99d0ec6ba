import { html, type TemplateResult } from 'lit';
import { annotatorPattern } from '../../protocol/index.js';
import { bindingGroups } from '../state/keys.js';
import { icons } from './icons.js';

/** The key sheet, made from the table that the keyboard runs on. */
export function keySheet(): TemplateResult {
  return html`<dialog id="keys" aria-labelledby="keys-title">
    <form method="dialog" class="dialog-head">
      <h2 id="keys-title">Keys</h2>
      <button class="quiet" aria-label="Close the key sheet">${icons.close}</button>
    </form>
    <div class="key-groups">
      ${bindingGroups.map(
        ({ title, bindings }, group) => html`<section>
          <h3>${title}</h3>
          <dl>
            ${group === 0 ? row('1 to 6', 'give that clip the next place, best first; again to take it away') : ''}
            ${bindings.map(({ label, does }) => row(label, does))}
            ${group === 1 ? row('⇧ 1 to 9', 'tick that reason; again to take it away') : ''}
          </dl>
        </section>`,
      )}
    </div>
  </dialog>`;
}

function row(label: string, does: string): TemplateResult {
  const keys = label.split(/ (or|to) /);
  return html`<div>
    <dt>${keys.map((key) => (['or', 'to'].includes(key) ? html` ${key} ` : html`<kbd>${key}</kbd>`))}</dt>
    <dd>${does}</dd>
  </div>`;
}

/** Asks for the name under which answers are stored. */
export function nameDialog(annotator: string, rename: (name: string) => void): TemplateResult {
  const submit = (event: SubmitEvent) => {
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get('name') ?? '').trim();
    if (annotatorPattern.test(name)) rename(name);
  };
  return html`<dialog id="name" aria-labelledby="name-title">
    <form method="dialog" @submit=${submit}>
      <div class="dialog-head"><h2 id="name-title">Your name</h2></div>
      <p>Answers are stored under this name. Two people with different names never get the same query at once.</p>
      <label for="name-field">Name</label>
      <input id="name-field" name="name" .value=${annotator} required maxlength="40" autocomplete="off"
        pattern="[\\p{L}\\p{N}][\\p{L}\\p{N} ._\\-]*" title="letters, digits, spaces, dots and dashes" />
      <div class="dialog-actions"><button class="primary">Use this name</button></div>
    </form>
  </dialog>`;
}
