import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, UnavailableError } from '@rapport/core';
import { checkContract, collectEpisodes, gymPython, makeEnv, prepareGym } from '@rapport/sim';
import { beforeAll, describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.PYTHONPATH = join(root, 'tests/fixtures/gym');

/** Why there is no Python environment, or undefined. */
let missing: string | undefined;
beforeAll(async () => {
  try {
    await prepareGym([], {});
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    missing = error.message;
  }
}, 300_000);

/** One run in Python itself: prints the bytes of every observation and every reward. */
const reference = `
import json, sys
import gymnasium, numpy as np
id, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
env = gymnasium.make(id)
observation, _ = env.reset(seed=seed)
observations, rewards, ended = [np.asarray(observation, dtype=np.float32).tolist()], [], False
for step in range(count):
    if hasattr(env.action_space, "n"):
        action = (step * step // 3 + seed) % int(env.action_space.n)
    else:
        size = env.action_space.shape[0]
        action = np.array([((step * 7 + entry * 5 + seed) % 11) / 5.5 - 1 for entry in range(size)], dtype=np.float32)
    observation, reward, terminated, truncated, _ = env.step(action)
    observations.append(np.asarray(observation, dtype=np.float32).tolist())
    rewards.append(float(reward))
    if terminated or truncated:
        ended = bool(terminated)
        break
print(json.dumps({"observations": observations, "rewards": rewards, "terminated": ended}))
`;

describe('gym:PACKAGE/ID', () => {
  it.each([
    ['CartPole-v1', 'discrete'],
    ['HalfCheetah-v5', 'box'],
  ])('runs %s with the observations, rewards and ends that it has in Python', async (gymId, action) => {
    if (missing !== undefined) return console.warn(`skipped: ${missing}`);
    const env = await makeEnv(`gym:gymnasium/${gymId}`);
    const size = env.spec.actionSpace.entries.length;
    for (const seed of [0, 1, 12345]) {
      const python = JSON.parse(
        execFileSync(gymPython(), ['-c', reference, gymId, `${seed}`, '60'], { encoding: 'utf8', cwd: tmpdir() }),
      );
      const observations = [Array.from(env.reset({ seed }).observation)];
      const rewards: number[] = [];
      let terminated = false;
      for (let step = 0; step < 60 && !terminated; step++) {
        const chosen = (Math.floor((step * step) / 3) + seed) % size;
        const result = env.step(
          Float32Array.from({ length: size }, (_, entry) =>
            action === 'discrete' ? Number(entry === chosen) : ((step * 7 + entry * 5 + seed) % 11) / 5.5 - 1,
          ),
        );
        observations.push(Array.from(result.observation));
        rewards.push(result.reward);
        terminated = result.terminated;
      }
      expect({ observations, rewards, terminated }).toEqual(python);
      expect(rewards.length).toBeGreaterThan(8);
    }
    env.close();
  });

  it('keeps the contract, and records rollouts in worker threads', async () => {
    if (missing !== undefined) return console.warn(`skipped: ${missing}`);
    const envId = 'gym:gymnasium/CartPole-v1';
    expect(await checkContract(envId)).toEqual([]);
    const cameras = [{ camera: 'view', width: 24, height: 16 }];
    const [recorded] = await collectEpisodes({ envId, policy: 'random', seeds: [4], cameras, workers: 1 });
    expect(recorded!.episode.terminated).toBe(true);
    expect(recorded!.episode.frames[0]!.data).toHaveLength(recorded!.episode.length * 24 * 16 * 3);
    expect(new Set(recorded!.episode.frames[0]!.data).size).toBeGreaterThan(2);
  });

  it('names an error in Python and goes on; names the end of the process and does not hang', async () => {
    if (missing !== undefined) return console.warn(`skipped: ${missing}`);
    const raises = await makeEnv('gym:misbehaving/Raises-v0');
    raises.reset({ seed: 1 });
    raises.step([0]);
    expect(() => raises.step([0])).toThrow(/Raises-v0 failed to step: ValueError: the motor is not there$/);
    expect(raises.reset({ seed: 1 }).observation).toHaveLength(2);
    raises.close();

    const exits = await makeEnv('gym:misbehaving/Exits-v0');
    exits.reset({ seed: 1 });
    exits.step([0]);
    expect(() => exits.step([0])).toThrow(UnavailableError);
    expect(() => exits.reset({ seed: 1 })).toThrow(/Exits-v0 is gone \(code 7/);
    exits.close();
  });

  it('observes a picture where the environment does', async () => {
    if (missing !== undefined) return console.warn(`skipped: ${missing}`);
    const env = await makeEnv('gym:misbehaving/Camera-v0');
    expect(env.spec.pictureObservation).toEqual({ width: 6, height: 4 });
    expect(env.reset({ seed: 5 }).picture).toHaveLength(4 * 6 * 3);
    expect(env.step([0]).picture).toEqual(new Uint8Array(4 * 6 * 3).fill(9));
    env.close();
  });

  it('refuses what cannot be made, in one line', async () => {
    if (missing !== undefined) return console.warn(`skipped: ${missing}`);
    await expect(makeEnv('gym:nowhere/Cart-v0')).rejects.toMatchObject({
      message: expect.stringContaining("ModuleNotFoundError: No module named 'nowhere'"),
      fix: expect.stringContaining('rapport gym-bridge --packages'),
    });
    await expect(makeEnv('gym:gymnasium/CartPoll-v1')).rejects.toThrow(/CartPoll.*doesn't exist/);
    await expect(makeEnv('gym:misbehaving/Text-v0')).rejects.toThrow('action space Text; expected Box or Discrete');
    await expect(makeEnv('gym:CartPole-v1')).rejects.toThrow(InputError);
  });
});
