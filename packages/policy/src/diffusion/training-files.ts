import { join } from 'node:path';
import { decodeTensors, encodeTensors } from '@rapport/nn';
import { z } from 'zod';
import { parseJson, parseWith, readBytes } from './json.js';
import type { DiffusionTrainingState } from './train.js';

const TENSORS_FILE = 'training_state/trainer.safetensors';
const STATE_FILE = 'training_state/state.json';

const stateSchema = z.object({ format: z.literal(1), step: z.int().min(0), batches: z.array(z.int()) });

/** The files of a checkpoint of training, by path. */
export function trainingFiles({ trainer, batches }: DiffusionTrainingState): Record<string, string | Uint8Array> {
  const state: z.input<typeof stateSchema> = { format: 1, step: trainer.step, batches: [...batches] };
  return { [TENSORS_FILE]: encodeTensors(trainer.tensors), [STATE_FILE]: JSON.stringify(state) };
}

/** Reads a checkpoint from the folder that its files were written to. @throws CorruptDataError when one is damaged */
export async function readTrainingFiles(directory: string): Promise<DiffusionTrainingState> {
  const path = join(directory, STATE_FILE);
  const { step, batches } = parseWith(stateSchema, parseJson((await readBytes(path)).toString('utf8'), path), path);
  const tensorsPath = join(directory, TENSORS_FILE);
  const { tensors } = decodeTensors(await readBytes(tensorsPath), tensorsPath);
  return { trainer: { step, tensors }, batches };
}
