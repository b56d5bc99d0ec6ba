import { InputError } from '@rapport/core';
import { z } from 'zod';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'gym-bridge',
  summary: "make Python's Gymnasium environments usable as gym:PACKAGE/ID, and try one",
  description:
    'Installs Gymnasium with MuJoCo into a Python environment of its own (.rapport/gym), starts the small Python process ' +
    'that serves an environment over a local socket, plays one episode at random in it and ends it again. From then on ' +
    'gym:PACKAGE/ID works wherever an environment id does, each environment with such a process of its own: PACKAGE is ' +
    'imported in Python, ID is what it registers. --packages installs further Python packages that bring environments.',
  examples: [
    'rapport gym-bridge',
    'rapport gym-bridge gym:gymnasium/Hopper-v5',
    'rapport gym-bridge gym:gymnasium_robotics/FetchReach-v4 --packages gymnasium-robotics',
  ],
  positionals: ['env'],
  heeds: ['seed'],
  options: () =>
    z.object({
      env: z.string().default('gym:gymnasium/CartPole-v1').describe('environment to try'),
      packages: z
        .array(z.string().min(1))
        .default([])
        .describe('further Python packages to install, as pip takes them'),
    }),
  async run(context, { env: id, packages }) {
    if (!id.startsWith('gym:')) {
      throw new InputError(
        `"${id}" is no Gymnasium environment; expected gym:PACKAGE/ID, as gym:gymnasium/CartPole-v1`,
      );
    }
    const [{ makeEnv, prepareGym, scriptedPolicy }, { playEpisode }] = await Promise.all([
      import('@rapport/sim'),
      import('@rapport/core'),
    ]);
    await prepareGym(packages ?? [], context.work);
    const env = await makeEnv(id);
    try {
      const episode = await playEpisode(env, scriptedPolicy(id, 'random'), { seed: context.seed, cameras: [] });
      const { observationSpace, pictureObservation, actionSpace, maxEpisodeSteps, cameras } = env.spec;
      const total = episode.rewards.reduce((sum, reward) => sum + reward, 0);
      const observed =
        pictureObservation === undefined
          ? `${observationSpace.entries.length} numbers observed`
          : `a picture of ${pictureObservation.width} x ${pictureObservation.height} observed`;
      return {
        data: { env: id, seed: context.seed, steps: episode.length, return: total, cameras },
        text: [
          `${id} works: ${observed}, ${actionSpace.entries.length} in an action, at most ${maxEpisodeSteps} steps`,
          `a random episode with seed ${context.seed}: ${episode.length} steps, return ${total.toFixed(3)}`,
          `use it wherever an environment is named: ${program} rollout ${id}${cameras.length === 0 ? ' --picture 0' : ''}`,
        ].join('\n'),
      };
    } finally {
      env.close();
    }
  },
});
