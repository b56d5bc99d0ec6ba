import { sacConfigSchema } from '@rapport/policy';
import { raplConfigSchema, rlhfConfigSchema } from '@rapport/reward';
import { z } from 'zod';
import { withDefault } from '../config/with-default.js';
import { encoderOptionsSchema } from '../learning/encoder.js';
import { rewardNames } from '../learning/policy-job.js';

/**
 * SAC's settings where the demo's defaults differ: smaller networks and a nearer horizon, which with the ranked rollouts
 * in the replay buffer learn X-Magical's short episodes in a tenth of the steps (docs/sac.md).
 */
const demoPolicySchema = sacConfigSchema.extend({
  steps: withDefault(sacConfigSchema.shape.steps, 8_000),
  randomSteps: withDefault(sacConfigSchema.shape.randomSteps, 500),
  hiddenSizes: withDefault(sacConfigSchema.shape.hiddenSizes, [128, 128]),
  discount: withDefault(sacConfigSchema.shape.discount, 0.97),
  evaluateEvery: withDefault(sacConfigSchema.shape.evaluateEvery, 1_000),
});

/** Options of `rapport demo`. */
export const demoOptionsSchema = z.object({
  task: z.enum(['avoid', 'group']).default('avoid').describe("which of RAPL's two tasks on the X-Magical arena"),
  embodiment: z
    .enum(['longstick', 'mediumstick', 'shortstick', 'gripper'])
    .default('longstick')
    .describe('which robot pushes the blocks'),
  annotator: z
    .enum(['simulated', 'human'])
    .default('simulated')
    .describe('who ranks: a simulated annotator with stated imperfections, or you, in the viewer'),
  rollouts: z
    .int()
    .min(30)
    .max(5_000)
    .default(160)
    .describe('rollouts of scripted policies of mixed quality; a fifth is held out to judge rewards by'),
  rankings: z.int().min(4).max(5_000).default(100).describe('rankings to learn from'),
  clipsPerQuery: z.int().min(2).max(6).default(3).describe('clips in a query; three are RAPL triplets'),
  picture: z.int().min(32).max(384).default(96).describe('width and height of the recorded pictures, in pixels'),
  encoder: encoderOptionsSchema.prefault({}),
  rapl: raplConfigSchema.prefault({}),
  rlhf: rlhfConfigSchema.prefault({}),
  policy: demoPolicySchema.prefault({}),
  rewards: z
    .array(z.enum(rewardNames))
    .min(1)
    .default([...rewardNames])
    .describe('rewards that policies are trained on, one policy each'),
  evaluationEpisodes: z.int().min(1).max(10_000).default(50).describe('held-out starts of the final evaluation'),
  workers: z.int().min(1).max(64).default(2).describe('policies trained at the same time, one thread each'),
  port: z.int().min(0).max(65_535).default(0).describe('port of the viewer with a human annotator; 0 is any free one'),
});

export type DemoOptions = z.infer<typeof demoOptionsSchema>;
