import { type PrivilegedEnv, RandomStream, type StepResult } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { loadEntry, makeEnv, registerEnvironment } from '../registry.js';
import { checkContract, contractRules } from './contract.js';
import { Subject } from './subject.js';
import { trajectoryDigest } from './trajectory-digest.js';

const original = 'xmagical/avoid-shortstick';
/** Runs an environment a second time in this process: what is registered here is unknown in another one. */
const twinHere = { digest: async (id: string) => trajectoryDigest(new Subject(await loadEntry(id))) };

/** Registers the original with one thing changed and returns the rules that it breaks. */
async function rulesBrokenBy(
  name: string,
  change: (env: PrivilegedEnv, instance: number) => Partial<PrivilegedEnv>,
): Promise<string[]> {
  const id = `test/${name}`;
  const spec = { ...(await loadEntry(original)).spec(), id };
  let instances = 0;
  registerEnvironment({
    id,
    spec: () => spec,
    make: async () => {
      const env = await makeEnv(original);
      const whole: PrivilegedEnv = {
        spec,
        privileged: env.privileged,
        reset: (options) => env.reset(options),
        step: (action) => env.step(action),
        render: (camera, size, out) => env.render(camera, size, out),
        scene: () => env.scene(),
        writePoses: (out) => env.writePoses(out),
        close: () => env.close(),
      };
      instances += 1;
      return { ...whole, ...change(whole, instances) };
    },
  });
  return (await checkContract(id, twinHere)).map(({ rule }) => rule);
}

const noise = new RandomStream(0, 'test/noise');
const equalRuns = 'gives equal runs for equal seeds and actions, in two instances and in one instance twice';
const fits = 'observes what its spec says, within its bounds';
const finite = 'pays finite rewards and scores every step between 0 and 1';
const ends = 'ends at its time limit at the latest, and takes no step after the end';
const restores = 'goes on from a restored state with the same bits, and keeps the state it is given';
const arrays = 'hands out arrays that nobody writes into again, and reads none of them again';
const draws = 'draws the same bytes for the same state with every camera, into a buffer that is given';
const refuses = 'refuses actions of a wrong length, NaN and infinity, and stays as it was';

const mutants: readonly [string, string, (env: PrivilegedEnv, instance: number) => Partial<PrivilegedEnv>][] = [
  [
    'an-endless-episode',
    ends,
    (env) => ({
      step: (action) => ({ ...env.step(action), truncated: false }),
    }),
  ],
  ['a-noisy-reward', equalRuns, (env) => ({ step: (action) => ({ ...env.step(action), reward: noise.uniform() }) })],
  ['an-instance-number', equalRuns, (env, instance) => ({ step: (action) => tint(env.step(action), instance / 1e3) })],
  ['a-wide-observation', fits, (env) => ({ step: (action) => tint(env.step(action), 9) })],
  [
    'a-nan-observation',
    fits,
    (env) => ({
      step: (action) => tint(env.step(action), Number.NaN),
    }),
  ],
  [
    'a-short-observation',
    fits,
    (env) => ({
      reset: (options) => ({ ...env.reset(options), observation: new Float32Array(3) }),
    }),
  ],
  [
    'a-score-of-two',
    finite,
    (env) => ({
      privileged: { ...env.privileged, stepScore: () => 2 },
    }),
  ],
  [
    'a-forgetful-restore',
    restores,
    (env) => ({
      privileged: { ...env.privileged, restore: () => {} },
    }),
  ],
  [
    'a-shared-buffer',
    arrays,
    (env) => {
      const shared = new Float32Array(env.spec.observationSpace.entries.length);
      const share = <Result extends { observation: Float32Array }>(result: Result): Result => {
        shared.set(result.observation);
        return { ...result, observation: shared };
      };
      return { reset: (options) => share(env.reset(options)), step: (action) => share(env.step(action)) };
    },
  ],
  ['a-forgiven-nan', refuses, (env) => ({ step: (action) => env.step(Array.from(action, (value) => value || 0)) })],
  [
    'a-picture-of-its-own',
    draws,
    (env) => ({
      render: (camera, size) => env.render(camera, size),
    }),
  ],
  [
    'an-unseeded-start',
    equalRuns,
    (env) => ({
      reset: () => env.reset(),
    }),
  ],
  [
    'one-start',
    'starts differently for different seeds, or alike when its entry says so',
    (env) => ({
      reset: () => env.reset({ seed: 1 }),
    }),
  ],
  ['bodies-without-poses', 'writes a finite pose for every body of its scene', () => ({ writePoses: () => {} })],
  [
    'a-careless-close',
    'refuses a step and a picture before the first reset, and everything after close',
    () => ({
      close: () => {},
    }),
  ],
  ['a-drawing-that-moves', 'changes nothing by drawing', (env) => ({ scene: () => moved(env).scene() })],
];

function tint(result: StepResult, amount: number): StepResult {
  const observation = result.observation.slice();
  observation[0]! += amount;
  return { ...result, observation };
}

function moved(env: PrivilegedEnv): PrivilegedEnv {
  env.step([0.5, 0]);
  return env;
}

describe('checkContract', () => {
  it('finds nothing wrong with an environment that keeps it, in another process too', async () => {
    expect(await checkContract(original)).toEqual([]);
  });

  it.each(mutants)('catches %s', async (name, rule, change) => {
    expect(contractRules).toContain(rule);
    expect(await rulesBrokenBy(name, change)).toContain(rule);
  });

  it('catches what is not registered, and what is registered in this process alone', async () => {
    expect(await checkContract('xmagical/avoid-tallstick')).toMatchObject([{ rule: 'is registered' }]);
    registerEnvironment({ ...(await loadEntry(original)), id: 'test/alias' });
    const breaches = await checkContract('test/alias');
    expect(breaches.map(({ rule }) => rule)).toEqual([
      'is what its entry says: id, spaces, clock, cameras',
      'gives the same run in another process',
    ]);
    expect(breaches[1]!.problem).toContain('there is no environment "test/alias"');
  });
});
