import { join } from 'node:path';
import { writeFolder } from '@rapport/data';
import { openOnnx } from '@rapport/nn';
import { parseJson, parseWith, readBytes } from '../diffusion/json.js';
import { type OnnxCard, onnxCardSchema } from './card.js';
import { OnnxPolicy } from './policy.js';

const POLICY_FILE = 'policy.json';
const MODEL_FILE = 'policy.onnx';

/**
 * Writes a model and its card as the folder of a policy, which appears whole or not at all.
 * @param source the model's file, for errors
 * @throws InputError when card and model do not fit each other, or the model does not run
 * @throws CorruptDataError when the file is no whole ONNX model
 */
export async function saveOnnxPolicy(
  directory: string,
  model: Uint8Array,
  card: OnnxCard,
  source: string,
): Promise<void> {
  const policy = new OnnxPolicy(await openOnnx(model, source), card, source);
  await policy.close();
  await writeFolder(directory, { [POLICY_FILE]: `${JSON.stringify(card, null, 2)}\n`, [MODEL_FILE]: model });
}

/**
 * Opens a policy of kind `onnx`: `policy.json` with the card, and `policy.onnx`.
 * @throws CorruptDataError when a file is missing or damaged; InputError when they do not fit each other
 */
export async function openOnnxPolicy(
  directory: string,
): Promise<{ readonly policy: OnnxPolicy; readonly card: OnnxCard }> {
  const path = join(directory, POLICY_FILE);
  const card = parseWith(onnxCardSchema, parseJson((await readBytes(path)).toString('utf8'), path), path);
  const file = join(directory, MODEL_FILE);
  return { policy: new OnnxPolicy(await openOnnx(await readBytes(file), file), card, file), card };
}
