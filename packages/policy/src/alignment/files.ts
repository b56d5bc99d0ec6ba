import { join } from 'node:path';
import { decodeTensors, encodeTensors } from '@rapport/nn';
import { z } from 'zod';
import { parseJson, parseWith, readBytes } from '../diffusion/json.js';
import type { AlignmentState } from './align.js';

const TENSORS_FILE = 'training_state/trainer.safetensors';
const STATE_FILE = 'training_state/alignment.json';

/** What a look at a policy in alignment found; see `AlignmentMonitor`. */
export const alignmentMonitorSchema = z.object({
  step: z.int().min(0),
  winnerLoss: z.number(),
  loserLoss: z.number(),
  referenceWinnerLoss: z.number(),
  referenceLoserLoss: z.number(),
  rankingAccuracy: z.number(),
  implicitAccuracy: z.number(),
  offManifold: z.number(),
  referenceDistance: z.number(),
  task: z.record(z.string(), z.number()),
});

const stateSchema = z.object({
  format: z.literal(1),
  reference: z.string(),
  step: z.int().min(0),
  batches: z.array(z.int()),
  history: z.array(alignmentMonitorSchema),
});

/** The files of a checkpoint of alignment, by path. */
export function alignmentFiles({
  reference,
  trainer,
  batches,
  history,
}: AlignmentState): Record<string, string | Uint8Array> {
  const state: z.input<typeof stateSchema> = {
    format: 1,
    reference,
    step: trainer.step,
    batches: [...batches],
    history: [...history],
  };
  return { [TENSORS_FILE]: encodeTensors(trainer.tensors), [STATE_FILE]: JSON.stringify(state) };
}

/** Reads a checkpoint from the folder that its files were written to. @throws CorruptDataError when one is damaged */
export async function readAlignmentFiles(directory: string): Promise<AlignmentState> {
  const path = join(directory, STATE_FILE);
  const { reference, step, batches, history } = parseWith(
    stateSchema,
    parseJson((await readBytes(path)).toString('utf8'), path),
    path,
  );
  const tensorsPath = join(directory, TENSORS_FILE);
  const { tensors } = decodeTensors(await readBytes(tensorsPath), tensorsPath);
  return { reference, trainer: { step, tensors }, batches, history };
}
