import type { Body } from './body.js';

/** Share of a joint's error left after one second, by default: 0.9^60 with 0.9 in single precision, as Chipmunk has it. */
export const DEFAULT_ERROR_BIAS = Math.fround(0.9) ** 60;

/**
 * A constraint between two bodies, solved by sequential impulses: `prepare` once a step, then `warmStart`, then
 * `solve` once an iteration. These take no numbers: those of a call that is not inlined are allocated on the heap.
 */
export interface Joint {
  readonly a: Body;
  readonly b: Body;
  /** Accumulated impulses of the last step: the only numbers of a joint that outlast a step. */
  saveImpulses(out: Float64Array): void;
  loadImpulses(from: Float64Array): void;
  /** Told the seconds of a step before the first one. */
  setTimeStep(timeStep: number): void;
  /** Effective masses and correction velocities at the present pose. */
  prepare(): void;
  /** Applies the last step's impulses again. */
  warmStart(): void;
  /** One Gauss-Seidel update. */
  solve(): void;
}

/** Share of the error that one step corrects. */
export function correctedShare(errorBias: number, timeStep: number): number {
  return 1 - errorBias ** timeStep;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
