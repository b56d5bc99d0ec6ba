import { listObjectiveNames, objectiveConfigSchema, pairObjectiveNames } from '@rapport/reward';
import { z } from 'zod';

/**
 * Objectives that a diffusion policy can be aligned with: of pairs, of rankings, and of single ratings (`kto`). `hypo` is not
 * among them: it needs samples of the policy at every step.
 */
export const alignmentObjectiveNames = [
  ...pairObjectiveNames.filter((name) => name !== 'hypo'),
  ...listObjectiveNames,
  'kto',
] as const;
export type AlignmentObjectiveName = (typeof alignmentObjectiveNames)[number];

/**
 * All losses are divided by the reference's mean denoising loss of the rollouts, so that settings mean the same for policies
 * that are easy and hard to denoise: the 5000 of Diffusion-DPO, 100 to 5000 of reports on robots are about 1 to 50 here.
 * "Toy" is the policy with two ways of docs/alignment.md.
 */
export const alignmentConfigSchema = z.object({
  objective: z.enum(alignmentObjectiveNames).default('rpo').describe('preference objective; winners is the baseline'),
  beta: z
    .number()
    .positive()
    .default(5)
    .describe(
      'margins are beta times differences of denoising losses, in units of the reference; small betas push harder. Ours (toy)',
    ),
  anchorWeight: z.number().min(0).default(1).describe("weight of the winners' denoising loss in rpo; ours (toy)"),
  demonstrationWeight: z
    .number()
    .min(0)
    .default(0)
    .describe('weight of the denoising loss on demonstrations; forward-kl takes 1 when it is 0. Ours'),
  learningRate: z
    .number()
    .positive()
    .default(3e-5)
    .describe('of AdamW; at 1e-4 the first steps spoil policies that are precise. Ours (docs/alignment.md)'),
  weightDecay: z.number().min(0).default(1e-6).describe('of AdamW; as in behaviour cloning'),
  steps: z.int().min(1).default(300).describe('training steps; ours'),
  batchSize: z.int().min(1).max(4096).default(64).describe('pairs, rankings or ratings per step; ours'),
  maxGradientNorm: z
    .number()
    .positive()
    .default(1)
    .describe('the gradient is scaled down to this length; Diffusion-DPO'),
  chunk: z
    .enum(['executed', 'horizon'])
    .default('executed')
    .describe('the actions that count: those executed before the next plan, or the whole horizon as recorded'),
  windows: z
    .enum(['plans', 'steps', 'first'])
    .default('plans')
    .describe(
      'which windows of a rollout are learned from: those at which the policy planned, every nActionSteps; all steps; or the first plan alone, which rollouts of one start make in the same situation',
    ),
  noise: z
    .enum(['shared', 'separate'])
    .default('shared')
    .describe('one timestep and noise for all items of a comparison, as published, or own ones for each'),
  safeguard: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe("mu of Diffusion-SDPO, which scales the losers' gradient; null leaves it. Its code: 0.9 and 0.6"),
  settings: objectiveConfigSchema
    .omit({ pairs: true, lists: true, beta: true, anchorWeight: true, dataWeight: true, divergenceWeight: true })
    .prefault({})
    .describe('further settings of the objective, see docs/objectives.md'),
  monitorEvery: z.int().min(1).default(25).describe('steps between two looks at the policy; ours'),
  winnerLossLimit: z
    .number()
    .gt(1)
    .default(1.5)
    .describe("stop when the winners' denoising loss exceeds this many times its value at the reference; ours"),
  offManifoldLimit: z
    .number()
    .positive()
    .max(1)
    .default(0.05)
    .describe("stop when the share of sampled chunks off the data exceeds the reference's by this; ours"),
});

export type AlignmentConfig = z.infer<typeof alignmentConfigSchema>;
