import { nothing, svg, type TemplateResult } from 'lit';
import type { Span } from '../stage/player.js';
import { eventNames } from '../state/alignment.js';
import type { TimeWindow } from '../state/remarks.js';

/** Width of the drawing, in its own units. */
const width = 1000;

/**
 * Where a clip lies on the clock: its length, what happens in it, and the part that was marked. The playhead is moved past
 * the templates (`playheadX`).
 */
export function timeline(span: Span, durationSecs: number, window: TimeWindow | null): TemplateResult {
  const x = (timeSecs: number) => (durationSecs > 0 ? (width * timeSecs) / durationSecs : 0);
  const names = span.events.map(({ kind, timeSecs }) => `${eventNames[kind]} at ${timeSecs.toFixed(2)} s`);
  return svg`<svg class="timeline" viewBox="0 0 ${width} 10" preserveAspectRatio="none" role="img"
    aria-label="Timeline${names.length > 0 ? `: ${names.join(', ')}` : ''}">
    <rect class="extent" x=${x(span.startSecs)} y="3" width=${x(span.durationSecs)} height="4" />
    ${
      window === null
        ? nothing
        : svg`<rect class="window" x=${x(window.fromSecs)} y="1" width=${x(window.toSecs - window.fromSecs)} height="8" />`
    }
    ${span.events.map(
      ({ kind, timeSecs }) => svg`<rect class="event ${kind}" x=${x(timeSecs) - 4} y="0" width="8" height="10" />`,
    )}
    <rect class="playhead" x="0" y="0" width="3" height="10" />
  </svg>`;
}

/** Where the playhead of a timeline stands. */
export function playheadX(timeSecs: number, durationSecs: number): string {
  return durationSecs > 0 ? String((width * timeSecs) / durationSecs - 1.5) : '0';
}
