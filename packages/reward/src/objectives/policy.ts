import {
  abs,
  add,
  div,
  exp,
  less,
  log,
  maximum,
  mean,
  mul,
  neg,
  type Operand,
  sigmoid,
  softplus,
  square,
  stopGradient,
  sub,
  type Tensor,
  tanh,
  where,
} from '@rapport/nn';
import type { ObjectiveConfig } from './config.js';
import { type PairEvidence, type RatedEvidence, requirePart, type SampleEvidence } from './evidence.js';
import { bradleyTerry, flipCorrected } from './margin.js';

/** Losses that need more of a policy than a margin: its own likelihoods, its distance from the reference, rewards. */

type StrictLoss = (winner: SampleEvidence, loser: SampleEvidence) => Tensor;

/** y L(first, second) + (1 - y) L(second, first); a target of exactly 1 leaves the second half out of the graph. */
function inExpectation({ first, second, target }: PairEvidence, strict: StrictLoss): Tensor {
  if (target === 1) return strict(first, second);
  return add(mul(target, strict(first, second)), mul(sub(1, target), strict(second, first)));
}

function lossOf(sample: SampleEvidence, objective: string): Tensor {
  return requirePart(sample.loss, 'loss', objective);
}

/** beta (score of the first - score of the second). */
export function marginOf({ first, second }: PairEvidence, { beta }: Pick<ObjectiveConfig, 'beta'>): Tensor {
  return mul(beta, sub(first.score, second.score));
}

/** Fine-tuning on winners alone: -log pi(winner), or its denoising loss. The baseline that any objective has to beat. */
export function winnersLoss(pair: PairEvidence): Tensor {
  return inExpectation(pair, (winner) => lossOf(winner, 'winners'));
}

/**
 * RPO (Liu et al. 2024, arXiv 2405.16436): DPO plus the winner's negative log-likelihood, which is what pessimism against
 * the worst plausible reward comes to. For diffusion policies the anchor is the winner's denoising loss.
 */
export function anchoredLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  const anchor = inExpectation(pair, (winner) => lossOf(winner, 'rpo'));
  return add(bradleyTerry(marginOf(pair, config), pair.target), mul(config.anchorWeight, anchor));
}

/**
 * RPO for labels flipped with a known rate: the pair's loss as in `flipCorrected`, the anchor on winners as labelled. Ours. At
 * the true rate it stays on the data where `flipCorrected` alone leaves it; where the rate is set too high nothing bounds
 * the loser's loss, and the anchor does not help (docs/objectives.md).
 */
export function robustAnchoredLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  const anchor = inExpectation(pair, (winner) => lossOf(winner, 'robust-rpo'));
  const corrected = flipCorrected(bradleyTerry, config.flipRate);
  return add(corrected(marginOf(pair, config), pair.target), mul(config.anchorWeight, anchor));
}

/**
 * HyPO (Song et al. 2024, arXiv 2406.01462): DPO on the labelled pairs plus the reverse KL to the reference on the
 * policy's own samples (`divergence`).
 */
export function hybridLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  const divergence = requirePart(pair.divergence, 'divergence', 'hypo');
  return add(bradleyTerry(marginOf(pair, config), pair.target), mul(config.divergenceWeight, divergence));
}

/**
 * Forward-KL regularised preference optimisation (FKPD: Shan et al. 2024, arXiv 2409.05622): the pair's Bradley-Terry loss
 * plus the forward KL from the data to the policy, which is the negative log-likelihood (denoising loss) of demonstrations,
 * winners or not. The paper's exact equation was not at hand; whether its pair term has a reference is the
 * caller's choice of score.
 */
export function forwardKlLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  const dataLoss = requirePart(pair.dataLoss, 'dataLoss', 'forward-kl');
  return add(bradleyTerry(marginOf(pair, config), pair.target), mul(config.dataWeight, dataLoss));
}

/**
 * Flex-DPO (Yan et al. 2024, "3D-Properties", arXiv 2406.07327): the winner's and the loser's log-ratio count differently,
 * -log S(beta (1 + x) r(winner) - beta (1 - x) r(loser)), so that losers are pushed less. The order of the two factors is
 * an interpretation.
 */
export function flexibleLoss(pair: PairEvidence, { beta, flexibility }: ObjectiveConfig): Tensor {
  return inExpectation(pair, (winner, loser) =>
    softplus(sub(mul(beta * (1 - flexibility), loser.score), mul(beta * (1 + flexibility), winner.score))),
  );
}

/**
 * Contrastive preference learning (Hejna et al. 2023, arXiv 2310.13639, eq. 5, and its conservative bias):
 * -log S(beta (log pi(winner) - lambda log pi(loser))). No reference; beta is the paper's alpha, discounts belong into
 * the losses.
 */
