import {
  concat,
  div,
  input,
  matmul,
  mul,
  norm,
  type Operand,
  type Parameter,
  parameter,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  uniformFanIn,
} from '@rapport/nn';
import { type MarginObjectiveName, marginObjectives } from '../objectives/margin.js';
import { sinkhornTransport } from '../transport/symbolic.js';

export interface RaplGraphOptions {
  readonly featureSize: number;
  readonly embeddingSize: number;
  /** Frames of each video, T. */
  readonly frames: number;
  /** Triplets in a batch, B. */
  readonly batch: number;
  readonly regularization: number;
  readonly temperature: Operand;
  readonly loss: MarginObjectiveName;
}

export interface RaplGraph {
  readonly parameters: readonly Parameter[];
  /**
   * Weighted mean of the triplets' losses. Inputs: `anchor`, `near`, `far`, shape [B * T, features], standardised;
   * `target` and `weight`, shape [B].
   */
  readonly loss: Tensor;
}

/** Name of the head's matrix, shape [features, embedding]. */
export const HEAD = 'head';

/** Sweeps after which plans are right to about 1e-3 at costs up to 2 / regularization; gradients follow them. */
export function sweepsFor(regularization: number): number {
  return Math.max(4, Math.min(20, Math.ceil(1.5 / regularization)));
}

/** RAPL's loss: margin = (D(anchor, far) - D(anchor, near)) / temperature, D the transport cost between embeddings. */
export function raplGraph(options: RaplGraphOptions): RaplGraph {
  const { featureSize, embeddingSize, frames, batch } = options;
  const head = parameter(HEAD, [featureSize, embeddingSize], uniformFanIn(featureSize));
  const embed = (name: string): Tensor => {
    const embedded = matmul(input(name, [batch * frames, featureSize]), head);
    return reshape(div(embedded, norm(embedded)), [batch, frames, embeddingSize]);
  };
  const anchor = embed('anchor');
  const cosine = (other: Tensor): Tensor => matmul(anchor, other, { transposeB: true });
  const costs = sub(1, concat([cosine(embed('near')), cosine(embed('far'))], 0));
  const { cost } = sinkhornTransport(costs, {
    regularization: options.regularization,
    iterations: sweepsFor(options.regularization),
  });
  const margin = div(sub(slice(cost, 0, batch, 2 * batch), slice(cost, 0, 0, batch)), options.temperature);
  const weight = input('weight', [batch]);
  const losses = marginObjectives[options.loss](margin, input('target', [batch]));
  return { parameters: [head], loss: div(sum(mul(losses, weight)), sum(weight)) };
}
