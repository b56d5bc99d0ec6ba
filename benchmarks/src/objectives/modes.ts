import { RandomStream } from '@rapport/core';
import {
  adam,
  type CompiledFunction,
  compileFunction,
  compileTrainer,
  concat,
  constant,
  type Initializer,
  input,
  mean,
  mlp,
  type ParameterValues,
  slice,
  square,
  sub,
  sum,
  type Tensor,
} from '@rapport/nn';
import {
  denoisingLogRatio,
  type ObjectiveConfig,
  objectiveConfig,
  pairLoss,
  ratedLoss,
  safeguardedLoss,
} from '@rapport/reward';

const LEVELS = 30;
const INPUTS = 5;
const PRETRAINING_STEPS = 3000;
const PRETRAINING_BATCH = 128;
const PAIRS = 200;
const BATCH = 64;
const SAMPLES = 1000;
const PREFERRED = [1.5, 0.5] as const;
const REJECTED = [-1.5, 0] as const;
const DEVIATION = 0.2;
/** A sample further than this from both modes is off the manifold. */
const REACH = 0.8;

/** Share of the signal's variance that is left at each noise level, from 1 towards 0; betas rise from 0.001 to 0.25. */
const betas = Array.from({ length: LEVELS }, (_, level) => 1e-3 + ((0.25 - 1e-3) * level) / (LEVELS - 1));
const signalShares = betas.map((_, level) => betas.slice(0, level + 1).reduce((share, beta) => share * (1 - beta), 1));

/** Normal with variance 1 / fan in: units of about the size of their inputs. */
const unitGain: Initializer = (size, stream) =>
  stream.fillNormal(new Float32Array(size[0]! * size[1]!)).map((value) => value / Math.sqrt(size[1]!));
const shape = {
  inputSize: INPUTS,
  hiddenSizes: [64, 64],
  outputSize: 2,
  activation: 'tanh',
  hiddenWeight: unitGain,
  outputWeight: unitGain,
} as const;
const policy = mlp('policy', shape);
const reference = policy.clone('reference');

export interface ModesResult {
  /** Share of samples at the preferred mode. */
  readonly preferred: number;
  /** Share of samples at neither mode. */
  readonly offManifold: number;
}

/** How a reference is tuned. */
export interface Tuning {
  readonly settings: Partial<ObjectiveConfig>;
  readonly steps: number;
  /** Share of pairs whose label is flipped; 0 by default. */
  readonly flips?: number;
  /** Losers' gradients are scaled by `safeguardedLoss` with this mu; absent: they are not. */
  readonly safeguard?: number;
  /** Winners and losers as single samples rated good and bad (KTO). */
  readonly rated?: boolean;
}

/** A trained policy with two modes, of which people prefer the one at (1.5, 0.5). */
export interface Reference {
  readonly seed: number;
  /** Probability of the preferred mode in what it was trained on. */
  readonly mass: number;
  readonly weights: ParameterValues;
}

/**
 * Probe world "modes": a diffusion policy whose action chunk is a point in the plane, with a mode at each of two places. This
 * trains it: 3000 steps of 128, Adam 2e-3, the last 30 % with 5e-4.
 */
export async function trainReference(mass: number, seed: number): Promise<Reference> {
  const stream = new RandomStream(seed, `bench/objectives/modes/${mass}`);
  const [noised, noise] = [input('noised', [PRETRAINING_BATCH, INPUTS]), input('noise', [PRETRAINING_BATCH, 2])];
  const loss = mean(square(sub(policy.apply(noised), noise)));
  const learningRate = (step: number): number => (step > 0.7 * PRETRAINING_STEPS ? 5e-4 : 2e-3);
  const trainer = await compileTrainer({
    groups: [{ name: 'policy', parameters: policy.parameters, loss, optimizer: adam({ learningRate }) }],
    metrics: { loss },
    stream,
  });
  const batch = new NoisedBatch(PRETRAINING_BATCH);
  const draws = stream.fork('draws');
  for (let step = 0; step < PRETRAINING_STEPS; step++) {
    for (let row = 0; row < PRETRAINING_BATCH; row++) {
      batch.write(row, drawPoint(draws.uniform() < mass ? PREFERRED : REJECTED, draws));
      batch.addNoise(row, draws);
    }
    await trainer.step(batch.feeds());
  }
  const weights = trainer.parameters();
  await trainer.close();
  return { seed, mass, weights };
}

