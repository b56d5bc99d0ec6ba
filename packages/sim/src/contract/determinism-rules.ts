import type { Rule } from './rule.js';
import { firstDifference, goOn, play, sameBits } from './subject.js';
import { trajectoryDigest } from './trajectory-digest.js';

/** Steps of the runs that are compared. */
const STEPS = 20;

/** The same seed and actions give the same bits, wherever and whenever. */
export const determinismRules: readonly Rule[] = [
  {
    rule: 'gives equal runs for equal seeds and actions, in two instances and in one instance twice',
    async check(subject) {
      const [env, twin] = [await subject.make(), await subject.make()];
      const actions = subject.actions(STEPS, 7);
      const first = play(env, 11, actions);
      const second = play(twin, 11, actions);
      play(env, 3, actions);
      const again = play(env, 11, actions);
      const step = Math.max(firstDifference(first, second), firstDifference(first, again));
      if (step >= 0) return `runs part at step ${step + 1}`;
      const start = env.reset({ seed: 5 }).observation;
      return sameBits(start, twin.reset({ seed: 5 }).observation) ? undefined : 'starts of one seed differ';
    },
  },
  {
    rule: 'goes on without a seed as a twin does, from one episode to the next',
    async check(subject) {
      const [env, twin] = [await subject.make(), await subject.make()];
      const actions = subject.actions(4, 8);
      for (const one of [env, twin]) {
        play(one, 11, actions);
        one.reset();
      }
      return sameBits(env.privileged.state(), twin.privileged.state()) ? undefined : 'the second starts differ';
    },
  },
  {
    rule: 'gives the same run in another process',
    async check(subject, twin) {
      const here = await trajectoryDigest(subject);
      const there = await twin.digest(subject.entry.id);
      return here === there ? undefined : 'the runs differ';
    },
  },
  {
    rule: 'goes on from a restored state with the same bits, and keeps the state it is given',
    async check(subject) {
      const [env, other] = [await subject.make(), await subject.make()];
      const actions = subject.actions(2 * STEPS, 9);
      const before = play(env, 11, actions.slice(0, STEPS));
      if (before.at(-1)!.terminated || before.at(-1)!.truncated) before.pop();
      const head = play(env, 11, actions.slice(0, before.length));
      const tail = actions.slice(head.length);
      const saved = env.privileged.state();
      const kept = saved.slice();
      const first = goOn(env, tail);
      const end = env.privileged.state();
      // Another instance, in the middle of another episode; then the same one.
      play(other, 4, actions.slice(0, 2));
      for (const one of [other, env]) {
        one.privileged.restore(saved);
        if (!sameBits(one.privileged.state(), kept)) return 'the state that was restored is another one';
        const step = firstDifference(first, goOn(one, tail));
        if (step >= 0) return `runs part at step ${step + 1} after the state`;
        if (!sameBits(one.privileged.state(), end)) return 'the final states differ';
      }
      return sameBits(saved, kept) ? undefined : 'it wrote into the state that it was given';
    },
  },
  {
    rule: 'starts differently for different seeds, or alike when its entry says so',
    async check(subject) {
      const env = await subject.make();
      const starts = [0, 1, 2, 3].map((seed) => {
        env.reset({ seed });
        return env.privileged.state().join();
      });
      const different = new Set(starts).size;
      if (subject.entry.fixedStart === true) return different === 1 ? undefined : 'its starts differ';
      return different > 1 ? undefined : 'four seeds give one start';
    },
  },
  {
    rule: 'hands out arrays that nobody writes into again, and reads none of them again',
    async check(subject) {
      const [env, twin] = [await subject.make(), await subject.make()];
      const actions = subject.actions(6, 10);
      const expected = play(twin, 3, actions);
      const start = env.reset({ seed: 3 });
      const startCopy = start.observation.slice();
      const results: typeof expected = [];
      // The twin's run says when the episode ends.
      for (const action of actions.slice(0, expected.length)) {
        const given = action.slice();
        const { observation, picture, ...rest } = env.step(given);
        results.push({ ...rest, observation: observation.slice(), ...(picture && { picture: picture.slice() }) });
        given.fill(0);
        observation.fill(7);
        picture?.fill(7);
      }
      if (!sameBits(start.observation, startCopy)) return 'the first observation was written into';
      return firstDifference(results, expected) < 0 ? undefined : 'what a caller did to an array changed the run';
    },
  },
];
