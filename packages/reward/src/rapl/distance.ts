import { Sinkhorn } from '../transport/sinkhorn.js';
import { cosineCosts, type EmbeddedVideo } from './embedding.js';

/** Plans are right to a thousandth of the mass of a frame, far below what rewards can tell apart. */
const TOLERANCE = 1e-4;
const MAX_ITERATIONS = 500;
/** Pairs of lengths whose memory is kept: an episode that grows frame by frame comes with new lengths all the time. */
const KEPT_LENGTHS = 64;

/** Transport between embedded videos; keeps one solver and one cost buffer for each of the last pairs of lengths. */
export class VideoTransport {
  readonly #solvers = new Map<string, Sinkhorn>();
  readonly #costs = new Map<string, Float32Array>();

  constructor(
    readonly embeddingSize: number,
    readonly regularization: number,
  ) {}

  /**
   * Solves the problem between two videos and returns the solver that holds its plan, row costs (shape [a.frames]) and
   * total cost D. Borrowed: the next call with videos of these lengths overwrites them.
   */
  solve(a: EmbeddedVideo, b: EmbeddedVideo): { readonly solver: Sinkhorn; readonly distance: number } {
    const key = `${a.frames}x${b.frames}`;
    let solver = this.#solvers.get(key);
    let costs = this.#costs.get(key);
    if (solver === undefined || costs === undefined) {
      solver = new Sinkhorn(a.frames, b.frames, {
        regularization: this.regularization,
        tolerance: TOLERANCE,
        maxIterations: MAX_ITERATIONS,
      });
      costs = new Float32Array(a.frames * b.frames);
      this.#solvers.set(key, solver);
      this.#costs.set(key, costs);
      if (this.#solvers.size > KEPT_LENGTHS) this.#forgetOldest();
    }
    cosineCosts(a, b, this.embeddingSize, costs);
    return { solver, distance: solver.solve(costs).cost };
  }

  #forgetOldest(): void {
    const oldest = this.#solvers.keys().next().value!;
    this.#solvers.delete(oldest);
    this.#costs.delete(oldest);
  }

  /** The costs of the last problem of these lengths, shape [a.frames, b.frames]. Borrowed. */
  costs(a: EmbeddedVideo, b: EmbeddedVideo): Float32Array {
    return this.#costs.get(`${a.frames}x${b.frames}`) ?? new Float32Array(a.frames * b.frames);
  }
}
