import type { AlignmentMonitor } from '@rapport/policy';
import type { PairedDifference } from './judge.js';

/** Off the data on more than this share of the sampled chunks is worth a warning. */
const OFF_MANIFOLD = 0.02;
/** Winners' loss above this many times the reference's is more than noise. */
const WORSE = 1.05;
/** How far implicit-reward accuracy may be above ranking accuracy. */
const ACCURACY_GAP = 0.2;

/** What a person should look at before using an aligned policy. @param change null when nobody told how it does */
export function alignmentWarnings(
  {
    history,
    stopped,
  }: {
    readonly history: readonly AlignmentMonitor[];
    readonly stopped?: { readonly step: number; readonly reason: string } | undefined;
  },
  kept: number,
  change: PairedDifference | null,
): string[] {
  const warnings: string[] = [];
  const look = history.findLast(({ step }) => step <= kept)!;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  if (stopped !== undefined) {
    warnings.push(`stopped at step ${stopped.step} and went back to step ${kept}: ${stopped.reason}`);
  }
  if (look.winnerLoss > WORSE * look.referenceWinnerLoss) {
    warnings.push('winners are denoised worse than by the reference: the policy moves away from both');
  }
  if (look.offManifold > OFF_MANIFOLD)
    warnings.push(`${percent(look.offManifold)} of the sampled chunks are off the data`);
  if (look.implicitAccuracy - look.rankingAccuracy > ACCURACY_GAP) {
    warnings.push(
      `implicit-reward accuracy is ${percent(look.implicitAccuracy)}, ranking accuracy ${percent(look.rankingAccuracy)}: ` +
        'pairs are pushed apart without changing which one the policy makes',
    );
  }
  if (change !== null && change.success.high < 0) {
    warnings.push(`success fell by ${percent(-change.success.mean)} on the same starts`);
  }
  return warnings;
}
