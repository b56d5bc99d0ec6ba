import { type Interval, type RandomStream, type RankedClips, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { VideoReward } from '../model.js';
import type { VideoLookup } from '../videos.js';
import { judgePairs } from './evaluate.js';
import { pairAccuracy } from './pairs.js';

/** One point of a label-efficiency curve. */
export interface LabelEfficiencyPoint {
  /** Rankings trained on. */
  readonly rankings: number;
  /** Accuracy on the held-out rankings. */
  readonly pairAccuracy: Interval | undefined;
}

export interface LabelEfficiencyOptions extends WorkOptions {
  /** For example [10, 25, 50, 100]; counts above the number of rankings are left out. */
  readonly counts: readonly number[];
  /** Rankings to train on; the first `count` of them are used, so that larger sets hold the smaller ones. */
  readonly rankings: readonly RankedClips[];
  readonly heldOut: readonly RankedClips[];
  readonly videos: VideoLookup;
  readonly train: (rankings: readonly RankedClips[], stream: RandomStream) => Promise<VideoReward>;
  readonly stream: RandomStream;
}

/** Held-out pair accuracy of rewards trained on more and more rankings. */
export async function labelEfficiency(options: LabelEfficiencyOptions): Promise<LabelEfficiencyPoint[]> {
  const counts = options.counts.filter((count) => count <= options.rankings.length);
  const points: LabelEfficiencyPoint[] = [];
  for (const count of counts) {
    throwIfAborted(options.signal);
    options.onProgress?.({ label: 'label efficiency', done: points.length, total: counts.length });
    const model = await options.train(options.rankings.slice(0, count), options.stream.fork(`rankings-${count}`));
    const judged = judgePairs(model, options.heldOut, options.videos);
    points.push({ rankings: count, pairAccuracy: pairAccuracy(judged) });
  }
  return points;
}
