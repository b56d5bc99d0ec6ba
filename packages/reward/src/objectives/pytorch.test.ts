import { compileFunction, constant, mean, neg, type Tensor } from '@rapport/nn';
import { expect, it } from 'vitest';
import { type ObjectiveConfig, objectiveConfig } from './config.js';
import { denoisingLogRatio, type PairEvidence } from './evidence.js';
import { pairLoss, ratedLoss } from './registry.js';

// Denoising errors of a LeRobot diffusion policy and of its reference on four pairs of chunks, and the losses that PyTorch
// gives for them: `align` of tests/fixtures/lerobot_diffusion/A/fixture.json.
const winner = [0.007192457094788551, 0.004288943950086832, 0.0296219140291214, 0.0097053749486804];
const loser = [0.3563109338283539, 0.06835754215717316, 0.15101014077663422, 0.04979114606976509];
const winnerReference = [0.009554953314363956, 0.004544221330434084, 0.02928824909031391, 0.0099588418379426];
const loserReference = [0.35189345479011536, 0.0664435476064682, 0.14396414160728455, 0.04947732761502266];

/** Diffusion-DPO's code halves the difference of errors, the others do not. */
function evidence(weight: number): PairEvidence {
  const side = (losses: number[], reference: number[]) => ({
    score: denoisingLogRatio(constant(losses), constant(reference), weight),
    loss: constant(losses),
  });
  return { first: side(winner, winnerReference), second: side(loser, loserReference), target: 1 };
}

function withoutReference(weight: number): PairEvidence {
  const side = (losses: number[]) => ({
    score: neg(constant(losses.map((loss) => weight * loss))),
    loss: constant(losses),
  });
  return { first: side(winner), second: side(loser), target: 1 };
}

const pairs = (weight: number, settings: Partial<ObjectiveConfig>): Tensor =>
  pairLoss(evidence(weight), objectiveConfig(settings));

const cases: readonly (readonly [string, Tensor, number])[] = [
  ['Diffusion-DPO at beta 20', pairs(0.5, { pairs: 'dpo', beta: 20 }), 0.6731612086296082],
  ['Diffusion-DPO at beta 500', pairs(0.5, { pairs: 'dpo', beta: 500 }), 0.355705589056015],
  ['IPO', pairs(1, { pairs: 'ipo', beta: 20 }), 0.0004461520293261856],
  ['hinge', pairs(1, { pairs: 'hinge', beta: 20 }), 0.9188557267189026],
  ['DPO with an anchor on the winner', pairs(0.5, { pairs: 'rpo', beta: 20, anchorWeight: 0.5 }), 0.6795123219490051],
  [
    'a pair term without reference, with an anchor',
    pairLoss(withoutReference(0.5), objectiveConfig({ pairs: 'rpo', beta: 20, anchorWeight: 0.5 })),
    0.31285783648490906,
  ],
  [
    'Diffusion-KTO',
    ratedLoss(
      {
        score: denoisingLogRatio(constant([...winner, ...loser]), constant([...winnerReference, ...loserReference])),
        target: constant([1, 1, 1, 1, 0, 0, 0, 0]),
      },
      objectiveConfig({ beta: 20 }),
    ),
    0.4898664951324463,
  ],
];

async function meanOf(losses: Tensor): Promise<number> {
  const compiled = await compileFunction({ outputs: { loss: mean(losses) } });
  const { loss } = await compiled.run({});
  await compiled.close();
  return loss[0]!;
}

it.each(cases)('agrees with PyTorch about %s', async (_, losses, expected) => {
  expect(Math.abs((await meanOf(losses)) - expected)).toBeLessThan(2e-6);
});

it("agrees with PyTorch about MaPO at its code's settings as far as its float32 goes, and with double arithmetic", async () => {
  const settings = { pairs: 'mapo', likelihoodScale: 0.5, likelihoodGain: 100, likelihoodWeight: 0.1 } as const;
  const ours = await meanOf(pairs(1, settings));
  // The code's exp(x) - 1 loses digits at small x, and K = 100 multiplies what is lost.
  expect(Math.abs(ours - 0.026405034586787224)).toBeLessThan(2e-5);
  const u = (loss: number): number => (0.5 * loss) / Math.expm1(0.5 * loss);
  const exact = winner.map((loss, k) => loss + 0.1 * Math.log1p(Math.exp(100 * (u(loser[k]!) - u(loss)))));
  expect(Math.abs(ours - exact.reduce((total, loss) => total + loss / 4, 0))).toBeLessThan(1e-6);
});
