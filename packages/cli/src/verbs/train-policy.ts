import { z } from 'zod';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'train policy',
  summary: 'train a policy: soft actor-critic on a reward, or a diffusion policy on demonstrations',
  description:
    'With policy.type sac (the default) soft actor-critic trains on states in ENV, with the reward that --reward names; the ' +
    'true score is the bound that learned rewards are measured by, and is used only when asked for by name. With ' +
    'policy.type diffusion a diffusion policy learns to act as the episodes of --dataset do, from states and, by ' +
    'policy.cameras, pictures; the loss is measured on held-out episodes, and the policy is tried in ENV (by default where ' +
    'the dataset was recorded) on the way. Both evaluate on held-out starts and save checkpoints. A resumed run ends with the ' +
    'same bytes as one that never stopped.',
  examples: [
    'rapport train policy xmagical/avoid-longstick --reward outputs/train-reward/2026-05-04/11-00-00_rapl',
    'rapport train policy xmagical/avoid-longstick --reward true --policy.steps 50000',
    'rapport train policy --policy.type diffusion --dataset outputs/rollout/2026-05-04/10-00-00_franka-cup',
    'rapport train policy --policy.type diffusion --dataset DIR --policy.cameras front --policy.downDims 256,512,1024',
  ],
  positionals: ['env'],
  heeds: ['seed', 'output', 'resume'],
  options: async () => {
    const { cloningConfigSchema, sacConfigSchema } = await import('@rapport/policy');
    const type = <Name extends string>(name: Name) => z.literal(name).describe('how the policy is trained');
    return z.object({
      env: z.string().min(1).optional().describe('id of the environment (rapport envs lists them)'),
      dataset: z
        .string()
        .min(1)
        .optional()
        .describe('folder of the demonstrations, or of the run that recorded them; for policy.type diffusion'),
      reward: z
        .string()
        .min(1)
        .optional()
        .describe(
          'folder of a learned reward or of the run that learned it, true, or environment; for policy.type sac',
        ),
      picture: z.int().min(32).max(1024).default(96).describe('width and height of the pictures a learned reward sees'),
      prior: z
        .string()
        .min(1)
        .optional()
        .describe(
          'folder of recorded rollouts that the replay buffer starts with, for example the ranked ones; for policy.type sac',
        ),
      policy: z.discriminatedUnion('type', [
        sacConfigSchema.extend({ type: type('sac') }),
        cloningConfigSchema.extend({ type: type('diffusion') }),
      ]),
    });
  },
  async run(context, options) {
    const { env, reward, dataset, prior, policy, picture } = options;
    if (policy.type === 'sac') {
      const { runSac } = await import('../learning/sac-run.js');
      const { type: _, ...config } = policy;
      return runSac(context, { env, reward, prior, dataset, picture, config });
    }
    const { runCloning } = await import('../learning/cloning-run.js');
    const { type: _, ...config } = policy;
    return runCloning(context, { env, dataset, reward, prior, config });
  },
});
