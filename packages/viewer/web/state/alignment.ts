import type { EventKind } from '../../protocol/index.js';

/** What of a clip decides when it starts. */
export interface AlignedClip {
  readonly fps: number;
  readonly events: readonly { readonly kind: EventKind; readonly frame: number }[];
}

export const eventNames: Readonly<Record<EventKind, string>> = {
  contact: 'first contact',
  grasp: 'grasp',
  release: 'release',
};

/** Events that at least two of the clips have. */
export function sharedEvents(clips: readonly AlignedClip[]): EventKind[] {
  const kinds = Object.keys(eventNames) as EventKind[];
  return kinds.filter((kind) => clips.filter((clip) => eventSecs(clip, kind) !== undefined).length >= 2);
}

/**
 * How much later each clip starts so that the event happens in all of them at once, seconds: 0 for the clip in which it
 * happens last, and for clips without it.
 */
export function delaysFor(clips: readonly AlignedClip[], kind: EventKind | undefined): number[] {
  const times = clips.map((clip) => (kind === undefined ? undefined : eventSecs(clip, kind)));
  const latest = Math.max(0, ...times.map((time) => time ?? 0));
  return times.map((time) => (time === undefined ? 0 : latest - time));
}

/** When the event happens, seconds from the start of the clip; undefined when it does not. */
export function eventSecs({ events, fps }: AlignedClip, kind: EventKind): number | undefined {
  const event = events.find((each) => each.kind === kind);
  return event === undefined ? undefined : event.frame / fps;
}
