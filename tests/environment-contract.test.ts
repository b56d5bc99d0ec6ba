import { checkContract, environments, TwinProcess } from '@rapport/sim';
import { afterAll, expect, it } from 'vitest';

const twin = new TwinProcess();
afterAll(() => twin.close());

// One process runs every environment a second time.
it.each(environments().map((spec) => spec.id))('keeps the contract: %s', async (id) => {
  expect(await checkContract(id, twin)).toEqual([]);
});
