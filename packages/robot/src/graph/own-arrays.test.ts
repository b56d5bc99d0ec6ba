import { expect, it } from 'vitest';
import { withOwnArrays } from './own-arrays.js';

it('copies arrays that are a part of a larger memory, at any depth, and nothing else', () => {
  const memory = Float64Array.from([1, 2, 3, 4]);
  const whole = Float64Array.from([5, 6]);
  const message = {
    name: 'arm',
    time: 5n,
    part: { positions: memory.subarray(1, 3), effort: whole },
    points: [{ velocities: memory.subarray(2) }],
    names: ['a', 'b'],
  };
  const sent = withOwnArrays(message);
  expect(sent).toEqual(message);
  const { part, points } = sent as typeof message;
  for (const array of [part.positions, points[0]!.velocities]) {
    expect(array.buffer.byteLength).toBe(array.byteLength);
  }
  expect(part.effort).toBe(whole);
});
