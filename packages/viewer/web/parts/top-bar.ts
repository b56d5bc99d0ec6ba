import { html, nothing, type TemplateResult } from 'lit';
import type { ConnectionState } from '../state/connection.js';
import type { Labelling } from '../state/labelling.js';
import { isDark } from '../state/theme.js';
import { icons } from './icons.js';

const connectionText: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting',
  open: 'Connected',
  lost: 'Connection lost, trying again',
  stopped: 'Server stopped',
  refused: 'Cannot connect',
  elsewhere: 'Open in another place',
};

export interface TopBarEvents {
  readonly theme: () => void;
  readonly keys: () => void;
  readonly name: () => void;
}

/** Name of the program, progress, connection, and the few settings. */
export function topBar(labelling: Labelling, events: TopBarEvents): TemplateResult {
  return html`<header class="top-bar">
    <span class="brand"><img src="./icon.svg" alt="" />Rapport</span>
    ${progress(labelling)}
    <div class="top-right">
      <span class="connection ${labelling.connection}" role="status">
        <span class="dot" aria-hidden="true"></span>${connectionText[labelling.connection]}${
          labelling.unsaved > 0 ? html`<span class="unsaved"> · ${labelling.unsaved} not saved yet</span>` : nothing
        }
      </span>
      <button class="quiet" @click=${events.name} title="Your name in the ledger">
        ${icons.person}<span>${labelling.annotator}</span>
      </button>
      <button class="quiet" @click=${events.theme} aria-label=${isDark() ? 'Light theme' : 'Dark theme'} title="Theme (D)">
        ${isDark() ? icons.sun : icons.moon}
      </button>
      <button class="quiet" @click=${events.keys} title="Key sheet (?)">${icons.keys}<span>Keys</span><kbd>?</kbd></button>
    </div>
  </header>`;
}

function progress({ progress }: Labelling): TemplateResult {
  if (progress === undefined) return html`<div class="progress"></div>`;
  const { answered, total, annotators, isGrowing } = progress;
  return html`<div class="progress">
    <progress max=${Math.max(1, total)} value=${answered} aria-label="Queries answered"></progress>
    <span class="counts">
      <strong>${answered}</strong> answered · <strong>${total - answered}</strong> remaining${
        isGrowing ? ', rollouts still arriving' : nothing
      }${annotators > 1 ? html` · ${annotators} people` : nothing}
    </span>
  </div>`;
}
