import { expect, it } from 'vitest';
import { demoOptionsSchema } from './options.js';

it('keeps its own defaults of the policy when one of its options is given', () => {
  const { learningRate: _, ...rest } = demoOptionsSchema.parse({}).policy;
  const { learningRate, ...given } = demoOptionsSchema.parse({ policy: { learningRate: 1e-3 } }).policy;
  expect(learningRate).toBe(1e-3);
  expect(given).toEqual(rest);
  expect(given.steps).toBe(8_000);
});
