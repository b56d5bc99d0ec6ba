import type { Scene } from '@rapport/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mixAngles, momentAt, poseTrack } from './poses.js';

const scene: Scene = {
  bodies: [
    { name: 'floor', pose: 'fixed', shapes: [] },
    { name: 'block', pose: 'planar', shapes: [] },
  ],
  bounds: { min: [-1, -1, 0], max: [1, 1, 0.2] },
  view: 'planar',
};

it('reads little-endian poses from bytes at any alignment', () => {
  const bytes = new Uint8Array(1 + 24);
  const view = new DataView(bytes.buffer);
  [1, 2, 3, 4.5, -5, 6].forEach((value, index) => {
    view.setFloat32(1 + index * 4, value, true);
  });
  const track = poseTrack(scene, bytes.subarray(1), 2, 8);
  expect([...track.data]).toEqual([1, 2, 3, 4.5, -5, 6]);
  expect(() => poseTrack(scene, bytes.subarray(2), 2, 8)).toThrow('poses have 23 bytes; expected 24');
});

it('finds the frame of a moment and stays on the last one', () => {
  const clip = { frames: 4, fps: 8 };
  expect(momentAt(clip, 0)).toEqual({ frame: 0, fraction: 0 });
  expect(momentAt(clip, 2 / 8)).toEqual({ frame: 2, fraction: 0 });
  expect(momentAt(clip, 1.5 / 8).fraction).toBeCloseTo(0.5, 4);
  expect(momentAt(clip, 9)).toEqual({ frame: 3, fraction: 0 });
});

it('turns along the shorter way round and arrives', () => {
  expect(mixAngles(3, -3, 0.5)).toBeCloseTo(Math.PI, 6);
  fc.assert(
    fc.property(fc.float({ min: -20, max: 20, noNaN: true }), fc.float({ min: -20, max: 20, noNaN: true }), (a, b) => {
      const arrived = mixAngles(a, b, 1);
      expect(Math.cos(arrived)).toBeCloseTo(Math.cos(b), 6);
      expect(Math.sin(arrived)).toBeCloseTo(Math.sin(b), 6);
      expect(Math.abs(arrived - a)).toBeLessThanOrEqual(Math.PI + 1e-9);
    }),
  );
});
