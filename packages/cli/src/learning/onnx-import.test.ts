import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readOnnxImport } from './onnx-import.js';

const model = fileURLToPath(new URL('../../../../tests/fixtures/torch_policy/policy.onnx', import.meta.url));
const inputs = ['obs.state=state', 'obs.image=camera:front', 'noise=noise'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-onnx-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads what each input is fed, and takes the only output', async () => {
  const normalization = join(folder, 'normalization.json');
  await writeFile(normalization, JSON.stringify({ pred_action: { min: [-1, -1, 0], max: [1, 1, 0.08] } }));
  const { card, binding } = await readOnnxImport(model, { inputs, firstAction: 1, actionSteps: 4, normalization });
  expect(card).toEqual({
    format: 1,
    kind: 'onnx',
    name: 'policy',
    inputs: {
      'obs.state': { kind: 'state' },
      'obs.image': { kind: 'camera', camera: 'front' },
      noise: { kind: 'noise' },
    },
    output: 'pred_action',
    firstAction: 1,
    actionSteps: 4,
    normalization: { pred_action: { min: [-1, -1, 0], max: [1, 1, 0.08] } },
  });
  expect(binding.observationSteps).toBe(2);
});

it.each([
  [undefined, undefined, 'has 3 inputs, "obs.state" [1, 2, 5], "obs.image" [1, 2, 3, 16, 16], "noise" [1, 6, 3]; what'],
  [['state'], undefined, 'option "inputs" has "state"; expected NAME=VALUE'],
  [['obs.state=front'], undefined, '"front" is no source of an input'],
  [['observation=state'], undefined, 'there is no input "observation"'],
  [inputs, '{"pred_action": {"mean": [0, 0, 0]}}', '"pred_action" is no normalisation'],
  [inputs, '{', 'is not JSON'],
])('refuses inputs %j with normalisation %j', async (given, text, message) => {
  const normalization = text === undefined ? undefined : join(folder, 'wrong.json');
  if (normalization !== undefined) await writeFile(normalization, text!);
  await expect(readOnnxImport(model, { inputs: given, firstAction: 0, normalization })).rejects.toThrow(message);
});
