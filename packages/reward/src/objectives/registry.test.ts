import { readFileSync } from 'node:fs';
import { RandomStream } from '@rapport/core';
import { compileFunction, constant, gradient, input, sum, type Tensor } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { type ObjectiveConfig, objectiveConfig, type PairObjectiveName, pairObjectiveNames } from './config.js';
import { replaceTables } from './documentation.js';
import { denoisingLogRatio, type PairEvidence } from './evidence.js';
import { pairLoss, ratedLoss } from './registry.js';

/** One pair as plain numbers; the first is the winner. */
interface Numbers {
  readonly score: readonly [number, number];
  readonly loss: readonly [number, number];
  readonly reward: readonly [number, number];
  readonly strength: number;
  readonly dataLoss: number;
  readonly divergence: number;
}

const S = (x: number): number => 1 / (1 + Math.exp(-x));
const L = (x: number): number => -Math.log(S(x));
const marginOf = ({ score }: Numbers, { beta }: ObjectiveConfig): number => beta * (score[0] - score[1]);
const u = (x: number): number => x / Math.expm1(x);
const logit = (p: number): number => Math.log(p / (1 - p));

/** Losses of strict preferences in plain double arithmetic, from the papers' formulas. */
const references: Readonly<Record<PairObjectiveName, (x: Numbers, c: ObjectiveConfig) => number>> = {
  dpo: (x, c) => L(marginOf(x, c)),
  rpo: (x, c) => L(marginOf(x, c)) + c.anchorWeight * x.loss[0],
  mapo: (x, c) => {
    const [w, l] = x.loss.map((loss) => u(c.likelihoodScale * loss));
    return x.loss[0] - c.likelihoodWeight * Math.log(S(c.likelihoodGain * (w! - l!)));
  },
  ipo: (x, c) => (x.score[0] - x.score[1] - 1 / (2 * c.beta)) ** 2,
  hinge: (x, c) => Math.max(0, c.hingeWidth - marginOf(x, c)),
  'probability-error': (x, c) => 1 - S(marginOf(x, c)),
  'smoothed-dpo': (x, c) => (1 - c.smoothing) * L(marginOf(x, c)) + c.smoothing * L(-marginOf(x, c)),
  'robust-dpo': (x, c) =>
    ((1 - c.flipRate) * L(marginOf(x, c)) - c.flipRate * L(-marginOf(x, c))) / (1 - 2 * c.flipRate),
  'robust-rpo': (x, c) =>
    ((1 - c.flipRate) * L(marginOf(x, c)) - c.flipRate * L(-marginOf(x, c))) / (1 - 2 * c.flipRate) +
    c.anchorWeight * x.loss[0],
  'margin-dpo': (x, c) => L(marginOf(x, c) - c.marginScale * x.strength),
  'dynamic-dpo': (x, c) => {
    const beta = c.beta * (1 + c.strengthWeight * (1 - Math.exp(-c.strengthRate * x.strength)));
    return L(beta * (x.score[0] - x.score[1]));
  },
  'flex-dpo': (x, c) => L(c.beta * ((1 + c.flexibility) * x.score[0] - (1 - c.flexibility) * x.score[1])),
  hypo: (x, c) => L(marginOf(x, c)) + c.divergenceWeight * x.divergence,
  'forward-kl': (x, c) => L(marginOf(x, c)) + c.dataWeight * x.dataLoss,
  copg: (x, c) => 0.5 * (x.reward[0] - x.reward[1] - marginOf(x, c)) ** 2,
  cpl: (x, c) => L(c.beta * (-x.loss[0] - c.loserScale * -x.loss[1])),
  simpo: (x, c) => L(c.beta * (-x.loss[0] + x.loss[1]) - c.targetMargin),
  orpo: (x, c) => x.loss[0] + c.oddsWeight * L(logit(Math.exp(-x.loss[0])) - logit(Math.exp(-x.loss[1]))),
  winners: (x) => x.loss[0],
};

const swapped = (x: Numbers): Numbers => ({
  ...x,
  score: [x.score[1], x.score[0]],
  loss: [x.loss[1], x.loss[0]],
  reward: [x.reward[1], x.reward[0]],
});