/**
 * Tunes a copy of the reference on 200 pairs (the winner from the preferred mode unless flipped), batch 64, Adam 3e-4, squared
 * errors summed over the two dimensions, one noise and level for winner, loser, policy and reference; then draws 1000
 * samples.
 */
export async function tune(start: Reference, tuning: Tuning): Promise<ModesResult> {
  const stream = new RandomStream(start.seed, `bench/objectives/modes/${start.mass}/tuning`);
  const loss = tuningLoss(tuning);
  const initial = { ...start.weights, ...renamed(start.weights) };
  const trainer = await compileTrainer({
    groups: [{ name: 'policy', parameters: policy.parameters, loss, optimizer: adam({ learningRate: 3e-4 }) }],
    metrics: { loss },
    initial,
    stream,
  });
  const pairs = drawPairs(tuning.flips ?? 0, stream.fork('pairs'));
  const demonstrations = stream.fork('demonstrations');
  const batch = new NoisedBatch(3 * BATCH);
  const draws = stream.fork('draws');
  for (let step = 0; step < tuning.steps; step++) {
    for (let row = 0; row < BATCH; row++) {
      const [winner, loser] = pairs[draws.integer(PAIRS)]!;
      batch.write(row, winner);
      batch.write(BATCH + row, loser);
      batch.write(
        2 * BATCH + row,
        drawPoint(demonstrations.uniform() < start.mass ? PREFERRED : REJECTED, demonstrations),
      );
      batch.addNoise(row, draws);
      batch.copyNoise(row, BATCH + row);
      batch.addNoise(2 * BATCH + row, demonstrations);
    }
    await trainer.step(batch.feeds());
  }
  const weights = trainer.parameters();
  await trainer.close();
  return sampleModes(weights, stream.fork('samples'));
}

/** Mode shares of the reference itself. */
export function judgeReference({ weights, seed, mass }: Reference): Promise<ModesResult> {
  return sampleModes(weights, new RandomStream(seed, `bench/objectives/modes/${mass}/reference-samples`));
}

/** The batch holds winners, losers and demonstrations, BATCH rows each. */
function tuningLoss({ settings, rated, safeguard }: Tuning): Tensor {
  const [noised, noise] = [input('noised', [3 * BATCH, INPUTS]), input('noise', [3 * BATCH, 2])];
  const config = objectiveConfig({ beta: 5, ...settings });
  const rowsOf = (tensor: Tensor, part: number): Tensor => slice(tensor, 0, part * BATCH, (part + 1) * BATCH);
  const errorOf = (net: typeof policy, part: number): Tensor =>
    sub(net.apply(rowsOf(noised, part)), rowsOf(noise, part));
  const lossOf = (error: Tensor): Tensor => sum(square(error), { axes: [1] });
  const errors = [0, 1, 2].map((part) => errorOf(policy, part));
  const side = (part: number) => {
    const loss = lossOf(errors[part]!);
    const guarded = safeguard !== undefined && part === 1;
    const scored = guarded ? safeguardedLoss(loss, errors[0]!, errors[1]!, safeguard) : loss;
    return { loss, score: denoisingLogRatio(scored, lossOf(errorOf(reference, part))) };
  };
  const [winner, loser] = [side(0), side(1)];
  if (rated !== true) {
    return mean(pairLoss({ first: winner, second: loser, target: 1, dataLoss: lossOf(errors[2]!) }, config));
  }
  const score = concat([winner.score, loser.score], 0);
  const target = constant([...new Array<number>(BATCH).fill(1), ...new Array<number>(BATCH).fill(0)]);
  return mean(ratedLoss({ score, target }, config));
}

