import { InputError } from '@rapport/core';
import { expInto } from './exponential.js';

/** How an entropic transport problem is solved. */
export interface SinkhornOptions {
  /** Strength epsilon of the entropy, in the unit of the costs; small means close to exact transport. */
  readonly regularization: number;
  /** Stop when the row sums of the plan differ from the row masses by less than this, summed over rows. */
  readonly tolerance: number;
  /** Stop after this many sweeps over rows and columns, whatever the tolerance. */
  readonly maxIterations: number;
}

/** What solving one problem gave; the plan itself stays in `Sinkhorn.plan`. */
export interface TransportResult {
  /** Sum of plan times cost, without the entropy. */
  readonly cost: number;
  readonly iterations: number;
  /** Sum over rows of |row sum - row mass|; above the tolerance when the iteration limit was hit. */
  readonly marginalError: number;
}

/** Scalings beyond this are moved into the potentials, so that nothing over- or underflows. */
const LARGE_SCALING = 1e60;

/**
 * Entropic optimal transport: minimises <P, C> + epsilon KL(P || a b^T) over plans P with marginals a and b (Cuturi,
 * Sinkhorn Distances, 2013, equation 2). Works in the log domain by absorption (Schmitzer, Stabilized Sparse Scaling
 * Algorithms, 2019, section 3): P = u K v with K = exp((f + g - C) / epsilon); ordinary scaling sweeps change u and v,
 * and their logarithms go into the potentials f and g when they become large. A sweep that would divide by zero is done
 * as a soft-min over the costs instead, so that any positive regularization works.
 *
 * One object solves problems of one shape and owns the memory; `solve` allocates nothing but its result.
 */
export class Sinkhorn {
  /** Plan of the last problem, shape [rows, columns]. Borrowed: the next `solve` overwrites it. */
  readonly plan: Float64Array;
  /** Cost of each row in the last problem, shape [rows]: sum over columns of plan times cost. Borrowed. */
  readonly rowCosts: Float64Array;
  readonly #cost: Float64Array;
  readonly #kernel: Float64Array;
  readonly #rowMass: Float64Array;
  readonly #columnMass: Float64Array;
  readonly #f: Float64Array;
  readonly #g: Float64Array;
  readonly #u: Float64Array;
  readonly #v: Float64Array;
  readonly #columnSums: Float64Array;
  readonly #blockSums = new Float64Array(ROW_BLOCK);

