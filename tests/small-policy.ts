import { result } from './command-line.js';

/** Where the small policy acts. */
export const smallPolicyEnv = 'xmagical/avoid-longstick';

/**
 * Records a few scripted episodes and clones a diffusion policy that is too small to be any good from them.
 * @param folder gets both runs
 * @returns the policy's folder
 */
export async function trainSmallPolicy(folder: string): Promise<string> {
  const recording = ['--episodes', '6', '--policy', 'mixed', '--picture', '0', '--output', folder];
  const { directory } = await result<{ directory: string }>('rollout', smallPolicyEnv, ...recording);
  const settings = [
    'downDims=16,16',
    'stepEmbedding=16',
    'samplingSteps=2',
    'steps=40',
    'batchSize=16',
    'evaluationEpisodes=0',
  ];
  const { policy } = await result<{ policy: string }>(
    ...['train', 'policy', '--dataset', directory, '--policy.type=diffusion', '--output', folder],
    ...settings.map((setting) => `policy.${setting}`),
  );
  return policy;
}