/** Weights of the policy under the names of the reference. */
function renamed(weights: ParameterValues): ParameterValues {
  return Object.fromEntries(
    Object.entries(weights).map(([name, value]) => [name.replace(/^policy\//, 'reference/'), value]),
  );
}

function drawPairs(flips: number, stream: RandomStream): [Point, Point][] {
  return Array.from({ length: PAIRS }, () => {
    const pair: [Point, Point] = [drawPoint(PREFERRED, stream), drawPoint(REJECTED, stream)];
    return stream.uniform() < flips ? [pair[1], pair[0]] : pair;
  });
}

type Point = readonly [number, number];

function drawPoint(mode: Point, stream: RandomStream): Point {
  return [mode[0] + DEVIATION * stream.normal(), mode[1] + DEVIATION * stream.normal()];
}

/** Noised points with their level as network inputs, and the noise; one set of buffers serves every step. */
class NoisedBatch {
  readonly #points: Float32Array;
  readonly #noise: Float32Array;
  readonly #inputs: Float32Array;
  readonly #levels: Int32Array;

  constructor(rows: number) {
    this.#points = new Float32Array(2 * rows);
    this.#noise = new Float32Array(2 * rows);
    this.#inputs = new Float32Array(INPUTS * rows);
    this.#levels = new Int32Array(rows);
  }

  write(row: number, point: Point): void {
    this.#points.set(point, 2 * row);
  }

  /** Draws a level and noise for the row. */
  addNoise(row: number, stream: RandomStream): void {
    this.#levels[row] = stream.integer(LEVELS);
    this.#noise[2 * row] = stream.normal();
    this.#noise[2 * row + 1] = stream.normal();
    this.#mix(row);
  }

  copyNoise(from: number, to: number): void {
    this.#levels[to] = this.#levels[from]!;
    this.#noise.copyWithin(2 * to, 2 * from, 2 * from + 2);
    this.#mix(to);
  }

  feeds(): Record<string, Float32Array> {
    return { noised: this.#inputs, noise: this.#noise };
  }

  #mix(row: number): void {
    const level = this.#levels[row]!;
    const [signal, noise] = [Math.sqrt(signalShares[level]!), Math.sqrt(1 - signalShares[level]!)];
    for (const axis of [0, 1]) {
      this.#inputs[INPUTS * row + axis] = signal * this.#points[2 * row + axis]! + noise * this.#noise[2 * row + axis]!;
    }
    writeLevel(this.#inputs, row, level);
  }
}

/** k/30, sin and cos of 2 pi k/30, in the last three inputs of a row. */
function writeLevel(inputs: Float32Array, row: number, level: number): void {
  const phase = (level + 1) / LEVELS;
  inputs[INPUTS * row + 2] = phase;
  inputs[INPUTS * row + 3] = Math.sin(2 * Math.PI * phase);
  inputs[INPUTS * row + 4] = Math.cos(2 * Math.PI * phase);
}

async function sampleModes(weights: ParameterValues, stream: RandomStream): Promise<ModesResult> {
  const predict = await compileFunction({
    outputs: { noise: policy.apply(input('noised', [SAMPLES, INPUTS])) },
    parameters: weights,
  });
  const points = await sampleAncestrally(predict, stream);
  await predict.close();
  let preferred = 0;
  let offManifold = 0;
  for (let row = 0; row < SAMPLES; row++) {
    const distance = (mode: Point): number => Math.hypot(points[2 * row]! - mode[0], points[2 * row + 1]! - mode[1]);
    if (distance(PREFERRED) < REACH) preferred++;
    else if (!(distance(REJECTED) < REACH)) offManifold++;
  }
  return { preferred: preferred / SAMPLES, offManifold: offManifold / SAMPLES };
}

/** Ancestral sampling (Ho et al. 2020, arXiv 2006.11239, algorithm 2) with variance beta_k. */
async function sampleAncestrally(predict: CompiledFunction<'noise'>, stream: RandomStream): Promise<Float32Array> {
  const points = stream.fillNormal(new Float32Array(2 * SAMPLES));
  const noised = new Float32Array(INPUTS * SAMPLES);
  for (let level = LEVELS - 1; level >= 0; level--) {
    for (let row = 0; row < SAMPLES; row++) {
      noised.set(points.subarray(2 * row, 2 * row + 2), INPUTS * row);
      writeLevel(noised, row, level);
    }
    const { noise } = await predict.run({ noised });
    const beta = betas[level]!;
    for (let index = 0; index < points.length; index++) {
      const mean =
        (points[index]! - (beta / Math.sqrt(1 - signalShares[level]!)) * noise[index]!) / Math.sqrt(1 - beta);
      points[index] = mean + (level > 0 ? Math.sqrt(beta) * stream.normal() : 0);
    }
  }
  return points;
}
