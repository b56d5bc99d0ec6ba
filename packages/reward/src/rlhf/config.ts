import { z } from 'zod';

/** Settings of the RLHF baseline: a scalar head on the same features as RAPL's. */
export const rlhfConfigSchema = z.object({
  framesPerVideo: z
    .int()
    .min(1)
    .default(16)
    .describe('frames of each video used in training, evenly spread; RAPL code: every frame'),
  learningRate: z.number().positive().default(1e-3).describe("Adam's step size (RAPL code: 1e-3)"),
  weightDecay: z.number().min(0).default(1e-2).describe('decoupled weight decay of the head; RAPL code: none'),
  batchSize: z.int().min(1).default(32).describe('pairs per update; a ranking of three gives up to three pairs'),
  epochs: z.int().min(1).default(100).describe('passes over the pairs (RAPL code: 100)'),
  marginScale: z
    .number()
    .min(0)
    .default(1)
    .describe(
      'log-odds asked for per unit of stated strength (1 slightly, 3 by far better); Llama 2 paper: 1; 0: ignore',
    ),
  validationShare: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.2)
    .describe('share of the rankings held back to choose the best epoch; RAPL code chooses on training data'),
});

export type RlhfConfig = z.infer<typeof rlhfConfigSchema>;

/** The defaults, with some fields replaced. @throws ZodError on a value out of range */
export function rlhfConfig(overrides: Partial<RlhfConfig> = {}): RlhfConfig {
  return rlhfConfigSchema.parse(overrides);
}
