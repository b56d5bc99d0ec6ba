import {
  concat,
  div,
  input,
  matmul,
  mul,
  norm,
  type Operand,
  type Parameter,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
} from '@rapport/nn';
import { type MarginObjectiveName, marginObjectives } from '../objectives/margin.js';
import { sinkhornTransport } from '../transport/symbolic.js';
import { type HeadShape, headGraph } from './head.js';

export interface RaplGraphOptions {
  readonly head: HeadShape;
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

/** Sweeps after which plans are right to about 1e-3 at costs up to 2 / regularization; gradients follow them. */
export function sweepsFor(regularization: number): number {
  return Math.max(4, Math.min(20, Math.ceil(1.5 / regularization)));
}

/** RAPL's loss: margin = (D(anchor, far) - D(anchor, near)) / temperature, D the transport cost between embeddings. */
export function raplGraph(options: RaplGraphOptions): RaplGraph {
  const { frames, batch } = options;
  const { featureSize, embeddingSize } = options.head;
  const head = headGraph(options.head);
  const embed = (name: string): Tensor => {
    const embedded = head.apply(input(name, [batch * frames, featureSize]));
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
  return { parameters: head.parameters, loss: div(sum(mul(losses, weight)), sum(weight)) };
}
