import type { EnvSpec, ResetResult } from '@rapport/core';
import { scriptedPolicies } from '../registry.js';
import { notRefused } from './refusal.js';
import type { Rule } from './rule.js';
import { goOn, play } from './subject.js';

/** Bounds hold to the rounding of the float32 numbers that observations are made of. */
const BOUND_SLACK = 1e-6;

/** What one episode looks like from outside. */
export const episodeRules: readonly Rule[] = [
  {
    rule: 'observes what its spec says, within its bounds',
    async check(subject) {
      const env = await subject.make();
      const results = [env.reset({ seed: 11 }), ...goOn(env, subject.actions(30, 1))];
      return results.map((result) => badObservation(subject.spec, result)).find((breach) => breach !== undefined);
    },
  },
  {
    rule: 'pays finite rewards and scores every step between 0 and 1',
    async check(subject) {
      const env = await subject.make();
      env.reset({ seed: 11 });
      for (const action of subject.actions(30, 2)) {
        const { reward, terminated, truncated } = env.step(action);
        const score = env.privileged.stepScore();
        if (!Number.isFinite(reward)) return `a reward is ${reward}`;
        if (!(score >= 0 && score <= 1)) return `a step score is ${score}`;
        if (typeof env.privileged.success() !== 'boolean') return 'success() is neither true nor false';
        if (terminated || truncated) break;
      }
      return undefined;
    },
  },
  {
    rule: 'ends at its time limit at the latest, and takes no step after the end',
    async check(subject) {
      const env = await subject.make();
      const limit = subject.spec.maxEpisodeSteps;
      const results = play(env, 27, subject.actions(limit + 1, 3));
      const last = results.at(-1)!;
      if (results.length > limit) return `goes on after ${limit} steps`;
      if (last.truncated && results.length < limit) return `is truncated after ${results.length} of ${limit} steps`;
      if (last.truncated && last.terminated) return 'is truncated and terminated at once';
      return notRefused('a step after the end', () => env.step(subject.actions(1, 4)[0]!));
    },
  },
  {
    rule: 'can be driven by its scripted policies, the last one named mixed',
    async check(subject) {
      const offered = scriptedPolicies(subject.entry.id);
      if (offered.at(-1)?.name !== 'mixed') return 'its last scripted policy is not "mixed"';
      const env = await subject.make();
      for (const entry of offered) {
        const policy = entry.create();
        policy.reset(3);
        let { observation } = env.reset({ seed: 3 });
        for (let step = 0; step < 5; step++) {
          // An action of a wrong length or with a value that is not finite is refused here.
          const result = env.step(await policy.act(observation));
          if (result.terminated || result.truncated) break;
          observation = result.observation;
        }
      }
      return undefined;
    },
  },
];

function badObservation(spec: EnvSpec, { observation, picture }: ResetResult): string | undefined {
  const { entries } = spec.observationSpace;
  if (!(observation instanceof Float32Array)) return 'an observation is no Float32Array';
  if (observation.length !== entries.length) {
    return `an observation has ${observation.length} numbers; the spec has ${entries.length}`;
  }
  for (const [index, { name, low, high }] of entries.entries()) {
    const value = observation[index]!;
    if (!Number.isFinite(value)) return `observation entry ${name} is ${value}`;
    if (value < low - BOUND_SLACK || value > high + BOUND_SLACK) {
      return `observation entry ${name} is ${value}; its bounds are [${low}, ${high}]`;
    }
  }
  const size = spec.pictureObservation;
  if (size === undefined) return picture === undefined ? undefined : 'it returns pictures that its spec does not name';
  if (picture === undefined) return 'a picture is missing from an observation';
  const expected = size.width * size.height * 3;
  return picture.length === expected ? undefined : `a picture has ${picture.length} bytes; expected ${expected}`;
}
