import { alignmentConfigSchema } from '@rapport/policy';
import { z } from 'zod';
import { ledgerOption } from '../ledger.js';
import { rewardOptionsShape } from './reward-options.js';

/**
 * What a policy learns from: `direct`, the annotators' rankings; `rapl` and `rlhf`, rankings of all rollouts by rewards that
 * were learned from these.
 */
export const preferenceMethods = ['direct', 'rapl', 'rlhf'] as const;

/** Options of `rapport align`. */
export const alignOptionsSchema = z.object({
  policy: z.string().min(1).describe('folder of the diffusion policy, or of the run that trained or imported it'),
  env: z.string().min(1).optional().describe('environment to run in; by default the one it was trained in'),
  dataset: z
    .string()
    .min(1)
    .optional()
    .describe(
      'folder of rollouts that the policy made, or of the run that recorded them; without it some are recorded',
    ),
  annotator: z
    .enum(['human', 'simulated'])
    .optional()
    .describe('who ranks rollouts now; without it, and without --reward, the rankings in the ledger are used'),
  method: z
    .enum(preferenceMethods)
    .default('direct')
    .describe('learn from the rankings as they are, or from a reward that is learned from them and ranks all rollouts'),
  reward: z
    .string()
    .min(1)
    .optional()
    .describe('a learned reward ranks the rollouts instead: its folder, or true or environment'),
  demonstrations: z
    .string()
    .min(1)
    .optional()
    .describe('folder of what the policy was trained on, the yardstick for actions off the data'),
  rollouts: z.int().min(4).max(100_000).default(120).describe('rollouts to record without --dataset'),
  rolloutsPerStart: z.int().min(2).max(100).default(4).describe('how many of them begin at the same start'),
  picture: z
    .int()
    .min(0)
    .max(1024)
    .default(96)
    .describe('width and height of the recorded pictures, for people and rewards; 0 records none'),
  queries: z.int().min(1).max(100_000).default(30).describe('how many queries the annotator is asked'),
  clipsPerQuery: z.int().min(2).max(6).default(3).describe('rollouts side by side in a query'),
  question: z.string().min(1).optional().describe('what a person is asked; by default which behaviour is better'),
  ledger: ledgerOption,
  port: z.int().min(0).max(65_535).default(0).describe('port of the page for a person; 0 takes any free one'),
  ...rewardOptionsShape,
  alignment: alignmentConfigSchema.prefault({}),
  contactLimits: z
    .string()
    .min(1)
    .optional()
    .describe(
      'limits file, or one that ships (see ros run), whose contact limits end rollouts as they stop an arm; by default its reflexes',
    ),
  monitorEpisodes: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .describe('held-out starts of the rollouts at every look during alignment; 0 makes none'),
  evaluationEpisodes: z.int().min(1).max(100_000).default(50).describe('held-out starts of the evaluation'),
  save: z.string().min(1).optional().describe('folder that gets a copy of the aligned policy; must be new'),
});

export type AlignOptions = z.infer<typeof alignOptionsSchema>;
