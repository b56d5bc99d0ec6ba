import { readFileSync } from 'node:fs';
import { z } from 'zod';

const points = z.array(z.array(z.number()));

const referenceSchema = z.object({
  sinkhorn: z.array(
    z.object({
      X: points,
      Y: points,
      emd_cost: z.number(),
      sinkhorn: z.record(z.string(), z.object({ cost: z.number(), entropy: z.number(), P00: z.number() })),
    }),
  ),
});

/** The transport problems of `tests/fixtures/ot` with POT's answers. */
export function readReferenceCases() {
  const file = new URL('../../../../tests/fixtures/ot/ot_reference.json', import.meta.url);
  const reference = referenceSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return reference.sinkhorn.map((entry) => ({ ...entry, name: `${entry.X.length} x ${entry.Y.length} points` }));
}

/** Squared distances between two point sets, divided by the largest; shape [X.length, Y.length]. */
export function maxScaledSquaredDistances(X: readonly number[][], Y: readonly number[][]): Float64Array {
  const costs = Float64Array.from(
    X.flatMap((x) => Y.map((y) => x.reduce((sum, value, axis) => sum + (value - y[axis]!) ** 2, 0))),
  );
  const largest = Math.max(...costs);
  return costs.map((cost) => cost / largest);
}
