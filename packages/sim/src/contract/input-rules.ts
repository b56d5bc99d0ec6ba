import { RapportError } from '@rapport/core';
import { notRefused } from './refusal.js';
import type { Rule } from './rule.js';
import { firstDifference, goOn, play, sameBits } from './subject.js';

/** What an environment does with what it cannot take. */
export const inputRules: readonly Rule[] = [
  {
    rule: 'refuses actions of a wrong length, NaN and infinity, and stays as it was',
    async check(subject) {
      const env = await subject.make();
      const twin = await subject.make();
      const actions = subject.actions(6, 5);
      play(env, 3, actions.slice(0, 3));
      play(twin, 3, actions.slice(0, 3));
      const good = actions[3]!;
      const withLast = (value: number) => Float32Array.from(good, (entry, index) => (index === 0 ? value : entry));
      const breach =
        notRefused('an action that is one entry short', () => env.step(good.subarray(1))) ??
        notRefused('an action with one entry too many', () => env.step(Float32Array.of(...good, 0))) ??
        notRefused('an action with NaN', () => env.step(withLast(Number.NaN))) ??
        notRefused('an action with infinity', () => env.step(withLast(Number.POSITIVE_INFINITY)));
      if (breach !== undefined) return breach;
      const rest = actions.slice(3);
      return firstDifference(goOn(env, rest), goOn(twin, rest)) < 0 ? undefined : 'a refused action left a trace';
    },
  },
  {
    rule: 'refuses a step and a picture before the first reset, and everything after close',
    async check(subject) {
      const env = await subject.make();
      const action = subject.actions(1, 6)[0]!;
      const camera = subject.spec.cameras[0];
      const size = { width: 8, height: 8 };
      const picture = (when: string) =>
        camera === undefined ? undefined : notRefused(`a picture ${when}`, () => env.render(camera, size));
      const early =
        notRefused('a step before the first reset', () => env.step(action)) ?? picture('before the first reset');
      if (early !== undefined) return early;
      env.reset({ seed: 1 });
      env.close();
      env.close();
      return notRefused('a step after close', () => env.step(action)) ?? picture('after close');
    },
  },
  {
    rule: 'refuses seeds outside 32 bits, unknown cameras, and states of a wrong length',
    async check(subject) {
      const env = await subject.make();
      env.reset({ seed: 1 });
      const size = { width: 8, height: 8 };
      const state = env.privileged.state();
      const breach =
        notRefused('a negative seed', () => env.reset({ seed: -1 })) ??
        notRefused('a seed with a fraction', () => env.reset({ seed: 0.5 })) ??
        notRefused('an unknown camera', () => env.render('no such camera', size)) ??
        notRefused(
          'a state that is cut short',
          () => env.privileged.restore(state.subarray(0, state.length - 1)),
          RapportError,
        );
      if (breach !== undefined) return breach;
      return sameBits(env.privileged.state(), state) ? undefined : 'a refused call changed the state';
    },
  },
];
