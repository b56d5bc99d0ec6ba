import { InputError, spaceSize } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { environments, loadEntry, makeEnv, registerEnvironment, scriptedPolicies, scriptedPolicy } from './registry.js';

const ids = environments()
  .map((spec) => spec.id)
  .filter((id) => !/^(franka|fr3|kuka)\//.test(id));

describe('registry', () => {
  it('offers both tasks for four robots, Pass for one, and the benchmark’s 96 ids', () => {
    expect(ids).toHaveLength(8 + 1 + 96);
    expect(ids).toContain('xmagical/avoid-longstick');
    expect(ids).toContain('xmagical/group-gripper');
    expect(ids).toContain('SweepToTop-Mediumstick-State-Allo-TestLayout-v0');
  });

  it.each(ids)('makes %s, which starts, steps and draws', async (id) => {
    const env = await makeEnv(id);
    expect(env.spec.id).toBe(id);
    const { observation } = env.reset({ seed: 3 });
    expect(observation).toHaveLength(spaceSize(env.spec.observationSpace));
    const result = env.step(new Float32Array(spaceSize(env.spec.actionSpace)));
    expect(result.reward).toBe(0);
    const picture = env.render(env.spec.cameras[0]!, { width: 32, height: 32 });
    expect(new Set(picture).size).toBeGreaterThan(4);
  });

  it('names the nearest environment when there is none of that id', async () => {
    await expect(makeEnv('xmagical/avoid-longstik')).rejects.toThrow(InputError);
    await expect(makeEnv('xmagical/avoid-longstik')).rejects.toThrow('did you mean "xmagical/avoid-longstick"?');
  });

  it('names the scripted policies when there is none of that name', () => {
    const names = scriptedPolicies('xmagical/group-gripper').map((entry) => entry.name);
    expect(names).toContain('careful');
    expect(names.at(-1)).toBe('mixed');
    expect(() => scriptedPolicy('xmagical/group-gripper', 'clumsy')).toThrow(names.join(', '));
  });

  it('refuses ids that are taken or that could not be typed', async () => {
    const entry = await loadEntry('xmagical/group-gripper');
    expect(() => registerEnvironment(entry)).toThrow('there is an environment "xmagical/group-gripper" already');
    for (const id of ['', 'two words', 'file:id']) {
      expect(() => registerEnvironment({ ...entry, id })).toThrow('is no environment id');
    }
  });

  it('says which file cannot be imported or does not register what is asked for', async () => {
    await expect(makeEnv('./nowhere.mjs:lab/cart')).rejects.toThrow('./nowhere.mjs could not be imported: ');
    const here = import.meta.url.replace('registry.test.ts', 'entry.ts');
    await expect(makeEnv(`${here}:lab/cart`)).rejects.toThrow('entry.ts registers no environment "lab/cart"');
  });

  it('drives what has no scripted policies at random, within the bounds and repeatably', async () => {
    const { scripted: _, ...entry } = await loadEntry('xmagical/group-gripper');
    registerEnvironment({ ...entry, id: 'test/undriven' });
    expect(scriptedPolicies('test/undriven').map(({ name }) => name)).toEqual(['random', 'mixed']);
    const policy = scriptedPolicy('test/undriven', 'mixed');
    const run = (seed: number) => {
      policy.reset(seed);
      return Array.from({ length: 40 }, () => [...(policy.act(new Float32Array(0)) as Float32Array)]);
    };
    const actions = run(5);
    expect(run(5)).toEqual(actions);
    expect(run(6)).not.toEqual(actions);
    const { entries } = entry.spec().actionSpace;
    for (const action of actions) {
      action.forEach((value, index) => {
        expect(value).toBeGreaterThanOrEqual(Math.fround(entries[index]!.low));
        expect(value).toBeLessThanOrEqual(Math.fround(entries[index]!.high));
      });
    }
    expect(new Set(actions.map((action) => action.join())).size).toBeGreaterThan(2);
  });
});