  /**
   * @param rowMass shape [rows], positive, sum 1; uniform when absent
   * @param columnMass shape [columns], positive, sum 1; uniform when absent
   * @throws InputError when an option or a mass is not positive
   */
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly options: SinkhornOptions,
    rowMass?: ArrayLike<number>,
    columnMass?: ArrayLike<number>,
  ) {
    checkPositive('regularization', options.regularization);
    checkPositive('tolerance', options.tolerance);
    checkPositive('maxIterations', options.maxIterations);
    this.#rowMass = masses('row', rows, rowMass);
    this.#columnMass = masses('column', columns, columnMass);
    this.plan = new Float64Array(rows * columns);
    this.rowCosts = new Float64Array(rows);
    this.#cost = new Float64Array(rows * columns);
    this.#kernel = new Float64Array(rows * columns);
    this.#f = new Float64Array(rows);
    this.#g = new Float64Array(columns);
    this.#u = new Float64Array(rows);
    this.#v = new Float64Array(columns);
    this.#columnSums = new Float64Array(columns);
  }

  /**
   * @param costs holds the problem's costs, row-major, from `offset` on; finite
   * @throws InputError when the array is too short
   */
  solve(costs: Float32Array | Float64Array, offset = 0): TransportResult {
    const size = this.rows * this.columns;
    if (costs.length < offset + size) {
      throw new InputError(`costs have ${costs.length} entries; expected at least ${offset + size}`);
    }
    for (let index = 0; index < size; index++) this.#cost[index] = costs[offset + index]!;
    this.#start();

    let iterations = 0;
    let marginalError = Number.POSITIVE_INFINITY;
    while (iterations < this.options.maxIterations) {
      marginalError = this.#sweep();
      if (marginalError < this.options.tolerance) break;
      iterations += 1;
    }
    return { cost: this.#finish(), iterations, marginalError };
  }

  /** Row minima as first potentials: every row of the kernel has an entry of 1. */
  #start(): void {
    const { rows, columns } = this;
    for (let row = 0; row < rows; row++) {
      let least = Number.POSITIVE_INFINITY;
      for (let index = row * columns; index < (row + 1) * columns; index++) {
        if (this.#cost[index]! < least) least = this.#cost[index]!;
      }
      this.#f[row] = least;
    }
    this.#g.fill(0);
    this.#v.set(this.#columnMass);
    this.#u.fill(0);
    this.#buildKernel();
  }

  #buildKernel(): void {
    const { rows, columns } = this;
    const scale = 1 / this.options.regularization;
    const kernel = this.#kernel;
    const cost = this.#cost;
    const g = this.#g;
    for (let row = 0, index = 0; row < rows; row++) {
      const f = this.#f[row]!;
      for (let column = 0; column < columns; column++, index++) {
        kernel[index] = (f + g[column]! - cost[index]!) * scale;
      }
    }
    expInto(kernel);
  }

  /**
   * Scales the rows, then the columns, and returns the row error before the sweep. The columns were exact then, so that
   * is the whole error of the plan that the sweep improved.
   */
  #sweep(): number {
    const { rows, columns } = this;
    const kernel = this.#kernel;
    const u = this.#u;
    const v = this.#v;
    const sums = this.#columnSums;
    let error = 0;
    let least = Number.POSITIVE_INFINITY;
    let greatest = 0;
    sums.fill(0);
    for (let row = 0; row < rows; row += ROW_BLOCK) {
      const count = Math.min(ROW_BLOCK, rows - row);
      rowSums(kernel, row, count, v, this.#blockSums);
      for (let lane = 0; lane < count; lane++) {
        const rowSum = this.#blockSums[lane]!;
        const mass = this.#rowMass[row + lane]!;
        error += Math.abs(u[row + lane]! * rowSum - mass);
        const scaling = mass / rowSum;
        u[row + lane] = scaling;
        if (scaling < least) least = scaling;
        if (scaling > greatest) greatest = scaling;
      }
      addScaledRows(sums, kernel, row, count, u);
    }
    for (let column = 0; column < columns; column++) {
      const scaling = this.#columnMass[column]! / sums[column]!;
      sums[column] = scaling;
      if (scaling < least) least = scaling;
      if (scaling > greatest) greatest = scaling;
    }
    // Written so that NaN counts as out of range.
    if (!(greatest < 1e300 && least > 1e-300)) {
      this.#softMinSweep();
      return error;
    }
    v.set(sums);
    if (greatest > LARGE_SCALING || least < 1 / LARGE_SCALING) this.#absorb();
    return error;
  }

  /** Moves the scalings into the potentials and builds the kernel anew. */
  #absorb(): void {
    const epsilon = this.options.regularization;
    for (let row = 0; row < this.rows; row++) this.#f[row] = this.#f[row]! + epsilon * Math.log(this.#u[row]!);
    for (let column = 0; column < this.columns; column++) {
      this.#g[column] = this.#g[column]! + epsilon * Math.log(this.#v[column]!);
    }
    this.#u.fill(1);
    this.#v.fill(1);
    this.#buildKernel();
  }

  /** The same sweep on the potentials alone, from the last usable column scalings. */
  #softMinSweep(): void {
    const { rows, columns } = this;
    const epsilon = this.options.regularization;
    const f = this.#f;
    const g = this.#g;
    const cost = this.#cost;
    for (let column = 0; column < columns; column++) g[column] = g[column]! + epsilon * Math.log(this.#v[column]!);
    for (let row = 0; row < rows; row++) {
      f[row] = epsilon * Math.log(this.#rowMass[row]!) + softMin(cost, row * columns, 1, g, epsilon);
    }
    for (let column = 0; column < columns; column++) {
      g[column] = epsilon * Math.log(this.#columnMass[column]!) + softMin(cost, column, columns, f, epsilon);
    }
    this.#u.fill(1);
    this.#v.fill(1);
    this.#buildKernel();
  }

  /** Writes the plan and the row costs; returns the total cost. */
  #finish(): number {
    const { rows, columns, plan, rowCosts } = this;
    const kernel = this.#kernel;
    const cost = this.#cost;
    const v = this.#v;
    let total = 0;
    for (let row = 0, index = 0; row < rows; row++) {
      const scaling = this.#u[row]!;
      let rowCost = 0;
      for (let column = 0; column < columns; column++, index++) {
        const mass = scaling * kernel[index]! * v[column]!;
        plan[index] = mass;
        rowCost += mass * cost[index]!;
      }
      rowCosts[row] = rowCost;
      total += rowCost;
    }
    return total;
  }
}

