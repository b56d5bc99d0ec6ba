import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { demonstratedManifold } from './manifold.js';
import { toyConfig } from './toy.testing.js';
import type { RolloutWindows } from './windows.js';

// Windows with one observed number and chunks of random numbers: 8 actions of 2, of which those from the second on to the
// fifth are executed.
const episodes = 6;
const length = 30;
const stream = new RandomStream(0, 'windows');
const conditions = Array.from({ length: episodes }, () => stream.fillNormal(new Float32Array(length)));
const chunks = Array.from({ length: episodes }, () => stream.fillNormal(new Float32Array(length * 16)));
const windows: RolloutWindows = {
  lengths: new Array<number>(episodes).fill(length),
  conditionSize: 1,
  chunkSize: 16,
  writeCondition: (rollout, step, out, row) => {
    out[row] = conditions[rollout]![step]!;
  },
  writeChunk: (rollout, step, out, row) => {
    out.set(chunks[rollout]!.subarray(16 * step, 16 * step + 16), 16 * row);
  },
  writeWeights: () => undefined,
};

/** By sorting everything: the nearest chunk among the 50 windows with the likest observation. */
function bruteForce(condition: number, chunk: Float32Array): number {
  const all = conditions.flatMap((values, episode) =>
    [...values].map((value, step) => ({ gap: Math.abs(value - condition), episode, step })),
  );
  all.sort((a, b) => a.gap - b.gap);
  const distances = all.slice(0, 50).map(({ episode, step }) => {
    let squares = 0;
    for (let index = 2; index < 10; index++) squares += (chunk[index]! - chunks[episode]![16 * step + index]!) ** 2;
    return Math.sqrt(squares / 8);
  });
  return Math.min(...distances);
}

describe('demonstratedManifold', () => {
  it('measures to the nearest executed actions among the likest observations', () => {
    const manifold = demonstratedManifold(toyConfig, windows, new RandomStream(1, 'manifold'));
    const asked = Float32Array.of(0, 1.5, -0.3);
    const sampled = new RandomStream(2, 'chunks').fillNormal(new Float32Array(3 * 16));
    const found = manifold.distances(asked, sampled);
    asked.forEach((condition, row) => {
      expect(found[row]).toBeCloseTo(bruteForce(condition, sampled.subarray(16 * row, 16 * row + 16)), 5);
    });
  });

  it('does not find a demonstrated chunk in its own episode', () => {
    const { own } = demonstratedManifold(toyConfig, windows, new RandomStream(1, 'manifold'));
    expect(own).toHaveLength(episodes * length);
    expect(Math.min(...own)).toBeGreaterThan(0.1);
  });

  it('refuses a single demonstration', () => {
    const one = { ...windows, lengths: [length] };
    expect(() => demonstratedManifold(toyConfig, one, new RandomStream(1, 'manifold'))).toThrow(
      /there is 1 demonstration; expected two or more/,
    );
  });
});
