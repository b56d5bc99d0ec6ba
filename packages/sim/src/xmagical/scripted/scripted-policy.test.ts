import { episodeScore, recordEpisode } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { makeEnv, scriptedPolicies, scriptedPolicy } from '../../registry.js';

const envId = 'xmagical/avoid-longstick';

describe('scripted policies', () => {
  it.each(scriptedPolicies(envId).map((entry) => entry.name))('repeat an episode to the bit: %s', async (name) => {
    const record = async () =>
      recordEpisode(await makeEnv(envId), scriptedPolicy(envId, name), { seed: 5, cameras: [] });
    const [first, again] = [await record(), await record()];
    expect(again).toEqual(first);
  });

  it('do not carry anything from one episode into the next', async () => {
    const env = await makeEnv(envId);
    const policy = scriptedPolicy(envId, 'mixed');
    const alone = await recordEpisode(env, policy, { seed: 9, cameras: [] });
    await recordEpisode(env, policy, { seed: 2, cameras: [] });
    expect(await recordEpisode(env, policy, { seed: 9, cameras: [] })).toEqual(alone);
  });

  it('mix many styles whose scores spread over a wide range', async () => {
    const env = await makeEnv(envId);
    const policy = scriptedPolicy(envId, 'mixed');
    const styles = new Set<string>();
    const scores: number[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const { episode, privileged } = await recordEpisode(env, policy, { seed, cameras: [] });
      styles.add(episode.policy);
      scores.push(episodeScore(privileged));
    }
    expect(styles.size).toBeGreaterThanOrEqual(6);
    scores.sort((a, b) => a - b);
    expect(scores[6]).toBeLessThan(0.15);
    expect(scores[53]).toBeGreaterThan(0.6);
    expect(scores[30]).toBeGreaterThan(0.2);
    expect(scores[30]).toBeLessThan(0.6);
  });

  it('keep their actions inside the bounds that X-Magical declares', async () => {
    for (const { id } of [{ id: 'xmagical/avoid-gripper' }, { id: 'xmagical/group-shortstick' }]) {
      const { episode } = await recordEpisode(await makeEnv(id), scriptedPolicy(id, 'mixed'), { seed: 1, cameras: [] });
      expect(Math.max(...episode.actions.map(Math.abs))).toBeLessThanOrEqual(1);
    }
  });
});
