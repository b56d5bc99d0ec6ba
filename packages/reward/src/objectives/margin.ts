import { add, mul, neg, type Operand, sigmoid, softplus, square, sub, type Tensor } from '@rapport/nn';

/**
 * A preference objective: the loss of each margin, shape of `margin`. The margin is the log-odds that the first of two
 * things is preferred; `target` is the probability that it is (1 preferred, 1/2 a tie). Objectives are written on margins
 * so that reward models (difference of summed rewards), RAPL (difference of transport distances) and policies (difference
 * of log-ratios) share them.
 */
export type MarginObjective = (margin: Tensor, target: Operand) => Tensor;

/**
 * Cross-entropy under the Bradley-Terry model: -y log S(m) - (1 - y) log S(-m) with S the logistic function
 * (Bradley and Terry 1952). Written as softplus(-m) + (1 - y) m, which is exact for any y and never overflows.
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

/** Objectives by their names in configurations. */
export const marginObjectives = {
  'log-likelihood': bradleyTerry,
  'probability-error': probabilityError,
} satisfies Record<string, MarginObjective>;

export type MarginObjectiveName = keyof typeof marginObjectives;
