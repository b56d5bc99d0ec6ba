import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkContract, collectEpisodes, environments, makeEnv } from '@rapport/sim';
import { afterAll, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = readFileSync(join(root, 'docs/new-environment.md'), 'utf8');
const [example] = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);
// Inside the project, so that the packages are found.
const folder = mkdtempSync(join(root, 'tests/.new-environment-'));
const file = join(folder, 'cart.mjs');
writeFileSync(file, example!);
afterAll(() => rmSync(folder, { recursive: true }));

it('shows an environment in under 80 lines', () => {
  expect(example!.trimEnd().split('\n').length).toBeLessThan(80);
  expect(example).toContain('registerEnvironment(');
});

it('is known once its file is imported, and then keeps the contract', async () => {
  await expect(makeEnv('lab/cart')).rejects.toThrow('there is no environment "lab/cart"');
  const env = await makeEnv(`${file}:lab/cart`);
  expect(environments().map((spec) => spec.id)).toContain('lab/cart');
  // Full force for one second from rest: half a metre, plus the half step of a velocity that is updated first.
  const start = env.reset({ seed: 4 }).observation[0]!;
  const push = start < 0 ? 1 : -1;
  for (let step = 0; step < 10; step++) env.step([push]);
  const end = new Float32Array(3);
  env.writePoses(end);
  expect(end[0]! - start).toBeCloseTo(push * 0.55, 5);
  expect(await checkContract('lab/cart')).toEqual([]);
});

it('runs in worker threads, which import its file themselves', async () => {
  const options = { envId: 'lab/cart', policy: 'mixed', seeds: [1, 2], cameras: [] };
  expect(await collectEpisodes({ ...options, workers: 2 })).toEqual(await collectEpisodes({ ...options, workers: 0 }));
});
