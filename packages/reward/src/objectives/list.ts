import { InputError } from '@rapport/core';
import {
  abs,
  add,
  cast,
  concat,
  constant,
  div,
  equal,
  expandDims,
  less,
  log,
  logSoftmax,
  logSumExp,
  mul,
  neg,
  reshape,
  slice,
  softplus,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '@rapport/nn';

/**
 * Objectives of rankings. Scores have shape [batch, items], each row ordered from the best item to the worst, two items or
 * more; losses have shape [batch].
 */
export type ListObjective = (scores: Tensor) => Tensor;

/**
 * Negative log-likelihood of a ranking under the Plackett-Luce model (Plackett 1975; Luce 1959): the best item wins a
 * softmax over all, the second one over the rest, and so on. With two items it is `bradleyTerry` of their difference.
 * With all temperatures 1 it is also the ranking part of PRO (Song et al. 2023, arXiv 2306.17492).
 * @param scores shape [batch, items], each row ordered from the best item to the worst
 * @returns shape [batch]
 */
export const plackettLuce: ListObjective = (scores) => {
  const { items } = sizes(scores, 'plackettLuce');
  let total: Tensor | undefined;
  for (let place = 0; place < items - 1; place++) {
    const term = sub(logSumExp(slice(scores, 1, place), { axes: [1] }), item(scores, place));
    total = total === undefined ? term : add(total, term);
  }
  return total!;
};

/** Bradley-Terry on the best and the worst item alone: the baseline for any claim about lists. */
export const bestWorst: ListObjective = (scores) => {
  const { items } = sizes(scores, 'bestWorst');
  return softplus(sub(item(scores, items - 1), item(scores, 0)));
};

/** Bradley-Terry on all pairs of the list, their mean (RankNet: Burges et al. 2005). */
export const allPairs: ListObjective = (scores) => {
  const { items } = sizes(scores, 'allPairs');
  return div(
    sumOfPairs(pairLosses(scores), () => 1),
    (items * (items - 1)) / 2,
  );
};

/** Bradley-Terry on neighbours in the list, their mean. */
export const adjacentPairs: ListObjective = (scores) => {
  const { items } = sizes(scores, 'adjacentPairs');
  return div(
    sumOfPairs(pairLosses(scores), (better, worse) => (worse - better === 1 ? 1 : 0)),
    items - 1,
  );
};

/**
 * ListNet (Cao et al. 2007): cross-entropy between the softmax of grades and the softmax of scores. Grades fall evenly from
 * `topGrade` to 0.
 */
export function listNet(topGrade: number): ListObjective {
  return (scores) => {
    const { items } = sizes(scores, 'listNet');
    const weights = grades(items, topGrade).map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const wanted = constant(
      weights.map((weight) => weight / total),
      [1, items],
    );
    return neg(sum(mul(wanted, logSoftmax(scores)), { axes: [1] }));
  };
}

/**
 * LiPO-lambda (Liu et al. 2024, arXiv 2402.01878): pairs weigh what swapping them would change in the discounted gain,
 * |G_i - G_j| |1/D(k_i) - 1/D(k_j)| with G = 2^grade - 1, D(k) = log(1 + k) and k the item's rank by the scores themselves.
 * Weights carry no gradient. Equal scores rank in the list's order. Grades as in `listNet`.
 */
export function lipoLambda(topGrade: number): ListObjective {
  return (scores) => {
    const { items } = sizes(scores, 'lipoLambda');
    const discounts = div(1, log(add(1, ranksByScore(scores))));
    const gains = grades(items, topGrade).map((grade) => 2 ** grade - 1);
    const discountGaps = abs(sub(expandDims(discounts, 2), expandDims(discounts, 1)));
    return sumOfPairs(mul(pairLosses(scores), discountGaps), (better, worse) => gains[better]! - gains[worse]!);
  };
}

/**
 * RankList, reconstructed from the abstract of its paper (the exact loss was not at hand): one soft constraint over all
 * pairs, log(1 + sum over better-worse pairs of exp(-(s_i - s_j))).
 */
export const rankList: ListObjective = (scores) => {
  const { batch, items } = sizes(scores, 'rankList');
  const differences: Tensor[] = [];
  for (let better = 0; better < items - 1; better++) {
    const worse = slice(scores, 1, better + 1);
    differences.push(sub(worse, reshape(item(scores, better), [batch, 1])));
  }
  return softplus(logSumExp(concat(differences, 1), { axes: [1] }));
};

/** softplus(-(s_i - s_j)) for every i (axis 1) and j (axis 2). */
function pairLosses(scores: Tensor): Tensor {
  return softplus(sub(expandDims(scores, 1), expandDims(scores, 2)));
}

/** Rank of every item by its score, from 1; of equal ones the earlier in the list comes first. No gradient. */
function ranksByScore(scores: Tensor): Tensor {
  const fixed = stopGradient(scores);
  const [mine, other] = [expandDims(fixed, 2), expandDims(fixed, 1)];
  const above = cast(less(mine, other), 'float32');
  const earlierEqual = mul(
    cast(equal(mine, other), 'float32'),
    pairMatrix(scores.shape[1]!, (i, j) => (j < i ? 1 : 0)),
  );
  return add(1, sum(add(above, earlierEqual), { axes: [2] }));
}

/** One number for every pair of places, shape [1, items, items]. */
function pairMatrix(items: number, value: (i: number, j: number) => number): Tensor {
  const values = Array.from({ length: items ** 2 }, (_, index) => value(Math.floor(index / items), index % items));
  return constant(values, [1, items, items]);
}

/** Sum over pairs with i better than j, each by its weight. */
function sumOfPairs(values: Tensor, weight: (better: number, worse: number) => number): Tensor {
  const weights = pairMatrix(values.shape[1]!, (i, j) => (i < j ? weight(i, j) : 0));
  return sum(mul(values, weights), { axes: [1, 2] });
}

/** Grades of the places, falling evenly from `top` to 0. */
function grades(items: number, top: number): number[] {
  return Array.from({ length: items }, (_, place) => (top * (items - 1 - place)) / (items - 1));
}

/** Scores of one place, shape [batch]. */
function item(scores: Tensor, place: number): Tensor {
  return reshape(slice(scores, 1, place, place + 1), [scores.shape[0]!]);
}

/** @throws InputError for scores of another shape than [batch, 2 or more] */
function sizes({ shape }: Tensor, objective: string): { readonly batch: number; readonly items: number } {
  const [batch, items] = shape;
  if (shape.length !== 2 || batch === undefined || items === undefined || items < 2) {
    throw new InputError(`${objective} scores have shape [${shape.join(', ')}]; expected [batch, 2 or more]`);
  }
  return { batch, items };
}
