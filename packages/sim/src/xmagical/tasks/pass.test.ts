import { type PrivilegedTrack, recordEpisode } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { makeEnv, scriptedPolicy } from '../../registry.js';

const envId = 'xmagical/pass-shortstick';

/** How episodes of a scripted policy end, seeds from 0 on. */
async function ends(style: string, episodes: number): Promise<PrivilegedTrack[]> {
  const env = await makeEnv(envId);
  const policy = scriptedPolicy(envId, style);
  const tracks: PrivilegedTrack[] = [];
  for (let seed = 0; seed < episodes; seed++) {
    tracks.push((await recordEpisode(env, policy, { seed, cameras: [] })).privileged);
  }
  return tracks;
}

describe('passTask', () => {
  it('is solved round either side, and the left is preferred', async () => {
    for (const [style, preferred] of [
      ['left', true],
      ['right', false],
    ] as const) {
      for (const { success, way } of await ends(style, 20)) {
        expect(success, style).toBe(true);
        expect(way).toEqual({ name: style, preferred });
      }
    }
  });

  it('scores half as much on the right once the robot is beside the blocks', async () => {
    const [left] = await ends('left', 1);
    const [right] = await ends('right', 1);
    expect(left!.stepScores.at(-1)!).toBeCloseTo(1, 6);
    expect(right!.stepScores.at(-1)!).toBeCloseTo(0.5, 6);
  });

  it('is not solved once a block has been touched, and has no way then', async () => {
    const [through] = await ends('through', 1);
    expect(through!.success).toBe(false);
    expect(through!.way).toEqual({ name: 'none', preferred: false });
  });
});
