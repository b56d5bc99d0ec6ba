import { add, div, minimum, mul, sqrt, square, sub, sum } from './ops/index.js';
import type { Tensor } from './tensor.js';

/** A rule that moves a flat parameter vector against its gradient. */
export interface Optimizer {
  /** Names of the vectors it keeps beside the parameters; all start at zero. */
  readonly moments: readonly string[];
  /** Numbers that follow from the step, counted from 1: learning rate and bias correction. */
  scalars(step: number): Readonly<Record<string, number>>;
  /** Scalars that follow from the flat gradient; the graph computes them with it. */
  measure(gradient: Tensor): Readonly<Record<string, Tensor>>;
  /**
   * New parameters and moments as symbolic vectors: plain arithmetic, element by element. `scalars` are those of `scalars` and
   * of `measure`.
   */
  update(
    parameters: Tensor,
    gradient: Tensor,
    moments: Readonly<Record<string, Tensor>>,
    scalars: Readonly<Record<string, Tensor>>,
  ): { readonly parameters: Tensor; readonly moments: Readonly<Record<string, Tensor>> };
}

export interface AdamOptions {
  /** A number, or a schedule: the rate at a step counted from 1. */
  readonly learningRate: number | ((step: number) => number);
  /** Decay of the mean of gradients. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** The gradient of the group is scaled down to this Euclidean norm when it is longer. */
  readonly maxGradientNorm?: number;
}

/** Adam with bias correction (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1); defaults as in torch. */
export function adam(options: AdamOptions): Optimizer {
  return adamW({ ...options, weightDecay: 0 });
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2). */
export function adamW(options: AdamOptions & { readonly weightDecay: number }): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, maxGradientNorm, weightDecay } = options;
  return {
    moments: ['m', 'v'],
    // The moments are kept without the factors (1 - beta): m = beta1 m + g, v = beta2 v + g^2. Bias correction, those
    // factors and the rate then fold into two scalars, and the update is ten operators. Algebraically it is Adam's.
    scalars(step) {
      const rate = typeof learningRate === 'number' ? learningRate : learningRate(step);
      const root = Math.sqrt((1 - beta2 ** step) / (1 - beta2));
      return {
        stepSize: ((rate * (1 - beta1)) / (1 - beta1 ** step)) * root,
        epsilon: epsilon * root,
        ...(weightDecay === 0 ? {} : { keep: 1 - rate * weightDecay }),
      };
    },
    measure: (gradient) => (maxGradientNorm === undefined ? {} : { shorten: shortening(gradient, maxGradientNorm) }),
    update(parameters, rawGradient, moments, scalars) {
      const gradient = maxGradientNorm === undefined ? rawGradient : mul(rawGradient, scalars.shorten!);
      const m = add(mul(moments.m!, beta1), gradient);
      const v = add(mul(moments.v!, beta2), square(gradient));
      const change = div(mul(m, scalars.stepSize!), add(sqrt(v), scalars.epsilon!));
      const kept = weightDecay === 0 ? parameters : mul(parameters, scalars.keep!);
      return { parameters: sub(kept, change), moments: { m, v } };
    },
  };
}

/** What a gradient is multiplied with so that it is not longer than `maxNorm`. */
function shortening(gradient: Tensor, maxNorm: number): Tensor {
  const norm = sqrt(sum(square(gradient)));
  return minimum(div(maxNorm, add(norm, 1e-6)), 1);
}
