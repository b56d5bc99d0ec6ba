import { InputError, type RandomState, RandomStream, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { ParameterValues, TrainerState } from '@rapport/nn';
import { type PairObjectiveName, pairObjectives } from '@rapport/reward';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import type { Demonstration } from '../diffusion/demonstrations.js';
import { type DiffusionNetwork, diffusionNetwork } from '../diffusion/network.js';
import { DenoisingRows, writeComparisons } from './batch.js';
import type { AlignmentConfig } from './config.js';
import { comparisonSource, isListObjective, pairSource, windowRule } from './draws.js';
import { checkSameKind, policyHash } from './hash.js';
import { demonstratedManifold } from './manifold.js';
import { type AlignmentMonitor, createProbe } from './monitor.js';
import { checkPreferences, type RolloutPreferences, rankingPlaces, ratedSides } from './preferences.js';
import {
  type BatchLayout,
  compileAlignmentTrainer,
  compileRowLosses,
  denoiserParameters,
  layoutRows,
} from './trainer.js';
import { type RolloutWindows, rolloutWindows } from './windows.js';

export interface AlignDiffusionOptions extends WorkOptions {
  /** The policy that made the rollouts; it stays as it is. */
  readonly reference: DiffusionCheckpoint;
  /** Where to start; the reference when absent. */
  readonly policy?: DiffusionCheckpoint;
  /** Rollouts, in the units of their dataset. */
  readonly rollouts: readonly Demonstration[];
  /** About the rollouts, by their index. */
  readonly preferences: RolloutPreferences;
  /** What the reference was trained on: the yardstick for chunks off the data; the rollouts when absent. */
  readonly demonstrations?: readonly Demonstration[];
  readonly config: AlignmentConfig;
  readonly seed: number;
  /** Runs the policy in its environment at every look; numbers by name, for example `success`. */
  readonly evaluate?: (policy: DiffusionCheckpoint, step: number) => Promise<Readonly<Record<string, number>>>;
  readonly resume?: AlignmentState;
  /** Called after every look that found the policy on the data. */
  readonly onCheckpoint?: (step: number, state: AlignmentState) => Promise<void>;
}

/** Everything needed to go on with an alignment. */
export interface AlignmentState {
  /** Hash of the reference, which a resumed alignment must have again. */
  readonly reference: string;
  readonly trainer: TrainerState;
  readonly batches: RandomState;
  readonly history: readonly AlignmentMonitor[];
}

export interface AlignmentResult {
  /** The aligned policy: of the last look that found it on the data. */
  readonly policy: DiffusionCheckpoint;
  /** Its step; 0 is the start. */
  readonly step: number;
  /** Looks at the policy, the first at step 0. */
  readonly history: readonly AlignmentMonitor[];
  /** Set when alignment stopped early and went back to `step`. */
  readonly stopped: { readonly step: number; readonly reason: string } | undefined;
  /** Distance beyond which a sampled chunk is off the data, in normalised actions. */
  readonly manifoldThreshold: number;
  /** Hash of the reference. */
  readonly reference: string;
}

/**
 * Aligns a diffusion policy with preferences about its rollouts (Wallace et al. 2023, arXiv 2311.12908, for policies; the
 * objectives and their sources are in docs/objectives.md).
 *
 * The log-ratio of a rollout to the reference is the sum of those of its chunks; each comparison is estimated by one window
 * of each rollout, at the same step after the start, by how much better the policy denoises the executed actions than the
 * reference does. Encoders of pictures stay as they are; the denoiser is trained. A policy that leaves the data is taken
 * back to the last look that found it there.
 * @throws InputError when preferences, rollouts, reference and objective do not fit each other
 */
export async function alignDiffusion(options: AlignDiffusionOptions): Promise<AlignmentResult> {
  const { reference, policy = reference, config, preferences, seed } = options;
  const hash = policyHash(reference);
  checkOptions(options, hash);
  const network = diffusionNetwork(reference.config);
  const root = new RandomStream(seed, 'alignment');
  const cut = { chunk: config.chunk };
  const rollouts = await rolloutWindows(reference, network, options.rollouts, { what: 'rollout', ...cut }, options);
  const demonstrations =
    options.demonstrations === undefined
      ? undefined
      : await rolloutWindows(reference, network, options.demonstrations, { what: 'demonstration', ...cut }, options);
  const manifold = demonstratedManifold(reference.config, demonstrations ?? rollouts, root.fork('manifold'));
  const probe = await createProbe({
    network,
    reference,
    pairs: pairSource(preferences, windowRule(config.windows, reference.config.nActionSteps)),
    rollouts,
    manifold,
    stream: root.fork('monitors'),
  });
  const trainer = await createAligner(
    network,
    options,
    { rollouts, demonstrations, lossUnit: probe.referenceLoss },
    root,
  );
  const withParameters = (parameters: ParameterValues): DiffusionCheckpoint => ({
    ...reference,
    parameters: { ...reference.parameters, ...parameters },
  });
  const history: AlignmentMonitor[] = [...(options.resume?.history ?? [])];
  const look = async (step: number): Promise<AlignmentMonitor> => {
    const parameters = trainer.parameters();
    const seen = await probe.look(step, parameters);
    const task = (await options.evaluate?.(withParameters(parameters), step)) ?? {};
    const monitor = { ...seen, task };
    history.push(monitor);
    options.onMetrics?.(step, monitorMetrics(monitor));
    return monitor;
  };
  try {
    if (options.resume === undefined) await look(0);
    let kept = { step: trainer.step(), parameters: trainer.parameters() };
    let stopped: AlignmentResult['stopped'];
    for (let step = trainer.step() + 1; step <= config.steps; step++) {
      throwIfAborted(options.signal);
      const values = await trainer.train();
      options.onMetrics?.(step, values);
      options.onProgress?.({ label: `aligning with ${config.objective}`, done: step, total: config.steps });
      if (step % config.monitorEvery !== 0 && step !== config.steps) continue;
      const reason = leftTheData(await look(step), history[0]!, config);
      if (reason !== undefined) {
        stopped = { step, reason };
        break;
      }
      kept = { step, parameters: trainer.parameters() };
      await options.onCheckpoint?.(step, { reference: hash, ...trainer.state(), history: [...history] });
    }
    return {
      policy: kept.step === 0 ? policy : withParameters(kept.parameters),
      step: kept.step,
      history,
      stopped,
      manifoldThreshold: probe.manifoldThreshold,
      reference: hash,
    };
  } finally {
    await probe.close();
    await trainer.close();
  }
}

/** @throws InputError naming what does not fit */
function checkOptions(
  { reference, policy, rollouts, preferences, demonstrations, config, resume }: AlignDiffusionOptions,
  hash: string,
): void {
  const { objective } = config;
  checkPreferences(
    preferences,
    rollouts.map(({ length }) => length),
  );
  if (policy !== undefined) checkSameKind(policy, reference);
  if (resume !== undefined && resume.reference !== hash) {
    throw new InputError(
      `the alignment was begun with reference ${resume.reference.slice(0, 12)}; this one is ${hash.slice(0, 12)}`,
      {
        fix: 'resume with the reference that the alignment was begun with',
      },
    );
  }
  const { rankings, ratings } = preferences;
  if (rankings.length + ratings.length === 0) {
    throw new InputError('there are no preferences to align with', { fix: 'rank some rollouts first' });
  }
  if (objective === 'kto') ratedSides(preferences);
  else if (ratings.length > 0) {
    throw new InputError(`objective "${objective}" compares rollouts; it cannot use ${ratings.length} single ratings`, {
      fix: 'use the objective kto, or rank rollouts against each other',
    });
  } else if (rankingPlaces(rankings).length === 0) {
    throw new InputError(`the ${rankings.length} rankings state no preference: all rollouts are tied`, {
      fix: 'rank rollouts that differ',
    });
  }
  if (objective === 'kto' || isListObjective(objective)) {
    if (config.safeguard !== null) throw new InputError(`safeguard is for objectives of pairs; "${objective}" is none`);
  } else checkPairObjective(objective, config, preferences);
  const needsDemonstrations = objective === 'forward-kl' || config.demonstrationWeight > 0;
  if (needsDemonstrations && demonstrations === undefined) {
    throw new InputError(
      `objective "${objective}" with demonstrationWeight ${config.demonstrationWeight} needs demonstrations`,
      {
        fix: 'give the demonstrations that the policy was trained on',
      },
    );
  }
}

function checkPairObjective(
  objective: PairObjectiveName,
  { safeguard }: AlignmentConfig,
  { rankings }: RolloutPreferences,
): void {
  const { needs } = pairObjectives[objective];
  const lacks = (part: 'strength' | 'returns') => rankings.filter((ranking) => ranking[part] === undefined).length;
  if (needs.includes('strength') && lacks('strength') === rankings.length) {
    throw new InputError(`objective "${objective}" uses how much better the better one is; no ranking states it`, {
      fix: 'state strengths when ranking, or use the objective rpo',
    });
  }
  if (needs.includes('reward') && lacks('returns') > 0) {
    throw new InputError(
      `objective "${objective}" uses returns; ${lacks('returns')} of ${rankings.length} rankings have none`,
      {
        fix: 'use it with rankings by a learned reward',
      },
    );
  }
  if (safeguard !== null && rankings.some(({ probability = 1 }) => probability < 1)) {
    throw new InputError('safeguard is for rankings that are certain; some have a probability below 1');
  }
}

/** Training as steps that draw their own batches. */
interface Aligner {
  step(): number;
  /** One step. @returns metrics of the batch */
  train(): Promise<Readonly<Record<string, number>>>;
  parameters(): ParameterValues;
  state(): Pick<AlignmentState, 'trainer' | 'batches'>;
  close(): Promise<void>;
}

async function createAligner(
  network: DiffusionNetwork,
  { reference, policy = reference, preferences, config, resume }: AlignDiffusionOptions,
  windows: {
    readonly rollouts: RolloutWindows;
    readonly demonstrations: RolloutWindows | undefined;
    readonly lossUnit: number;
  },
  root: RandomStream,
): Promise<Aligner> {
  const rule = windowRule(config.windows, reference.config.nActionSteps);
  const source = comparisonSource(preferences, config.objective, rule);
  const usesDemonstrations = config.objective === 'forward-kl' || config.demonstrationWeight > 0;
  const layout: BatchLayout = {
    comparisons: config.batchSize,
    items: source.items,
    demonstrations: usesDemonstrations ? config.batchSize : 0,
  };
  const trainer = await compileAlignmentTrainer(network, config, layout, {
    lossUnit: windows.lossUnit,
    initial: policy.parameters,
    stream: root.fork('weights'),
  });
  const referenceLosses = await compileRowLosses(network, layoutRows(layout), reference.parameters, 'baked');
  const batches = root.fork('batches');
  if (resume !== undefined) {
    trainer.restore(resume.trainer);
    batches.restore(resume.batches);
  }
  const rows = new DenoisingRows(network.config, windows.rollouts, layoutRows(layout));
  const names = denoiserParameters(network).map(({ attributes }) => attributes.name);
  return {
    step: () => trainer.state().step,
    async train() {
      const comparisons = Array.from({ length: layout.comparisons }, () => source.draw(batches, batches));
      writeComparisons(rows, windows.rollouts, comparisons, config.noise, batches);
      if (windows.demonstrations !== undefined) {
        for (let row = layout.comparisons * layout.items; row < rows.rows; row++) {
          const rollout = batches.integer(windows.demonstrations.lengths.length);
          const step = batches.integer(windows.demonstrations.lengths[rollout]!);
          rows.writeWindow(row, windows.demonstrations, { rollout, step });
          rows.drawNoise(row, batches);
        }
      }
      const feeds = rows.feeds();
      const { losses: referred } = await referenceLosses.run(feeds);
      const { loss } = await trainer.step({
        ...feeds,
        reference: referred,
        target: Float32Array.from(comparisons, ({ target }) => target),
        strength: Float32Array.from(comparisons, ({ strength }) => strength),
        returns: Float32Array.from(
          Array.from({ length: layout.items }, (_, item) => comparisons.map(({ returns }) => returns[item]!)).flat(),
        ),
      });
      return { 'train/loss': loss };
    },
    parameters: () => {
      const all = trainer.parameters();
      return Object.fromEntries(names.map((name) => [name, all[name]!]));
    },
    state: () => ({ trainer: trainer.state(), batches: batches.state() }),
    async close() {
      await trainer.close();
      await referenceLosses.close();
    },
  };
}

/** Why a policy is no longer on the data; undefined while it is. */
function leftTheData(
  now: AlignmentMonitor,
  start: AlignmentMonitor,
  { winnerLossLimit, offManifoldLimit }: AlignmentConfig,
): string | undefined {
  const { winnerLoss, referenceWinnerLoss, offManifold } = now;
  if (!(winnerLoss <= winnerLossLimit * referenceWinnerLoss)) {
    const times = (winnerLoss / referenceWinnerLoss).toFixed(2);
    return `the winners' denoising loss is ${times} times the reference's (limit ${winnerLossLimit})`;
  }
  if (offManifold > start.offManifold + offManifoldLimit) {
    const [share, before] = [offManifold, start.offManifold].map((value) => `${(100 * value).toFixed(1)} %`);
    return `${share} of the sampled chunks are off the data; at the start it was ${before} (limit +${(100 * offManifoldLimit).toFixed(1)} %)`;
  }
  return undefined;
}

function monitorMetrics({ step: _, task, ...numbers }: AlignmentMonitor): Record<string, number> {
  return {
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`monitor/${name}`, value])),
    ...Object.fromEntries(Object.entries(task).map(([name, value]) => [`task/${name}`, value])),
  };
}
