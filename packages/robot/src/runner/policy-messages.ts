import type { PolicySignature } from '@rapport/core';
import type { ChunkShape, ObservedStep } from '@rapport/policy';

/** Where a policy comes from. */
export type PolicySource =
  /** What a training run or an import left. */
  | { readonly kind: 'folder'; readonly directory: string }
  /** One of an environment's scripted policies. */
  | { readonly kind: 'scripted'; readonly envId: string; readonly name: string };

/** A policy as the other process has opened it. */
export interface PolicyDescription {
  readonly name: string;
  /** Environment that it was made for; undefined when that is not known. */
  readonly envId: string | undefined;
  readonly signature: PolicySignature | undefined;
  readonly chunk: ChunkShape;
}

/** To the process that plans. */
export type PolicyRequest =
  | { readonly kind: 'open'; readonly source: PolicySource }
  | { readonly kind: 'reset'; readonly seed: number }
  | { readonly kind: 'sample'; readonly id: number; readonly history: readonly ObservedStep[] };

/** From it. */
export type PolicyReply =
  | { readonly kind: 'opened'; readonly description: PolicyDescription }
  | { readonly kind: 'refused'; readonly errorName: string; readonly message: string; readonly fix: string | undefined }
  | { readonly kind: 'chunk'; readonly id: number; readonly actions: readonly Float32Array[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
