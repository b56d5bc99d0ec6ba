import { describe, expect, it } from 'vitest';
import { cutClip } from './videos.js';

describe('cutClip', () => {
  /** Every picture is its step: of all steps of a clip, or of steps 1, 4, 7, 10, 13, 16 and 19 of twenty. */
  const video = (steps: readonly number[]) => ({
    frames: steps.length,
    width: 2,
    data: Float32Array.from(steps.flatMap((step) => [step, -step])),
  });
  const stepsOf = (cut: ReturnType<typeof cutClip>) =>
    Array.from({ length: cut.frames }, (_, row) => cut.data[2 * row]);
  const clip = { start: 100, end: 120 };
  const every = video(Array.from({ length: 20 }, (_, step) => step));
  const third = video([1, 4, 7, 10, 13, 16, 19]);

  it('takes the pictures of a piece, from a clip that begins anywhere', () => {
    expect(stepsOf(cutClip(every, clip, { start: 105, end: 108 }))).toEqual([5, 6, 7]);
    expect(stepsOf(cutClip(every, clip, clip))).toHaveLength(20);
  });

  it('takes those at the same place where the video holds every third step alone, one at least', () => {
    expect(stepsOf(cutClip(third, clip, clip))).toHaveLength(7);
    expect(stepsOf(cutClip(third, clip, { start: 110, end: 120 }))).toEqual([10, 13, 16, 19]);
    expect(stepsOf(cutClip(third, clip, { start: 119, end: 120 }))).toEqual([19]);
    expect(stepsOf(cutClip(third, clip, { start: 100, end: 101 }))).toEqual([1]);
  });
});
