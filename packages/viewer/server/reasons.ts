import { InputError } from '@rapport/core';
import { mostReasons } from '../protocol/index.js';

/** Reasons that a run offers when it names none of its own. */
export const defaultReasons = ['does the task', 'safer', 'smoother', 'faster', 'gentler', 'neater'] as const;

/** @throws InputError when there are too many, one is empty or too long, or one stands there twice */
export function checkReasons(reasons: readonly string[]): void {
  if (reasons.length > mostReasons) {
    throw new InputError(`there are ${reasons.length} reasons; at most ${mostReasons} have a key each`);
  }
  for (const [index, reason] of reasons.entries()) {
    if (reason.length < 1 || reason.length > 60) {
      throw new InputError(`reason ${index + 1} has ${reason.length} characters; expected 1 to 60`);
    }
    if (reasons.indexOf(reason) !== index) throw new InputError(`reason "${reason}" stands there twice`);
  }
}
