import { InputError } from '@rapport/core';
import { mul, type Operand, sub, type Tensor } from '@rapport/nn';

/** What a model says about one side of a batch of pairs; every tensor has shape [batch]. */
export interface SampleEvidence {
  /**
   * Reward models: summed reward R. Policies: log-ratio to the reference, log pi(a) - log ref(a) summed over the segment;
   * for diffusion policies `denoisingLogRatio`. Without a reference: log pi(a).
   */
  readonly score: Tensor;
  /** Policies: -log pi(a), or the denoising loss. */
  readonly loss?: Tensor;
  /** True or learned return of the sample, for objectives that regress on it. */
  readonly reward?: Tensor;
}

export interface PairEvidence {
  readonly first: SampleEvidence;
  readonly second: SampleEvidence;
  /** Probability that the first is preferred: 1 preferred, 1/2 a tie; [batch] or a number. */
  readonly target: Operand;
  /** How much better the preferred one is, 0 or more; [batch] or a number. */
  readonly strength?: Operand;
  /** -log pi or denoising loss on demonstrations, [batch] or scalar. */
  readonly dataLoss?: Tensor;
  /** Distance of the policy from its reference on its own samples, [batch] or scalar. */
  readonly divergence?: Tensor;
}

export interface ListEvidence {
  /** As in `SampleEvidence`, shape [batch, items], each row ordered from the best item to the worst. */
  readonly scores: Tensor;
  /** -log pi or denoising loss of the best item, shape [batch]: policies give it, and it anchors them (as in rpo). */
  readonly bestLoss?: Tensor;
}

/** Samples rated one by one. */
export interface RatedEvidence {
  /** Shape [batch]; as in `SampleEvidence`. */
  readonly score: Tensor;
  /** 1 good, 0 bad, between them unsure; [batch] or a number. */
  readonly target: Operand;
}

/** A field of a pair's evidence that an objective may need beyond scores and target. */
export type EvidencePart = 'loss' | 'reward' | 'strength' | 'dataLoss' | 'divergence';

/**
 * The log-ratio of a diffusion policy, up to a factor: -weight (l - l_ref), with l and l_ref the denoising losses of one
 * chunk at the same noise and noise level (Wallace et al. 2023, arXiv 2311.12908). Shapes [batch].
 */
export function denoisingLogRatio(loss: Tensor, referenceLoss: Tensor, weight: Operand = 1): Tensor {
  return mul(weight, sub(referenceLoss, loss));
}

/** @throws InputError when the objective's evidence lacks this part */
export function requirePart<Part>(part: Part | undefined, name: EvidencePart, objective: string): Part {
  if (part === undefined) {
    throw new InputError(`the objective "${objective}" needs "${name}"; the evidence has none`, {
      fix: 'supply it, or choose an objective that needs scores alone, for example dpo',
    });
  }
  return part;
}
