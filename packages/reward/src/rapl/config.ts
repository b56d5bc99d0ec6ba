import { z } from 'zod';

/**
 * Settings of RAPL. "RAPL code" is what the first author's public training code does (the papers' own tables were not at
 * hand); where the default differs, the reason is in docs/rapl.md.
 */
export const raplConfigSchema = z.object({
  head: z
    .enum(['linear', 'convolution'])
    .default('linear')
    .describe('what is trained on the frozen encoder: a matrix (RAPL code), or a convolution on its map16 features'),
  embeddingSize: z.int().min(1).default(32).describe('numbers that the trained head gives per frame (RAPL code: 32)'),
  regularization: z
    .number()
    .positive()
    .default(1)
    .describe('entropy of the transport plan, in units of the cosine cost (RAPL code: 1); small ones give crisp plans'),
  temperature: z
    .number()
    .positive()
    .default(0.1)
    .describe('transport distances are divided by this before the logistic; RAPL code: none, that is 1'),
  loss: z
    .enum(['log-likelihood', 'probability-error'])
    .default('log-likelihood')
    .describe('what a ranked triplet costs: -log p, or 1 - p as in RAPL code'),
  framesPerVideo: z
    .int()
    .min(2)
    .default(16)
    .describe('frames of each video used in training, evenly spread; RAPL code: every frame'),
  learningRate: z
    .number()
    .positive()
    .default(3e-4)
    .describe("Adam's step size; RAPL code: 1e-3, with twice the labels"),
  weightDecay: z.number().min(0).default(0).describe('decoupled weight decay of the head; RAPL code: none'),
  batchSize: z.int().min(1).default(10).describe('triplets per update (RAPL code: 10)'),
  epochs: z.int().min(1).default(60).describe('passes over the triplets; RAPL code: 100'),
  referenceEpochs: z
    .int()
    .min(0)
    .default(30)
    .describe('further passes in which the chosen references anchor every preference too; 0: RAPL code'),
  validationShare: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.2)
    .describe('share of the rankings held back to choose the best epoch (RAPL code: 0.2)'),
  references: z
    .int()
    .min(1)
    .default(6)
    .describe('preferred videos kept; the closest one gives an episode its reward (RAPL code: 6)'),
  rewardPower: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('the reward falls with this power of the transport cost of a frame; RAPL code: 2, with factor 10000'),
});

export type RaplConfig = z.infer<typeof raplConfigSchema>;

/** The defaults, with some fields replaced. @throws ZodError on a value out of range */
export function raplConfig(overrides: Partial<RaplConfig> = {}): RaplConfig {
  return raplConfigSchema.parse(overrides);
}
