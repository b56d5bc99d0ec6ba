import type { ObservedStep } from '@rapport/policy';
import { type BlendedAction, ChunkBlender } from './chunk-blender.js';
import { LatencyStatistics, type Percentiles } from './latency.js';
import type { LoopSetup } from './loop-setup.js';
import type { Observed } from './sensing.js';

/** What a policy is asked. */
export interface ChunkRequest {
  readonly id: number;
  /** Oldest first. */
  readonly history: readonly ObservedStep[];
}

/** How planning does, seconds. */
export interface PlanningReport {
  /** Chunks used. */
  readonly chunks: number;
  /** From asking for a chunk to having it. */
  readonly inference: Percentiles;
  /** How old an observation is when it is asked with. */
  readonly observationAge: Percentiles;
  /** From the time that an observation is about to the first setpoint that its plan has led to. */
  readonly reaction: Percentiles;
}

interface Pending {
  readonly id: number;
  readonly step: number;
  readonly askedAt: number;
  readonly observedAt: number;
  /** When the step began in which it was asked. */
  readonly begunAt: number;
}

/** Has chunks planned ahead of need, and says what to do at each step. */
export class Planning {
  readonly #setup: LoopSetup;
  readonly #request: (request: ChunkRequest) => void;
  readonly #blender: ChunkBlender;
  readonly #inference = new LatencyStatistics();
  /** From the beginning of a step to the chunk that was asked for in it. */
  readonly #answer = new LatencyStatistics();
  readonly #observationAge = new LatencyStatistics();
  readonly #reaction = new LatencyStatistics();
  #history: ObservedStep[] = [];
  #nextId = 0;
  #pending: Pending | undefined;
  /** What the newest chunk is about, until it has led to a setpoint. */
  #unansweredAt: number | undefined;
  #chunks = 0;

  /** @param request starts planning; the answer comes through `offer` or `fail` */
  constructor(setup: LoopSetup, request: (request: ChunkRequest) => void) {
    this.#setup = setup;
    this.#request = request;
    this.#blender = new ChunkBlender(setup.fadeSteps);
  }

  get report(): PlanningReport {
    return {
      chunks: this.#chunks,
      inference: this.#inference.percentiles(),
      observationAge: this.#observationAge.percentiles(),
      reaction: this.#reaction.percentiles(),
    };
  }

  /** Begins anew: neither chunks nor observations from before count, nor answers to what was asked. */
  begin(): void {
    this.#blender.clear();
    this.#history = [];
    this.#pending = undefined;
    this.#unansweredAt = undefined;
  }

  /**
   * Takes what is observed of the beginning of a step, and asks for a chunk when it is time to.
   * @param origin when step 0 began
   */
  observe({ time, step: seen }: Observed, step: number, origin: number, now: number): void {
    const { chunk, task } = this.#setup;
    this.#history = [...this.#history, seen].slice(-chunk.historySteps);
    if (this.#pending !== undefined || (this.#blender.lastStep ?? -1) - step >= this.#leadSteps()) return;
    const id = this.#nextId++;
    // An old observation plans for its own time: its first actions are over before they come.
    const observedStep = Math.min(step, Math.round((time - origin) / task.controlPeriod));
    const begunAt = origin + step * task.controlPeriod;
    this.#pending = { id, step: observedStep, askedAt: now, observedAt: time, begunAt };
    this.#observationAge.add(now - time);
    this.#request({ id, history: this.#history });
  }

  /**
   * A planned chunk; one that nobody waits for any more is left aside.
   * @param restingAt the present step while the arm rests and waits: a chunk is as good then as when it was asked for
   */
  offer(now: number, id: number, actions: readonly Float32Array[], restingAt: number | undefined): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    this.#pending = undefined;
    this.#inference.add(now - pending.askedAt);
    this.#answer.add(now - pending.begunAt);
    this.#chunks += 1;
    this.#blender.add({ firstStep: restingAt ?? pending.step, actions, executed: this.#setup.chunk.executed });
    this.#unansweredAt = pending.observedAt;
  }

  /** Planning went wrong; another chunk is asked for at the next step. */
  fail(id: number): void {
    if (this.#pending?.id === id) this.#pending = undefined;
  }

  /** Whether the newest chunk has not had a say yet. */
  get hasNews(): boolean {
    return this.#unansweredAt !== undefined;
  }

  /** What to do at a step; undefined while no chunk says. */
  actionAt(step: number): BlendedAction | undefined {
    return this.#blender.actionAt(step);
  }

  /** The action of this step moves the arm from now on. */
  acted(now: number): void {
    if (this.#unansweredAt !== undefined) this.#reaction.add(now - this.#unansweredAt);
    this.#unansweredAt = undefined;
  }

  /** How many steps before its end a chunk's successor is asked for. */
  #leadSteps(): number {
    const { chunk, task } = this.#setup;
    if (chunk.executed === 1) return 0;
    const needed = Math.ceil((this.#answer.recent ?? 0) / task.controlPeriod);
    return Math.min(chunk.executed - 1, Math.max(1, needed));
  }
}
