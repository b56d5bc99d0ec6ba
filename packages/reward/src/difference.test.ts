import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { videoDifferences } from './difference.js';
import type { FeatureVideo } from './videos.js';

const still = (frames: number, ...features: number[]): FeatureVideo => ({
  frames,
  width: features.length,
  data: Float32Array.from({ length: frames * features.length }, (_, index) => features[index % features.length]!),
});

describe('videoDifferences', () => {
  it('is the distance of standardised features, whatever their units and the lengths of the videos', () => {
    // Four pictures each of (0, 0) and of (2, 6): means 1 and 3, deviations 1 and 3, so -1 and +1 in both features.
    const difference = videoDifferences([still(4, 0, 0), still(3, 2, 6), still(1, 2, 6)], 5);
    expect(difference(0, 1)).toBeCloseTo(2);
    expect(difference(1, 0)).toBeCloseTo(2);
    expect(difference(1, 2)).toBe(0);
  });

  it('does not count a feature that never varies', () => {
    const difference = videoDifferences([still(2, 0, 7), still(2, 2, 7)], 2);
    expect(difference(0, 1)).toBeCloseTo(2 / Math.sqrt(2));
  });

  it('is about the square root of two for pictures that have nothing in common', () => {
    const stream = new RandomStream(1, 'noise');
    const noise = (): FeatureVideo => ({ frames: 8, width: 200, data: stream.fillNormal(new Float32Array(1600)) });
    expect(videoDifferences([noise(), noise()], 8)(0, 1)).toBeCloseTo(Math.SQRT2, 1);
  });
});
