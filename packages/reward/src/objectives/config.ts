import { z } from 'zod';

/** Objectives of a pair of samples of which one is preferred. */
export const pairObjectiveNames = [
  'dpo',
  'rpo',
  'mapo',
  'ipo',
  'hinge',
  'probability-error',
  'smoothed-dpo',
  'robust-dpo',
  'robust-rpo',
  'margin-dpo',
  'dynamic-dpo',
  'flex-dpo',
  'hypo',
  'forward-kl',
  'copg',
  'cpl',
  'simpo',
  'orpo',
  'winners',
] as const;

/** Objectives of a list that is ordered from best to worst. */
export const listObjectiveNames = [
  'plackett-luce',
  'best-worst',
  'all-pairs',
  'adjacent-pairs',
  'listnet',
  'lipo-lambda',
  'rank-list',
] as const;

export type PairObjectiveName = (typeof pairObjectiveNames)[number];
export type ListObjectiveName = (typeof listObjectiveNames)[number];

/** "Code" is what the authors' public code does, "coverage" and "modes" are the probe worlds of docs/objectives.md. */
export const objectiveConfigSchema = z.object({
  pairs: z
    .enum(pairObjectiveNames)
    .default('rpo')
    .describe('what a pair costs; rpo stays on the data (coverage, modes)'),
  lists: z.enum(listObjectiveNames).default('plackett-luce').describe('what a ranking of three or more costs'),
  beta: z
    .number()
    .positive()
    .default(0.1)
    .describe('margins are beta times differences of scores. DPO paper: 0.1, for log-likelihoods; reward models: 1'),
  anchorWeight: z
    .number()
    .min(0)
    .default(1)
    .describe(
      "weight of the winner's negative log-likelihood or denoising loss; RPO paper: eta * beta; ours 1 as in modes",
    ),
  flipRate: z.number().min(0).max(0.45).default(0.1).describe('share of flipped labels, known or estimated; ours'),
  smoothing: z.number().min(0).max(0.5).default(0.1).describe('targets become 1 - smoothing; the note on cDPO: 0.1'),
  marginScale: z.number().min(0).default(1).describe('margin asked for per unit of strength; Llama 2 paper: 1'),
  strengthWeight: z.number().min(0).default(0.5).describe('largest relative rise of beta; ours'),
  strengthRate: z.number().positive().default(0.5).describe('how fast beta rises with strength; ours'),
  hingeWidth: z.number().positive().default(1).describe('margin beyond which a pair costs nothing; RSO paper: 1'),
  flexibility: z
    .number()
    .min(0)
    .max(1)
    .default(0.4)
    .describe('x: the winner counts beta (1 + x), the loser beta (1 - x); best of those tried in coverage'),
  divergenceWeight: z
    .number()
    .min(0)
    .default(0.1)
    .describe('weight of the KL to the reference; ours, the default of beta'),
  dataWeight: z
    .number()
    .min(0)
    .default(1)
    .describe('weight of the loss on demonstrations (forward KL); ours, as in modes'),
  loserScale: z.number().positive().max(1).default(0.5).describe('conservative bias lambda of CPL; code: 0.5'),
  targetMargin: z.number().min(0).default(1).describe('margin gamma that SimPO asks for; paper: 0.3 to 1.6'),
  oddsWeight: z.number().min(0).default(0.1).describe('weight lambda of the odds ratio in ORPO; paper: 0.1'),
  likelihoodScale: z
    .number()
    .positive()
    .default(1)
    .describe("b in MaPO's u(l) = b l / (exp(b l) - 1); code: 0.5, ours 1 as in modes"),
  likelihoodGain: z
    .number()
    .positive()
    .default(3)
    .describe('K, how much a difference of u counts in MaPO; code: the number of noise levels, ours 3 as in modes'),
  likelihoodWeight: z
    .number()
    .min(0)
    .default(0.5)
    .describe('weight of the pair in MaPO; code: 0.1, ours 0.5 as in modes'),
  goodWeight: z.number().min(0).default(1).describe('weight of samples rated good in KTO; Diffusion-KTO code: 1'),
  badWeight: z.number().min(0).default(1).describe('weight of samples rated bad in KTO; Diffusion-KTO code: 1'),
  topGrade: z.number().positive().default(3).describe('grade of the best in a list, the worst has 0; ours'),
});

export type ObjectiveConfig = z.infer<typeof objectiveConfigSchema>;

/** The defaults, with some fields replaced. @throws ZodError on a value out of range */
export function objectiveConfig(overrides: Partial<ObjectiveConfig> = {}): ObjectiveConfig {
  return objectiveConfigSchema.parse(overrides);
}
