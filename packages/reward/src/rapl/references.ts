import type { RankedClips } from '@rapport/core';
import { rankedPairs } from '../diagnostics/pairs.js';
import { fitTemperature, logistic } from '../training/temperature.js';
import type { VideoTransport } from './distance.js';
import type { EmbeddedVideo } from './embedding.js';

/** A strict preference between two clips, by number. */
interface ClipPair {
  readonly preferred: number;
  readonly other: number;
}

export interface ReferenceChoice {
  /** Numbers of the chosen clips, in the order in which they were chosen. */
  readonly clips: readonly number[];
  /** Temperature at which differences of the distance to the closest reference explain the rankings best. */
  readonly temperature: number;
}

/**
 * Chooses the preferred videos that episodes are compared with. Candidates are the clips that some ranking puts first.
 * One after the other, the candidate is taken that makes the rankings most likely when every clip is judged by its distance
 * to the closest reference; it stops early when no further one helps. A clip is never its own reference here, or each
 * candidate would vouch for itself.
 * @param embedded embedded videos by clip number
 */
export function chooseReferences(
  rankings: readonly RankedClips[],
  numberOf: (clip: RankedClips['items'][number]) => number,
  embedded: readonly EmbeddedVideo[],
  transport: VideoTransport,
  count: number,
): ReferenceChoice {
  const pairs: ClipPair[] = rankedPairs(rankings).map(({ ranking, preferred, other }) => ({
    preferred: numberOf(rankings[ranking]!.items[preferred]!),
    other: numberOf(rankings[ranking]!.items[other]!),
  }));
  const candidates = [...new Set(pairs.map(({ preferred }) => preferred))].filter((clip) =>
    pairs.every(({ other }) => other !== clip),
  );
  if (candidates.length === 0) candidates.push(...new Set(pairs.map(({ preferred }) => preferred)));
  const distances = new Map(
    candidates.map((candidate) => [
      candidate,
      Float64Array.from(embedded, (video, clip) =>
        clip === candidate ? Number.POSITIVE_INFINITY : transport.solve(video, embedded[candidate]!).distance,
      ),
    ]),
  );

  const chosen: number[] = [];
  let closest: Float64Array = new Float64Array(embedded.length).fill(Number.POSITIVE_INFINITY);
  let bestLoss = Number.POSITIVE_INFINITY;
  while (chosen.length < count) {
    let next: { readonly candidate: number; readonly closest: Float64Array; readonly loss: number } | undefined;
    for (const candidate of candidates) {
      if (chosen.includes(candidate)) continue;
      const row = distances.get(candidate)!;
      const merged = closest.map((distance, clip) => Math.min(distance, row[clip]!));
      const loss = explanationLoss(pairs, merged);
      if (next === undefined || loss < next.loss) next = { candidate, closest: merged, loss };
    }
    if (next === undefined || next.loss >= bestLoss) break;
    chosen.push(next.candidate);
    closest = next.closest;
    bestLoss = next.loss;
  }
  return { clips: chosen, temperature: fitTemperature(differencesOf(pairs, closest)) };
}

/** Mean -log p of the pairs at their best temperature. */
function explanationLoss(pairs: readonly ClipPair[], closest: Float64Array): number {
  const differences = differencesOf(pairs, closest);
  if (differences.length === 0) return Number.MAX_VALUE;
  const temperature = fitTemperature(differences);
  return -differences.reduce((sum, d) => sum + Math.log(logistic(d / temperature)), 0) / differences.length;
}

/** How much farther from its closest reference the other clip is; pairs with an unjudged clip are left out. */
function differencesOf(pairs: readonly ClipPair[], closest: Float64Array): number[] {
  return pairs
    .map(({ preferred, other }) => closest[other]! - closest[preferred]!)
    .filter((difference) => Number.isFinite(difference));
}
