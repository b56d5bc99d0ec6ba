import { describe, expect, it } from 'vitest';
import { workloadNames, workloads } from './workloads.js';

describe('workloads of bench nn', () => {
  for (const name of workloadNames) {
    it(`trains ${name}: the loss falls`, async () => {
      const { trainer, nextBatch } = await workloads[name](1);
      const first = (await trainer.step(nextBatch())).loss;
      let last = first;
      for (let step = 0; step < 4; step++) last = (await trainer.step(nextBatch())).loss;
      expect(last).toBeLessThan(first);
      await trainer.close();
    });
  }
});
