import type { RandomStream } from '@rapport/core';
import type { CompiledFunction, ParameterValues } from '@rapport/nn';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import type { DiffusionNetwork } from '../diffusion/network.js';
import { compileSampler, type Sampler } from '../diffusion/sampler.js';
import { type DenoisingFeeds, DenoisingRows } from './batch.js';
import type { ComparisonSource } from './draws.js';
import { executedRange, type Manifold } from './manifold.js';
import { compileRowLosses } from './trainer.js';
import type { RolloutWindows } from './windows.js';

/** How a policy stands to its reference and to the data, at a step of alignment. */
export interface AlignmentMonitor {
  readonly step: number;
  /** Mean denoising losses of winners and losers under the policy and the reference, at the same noise. */
  readonly winnerLoss: number;
  readonly loserLoss: number;
  readonly referenceWinnerLoss: number;
  readonly referenceLoserLoss: number;
  /** Share of pairs of which the policy gives the winner the lower loss. */
  readonly rankingAccuracy: number;
  /** Share of pairs whose winner's loss has fallen more against the reference than the loser's. */
  readonly implicitAccuracy: number;
  /** Share of sampled chunks farther from the demonstrated ones than `manifoldThreshold`. */
  readonly offManifold: number;
  /** Mean distance of sampled chunks to those of the reference from the same noise, in normalised actions. */
  readonly referenceDistance: number;
  /** What `evaluate` returned. */
  readonly task: Readonly<Record<string, number>>;
}

/** Pairs looked at, and how often each at another window, timestep and noise. */
const PAIRS = 64;
const DRAWS = 8;
/** Share of the chunks of the demonstrations, and of the reference, that is on the manifold by definition. */
const ON_MANIFOLD = 0.99;
/** Chunks sampled. */
const SAMPLES = 256;
const SAMPLER_BATCH = 64;

/** Looks at a policy: always at the same windows and noise, so that looks can be compared. */
export interface PolicyProbe {
  /**
   * The distance that 99 % of the demonstrated chunks have to each other, or that 99 % of the reference's have to them,
   * whichever is more: demonstrations that repeat each other closely do not count the reference itself as off the data.
   */
  readonly manifoldThreshold: number;
  /** The reference's mean denoising loss of winners and losers. */
  readonly referenceLoss: number;
  look(step: number, parameters: ParameterValues): Promise<Omit<AlignmentMonitor, 'task'>>;
  close(): Promise<void>;
}

interface ProbeOptions {
  readonly network: DiffusionNetwork;
  readonly reference: DiffusionCheckpoint;
  readonly pairs: ComparisonSource;
  readonly rollouts: RolloutWindows;
  readonly manifold: Manifold;
  readonly stream: RandomStream;
}

/** Draws windows and noise, and lets the reference answer to them. */
export async function createProbe(options: ProbeOptions): Promise<PolicyProbe> {
  const { network, reference, stream } = options;
  const lossFunction = await compileRowLosses(network, 2 * PAIRS, reference.parameters, 'fed');
  const sampler = await compileSampler(network, reference.parameters, { batch: SAMPLER_BATCH, weights: 'fed' });
  const feeds = pairFeeds(options, stream.fork('pairs'));
  const plans = samplingPlans(options, sampler, stream.fork('samples'));
  const referenceLosses = await pairLosses(lossFunction, feeds);
  const referenceChunks = await sampleChunks(sampler, plans);
  const { manifold } = options;
  const executed = executedRange(network.config, options.rollouts.chunkSize);
  const distancesOf = (chunks: readonly Float32Array[]): number[] =>
    plans.flatMap(({ condition }, plan) => [...manifold.distances(condition, chunks[plan]!)]);
  const manifoldThreshold = Math.max(
    quantile(manifold.own, ON_MANIFOLD),
    quantile(Float32Array.from(distancesOf(referenceChunks)), ON_MANIFOLD),
  );
  return {
    manifoldThreshold,
    referenceLoss: (average(referenceLosses.winners) + average(referenceLosses.losers)) / 2,
    async look(step, parameters) {
      lossFunction.setParameters(parameters);
      sampler.setParameters(parameters);
      const losses = await pairLosses(lossFunction, feeds);
      const chunks = await sampleChunks(sampler, plans);
      const share = (holds: (pair: number) => boolean) =>
        Array.from({ length: PAIRS }, (_, pair) => Number(holds(pair))).reduce((sum, one) => sum + one, 0) / PAIRS;
      const fall = (side: 'winners' | 'losers', pair: number) => referenceLosses[side][pair]! - losses[side][pair]!;
      return {
        step,
        winnerLoss: average(losses.winners),
        loserLoss: average(losses.losers),
        referenceWinnerLoss: average(referenceLosses.winners),
        referenceLoserLoss: average(referenceLosses.losers),
        rankingAccuracy: share((pair) => losses.winners[pair]! < losses.losers[pair]!),
        implicitAccuracy: share((pair) => fall('winners', pair) > fall('losers', pair)),
        offManifold: average(distancesOf(chunks).map((distance) => Number(distance > manifoldThreshold))),
        referenceDistance: average(
          chunks.map((chunk, plan) =>
            meanDistance(chunk, referenceChunks[plan]!, executed, options.rollouts.chunkSize),
          ),
        ),
      };
    },
    async close() {
      await lossFunction.close();
      await sampler.close();
    },
  };
}

