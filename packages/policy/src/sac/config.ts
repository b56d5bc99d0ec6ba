import { z } from 'zod';

/**
 * Settings of soft actor-critic. Sources: SAC = Haarnoja et al., "Soft Actor-Critic Algorithms and Applications",
 * arXiv 1812.05905, table 1; XIRL = the published settings of XIRL's state policies on X-Magical (Zakka et al., CoRL
 * 2021); "ours" = chosen here, for two cores.
 */
export const sacConfigSchema = z.object({
  steps: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Environment steps to train for (ours; XIRL: 75,000 for the long stick, up to 500,000 for the others).'),
  randomSteps: z
    .int()
    .min(0)
    .default(1_000)
    .describe('Steps with uniformly random actions before the actor acts (ours; XIRL: 5,000).'),
  frameStack: z
    .int()
    .min(1)
    .max(8)
    .default(3)
    .describe('Observations that are concatenated, oldest first, so that velocities can be seen (XIRL: 3).'),
  hiddenSizes: z
    .array(z.int().min(1).max(4096))
    .min(1)
    .max(6)
    .default([256, 256])
    .describe('Hidden layers of the actor and of each critic (SAC: two of 256; XIRL: two of 1024).'),
  batchSize: z.int().min(1).max(65_536).default(256).describe('Transitions in one update (SAC: 256; XIRL: 1024).'),
  updatesPerStep: z
    .number()
    .min(0)
    .max(20)
    .default(1)
    .describe('Gradient updates for each environment step, made when the episode has ended (SAC, XIRL: 1).'),
  learningRate: z
    .number()
    .positive()
    .max(1)
    .default(3e-4)
    .describe('Adam step size of actor, critics and temperature (SAC: 3e-4; XIRL: 1e-4).'),
  discount: z.number().min(0).max(1).default(0.99).describe('Discount of one step (SAC, XIRL: 0.99).'),
  targetRate: z
    .number()
    .positive()
    .max(1)
    .default(0.005)
    .describe('Share of the critics that enters the target critics in one update (SAC, XIRL: 0.005).'),
  initialTemperature: z.number().positive().default(0.1).describe('Entropy weight at the start (XIRL: 0.1).'),
  targetEntropyPerAction: z
    .number()
    .default(-1)
    .describe('Entropy that the temperature is driven to, for each entry of the action (SAC: -1).'),
  replayCapacity: z.int().min(1).default(1_000_000).describe('Transitions that are kept (SAC, XIRL: 1e6).'),
  evaluateEvery: z
    .int()
    .min(1)
    .default(5_000)
    .describe('Environment steps between evaluations on held-out starts (XIRL: 5,000).'),
  evaluationEpisodes: z
    .int()
    .min(1)
    .default(20)
    .describe('Held-out episodes in one evaluation during training (XIRL: 50).'),
});

export type SacConfig = z.infer<typeof sacConfigSchema>;
