import { html, type TemplateResult } from 'lit';
import type { Labelling } from '../state/labelling.js';
import { icons } from './icons.js';

/** What stands in the middle when there is no query to show. */
export function notice(labelling: Labelling, undo: () => void): TemplateResult {
  const { connection, idle, progress, canUndo, unsaved, afterwards } = labelling;
  if (connection === 'elsewhere') {
    return panel(
      'This page is open in another place',
      'The queries moved there. You can take them back to this page.',
      html`<button class="primary" @click=${() => labelling.takeOver()}>Work here</button>`,
    );
  }
  if (connection === 'refused') {
    return panel(
      'Cannot connect to the server',
      'Check that the command that printed this address is still running, and that the address is complete, with its token if it has one.',
    );
  }
  if (idle === 'finished') {
    const yours = progress?.yours ?? 0;
    return panel(
      'All done, thank you',
      unsaved > 0
        ? `${unsaved} of your answers are still being saved. Please leave this page open.`
        : `You answered ${yours} ${yours === 1 ? 'query' : 'queries'}, and every answer is saved. ${afterwards} You can close this page.`,
      canUndo ? html`<button class="plain" @click=${undo}>Take back the last answer<kbd>U</kbd></button>` : '',
      true,
    );
  }
  if (connection === 'stopped') {
    return panel(
      'The command has stopped',
      unsaved > 0
        ? `${unsaved} of your answers are not saved yet. Please leave this page open until it runs again.`
        : 'Every answer is saved. The terminal says how to go on; this page goes on when the command runs again at this address.',
    );
  }
  if (idle === 'others') {
    return panel(
      'Nothing for you at the moment',
      'The remaining queries are with other people, or wait for someone who has not answered them yet. One opens here as soon as it is free.',
    );
  }
  if (idle === 'coming') {
    return panel(
      'Waiting for new rollouts',
      'They are being made now. The next query opens here as soon as its rollouts are there.',
    );
  }
  return panel('Loading the first query', '');
}

function panel(title: string, text: string, action: TemplateResult | '' = '', isDone = false): TemplateResult {
  return html`<div class="notice">
    ${isDone ? html`<span class="done">${icons.check}</span>` : ''}
    <h1>${title}</h1>
    <p>${text}</p>
    ${action}
  </div>`;
}
