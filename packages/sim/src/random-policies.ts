import { type BoxSpace, fromUnitBox, type Policy, RandomStream, spaceSize } from '@rapport/core';
import type { ScriptedEntry } from './entry.js';

/** What drives an environment that has no scripted policies of its own: actions drawn within their bounds. */
export function randomPolicies(actionSpace: BoxSpace): ScriptedEntry[] {
  return [
    {
      name: 'random',
      summary: 'another uniformly random action at every step',
      create: () => new RandomPolicy('random', actionSpace, () => ({ hold: 1, reach: 1 })),
    },
    {
      name: 'mixed',
      summary: 'random actions, each held for some steps, wide in one episode and small in another',
      create: () =>
        new RandomPolicy('mixed', actionSpace, (random) => ({ hold: 1 + random.integer(10), reach: random.uniform() })),
    },
  ];
}

/** How one episode is driven: steps for which an action is held, and the share of the action's range that is used. */
interface Habit {
  readonly hold: number;
  readonly reach: number;
}

/** Unbounded entries are driven between -1 and 1. */
class RandomPolicy implements Policy {
  readonly name: string;
  readonly #space: BoxSpace;
  readonly #drawHabit: (random: RandomStream) => Habit;
  #random = new RandomStream(0, 'random policy');
  #habit: Habit = { hold: 1, reach: 1 };
  #action: Float32Array = new Float32Array(0);
  #heldFor = 0;

  constructor(name: string, space: BoxSpace, drawHabit: (random: RandomStream) => Habit) {
    this.name = `scripted/${name}`;
    this.#space = {
      kind: 'box',
      entries: space.entries.map((entry) => ({
        ...entry,
        low: Number.isFinite(entry.low) ? entry.low : -1,
        high: Number.isFinite(entry.high) ? entry.high : 1,
      })),
    };
    this.#drawHabit = drawHabit;
  }

  reset(seed: number): void {
    this.#random = new RandomStream(seed, this.name);
    this.#habit = this.#drawHabit(this.#random);
    this.#heldFor = 0;
  }

  act(): Float32Array {
    const { hold, reach } = this.#habit;
    if (this.#heldFor % hold === 0) {
      const unit = Float32Array.from({ length: spaceSize(this.#space) }, () =>
        this.#random.uniformBetween(-reach, reach),
      );
      this.#action = fromUnitBox(this.#space, unit);
    }
    this.#heldFor += 1;
    return this.#action.slice();
  }
}
