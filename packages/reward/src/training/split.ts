import { InputError, onDecidingFrames, type RandomStream, type RankedClips } from '@rapport/core';
import { rankedPairs } from '../diagnostics/pairs.js';
import { checkVideo, clipKey, cutClip, type FeatureVideo, type VideoLookup } from '../videos.js';

/** Rankings for gradients and rankings for choosing the epoch. */
export interface RankingSplit {
  readonly training: readonly RankedClips[];
  readonly validation: readonly RankedClips[];
}

/** Below this number nothing is held back: the few rankings are worth more as training data. */
const FEWEST_TO_SPLIT = 5;

/** Holds back a random share of the rankings. */
export function splitRankings(
  rankings: readonly RankedClips[],
  validationShare: number,
  stream: RandomStream,
): RankingSplit {
  if (rankings.length < FEWEST_TO_SPLIT) return { training: rankings, validation: [] };
  const shuffled = stream.shuffled(rankings);
  const held = Math.round(validationShare * rankings.length);
  return { training: shuffled.slice(held), validation: shuffled.slice(0, held) };
}

/**
 * The different clips of some rankings, in order of appearance, with their features; behind them the pieces of clips that
 * decided, where an annotator marked them.
 */
export class ClipTable {
  readonly videos: readonly FeatureVideo[];
  /** The first of the videos: clips as they were shown. */
  readonly wholeVideos: readonly FeatureVideo[];
  /** Clips by number. */
  readonly clips: readonly RankedClips['items'][number][];
  readonly #numbers: ReadonlyMap<string, number>;

  /** @throws InputError when a clip has no features, or features of another width */
  constructor(rankings: readonly RankedClips[], lookup: VideoLookup, featureSize: number) {
    const numbers = new Map<string, number>();
    const clips: RankedClips['items'][number][] = [];
    const videos: FeatureVideo[] = [];
    const add = (clip: RankedClips['items'][number], find: () => FeatureVideo): void => {
      const key = clipKey(clip);
      if (numbers.has(key)) return;
      numbers.set(key, clips.length);
      clips.push(clip);
      videos.push(find());
    };
    for (const clip of rankings.flatMap(({ items }) => items)) {
      add(clip, () => {
        const video = lookup(clip);
        checkVideo(video, featureSize, `the video of clip ${clipKey(clip)}`);
        return video;
      });
    }
    this.wholeVideos = [...videos];
    for (const ranking of rankings) {
      onDecidingFrames(ranking).items.forEach((piece, item) => {
        const whole = ranking.items[item]!;
        add(piece, () => cutClip(videos[numbers.get(clipKey(whole))!]!, whole, piece));
      });
    }
    this.clips = clips;
    this.videos = videos;
    this.#numbers = numbers;
  }

  /** Number of a clip that was in the rankings, or of the piece of it that decided. */
  numberOf(clip: RankedClips['items'][number]): number {
    const number = this.#numbers.get(clipKey(clip));
    if (number === undefined) throw new InputError(`clip ${clipKey(clip)} is in none of the rankings`);
    return number;
  }
}

/** @throws InputError when no ranking prefers one clip to another */
export function requirePreferences(rankings: readonly RankedClips[]): void {
  for (const [index, { items, ranks }] of rankings.entries()) {
    if (items.length !== ranks.length) {
      throw new InputError(`ranking ${index} has ${items.length} clips and ${ranks.length} places`);
    }
  }
  if (rankedPairs(rankings).length === 0) {
    throw new InputError(`none of the ${rankings.length} rankings prefers one clip to another`, {
      fix: 'collect rankings that are not all ties',
    });
  }
}
