import { type AlignmentConfig, alignmentConfigSchema, type CloningConfig, cloningConfigSchema } from '@rapport/policy';
import { raplConfigSchema, rlhfConfigSchema } from '@rapport/reward';
import { z } from 'zod';
import { rewardOptionsShape } from '../../alignment/reward-options.js';
import { withDefault } from '../../config/with-default.js';
import { type AlignmentTaskDefaults, alignmentTaskIds, alignmentTasks } from './tasks.js';

/**
 * Where preferences about rollouts come from: `rapl` and `rlhf` learn a reward from the person's rankings and let it rank
 * all rollouts; `direct` aligns with the person's rankings alone; `winners` fine-tunes on what they put first; `oracle`
 * ranks all rollouts by the true score, the bound of what a perfect reward could reach.
 */
export const alignmentMethods = ['rapl', 'rlhf', 'direct', 'winners', 'oracle'] as const;
export type AlignmentMethod = (typeof alignmentMethods)[number];

const cloningShape = cloningConfigSchema.shape;

/** A number or choice whose default is the task's (`AlignmentTask`). */
function leftToTask<Field extends z.ZodType>(field: z.ZodDefault<Field>): z.ZodOptional<Field> {
  return field
    .unwrap()
    .optional()
    .describe(`${field.description ?? ''}; left out: what suits the task`);
}

/**
 * Behaviour cloning where the experiment's defaults differ: a chunk is what is executed, from the present observation alone.
 * The denoiser predicts actions: at high noise, where the way is decided, an error of the way then counts in full, which
 * makes a policy easy to align (docs/alignment-experiment.md).
 */
const experimentCloningSchema = cloningConfigSchema
  .omit({ cameras: true, crop: true, keypoints: true, encoder: true, ownEncoders: true, state: true })
  .extend({
    steps: leftToTask(cloningShape.steps),
    learningRate: withDefault(cloningShape.learningRate, 1e-3),
    warmupSteps: withDefault(cloningShape.warmupSteps, 100),
    downDims: leftToTask(cloningShape.downDims),
    horizon: withDefault(cloningShape.horizon, 8),
    observationSteps: withDefault(cloningShape.observationSteps, 1),
    prediction: withDefault(cloningShape.prediction, 'sample'),
    samplingSteps: leftToTask(cloningShape.samplingSteps),
    actionNormalization: leftToTask(cloningShape.actionNormalization),
    firstPlanShare: leftToTask(cloningShape.firstPlanShare),
    averageDecay: withDefault(cloningShape.averageDecay, 0.998),
    evaluationEpisodes: withDefault(cloningShape.evaluationEpisodes, 0),
  });

const alignmentShape = alignmentConfigSchema.shape;

const experimentAlignmentSchema = alignmentConfigSchema.extend({
  windows: leftToTask(alignmentShape.windows),
  learningRate: leftToTask(alignmentShape.learningRate),
  steps: leftToTask(alignmentShape.steps),
  monitorEvery: leftToTask(alignmentShape.monitorEvery),
});

