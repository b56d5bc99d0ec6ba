import { InputError } from '@rapport/core';
import { add, constant, exp, logSumExp, mul, sub, sum, type Tensor } from '@rapport/nn';

export interface SymbolicSinkhornOptions {
  /** Strength epsilon of the entropy, in the unit of the costs. */
  readonly regularization: number;
  /** Sweeps over rows and columns; a graph has a fixed number. Gradients are those of the unrolled sweeps. */
  readonly iterations: number;
}

export interface SymbolicTransport {
  /** Shape [batch, rows, columns]. */
  readonly plan: Tensor;
  /** Shape [batch, rows]: what the plan of each row costs. */
  readonly rowCosts: Tensor;
  /** Shape [batch]: sum of plan times cost. */
  readonly cost: Tensor;
}

/**
 * Entropic optimal transport between uniform measures as a differentiable graph, `batch` problems at once. Log-domain
 * Sinkhorn (Peyre and Cuturi, Computational Optimal Transport, 2019, section 4.4), with potentials divided by epsilon:
 * f = log a - logsumexp_j(g - C / epsilon), g = log b - logsumexp_i(f - C / epsilon), P = exp(f + g - C / epsilon).
 * @param cost shape [batch, rows, columns]
 */
export function sinkhornTransport(cost: Tensor, options: SymbolicSinkhornOptions): SymbolicTransport {
  const [batch, rows, columns] = cost.shape;
  if (cost.shape.length !== 3 || batch === undefined || rows === undefined || columns === undefined) {
    throw new InputError(`transport cost has shape [${cost.shape.join(', ')}]; expected [batch, rows, columns]`);
  }
  const scores = mul(cost, -1 / options.regularization);
  const logRowMass = -Math.log(rows);
  const logColumnMass = -Math.log(columns);
  let f: Tensor = constant(0);
  let g: Tensor = constant(logColumnMass);
  for (let sweep = 0; sweep < options.iterations; sweep++) {
    f = sub(logRowMass, logSumExp(add(scores, g), { axes: [2], keepDims: true }));
    g = sub(logColumnMass, logSumExp(add(scores, f), { axes: [1], keepDims: true }));
  }
  const plan = exp(add(add(scores, f), g));
  const rowCosts = sum(mul(plan, cost), { axes: [2] });
  return { plan, rowCosts, cost: sum(rowCosts, { axes: [1] }) };
}