/** Rows that the inner loops take together: the vector is read once for all four. */
const ROW_BLOCK = 4;

/** out[lane] = sum over j of matrix[row + lane][j] * vector[j], for `count` <= 4 lanes. */
function rowSums(matrix: Float64Array, row: number, count: number, vector: Float64Array, out: Float64Array): void {
  const length = vector.length;
  const r0 = row * length;
  if (count < ROW_BLOCK) {
    for (let lane = 0; lane < count; lane++) {
      let total = 0;
      for (let index = 0; index < length; index++) total += matrix[r0 + lane * length + index]! * vector[index]!;
      out[lane] = total;
    }
    return;
  }
  const r1 = r0 + length;
  const r2 = r1 + length;
  const r3 = r2 + length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let index = 0; index < length; index++) {
    const factor = vector[index]!;
    s0 += matrix[r0 + index]! * factor;
    s1 += matrix[r1 + index]! * factor;
    s2 += matrix[r2 + index]! * factor;
    s3 += matrix[r3 + index]! * factor;
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}

/** target[j] += sum over lanes of scales[row + lane] * matrix[row + lane][j], for `count` <= 4 lanes. */
function addScaledRows(
  target: Float64Array,
  matrix: Float64Array,
  row: number,
  count: number,
  scales: Float64Array,
): void {
  const length = target.length;
  const r0 = row * length;
  if (count < ROW_BLOCK) {
    for (let lane = 0; lane < count; lane++) {
      const scale = scales[row + lane]!;
      for (let index = 0; index < length; index++) {
        target[index] = target[index]! + scale * matrix[r0 + lane * length + index]!;
      }
    }
    return;
  }
  const r1 = r0 + length;
  const r2 = r1 + length;
  const r3 = r2 + length;
  const s0 = scales[row]!;
  const s1 = scales[row + 1]!;
  const s2 = scales[row + 2]!;
  const s3 = scales[row + 3]!;
  for (let index = 0; index < length; index++) {
    target[index] =
      target[index]! +
      (s0 * matrix[r0 + index]! + s1 * matrix[r1 + index]! + (s2 * matrix[r2 + index]! + s3 * matrix[r3 + index]!));
  }
}

/** -epsilon log sum over k of exp((potential[k] - cost[start + k stride]) / epsilon), with the largest term taken out. */
function softMin(cost: Float64Array, start: number, stride: number, potential: Float64Array, epsilon: number): number {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let k = 0, at = start; k < potential.length; k++, at += stride) {
    greatest = Math.max(greatest, potential[k]! - cost[at]!);
  }
  let total = 0;
  for (let k = 0, at = start; k < potential.length; k++, at += stride) {
    total += Math.exp((potential[k]! - cost[at]! - greatest) / epsilon);
  }
  return -greatest - epsilon * Math.log(total);
}

function checkPositive(name: string, value: number): void {
  if (!(value > 0)) throw new InputError(`sinkhorn ${name} is ${value}; expected a positive number`);
}

function masses(side: string, count: number, given: ArrayLike<number> | undefined): Float64Array {
  if (given === undefined) return new Float64Array(count).fill(1 / count);
  if (given.length !== count) throw new InputError(`${side} masses have ${given.length} entries; expected ${count}`);
  const result = Float64Array.from(given);
  for (const mass of result) checkPositive(`${side} mass`, mass);
  return result;
}
