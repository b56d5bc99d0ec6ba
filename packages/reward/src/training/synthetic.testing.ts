import { type ClipReference, mean, RandomStream, type RankedClips, randomQueries } from '@rapport/core';
import { perfectAnnotator, simulateRanking } from '../annotators/simulated.js';
import { clipKey, type FeatureVideo, lookupIn, type VideoLookup } from '../videos.js';

/** A made-up world whose truth is known: videos with a hidden quality and louder nuisances. */
export interface SyntheticWorld {
  readonly clips: readonly ClipReference[];
  readonly videos: VideoLookup;
  /** True step scores of a clip. */
  readonly stepScores: (clip: ClipReference) => Float32Array;
  /** Rankings of three of the clips by their true scores. */
  rankings(clips: readonly ClipReference[], count: number): RankedClips[];
}

export const FEATURES = 24;
const FRAMES = 12;

/**
 * Frame features are a direction times the progress quality * t / T, plus two nuisance directions of about twice the
 * strength that change from frame to frame, plus noise. Distances between raw features follow the nuisances.
 */
export function syntheticWorld(seed: number, count: number, features = FEATURES): SyntheticWorld {
  const stream = new RandomStream(seed, 'synthetic');
  const directions = [0, 1, 2].map(() => stream.fillNormal(new Float32Array(features)));
  const videos = new Map<string, FeatureVideo>();
  const scores = new Map<string, Float32Array>();
  const clips: ClipReference[] = [];
  for (let episode = 0; episode < count; episode++) {
    const clip = { dataset: 'synthetic', episode, start: 0, end: FRAMES };
    const quality = stream.uniform();
    const data = new Float32Array(FRAMES * features);
    const score = new Float32Array(FRAMES);
    for (let frame = 0; frame < FRAMES; frame++) {
      score[frame] = (quality * (frame + 1)) / FRAMES;
      const amounts = [score[frame]!, stream.normal(), stream.normal()];
      for (let feature = 0; feature < features; feature++) {
        data[frame * features + feature] =
          amounts.reduce((sum, amount, index) => sum + amount * directions[index]![feature]!, 0) +
          0.05 * stream.normal();
      }
    }
    videos.set(clipKey(clip), { frames: FRAMES, width: features, data });
    scores.set(clipKey(clip), score);
    clips.push(clip);
  }
  const stepScores = (clip: ClipReference): Float32Array => scores.get(clipKey(clip))!;
  return {
    clips,
    videos: lookupIn(videos),
    stepScores,
    rankings: (some, rankingCount) =>
      randomQueries({ clips: some, count: rankingCount, random: stream }).map(({ items }) => {
        const value = simulateRanking(
          items.map((clip) => mean(stepScores(clip))),
          perfectAnnotator,
          stream,
        );
        return { items, ranks: value.kind === 'ranking' ? value.ranks : [] };
      }),
  };
}

/** Identity of the made-up features. */
export const syntheticEncoder = {
  kind: 'synthetic',
  hash: 'f'.repeat(64),
  features: 'own',
  featureSize: FEATURES,
} as const;