const stream = new RandomStream(3, 'objectives/test');
const pairs: readonly Numbers[] = Array.from({ length: 8 }, () => ({
  score: [2 * stream.normal(), 2 * stream.normal()],
  loss: [0.05 + stream.uniform(), 0.05 + stream.uniform()],
  reward: [stream.normal(), stream.normal()],
  strength: 2 * stream.uniform(),
  dataLoss: stream.uniform(),
  divergence: stream.uniform(),
}));
const strictTargets = [1, 0, 1, 0, 1, 0, 1, 0];

const inputNames = ['score0', 'score1', 'loss0', 'loss1', 'dataLoss', 'divergence'] as const;

function feeds(target: readonly number[]): Record<string, Float32Array> {
  const column = (value: (x: Numbers) => number): Float32Array => Float32Array.from(pairs, value);
  return {
    score0: column(({ score }) => score[0]),
    score1: column(({ score }) => score[1]),
    loss0: column(({ loss }) => loss[0]),
    loss1: column(({ loss }) => loss[1]),
    dataLoss: column(({ dataLoss }) => dataLoss),
    divergence: column(({ divergence }) => divergence),
    target: Float32Array.from(target),
  };
}

/** Losses of the pairs, and the gradient of their sum, by the graph. */
async function evaluate(config: ObjectiveConfig, target: readonly number[]) {
  const inputs = Object.fromEntries(inputNames.map((name) => [name, input(name, [pairs.length])]));
  const fixed = (value: (x: Numbers) => number): Tensor => constant(pairs.map(value), [pairs.length]);
  const side = (which: 0 | 1) => ({
    score: inputs[`score${which}`]!,
    loss: inputs[`loss${which}`]!,
    reward: fixed(({ reward }) => reward[which]),
  });
  const evidence: PairEvidence = {
    first: side(0),
    second: side(1),
    target: input('target', [pairs.length]),
    strength: fixed(({ strength }) => strength),
    dataLoss: inputs.dataLoss!,
    divergence: inputs.divergence!,
  };
  const losses = pairLoss(evidence, config);
  const gradients = gradient(sum(losses), Object.values(inputs));
  const outputs = {
    losses,
    ...Object.fromEntries(inputNames.map((name, index) => [`slope/${name}`, gradients[index]!])),
  };
  return run(outputs, feeds(target));
}

async function run(
  outputs: Readonly<Record<string, Tensor>>,
  batch: Readonly<Record<string, Float32Array>>,
): Promise<Record<string, Float32Array>> {
  const compiled = await compileFunction({ outputs });
  const result = await compiled.run(batch);
  await compiled.close();
  return result;
}

/** The pair with one of its inputs changed. */
function nudged(x: Numbers, name: (typeof inputNames)[number], by: number): Numbers {
  if (name === 'dataLoss' || name === 'divergence') return { ...x, [name]: x[name] + by };
  const key = name.startsWith('score') ? 'score' : 'loss';
  const [a, b] = x[key];
  return { ...x, [key]: name.endsWith('0') ? [a + by, b] : [a, b + by] };
}

const config = objectiveConfig({ beta: 0.7, flipRate: 0.2, marginScale: 0.8 });

describe.each(pairObjectiveNames)('%s', (pairsName) => {
  const settings = { ...config, pairs: pairsName };
  const expected = (x: Numbers, target: number): number =>
    target * references[pairsName](x, settings) + (1 - target) * references[pairsName](swapped(x), settings);

  it('gives the losses of its formula in double arithmetic, whichever of the two is preferred', async () => {
    const { losses } = await evaluate(settings, strictTargets);
    pairs.forEach((x, index) => {
      expect(losses![index]).toBeCloseTo(expected(x, strictTargets[index]!), 4);
    });
  });

  it('has the gradient that finite differences of the formula give, with respect to scores and losses', async () => {
    const results = await evaluate(settings, strictTargets);
    const step = 1e-5;
    for (const name of inputNames) {
      pairs.forEach((x, index) => {
        const target = strictTargets[index]!;
        const slope = (expected(nudged(x, name, step), target) - expected(nudged(x, name, -step), target)) / (2 * step);
        expect(Math.abs(results[`slope/${name}`]![index]! - slope), `${name} of pair ${index}`).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(slope)),
        );
      });
    }
  });

  it.skipIf(pairsName === 'probability-error')('takes the expected loss of a soft target', async () => {
    const targets = [0.9, 0.5, 0.3, 0.75, 0.5, 0.1, 0.6, 0.99];
    const { losses } = await evaluate(settings, targets);
    pairs.forEach((x, index) => {
      expect(losses![index]).toBeCloseTo(expected(x, targets[index]!), 4);
    });
  });
});

