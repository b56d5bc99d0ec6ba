import type { AnswerAnnotation } from '../../protocol/index.js';

type Strength = NonNullable<AnswerAnnotation['strength']>;

/** What the annotator adds to an answer, in the making. */
export interface Remarks {
  /** The part of the clock's time that decided, seconds. */
  readonly window: TimeWindow | null;
  readonly reasons: readonly string[];
  readonly strength: Strength | null;
}

export interface TimeWindow {
  readonly fromSecs: number;
  readonly toSecs: number;
}

export const noRemarks: Remarks = { window: null, reasons: [], strength: null };

export const strengths: readonly { readonly strength: Strength; readonly name: string }[] = [
  { strength: 1, name: 'slightly' },
  { strength: 2, name: 'clearly' },
  { strength: 3, name: 'by far' },
];

/** The window begins here; one that would end before ends at the end of the clips. */
export function markStart(remarks: Remarks, timeSecs: number, durationSecs: number): Remarks {
  const end = remarks.window?.toSecs ?? durationSecs;
  return withWindow(remarks, timeSecs, end > timeSecs ? end : durationSecs);
}

/** The window ends here; one that would begin after begins at the start of the clips. */
export function markEnd(remarks: Remarks, timeSecs: number): Remarks {
  const start = remarks.window?.fromSecs ?? 0;
  return withWindow(remarks, start < timeSecs ? start : 0, timeSecs);
}

function withWindow(remarks: Remarks, fromSecs: number, toSecs: number): Remarks {
  return toSecs > fromSecs ? { ...remarks, window: { fromSecs, toSecs } } : remarks;
}

export function toggleReason(remarks: Remarks, reason: string): Remarks {
  const without = remarks.reasons.filter((other) => other !== reason);
  return { ...remarks, reasons: without.length < remarks.reasons.length ? without : [...without, reason] };
}

/** Not stated, slightly, clearly, by far, and round again. */
export function nextStrength({ strength }: Remarks): Remarks['strength'] {
  return strengths[strength ?? 0]?.strength ?? null;
}

/**
 * What travels with an answer; undefined when nothing was added.
 * @param windows frames of each clip inside the window
 * @param prefers whether the answer prefers one clip to another
 */
export function annotationOf(
  { reasons, strength }: Remarks,
  windows: readonly ([number, number] | null)[] | undefined,
  prefers: boolean,
): AnswerAnnotation | undefined {
  const annotation: AnswerAnnotation = {
    ...(windows?.some((window) => window !== null) && { windows: [...windows] }),
    ...(reasons.length > 0 && { reasons: [...reasons] }),
    ...(strength !== null && prefers && { strength }),
  };
  return Object.keys(annotation).length > 0 ? annotation : undefined;
}