/** Options of `rapport experiment align`. */
export const alignExperimentSchema = z.object({
  env: z.enum(alignmentTaskIds).default('franka/cup').describe('task that can be done in several ways'),
  quick: z
    .boolean()
    .default(false)
    .describe('a run of minutes: a small network, and caps on demonstrations, steps, rollouts, rankings and starts'),
  annotator: z
    .enum(['simulated', 'human'])
    .default('simulated')
    .describe('who ranks: a simulated annotator with stated imperfections, or you, in the viewer'),
  demonstrations: z
    .int()
    .min(10)
    .max(10_000)
    .optional()
    .describe('demonstrations, half of them the preferred way; left out: what suits the task'),
  cloning: experimentCloningSchema.prefault({}).describe('behaviour cloning of the policy that is aligned'),
  from: z
    .string()
    .min(1)
    .optional()
    .describe('run folder of this experiment whose demonstrations and cloned policy are taken instead of new ones'),
  starts: z
    .int()
    .min(2)
    .max(10_000)
    .optional()
    .describe('starts from which the policy is rolled out; left out: what suits the task'),
  rolloutsPerStart: z
    .int()
    .min(3)
    .max(100)
    .optional()
    .describe('rollouts from each of them; left out: what suits the task'),
  picture: z.int().min(32).max(384).default(96).describe('width and height of the recorded pictures, in pixels'),
  ...rewardOptionsShape,
  rapl: raplConfigSchema.prefault({}),
  rlhf: rlhfConfigSchema.prefault({}),
  rankings: z
    .array(z.int().min(2).max(5_000))
    .min(1)
    .default([10, 20, 50, 100])
    .describe('numbers of rankings, of three rollouts each, from which every method learns'),
  queries: z
    .enum(['different', 'random'])
    .default('different')
    .describe('what is asked first: about the starts whose rollouts look most different to the reward, or about any'),
  methods: z
    .array(z.enum(alignmentMethods))
    .min(1)
    .default(['rapl', 'rlhf', 'direct', 'winners'])
    .describe('where preferences come from'),
  alignment: experimentAlignmentSchema.prefault({}).describe('alignment of the policy'),
  evaluationEpisodes: z.int().min(1).max(10_000).default(50).describe('held-out starts of each evaluation'),
  port: z.int().min(0).max(65_535).default(0).describe('port of the viewer with a human annotator; 0 is any free one'),
});

type GivenOptions = z.infer<typeof alignExperimentSchema>;

/** Options with everything that was left to the task. */
export type AlignExperimentOptions = Omit<GivenOptions, keyof AlignmentTaskDefaults> &
  Omit<AlignmentTaskDefaults, 'cloning' | 'alignment'> & {
    readonly cloning: CloningConfig;
    readonly alignment: AlignmentConfig;
  };

/** Caps of `--quick`. */
const quickCaps = {
  demonstrations: 100,
  cloning: { steps: 1000, batchSize: 64, downDims: [32, 64] },
  starts: 16,
  rolloutsPerStart: 4,
  rankings: [10, 20],
  alignmentSteps: 100,
  evaluationEpisodes: 20,
} as const;

/** The options as they are run: with what suits the task, and with `quick` with no number above its cap. */
export function effectiveOptions(given: GivenOptions): AlignExperimentOptions {
  const { defaults } = alignmentTasks[given.env];
  const cloning = cloningConfigSchema.parse({ ...defaults.cloning, ...given.cloning });
  const alignment = alignmentConfigSchema.parse({ ...defaults.alignment, ...given.alignment });
  const options = {
    ...given,
    demonstrations: given.demonstrations ?? defaults.demonstrations,
    starts: given.starts ?? defaults.starts,
    rolloutsPerStart: given.rolloutsPerStart ?? defaults.rolloutsPerStart,
    cloning,
    alignment,
  };
  if (!options.quick) return options;
  const fewer = options.rankings.filter((count) => count <= Math.max(...quickCaps.rankings));
  return {
    ...options,
    demonstrations: Math.min(options.demonstrations, quickCaps.demonstrations),
    cloning: {
      ...cloning,
      steps: Math.min(cloning.steps, quickCaps.cloning.steps),
      batchSize: Math.min(cloning.batchSize, quickCaps.cloning.batchSize),
      downDims: [...quickCaps.cloning.downDims],
    },
    starts: Math.min(options.starts, quickCaps.starts),
    rolloutsPerStart: Math.min(options.rolloutsPerStart, quickCaps.rolloutsPerStart),
    rankings: fewer.length > 0 ? fewer : [...quickCaps.rankings],
    alignment: { ...options.alignment, steps: Math.min(options.alignment.steps, quickCaps.alignmentSteps) },
    evaluationEpisodes: Math.min(options.evaluationEpisodes, quickCaps.evaluationEpisodes),
  };
}
