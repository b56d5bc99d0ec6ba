import { InputError, spaceSize } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { environments, makeEnv, scriptedPolicies, scriptedPolicy } from './registry.js';

const ids = environments().map((spec) => spec.id);

describe('registry', () => {
  it('offers both tasks for four robots and the benchmark’s state ids', () => {
    expect(ids).toHaveLength(8 + 24);
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
});