/** Losses of the test pairs with target 1. */
const strictly = async (settings: Partial<ObjectiveConfig>): Promise<Float32Array> =>
  (await evaluate(objectiveConfig({ beta: 0.7, ...settings }), new Array(pairs.length).fill(1))).losses!;

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(actual).toHaveLength(wanted.length);
  Array.from(actual).forEach((value, index) => {
    expect(value).toBeCloseTo(wanted[index]!, 5);
  });
}

describe('pair objectives', () => {
  it('reduce to dpo where their extra terms vanish', async () => {
    const dpo = await strictly({ pairs: 'dpo' });
    expectClose(await strictly({ pairs: 'robust-dpo', flipRate: 0 }), dpo);
    expectClose(await strictly({ pairs: 'smoothed-dpo', smoothing: 0 }), dpo);
    expectClose(await strictly({ pairs: 'margin-dpo', marginScale: 0 }), dpo);
    expectClose(await strictly({ pairs: 'dynamic-dpo', strengthWeight: 0 }), dpo);
    expectClose(await strictly({ pairs: 'rpo', anchorWeight: 0 }), dpo);
    expectClose(await strictly({ pairs: 'robust-rpo', anchorWeight: 0, flipRate: 0 }), dpo);
    expectClose(await strictly({ pairs: 'hypo', divergenceWeight: 0 }), dpo);
    expectClose(await strictly({ pairs: 'forward-kl', dataWeight: 0 }), dpo);
    expectClose(await strictly({ pairs: 'flex-dpo', flexibility: 0 }), dpo);
  });

  it('reduce cpl without bias and simpo without a margin to dpo on -loss, mapo and orpo without their pair to winners', async () => {
    const onLosses = pairs.map(({ loss }) => L(0.7 * (loss[1] - loss[0])));
    expectClose(await strictly({ pairs: 'cpl', loserScale: 1 }), onLosses);
    expectClose(await strictly({ pairs: 'simpo', targetMargin: 0 }), onLosses);
    const winners = await strictly({ pairs: 'winners' });
    expectClose(await strictly({ pairs: 'mapo', likelihoodWeight: 0 }), winners);
    expectClose(await strictly({ pairs: 'orpo', oddsWeight: 0 }), winners);
  });

  it('make ipo the contrastive policy gradient of a constant reward difference', async () => {
    const beta = 0.7;
    const evidence = {
      first: { score: input('a', [3]), reward: constant([0.5, 0.5, 0.5]) },
      second: { score: input('b', [3]), reward: constant([0, 0, 0]) },
      target: 1,
    };
    const { ipo, copg } = await run(
      {
        ipo: pairLoss(evidence, objectiveConfig({ pairs: 'ipo', beta })),
        copg: pairLoss(evidence, objectiveConfig({ pairs: 'copg', beta })),
      },
      { a: Float32Array.from([1, -2, 0.3]), b: Float32Array.from([0, 1, 0.4]) },
    );
    expectClose(
      ipo!,
      Array.from(copg!, (value) => (2 * value) / beta ** 2),
    );
  });

  it('give copg no loss at the policy that is optimal under a KL penalty, whatever its normaliser', async () => {
    const beta = 0.3;
    const rewards = [1.2, -0.4, 0.7];
    const logNormaliser = Math.log(rewards.reduce((total, reward) => total + Math.exp(reward / beta) / 3, 0));
    const sample = (index: number) => ({
      score: constant([rewards[index]! / beta - logNormaliser]),
      reward: constant([rewards[index]!]),
    });
    const settings = objectiveConfig({ pairs: 'copg', beta });
    const losses = [1, 2].map((other) => pairLoss({ first: sample(0), second: sample(other), target: 1 }, settings));
    const { first, second } = await run({ first: losses[0]!, second: losses[1]! }, {});
    expectClose([...first!, ...second!], [0, 0]);
  });

  it('recover with robust-dpo the clean loss from flipped labels in expectation', async () => {
    const flipRate = 0.3;
    const settings = objectiveConfig({ beta: 0.7, pairs: 'robust-dpo', flipRate });
    const { losses: right } = await evaluate(settings, new Array(pairs.length).fill(1));
    const { losses: flipped } = await evaluate(settings, new Array(pairs.length).fill(0));
    const expected = right!.map((value, index) => (1 - flipRate) * value + flipRate * flipped![index]!);
    expectClose(expected, await strictly({ pairs: 'dpo' }));
  });

  it('keep mapo finite at losses of zero and of a thousand', async () => {
    const loss = input('loss', [3]);
    const other = constant([0.4, 0.4, 0.4]);
    const losses = pairLoss(
      { first: { score: loss, loss }, second: { score: other, loss: other }, target: 1 },
      objectiveConfig({ pairs: 'mapo' }),
    );
    const results = await run(
      { losses, slope: gradient(sum(losses), [loss])[0]! },
      { loss: Float32Array.from([0, 1e-3, 1000]) },
    );
    // u(0) = 1 and u'(0) = -1/2, u(1000) = 0.
    const K = 3;
    expectClose(results.losses!.subarray(0, 1), [0.5 * L(K * (1 - u(0.4)))]);
    expectClose(results.slope!.subarray(0, 1), [1 + 0.5 * (1 - S(K * (1 - u(0.4)))) * (K / 2)]);
    expect(results.losses![2]).toBeCloseTo(1000 + 0.5 * L(-K * u(0.4)), 2);
    expect(results.slope!.every(Number.isFinite)).toBe(true);
  });

  it('refuse evidence that lacks what they need, and flip rates near one half', () => {
    const score = input('score', [2]);
    const evidence = { first: { score }, second: { score }, target: 1 };
    for (const [name, part] of [
      ['rpo', 'loss'],
      ['margin-dpo', 'strength'],
      ['hypo', 'divergence'],
      ['forward-kl', 'dataLoss'],
      ['copg', 'reward'],
    ] as const) {
      expect(() => pairLoss(evidence, objectiveConfig({ pairs: name }))).toThrow(
        `the objective "${name}" needs "${part}"; the evidence has none`,
      );
    }
    expect(() => pairLoss(evidence, objectiveConfig({ pairs: 'robust-dpo', flipRate: 0.45 }))).toThrow(
      'flipRate is 0.45; expected a rate in [0, 0.45)',
    );
  });
});

