import { RandomStream } from '@rapport/core';
import type { AlignmentCell } from './cell.js';
import type { AlignmentEvaluation } from './evaluation.js';

/** The share of the preferred way that the experiment is to reach. */
export const TARGET_SHARE = 0.85;
/** How many times fewer labels than RLHF the paper reports for RAPL (Tian et al. 2024, arXiv 2412.04835, abstract). */
const PAPER_SAVING = 5;
/** Draws of starts for an interval. */
const RESAMPLES = 2000;

/** How many rankings it took to reach a share; limits of 95 %, null where more than were tried. */
export interface LabelNeed {
  /** Between the numbers that were tried on a straight line. */
  readonly rankings: number;
  /** Whether the fewest that were tried were enough: fewer might be. */
  readonly isFewest: boolean;
  readonly low: number | null;
  readonly high: number | null;
}

/** How many labels RAPL and RLHF need for the same alignment. */
export interface LabelSaving {
  /** Preferred share before. */
  readonly before: number;
  /** Most rankings that were tried. */
  readonly most: number;
  /** Share at which they are compared: the target, or else the highest that both reached. */
  readonly share: number;
  readonly rapl: LabelNeed;
  readonly rlhf: LabelNeed;
  /**
   * RLHF's rankings over RAPL's; limits of 95 %, null where there is none. Null when the fewest rankings were enough for both.
   */
  readonly ratio: { readonly value: number; readonly low: number | null; readonly high: number | null } | null;
}

interface Curve {
  readonly rankings: readonly number[];
  /** For every number of rankings and held-out start 1 or 0: the preferred way or not. */
  readonly outcomes: readonly Uint8Array[];
}

/**
 * Compares RAPL's and RLHF's curves of the preferred share over rankings at equal shares. Intervals are of resampled starts,
 * the same for both, as all policies ran from the same.
 * @returns null unless both rewards were learned and both got above the share before
 */
export function labelSaving(before: AlignmentEvaluation, cells: readonly AlignmentCell[]): LabelSaving | null {
  const [rapl, rlhf] = [curveOf('rapl', cells), curveOf('rlhf', cells)];
  if (rapl === null || rlhf === null) return null;
  const starts = before.episodes.map((_, start) => start);
  const highest = Math.min(...[rapl, rlhf].map((curve) => Math.max(...sharesOf(curve, starts))));
  const share = Math.min(TARGET_SHARE, highest);
  const shareBefore = before.preferred?.mean ?? 0;
  if (share <= shareBefore) return null;

  const needs = (drawn: readonly number[]): [number, number] => [
    rankingsFor(share, rapl, drawn),
    rankingsFor(share, rlhf, drawn),
  ];
  const [forRapl, forRlhf] = needs(starts);
  const stream = new RandomStream(0, 'label-saving');
  const resampled = Array.from({ length: RESAMPLES }, () => needs(starts.map(() => stream.integer(starts.length))));
  // Where neither got there, nothing is said about which needs more.
  const ratios = resampled.map(([one, other]) => other / one).filter((ratio) => !Number.isNaN(ratio));
  const [raplNeed, rlhfNeed] = [
    { rankings: forRapl, isFewest: forRapl === rapl.rankings[0], ...limits(resampled.map(([one]) => one)) },
    { rankings: forRlhf, isFewest: forRlhf === rlhf.rankings[0], ...limits(resampled.map(([, other]) => other)) },
  ];
  return {
    before: shareBefore,
    most: Math.max(...rapl.rankings, ...rlhf.rankings),
    share,
    rapl: raplNeed,
    rlhf: rlhfNeed,
    ratio: raplNeed.isFewest && rlhfNeed.isFewest ? null : { value: forRlhf / forRapl, ...limits(ratios) },
  };
}

/** In words; what the paper claims stands beside it. */
export function describeSaving(saving: LabelSaving | null): string {
  const paper = `The paper reports ${PAPER_SAVING} times fewer for RAPL, of people and on hardware.`;
  if (saving === null) {
    return `RAPL and RLHF did not both take the preferred way more often than before: their labels cannot be compared. ${paper}`;
  }
  const { share, rapl, rlhf, ratio, most } = saving;
  const upTo = (limit: number | null, format: (value: number) => string) =>
    limit === null ? `more than ${format(most)}` : format(limit);
  const whole = (value: number) => value.toFixed(0);
  const need = ({ rankings, isFewest, low, high }: LabelNeed) =>
    `${whole(rankings)} rankings${isFewest ? ' or fewer' : ''} (${upTo(low, whole)} to ${upTo(high, whole)})`;
  const where =
    share < TARGET_SHARE
      ? `They did not both reach a share of ${percent(TARGET_SHARE)}; for ${percent(share)}, the most that both reached,`
      : `For a share of ${percent(share)}`;
  const needs = `${where} RAPL took ${need(rapl)}, RLHF ${need(rlhf)}`;
  if (ratio === null) return `${needs}, the fewest that were tried: a saving cannot be told. ${paper}`;
  const bound = rapl.isFewest ? 'at least ' : rlhf.isFewest ? 'at most ' : '';
  const times = (value: number) => value.toFixed(1);
  const high = ratio.high === null ? 'no limit' : times(ratio.high);
  return `${needs}: ${bound}${times(ratio.value)} times as many (${times(ratio.low ?? 0)} to ${high}). ${paper}`;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

function curveOf(method: string, cells: readonly AlignmentCell[]): Curve | null {
  const own = cells.filter((cell) => cell.method === method).sort((a, b) => a.rankings - b.rankings);
  if (own.length === 0) return null;
  return {
    rankings: own.map(({ rankings }) => rankings),
    outcomes: own.map(({ evaluation }) => Uint8Array.from(evaluation.episodes, ({ preferred }) => Number(preferred))),
  };
}

/** The preferred share after each number of rankings, over these starts. */
function sharesOf({ outcomes }: Curve, starts: readonly number[]): number[] {
  return outcomes.map((outcome) => starts.reduce((sum, start) => sum + outcome[start]!, 0) / starts.length);
}

/** Where the curve first reaches the share, on a straight line from the number tried before; infinite when nowhere. */
function rankingsFor(share: number, curve: Curve, starts: readonly number[]): number {
  const shares = sharesOf(curve, starts);
  const place = shares.findIndex((one) => one >= share);
  if (place < 0) return Number.POSITIVE_INFINITY;
  const rankings = curve.rankings[place]!;
  if (place === 0) return rankings;
  const [earlier, from, to] = [curve.rankings[place - 1]!, shares[place - 1]!, shares[place]!];
  return earlier + ((share - from) / (to - from)) * (rankings - earlier);
}

/** Percentiles 2.5 and 97.5; infinite ones are null. */
function limits(values: readonly number[]): { readonly low: number | null; readonly high: number | null } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (quantile: number) => {
    const value = sorted[Math.round(quantile * (sorted.length - 1))]!;
    return Number.isFinite(value) ? value : null;
  };
  return { low: at(0.025), high: at(0.975) };
}
