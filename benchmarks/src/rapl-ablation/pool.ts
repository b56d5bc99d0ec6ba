import { type ClipReference, episodeScore, throwIfAborted, type WorkOptions } from '@rapport/core';
import { clipKey, type Encoder, type FeatureVideo } from '@rapport/reward';
import { collectEpisodes, makeEnv } from '@rapport/sim';

/** A pool of scripted rollouts with the features of several encoders. */
export interface Pool {
  readonly clips: readonly ClipReference[];
  /** True step scores by `clipKey`. */
  readonly stepScores: ReadonlyMap<string, Float32Array>;
  /** True score by `clipKey`. */
  readonly scores: ReadonlyMap<string, number>;
  /** Features by encoder, in the order given, then by `clipKey`. */
  readonly features: readonly ReadonlyMap<string, FeatureVideo>[];
}

const IMAGE_SIZE = 112;
/** Episodes whose pictures are in memory at a time. */
const CHUNK = 20;

/** Records `episodes` rollouts of the mixed scripted policy, seeds from 0 on, and encodes every picture. */
export async function recordPool(
  envId: string,
  episodes: number,
  encoders: readonly Encoder[],
  options: WorkOptions,
): Promise<Pool> {
  const camera = (await makeEnv(envId)).spec.cameras[0]!;
  const clips: ClipReference[] = [];
  const stepScores = new Map<string, Float32Array>();
  const scores = new Map<string, number>();
  const features = encoders.map(() => new Map<string, FeatureVideo>());
  for (let first = 0; first < episodes; first += CHUNK) {
    throwIfAborted(options.signal);
    options.onProgress?.({ label: 'recording and encoding rollouts', done: first, total: episodes });
    const seeds = Array.from({ length: Math.min(CHUNK, episodes - first) }, (_, index) => first + index);
    const recorded = await collectEpisodes({
      envId,
      policy: 'mixed',
      seeds,
      cameras: [{ camera, width: IMAGE_SIZE, height: IMAGE_SIZE }],
      workers: 0,
    });
    for (const [index, { episode, privileged }] of recorded.entries()) {
      const clip = { dataset: envId, episode: first + index, start: 0, end: episode.length };
      const key = clipKey(clip);
      clips.push(clip);
      stepScores.set(key, privileged.stepScores);
      scores.set(key, episodeScore(privileged));
      for (const [which, encoder] of encoders.entries()) {
        const data = await encoder.encode(episode.frames[0]!);
        features[which]!.set(key, { frames: episode.length, width: encoder.featureSize, data });
      }
    }
  }
  return { clips, stepScores, scores, features };
}
