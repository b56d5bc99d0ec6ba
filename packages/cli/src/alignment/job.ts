import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkOptions } from '@rapport/core';
import { latestCheckpoint, openMetrics, saveCheckpoint, writeDurably } from '@rapport/data';
import {
  type AlignDiffusionOptions,
  alignDiffusion,
  alignmentFiles,
  alignmentMonitorSchema,
  readAlignmentFiles,
  type StoredDiffusionPolicy,
  saveDiffusionPolicy,
} from '@rapport/policy';
import { z } from 'zod';

/** What an alignment came to, as its folder keeps it beside the policy. */
const alignmentRecordSchema = z.object({
  objective: z.string(),
  /** Step of the policy that was kept. */
  step: z.int(),
  stopped: z.object({ step: z.int(), reason: z.string() }).optional(),
  manifoldThreshold: z.number(),
  /** Hash of the reference. */
  reference: z.string(),
  history: z.array(alignmentMonitorSchema),
});
export type AlignmentRecord = z.infer<typeof alignmentRecordSchema>;

/** Where an alignment leaves its policy, below its folder. */
export const ALIGNED_FOLDER = 'policy';
const RECORD_FILE = 'alignment.json';

/**
 * Aligns a policy in a folder, going on from the last checkpoint of an earlier try; what is done already is read.
 * @param card name, environment and cameras of the aligned policy
 */
export async function runAlignmentJob(
  directory: string,
  options: Omit<AlignDiffusionOptions, 'resume' | 'onCheckpoint'>,
  card: Pick<StoredDiffusionPolicy, 'name' | 'envId' | 'cameras'>,
  work: WorkOptions,
): Promise<AlignmentRecord> {
  const path = join(directory, RECORD_FILE);
  if (existsSync(path)) return alignmentRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const earlier = await latestCheckpoint(directory);
  const resume = earlier && (await readAlignmentFiles(earlier.directory));
  if (resume === undefined) await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const metrics = await openMetrics(directory, resume?.trainer.step);
  try {
    const { policy, step, stopped, history, manifoldThreshold, reference } = await alignDiffusion({
      ...options,
      ...work,
      onMetrics: metrics.write,
      onCheckpoint: async (step, state) => {
        await saveCheckpoint(directory, step, alignmentFiles(state));
      },
      ...(resume && { resume }),
    });
    await saveDiffusionPolicy(join(directory, ALIGNED_FOLDER), { ...card, checkpoint: policy, reference });
    const record: AlignmentRecord = {
      objective: options.config.objective,
      step,
      ...(stopped && { stopped }),
      manifoldThreshold,
      reference,
      history: history.map((look) => ({ ...look, task: { ...look.task } })),
    };
    await writeDurably(path, `${JSON.stringify(record, null, 2)}\n`);
    // The folder holds the policy; its checkpoints are several times as large.
    await rm(join(directory, 'checkpoints'), { recursive: true, force: true });
    return record;
  } finally {
    metrics.close();
  }
}
