import { InputError } from '@rapport/core';

/** Actions that a policy plans from one observation. */
export interface ActionChunk {
  /** Control step of the observation; action i is meant for step `firstStep + i`. May be negative. */
  readonly firstStep: number;
  /** Shape [steps, action entries]; those beyond `executed` are a forecast that only blending uses. */
  readonly actions: readonly Float32Array[];
  /** How many of them are meant to be executed, from the first on. */
  readonly executed: number;
}

/** What is done at a control step. */
export interface BlendedAction {
  readonly action: Float32Array;
  /** Share of the newer of two chunks; 1 when only one has a say. */
  readonly newerShare: number;
}

/**
 * Lets one chunk of actions pass into the next without a jump. From the first step at which the newer chunk is used, its
 * share grows in equal parts over `fadeSteps` steps while the older one, as far as it has planned, has the rest:
 * a = (1 - w) a_old + w a_new with w = s / (fadeSteps + 1) at the s-th step, and 1 afterwards. Actions that were meant for
 * steps which are over when a chunk arrives are never used.
 */
export class ChunkBlender {
  readonly #fadeSteps: number;
  #older: ActionChunk | undefined;
  #newer: ActionChunk | undefined;
  /** First step at which `#newer` was used. */
  #fadeStart: number | undefined;

  constructor(fadeSteps: number) {
    this.#fadeSteps = fadeSteps;
  }

  /** @throws InputError when it holds no action */
  add(chunk: ActionChunk): void {
    if (chunk.actions.length === 0) throw new InputError('a chunk holds no action; expected at least one');
    this.#older = this.#newer;
    this.#newer = chunk;
    this.#fadeStart = undefined;
  }

  clear(): void {
    this.#older = undefined;
    this.#newer = undefined;
    this.#fadeStart = undefined;
  }

  /** Last step that the newest chunk means to act at; undefined without a chunk. */
  get lastStep(): number | undefined {
    return this.#newer === undefined ? undefined : this.#newer.firstStep + this.#newer.executed - 1;
  }

  /** What to do at a step, asked for in their order, and again within a step after `add`; undefined when no chunk says. */
  actionAt(step: number): BlendedAction | undefined {
    const newer = this.#newer?.actions[step - this.#newer.firstStep];
    if (newer === undefined) return undefined;
    this.#fadeStart ??= step;
    const older = this.#older?.actions[step - this.#older.firstStep];
    const newerShare = Math.min(1, (step - this.#fadeStart + 1) / (this.#fadeSteps + 1));
    if (older === undefined || newerShare === 1) return { action: newer, newerShare: 1 };
    const action = newer.map((value, entry) => older[entry]! + newerShare * (value - older[entry]!));
    return { action, newerShare };
  }
}
