import { type Episode, episodeScore, type RewardSource, throwIfAborted, type WorkOptions } from '@rapport/core';
import { openPrivilegedDataset } from '@rapport/data';
import { environmentReward, rankByReturns, rankByReward, type SyntheticRankings } from '@rapport/policy';
import { loadEncoder, loadReward, VisualReward } from '@rapport/reward';
import { featuresOption } from '../learning/encoder.js';
import type { RewardSpec } from '../learning/policy-job.js';

/**
 * Lets a reward rank the rollouts of each start of a dataset: learned ones by their pictures, `environment` by the recorded
 * rewards, `true` by the privileged score, the bound that learned rewards are measured by.
 * @param camera through which a learned one looks; the first that was recorded when undefined
 */
export async function rewardRankings(
  directory: string,
  spec: RewardSpec,
  { leastGap, camera: chosen }: { readonly leastGap: number; readonly camera: string | undefined },
  work: WorkOptions,
): Promise<SyntheticRankings> {
  const recording = await openPrivilegedDataset(directory);
  const { dataset, readPrivileged } = recording;
  const episodes = async function* (frames: boolean): AsyncGenerator<Episode> {
    for (const { index } of dataset.episodes) {
      yield await dataset.readEpisode(index, { frames });
      work.onProgress?.({ label: 'ranking rollouts', done: index + 1, total: dataset.episodes.length });
    }
  };
  switch (spec.kind) {
    case 'true': {
      const returns: number[] = [];
      for (const { index } of dataset.episodes) {
        throwIfAborted(work.signal);
        returns.push(episodeScore(await readPrivileged(index)));
      }
      return { rankings: rankByReturns(dataset.episodes, returns, leastGap), returns };
    }
    case 'environment':
      return rankByReward(episodes(false), environmentReward, { leastGap, ...work });
    case 'learned': {
      const encoder = await loadEncoder(spec.encoderKind, featuresOption(spec.encoderFeatures));
      const camera = chosen ?? dataset.cameras[0]?.camera ?? 'none';
      const size = { width: spec.picture, height: spec.picture };
      try {
        const reward: RewardSource = new VisualReward(await loadReward(spec.directory), encoder, { camera, ...size });
        return await rankByReward(episodes(true), reward, { leastGap, ...work });
      } finally {
        await encoder.close();
      }
    }
  }
}
