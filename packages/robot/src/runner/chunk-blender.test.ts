import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkBlender } from './chunk-blender.js';

const chunk = (firstStep: number, values: readonly number[], executed = values.length) => ({
  firstStep,
  actions: values.map((value) => Float32Array.of(value)),
  executed,
});

describe('chunk blender', () => {
  it('passes from one chunk to the next in equal parts', () => {
    const blender = new ChunkBlender(3);
    blender.add(chunk(0, [0, 0, 0, 0, 0, 0, 0, 0], 4));
    expect([0, 1, 2].map((step) => blender.actionAt(step)?.action[0])).toEqual([0, 0, 0]);
    blender.add(chunk(3, [8, 8, 8, 8, 8, 8, 8, 8], 4));
    const passed = [3, 4, 5, 6, 7].map((step) => blender.actionAt(step)!);
    expect(passed.map(({ action }) => action[0])).toEqual([2, 4, 6, 8, 8]);
    expect(passed.map(({ newerShare }) => newerShare)).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it('begins to pass over when the newer chunk is first used, not where it begins', () => {
    const blender = new ChunkBlender(1);
    blender.add(chunk(0, [0, 0, 0, 0, 0, 0]));
    blender.add(chunk(2, [1, 2, 3, 4]));
    // The chunk for step 2 arrives at step 4: what it meant for 2 and 3 is over.
    expect(blender.actionAt(4)?.action[0]).toBe(1.5);
    expect(blender.actionAt(5)?.action[0]).toBe(4);
  });

  it('says nothing before a chunk begins and after it ends', () => {
    const blender = new ChunkBlender(2);
    expect(blender.actionAt(0)).toBeUndefined();
    blender.add(chunk(5, [1, 2], 1));
    expect(blender.actionAt(4)).toBeUndefined();
    expect(blender.lastStep).toBe(5);
    expect(blender.actionAt(7)).toBeUndefined();
    blender.clear();
    expect(blender.actionAt(5)).toBeUndefined();
    expect(blender.lastStep).toBeUndefined();
  });

  it('refuses an empty chunk', () => {
    expect(() => new ChunkBlender(2).add(chunk(0, []))).toThrow('a chunk holds no action');
  });

  it('changes from step to step by no more than its chunks and an equal part of their distance', () => {
    const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(values, values, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 10 }), (a, b, fade, at) => {
        const blender = new ChunkBlender(fade);
        blender.add(chunk(0, a));
        for (let step = 0; step < at; step++) blender.actionAt(step);
        blender.add(chunk(0, b));
        let before = a[at - 1]!;
        for (let step = at; step < 20; step++) {
          const now = blender.actionAt(step)!.action[0]!;
          const inner = Math.max(Math.abs(a[step]! - a[step - 1]!), Math.abs(b[step]! - b[step - 1]!));
          const apart = Math.max(Math.abs(a[step]! - b[step]!), Math.abs(a[step - 1]! - b[step - 1]!));
          expect(Math.abs(now - before)).toBeLessThanOrEqual(inner + apart / (fade + 1) + 1e-6);
          before = now;
        }
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});
