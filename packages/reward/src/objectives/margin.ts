import { InputError } from '@rapport/core';
import { add, div, exp, mul, neg, type Operand, relu, sigmoid, softplus, square, sub, type Tensor } from '@rapport/nn';

/**
 * A preference objective: the loss of each margin, shape of `margin`. The margin is the log-odds that the first of two
 * things is preferred; `target` is the probability that it is (1 preferred, 1/2 a tie). Objectives are written on margins
 * so that reward models (difference of summed rewards), RAPL (difference of transport distances) and policies (difference
 * of log-ratios) share them.
 */
export type MarginObjective = (margin: Tensor, target: Operand) => Tensor;

/**
 * A loss of strict preferences made one of soft targets: y L(m) + (1 - y) L(-m), the expected loss when the first is
 * preferred with probability y.
 */
export function inExpectation(strict: (margin: Tensor) => Tensor): MarginObjective {
  return (margin, target) =>
    target === 1 ? strict(margin) : add(mul(target, strict(margin)), mul(sub(1, target), strict(neg(margin))));
}

/**
 * Cross-entropy under the Bradley-Terry model: -y log S(m) - (1 - y) log S(-m) with S the logistic function
 * (Bradley and Terry 1952). Written as softplus(-m) + (1 - y) m, which is exact for any y and never overflows. On a
 * policy's margin it is DPO (Rafailov et al. 2023, arXiv 2305.18290, eq. 7), on denoising losses Diffusion-DPO (Wallace
 * et al. 2023, arXiv 2311.12908).
 */
export const bradleyTerry: MarginObjective = (margin, target) =>
  add(softplus(neg(margin)), mul(sub(1, target), margin));

/**
 * The probability given to the wrong answer, 1 - S(m), for a strict preference, and (1/2 - S(m))^2 for a tie: the loss that
 * RAPL's authors minimise (their public training code). Bounded, so single mislabelled pairs weigh little.
 */
export const probabilityError: MarginObjective = (margin, target) => {
  const probability = sigmoid(margin);
  const tie = mul(mul(4, target), sub(1, target));
  const wrong = add(mul(target, sub(1, probability)), mul(sub(1, target), probability));
  return add(mul(sub(1, tie), wrong), mul(tie, square(sub(probability, 0.5))));
};

/**
 * IPO (Azar et al. 2023, arXiv 2310.12036, eq. 17): (h - 1/(2 beta))^2 on the difference h = m / beta of log-ratios, here
 * ((m - 1/2) / beta)^2. The margin is drawn to 1/2 instead of to infinity.
 */
export function identityPreference(beta: number): MarginObjective {
  return inExpectation((margin) => square(div(sub(margin, 0.5), beta)));
}

/**
 * Hinge: max(0, width - m). SLiC-HF's calibration loss (Zhao et al. 2023, arXiv 2305.10425); with a width of 1 on a
 * policy's margin it is the normalised hinge of RSO (Liu et al. 2023, arXiv 2309.06657).
 */
export function hinge(width: number): MarginObjective {
  return inExpectation((margin) => relu(sub(width, margin)));
}

/**
 * Conservative DPO (Mitchell 2023, "A note on DPO with noisy preferences"): targets are pulled to the middle,
 * y' = (1 - e) y + e (1 - y), as if labels were flipped with rate e.
 */
export function smoothed(base: MarginObjective, rate: number): MarginObjective {
  return (margin, target) => base(margin, add(mul(target, 1 - 2 * rate), rate));
}

/** From this flip rate on the correction's variance outweighs what it corrects. */
const LARGEST_FLIP_RATE = 0.45;

/**
 * Robust DPO (Ray Chowdhury et al. 2024, arXiv 2403.00409): ((1 - e) L(m, y) - e L(m, 1 - y)) / (1 - 2 e), whose
 * expectation over labels flipped with rate e is the loss of the clean labels. Not bounded below: stop early.
 * @throws InputError for a flip rate outside [0, 0.45)
 */
export function flipCorrected(base: MarginObjective, flipRate: number): MarginObjective {
  if (!(flipRate >= 0 && flipRate < LARGEST_FLIP_RATE)) {
    throw new InputError(`flipRate is ${flipRate}; expected a rate in [0, ${LARGEST_FLIP_RATE})`, {
      fix: 'estimate how often labels are flipped, or use soft labels where they are close to chance',
    });
  }
  const [right, wrong] = [(1 - flipRate) / (1 - 2 * flipRate), flipRate / (1 - 2 * flipRate)];
  return (margin, target) => sub(mul(right, base(margin, target)), mul(wrong, base(margin, sub(1, target))));
}

/**
 * Bradley-Terry with a margin label (Llama 2, Touvron et al. 2023, arXiv 2307.09288, eq. 2; Wang et al. 2024, "Secrets of
 * RLHF II", arXiv 2401.06080): -log S(m - scale * strength), the strength being what the annotator stated, 0 or more.
 */
export function marginLabelled(strength: Operand, scale: number): MarginObjective {
  return inExpectation((margin) => softplus(sub(mul(scale, strength), margin)));
}

/**
 * Dynamic beta (MM-RLHF, Zhang et al. 2025, arXiv 2502.10391): the margin counts 1 + weight (1 - exp(-rate * strength))
 * times, more where the difference is clearer.
 */
export function dynamicBeta(strength: Operand, weight: number, rate: number): MarginObjective {
  const factor = add(1, mul(weight, sub(1, exp(mul(strength, -rate)))));
  return (margin, target) => bradleyTerry(mul(margin, factor), target);
}

/** Objectives by their names in configurations. */
export const marginObjectives = {
  'log-likelihood': bradleyTerry,
  'probability-error': probabilityError,
} satisfies Record<string, MarginObjective>;

export type MarginObjectiveName = keyof typeof marginObjectives;