describe('denoisingLogRatio', () => {
  it('is positive where the policy denoises better than its reference', async () => {
    const { ratio } = await run({ ratio: denoisingLogRatio(constant([0.1, 0.5]), constant([0.3, 0.2]), 10) }, {});
    expectClose(ratio!, [2, -3]);
  });
});

describe('ratedLoss', () => {
  const scores = [1.5, -0.7, 0.2, 2.2];
  const targets = [1, 0, 1, 0];
  const settings = objectiveConfig({ beta: 0.7, goodWeight: 1.3, badWeight: 0.6 });

  /** With the reference point given, so that differences do not move it. */
  const reference = (x: number, target: number, z: number): number =>
    target === 1 ? 1.3 * (1 - S(0.7 * x - z)) : 0.6 * (1 - S(z - 0.7 * x));

  async function rated(values: readonly number[]) {
    const score = input('score', [values.length]);
    const losses = ratedLoss({ score, target: constant(targets) }, settings);
    return run({ losses, slope: gradient(sum(losses), [score])[0]! }, { score: Float32Array.from(values) });
  }

  it('is KTO with the batch mean as a reference point that carries no gradient', async () => {
    const z = Math.max(0, (0.7 * scores.reduce((total, score) => total + score, 0)) / scores.length);
    const { losses, slope } = await rated(scores);
    expectClose(
      losses!,
      scores.map((score, index) => reference(score, targets[index]!, z)),
    );
    const step = 1e-5;
    expectClose(
      slope!,
      scores.map(
        (score, index) =>
          (reference(score + step, targets[index]!, z) - reference(score - step, targets[index]!, z)) / (2 * step),
      ),
    );
  });

  it('keeps its reference point at zero when scores are negative on average', async () => {
    const low = scores.map((score) => score - 3);
    const { losses } = await rated(low);
    expectClose(
      losses!,
      low.map((score, index) => reference(score, targets[index]!, 0)),
    );
  });
});

describe('docs/objectives.md', () => {
  it('holds the tables that the registry gives (write them with: npx vitest run -u FILE OF THIS TEST)', async () => {
    const file = new URL('../../../../docs/objectives.md', import.meta.url);
    const page = readFileSync(file, 'utf8');
    await expect(replaceTables(page)).toMatchFileSnapshot(file.pathname);
  });
});
