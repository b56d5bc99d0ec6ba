/**
 * A ranking in the making: groups of clips, best first, by their place on screen; clips of one group are tied.
 * `[[2], [0, 1]]` says that the third clip is best and the first two share the second rank.
 */
export type Ranking = readonly (readonly number[])[];

/** Gives the clip the next rank; a clip that has one loses it, and those behind it move up. */
export function place(ranking: Ranking, clip: number): Ranking {
  const without = ranking.map((group) => group.filter((other) => other !== clip)).filter((group) => group.length > 0);
  return isPlaced(ranking, clip) ? without : [...without, [clip]];
}

/** Ties the clip placed last with the rank before it; where it is tied already, takes it out of the tie again. */
export function toggleTie(ranking: Ranking): Ranking {
  const last = ranking.at(-1);
  if (last === undefined) return ranking;
  if (last.length > 1) return [...ranking.slice(0, -1), last.slice(0, -1), last.slice(-1)];
  const before = ranking.at(-2);
  return before === undefined ? ranking : [...ranking.slice(0, -2), [...before, ...last]];
}

/**
 * The rank of each clip, 0 for the best, ties equal; a single clip without a rank is the last.
 * Undefined while more than one clip has none.
 */
export function ranksOf(ranking: Ranking, clipCount: number): number[] | undefined {
  const unplaced = Array.from({ length: clipCount }, (_, clip) => clip).filter((clip) => !isPlaced(ranking, clip));
  if (unplaced.length > 1) return undefined;
  const groups = unplaced.length === 1 ? [...ranking, unplaced] : ranking;
  return Array.from({ length: clipCount }, (_, clip) => groups.findIndex((group) => group.includes(clip)));
}

export function isPlaced(ranking: Ranking, clip: number): boolean {
  return ranking.some((group) => group.includes(clip));
}

/** Where the clip stands, for people: `1st`, `tied 2nd`; undefined when it has no rank. */
export function rankLabel(ranking: Ranking, clip: number): string | undefined {
  const rank = ranking.findIndex((group) => group.includes(clip));
  if (rank < 0) return undefined;
  const ordinal = ['1st', '2nd', '3rd'][rank] ?? `${rank + 1}th`;
  return ranking[rank]!.length > 1 ? `tied ${ordinal}` : ordinal;
}
