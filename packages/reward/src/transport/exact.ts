import { InputError } from '@rapport/core';

/** An exact optimal-transport plan. */
export interface ExactPlan {
  /** Shape [rows, columns]; its row sums are the row masses, its column sums the column masses. */
  readonly plan: Float64Array;
  /** Sum of plan times cost. */
  readonly cost: number;
}

/** Mass below which a row counts as sent and a column as filled; rounding leaves about 1e-16 a step. */
const NO_MASS = 1e-13;

/**
 * Exact optimal transport between two discrete measures: minimises the sum of plan times cost over all plans with the
 * given marginals. Successive shortest augmenting paths with node potentials (Ahuja, Magnanti and Orlin, Network Flows,
 * section 9.7); each path is found by dense Dijkstra, so the work is about rows * columns per path.
 *
 * @param cost shape [rows, columns], finite
 * @param rowMass shape [rows], not negative
 * @param columnMass shape [columns], not negative, the same sum as `rowMass`
 * @throws InputError on wrong lengths or when the two sums differ by more than 1e-9
 */
export function exactTransport(
  cost: ArrayLike<number>,
  rowMass: ArrayLike<number>,
  columnMass: ArrayLike<number>,
): ExactPlan {
  const rows = rowMass.length;
  const columns = columnMass.length;
  if (cost.length !== rows * columns) {
    throw new InputError(`cost has ${cost.length} entries; expected ${rows} x ${columns} = ${rows * columns}`);
  }
  const supply = Float64Array.from(rowMass);
  const demand = Float64Array.from(columnMass);
  const totals = [sum(supply), sum(demand)] as const;
  if (Math.abs(totals[0] - totals[1]) > 1e-9) {
    throw new InputError(`row masses sum to ${totals[0]} and column masses to ${totals[1]}; expected equal sums`);
  }

  const plan = new Float64Array(rows * columns);
  const search = new PathSearch(cost, rows, columns, plan);
  for (let left = totals[0]; left > NO_MASS * rows; left = sum(supply)) {
    const end = search.shortestPath(supply, demand);
    if (end === undefined) break;
    search.augment(end, supply, demand);
  }
  let total = 0;
  for (let index = 0; index < plan.length; index++) total += plan[index]! * cost[index]!;
  return { plan, cost: total };
}

/** Dijkstra on the residual graph; nodes 0..rows-1 are rows, rows.. are columns. */
class PathSearch {
  readonly #potential: Float64Array;
  readonly #distance: Float64Array;
  readonly #parent: Int32Array;
  readonly #done: Uint8Array;

  constructor(
    readonly cost: ArrayLike<number>,
    readonly rows: number,
    readonly columns: number,
    readonly plan: Float64Array,
  ) {
    const nodes = rows + columns;
    this.#potential = new Float64Array(nodes);
    this.#distance = new Float64Array(nodes);
    this.#parent = new Int32Array(nodes);
    this.#done = new Uint8Array(nodes);
    // Reduced costs must start out non-negative: a column's potential is its least cost.
    for (let column = 0; column < columns; column++) {
      let least = Number.POSITIVE_INFINITY;
      for (let row = 0; row < rows; row++) least = Math.min(least, cost[row * columns + column]!);
      this.#potential[rows + column] = least;
    }
  }

  /** The column where the cheapest path from a row with supply to a column with demand ends. */
  shortestPath(supply: Float64Array, demand: Float64Array): number | undefined {
    const { rows, columns, cost, plan } = this;
    const distance = this.#distance;
    const potential = this.#potential;
    distance.fill(Number.POSITIVE_INFINITY);
    this.#done.fill(0);
    this.#parent.fill(-1);
    for (let row = 0; row < rows; row++) if (supply[row]! > NO_MASS) distance[row] = 0;

    let end: number | undefined;
    for (let node = this.#nearest(); node !== undefined; node = this.#nearest()) {
      this.#done[node] = 1;
      const base = distance[node]! + potential[node]!;
      if (node < rows) {
        for (let column = 0; column < columns; column++) {
          this.#relax(node, rows + column, base + cost[node * columns + column]! - potential[rows + column]!);
        }
        continue;
      }
      const column = node - rows;
      if (demand[column]! > NO_MASS) {
        end = column;
        break;
      }
      for (let row = 0; row < rows; row++) {
        if (plan[row * columns + column]! > 0) {
          this.#relax(node, row, base - cost[row * columns + column]! - potential[row]!);
        }
      }
    }
    if (end === undefined) return undefined;
    const reached = distance[rows + end]!;
    for (let node = 0; node < potential.length; node++) {
      potential[node] = potential[node]! + Math.min(distance[node]!, reached);
    }
    return end;
  }

  /** Sends as much mass as fits along the path that ends at the column. */
  augment(end: number, supply: Float64Array, demand: Float64Array): void {
    const { rows, columns, plan } = this;
    let amount = demand[end]!;
    let node = rows + end;
    for (let parent = this.#parent[node]!; parent >= 0; node = parent, parent = this.#parent[node]!) {
      if (parent >= rows) amount = Math.min(amount, plan[node * columns + parent - rows]!);
    }
    amount = Math.min(amount, supply[node]!);
    supply[node] = supply[node]! - amount;
    demand[end] = demand[end]! - amount;
    node = rows + end;
    for (let parent = this.#parent[node]!; parent >= 0; node = parent, parent = this.#parent[node]!) {
      const forward = parent < rows;
      const index = forward ? parent * columns + node - rows : node * columns + parent - rows;
      plan[index] = forward ? plan[index]! + amount : plan[index]! - amount;
    }
  }

  #nearest(): number | undefined {
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let node = 0; node < this.#distance.length; node++) {
      if (this.#done[node] === 0 && this.#distance[node]! < least) {
        least = this.#distance[node]!;
        best = node;
      }
    }
    return best;
  }

  #relax(from: number, to: number, candidate: number): void {
    if (this.#done[to] === 0 && candidate < this.#distance[to]! - 1e-15) {
      this.#distance[to] = candidate;
      this.#parent[to] = from;
    }
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