/** For each draw the rows of all winners, then those of all losers. Timesteps are spread evenly over the draws. */
function pairFeeds({ network, pairs, rollouts }: ProbeOptions, stream: RandomStream): DenoisingFeeds[] {
  const { numTrainTimesteps } = network.config;
  return Array.from({ length: DRAWS }, (_, draw) => {
    const rows = new DenoisingRows(network.config, rollouts, 2 * PAIRS);
    for (let pair = 0; pair < PAIRS; pair++) {
      // The same pairs in every draw, at other windows.
      const { windows } = pairs.draw(stream.fork(`pair-${pair}`), stream.fork(`window-${pair}-${draw}`));
      windows.forEach((window, side) => {
        rows.writeWindow(side * PAIRS + pair, rollouts, window);
      });
      const timestep = Math.floor(((draw + stream.uniform()) / DRAWS) * numTrainTimesteps);
      rows.drawNoise(pair, stream, timestep);
      rows.copyNoise(pair, PAIRS + pair);
    }
    return rows.feeds();
  });
}

/** Mean losses of each pair's sides over all draws. */
async function pairLosses(
  lossFunction: CompiledFunction<'losses'>,
  feeds: readonly DenoisingFeeds[],
): Promise<{ readonly winners: Float64Array; readonly losers: Float64Array }> {
  const sums = new Float64Array(2 * PAIRS);
  for (const one of feeds) {
    const { losses } = await lossFunction.run(one);
    for (let row = 0; row < sums.length; row++) sums[row]! += losses[row]! / DRAWS;
  }
  return { winners: sums.slice(0, PAIRS), losers: sums.slice(PAIRS) };
}

/** Where chunks are sampled and from which noise. */
interface SamplingPlan {
  readonly condition: Float32Array;
  readonly start: Float32Array;
  readonly steps: Float32Array;
}

/** Plans at steps of the rollouts at which a policy makes one. */
function samplingPlans({ network, rollouts }: ProbeOptions, sampler: Sampler, stream: RandomStream): SamplingPlan[] {
  const { nActionSteps } = network.config;
  return Array.from({ length: SAMPLES / SAMPLER_BATCH }, () => {
    const condition = new Float32Array(SAMPLER_BATCH * rollouts.conditionSize);
    for (let row = 0; row < SAMPLER_BATCH; row++) {
      const rollout = stream.integer(rollouts.lengths.length);
      const step = nActionSteps * stream.integer(Math.ceil(rollouts.lengths[rollout]! / nActionSteps));
      rollouts.writeCondition(rollout, step, condition, row);
    }
    const start = stream.fillNormal(new Float32Array(SAMPLER_BATCH * rollouts.chunkSize));
    return { condition, start, steps: stream.fillNormal(new Float32Array(sampler.stepNoiseSize)) };
  });
}

async function sampleChunks(sampler: Sampler, plans: readonly SamplingPlan[]): Promise<Float32Array[]> {
  const chunks: Float32Array[] = [];
  for (const { condition, start, steps } of plans) chunks.push(await sampler.sample(condition, start, steps));
  return chunks;
}

/** Mean over rows of the distance between executed actions: root of the mean square. */
function meanDistance(
  a: Float32Array,
  b: Float32Array,
  executed: { readonly start: number; readonly size: number },
  chunkSize: number,
): number {
  let total = 0;
  for (let row = 0; row < a.length; row += chunkSize) {
    let squares = 0;
    for (let index = row + executed.start; index < row + executed.start + executed.size; index++) {
      squares += (a[index]! - b[index]!) ** 2;
    }
    total += Math.sqrt(squares / executed.size);
  }
  return (total * chunkSize) / a.length;
}

function average(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

function quantile(values: Float32Array, share: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
