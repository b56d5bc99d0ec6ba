import { RandomStream } from '@rapport/core';
import {
  adam,
  add,
  compileTrainer,
  constant,
  exp,
  gather,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  parameter,
  reshape,
  sub,
  sum,
  type Tensor,
  zeros,
} from '@rapport/nn';
import { type ObjectiveConfig, objectiveConfig, pairLoss, type SampleEvidence } from '@rapport/reward';

const STATES = 30;
const CHUNKS = 40;
const FEATURES = 8;
const PAIRS = 200;
const STEPS = 800;

/** Start states, each with candidate action chunks of which the reference has only ever shown half. */
interface World {
  /** Shape [STATES * CHUNKS, FEATURES]. */
  readonly features: Float32Array;
  readonly supported: readonly boolean[];
  readonly rewards: Float64Array;
  /** Log-probabilities of the reference policy. */
  readonly reference: Float32Array;
  /** Indices of preferred and rejected chunks, both supported. */
  readonly winners: Int32Array;
  readonly losers: Int32Array;
}

export interface CoverageResult {
  /** (J - J of the reference) / (best possible J - J of the reference); negative where the policy got worse. */
  readonly gain: number;
  /** Probability of chunks that the reference never showed. */
  readonly offSupport: number;
}

/**
 * Probe world "coverage": a log-linear policy learns from pairs of supported chunks; unsupported chunks lie far out in
 * feature space and are bad, which no pair says. Full batch, Adam 0.03, 800 steps from the reference.
 */
export async function runCoverage(settings: Partial<ObjectiveConfig>, seed: number): Promise<CoverageResult> {
  const world = makeWorld(new RandomStream(seed, 'bench/objectives/coverage'));
  const count = STATES * CHUNKS;
  const weights = parameter('weights', [FEATURES, 1], zeros);
  const reference = constant(world.reference, [STATES, CHUNKS]);
  const scores = reshape(matmul(constant(world.features, [count, FEATURES]), weights), [STATES, CHUNKS]);
  const policy = logSoftmax(add(scores, reference));
  const ratio = sub(policy, reference);

  const sample = (indices: Int32Array): SampleEvidence => {
    const pick = (values: Tensor): Tensor => gather(reshape(values, [count]), constant(indices, [PAIRS]));
    return { score: pick(ratio), loss: neg(pick(policy)) };
  };
  const divergence = mean(sum(mul(exp(policy), ratio), { axes: [1] }));
  const pairs = { first: sample(world.winners), second: sample(world.losers), target: 1, divergence };
  const loss = mean(pairLoss(pairs, objectiveConfig(settings)));

  const trainer = await compileTrainer({
    groups: [{ name: 'policy', parameters: [weights], loss, optimizer: adam({ learningRate: 0.03 }) }],
    metrics: { loss },
    outputs: { policy },
    stream: new RandomStream(seed, 'bench/objectives/coverage/parameters'),
  });
  for (let step = 0; step < STEPS; step++) await trainer.step({});
  const final = (await trainer.step({})).policy;
  await trainer.close();
  return judge(world, final);
}

function makeWorld(stream: RandomStream): World {
  const count = STATES * CHUNKS;
  const features = stream.fillNormal(new Float32Array(count * FEATURES));
  const direction = Array.from({ length: FEATURES }, () => stream.normal());
  const length = Math.hypot(...direction);
  const bias = Array.from({ length: FEATURES }, () => 0.3 * stream.normal());
  const rewards = new Float64Array(count);
  const reference = new Float32Array(count);
  const supported: boolean[] = [];
  const places = Array.from({ length: CHUNKS }, (_, chunk) => chunk);
  for (let state = 0; state < STATES; state++) {
    const shown = new Set(stream.shuffled(places).slice(0, CHUNKS / 2));
    for (const chunk of places) {
      const index = state * CHUNKS + chunk;
      const own = features.subarray(index * FEATURES, (index + 1) * FEATURES);
      supported.push(shown.has(chunk));
      if (shown.has(chunk)) {
        rewards[index] = dot(own, direction) / length;
        reference[index] = dot(own, bias);
      } else {
        own.forEach((value, feature) => {
          own[feature] = 2.5 * value;
        });
        rewards[index] = -2 + 0.3 * stream.normal();
        reference[index] = -3;
      }
    }
    normalize(reference.subarray(state * CHUNKS, (state + 1) * CHUNKS));
  }
  return { features, supported, rewards, reference, ...drawPairs({ supported, rewards, reference }, stream) };
}

/** Both chunks of a pair come from the reference restricted to supported ones; the label is Bernoulli(S(3 x difference)). */
function drawPairs(
  { supported, rewards, reference }: Pick<World, 'supported' | 'rewards' | 'reference'>,
  stream: RandomStream,
): Pick<World, 'winners' | 'losers'> {
  const winners = new Int32Array(PAIRS);
  const losers = new Int32Array(PAIRS);
  const draw = (state: number): number => {
    for (;;) {
      const index = state * CHUNKS + drawIndex(reference.subarray(state * CHUNKS, (state + 1) * CHUNKS), stream);
      if (supported[index]) return index;
    }
  };
  for (let pair = 0; pair < PAIRS; ) {
    const state = stream.integer(STATES);
    const [a, b] = [draw(state), draw(state)];
    if (a === b) continue;
    const firstWins = stream.uniform() < 1 / (1 + Math.exp(-3 * (rewards[a]! - rewards[b]!)));
    winners[pair] = firstWins ? a : b;
    losers[pair] = firstWins ? b : a;
    pair++;
  }
  return { winners, losers };
}

function judge({ rewards, supported, reference }: World, policy: Float32Array): CoverageResult {
  const count = STATES * CHUNKS;
  const value = (logProbabilities: Float32Array): number => {
    let total = 0;
    for (let index = 0; index < count; index++) total += Math.exp(logProbabilities[index]!) * rewards[index]!;
    return total / STATES;
  };
  let best = 0;
  for (let state = 0; state < STATES; state++) {
    best += Math.max(...rewards.subarray(state * CHUNKS, (state + 1) * CHUNKS)) / STATES;
  }
  let offSupport = 0;
  for (let index = 0; index < count; index++) if (!supported[index]) offSupport += Math.exp(policy[index]!) / STATES;
  return { gain: (value(policy) - value(reference)) / (best - value(reference)), offSupport };
}

/** Logits to log-probabilities, in place. */
function normalize(logits: Float32Array): void {
  let total = 0;
  for (const logit of logits) total += Math.exp(logit);
  for (let index = 0; index < logits.length; index++) logits[index]! -= Math.log(total);
}

function drawIndex(logProbabilities: Float32Array, stream: RandomStream): number {
  let rest = stream.uniform();
  for (let index = 0; index < logProbabilities.length - 1; index++) {
    rest -= Math.exp(logProbabilities[index]!);
    if (rest < 0) return index;
  }
  return logProbabilities.length - 1;
}

function dot(a: Float32Array, b: readonly number[]): number {
  let total = 0;
  for (let index = 0; index < a.length; index++) total += a[index]! * b[index]!;
  return total;
}