export function contrastiveLoss(pair: PairEvidence, { beta, loserScale }: ObjectiveConfig): Tensor {
  return inExpectation(pair, (winner, loser) =>
    softplus(mul(beta, sub(lossOf(winner, 'cpl'), mul(loserScale, lossOf(loser, 'cpl'))))),
  );
}

/**
 * SimPO (Meng et al. 2024, arXiv 2405.14734, eq. 6): -log S(beta (log pi(winner) - log pi(loser)) - gamma) on mean
 * log-likelihoods per step. No reference.
 */
export function simpleLoss(pair: PairEvidence, { beta, targetMargin }: ObjectiveConfig): Tensor {
  return inExpectation(pair, (winner, loser) =>
    softplus(add(targetMargin, mul(beta, sub(lossOf(winner, 'simpo'), lossOf(loser, 'simpo'))))),
  );
}

/** Losses below this have odds too large to tell apart in float32. */
const LEAST_ODDS_LOSS = 1e-4;

/**
 * ORPO (Hong et al. 2024, arXiv 2403.07691, eqs. 6 and 7): l(winner) - lambda log S(log odds(winner) - log odds(loser)), with
 * odds = p / (1 - p) and p = exp(-l). For losses above 0: mean negative log-probabilities, or denoising losses. No reference.
 */
export function oddsRatioLoss(pair: PairEvidence, { oddsWeight }: ObjectiveConfig): Tensor {
  const logOdds = (sample: SampleEvidence): Tensor => {
    const loss = maximum(lossOf(sample, 'orpo'), LEAST_ODDS_LOSS);
    return neg(add(loss, log(sub(1, exp(neg(loss))))));
  };
  return inExpectation(pair, (winner, loser) =>
    add(lossOf(winner, 'orpo'), mul(oddsWeight, softplus(sub(logOdds(loser), logOdds(winner))))),
  );
}

/**
 * MaPO (Hong et al. 2024, arXiv 2406.06424, and the authors' code): l(winner) - w log S(K (u(winner) - u(loser))) with
 * u = b l / (exp(b l) - 1), bounded and falling in the denoising loss. No reference, so it goes where demonstrations
 * are rare.
 */
export function marginAwareLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  const { likelihoodScale, likelihoodGain, likelihoodWeight } = config;
  const bounded = (sample: SampleEvidence): Tensor => boundedLikelihood(mul(likelihoodScale, lossOf(sample, 'mapo')));
  return inExpectation(pair, (winner, loser) =>
    add(
      lossOf(winner, 'mapo'),
      mul(likelihoodWeight, softplus(mul(likelihoodGain, sub(bounded(loser), bounded(winner))))),
    ),
  );
}

/** x / (exp(x) - 1), as (x / 2) (1 / tanh(x / 2) - 1), and its series near 0 where that is 0 / 0. */
function boundedLikelihood(x: Tensor): Tensor {
  const small = less(abs(x), 0.01);
  const half = mul(0.5, where(small, 1, x));
  const series = add(sub(1, mul(0.5, x)), mul(1 / 12, square(x)));
  return where(small, series, mul(half, sub(div(1, tanh(half)), 1)));
}

/**
 * Contrastive policy gradient (Flet-Berliac et al. 2024, arXiv 2406.19185): half the squared difference between the
 * rewards' difference and the margin. Uses rewards of both samples, no label; IPO is its case of a constant difference.
 */
export function rewardRegressionLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  const rewardOf = (sample: SampleEvidence): Tensor => requirePart(sample.reward, 'reward', 'copg');
  const difference = sub(rewardOf(pair.first), rewardOf(pair.second));
  return mul(0.5, square(sub(difference, marginOf(pair, config))));
}

/**
 * KTO for samples rated good or bad one by one (Ethayarajh et al. 2024, arXiv 2402.01306, eq. 8; for diffusion policies Li
 * et al. 2024, arXiv 2404.04465): w (1 - S(+-(beta score - z))), plus for good, minus for bad ones. The reference point z
 * is the batch mean of beta score, at least 0, and carries no gradient (as in the Diffusion-KTO code).
 * @returns shape [batch]
 */
export function kahnemanTversky({ score, target }: RatedEvidence, config: ObjectiveConfig): Tensor {
  const value = mul(config.beta, score);
  const gain = sub(value, stopGradient(maximum(mean(value), 0)));
  const part = (share: Operand, weight: number, signed: Tensor): Tensor =>
    mul(mul(share, weight), sub(1, sigmoid(signed)));
  return add(part(target, config.goodWeight, gain), part(sub(1, target), config.badWeight, neg(gain)));
}
