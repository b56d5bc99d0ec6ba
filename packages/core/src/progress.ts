import type { StopSignal } from './errors.js';

/** A step of long work, for a progress bar or a plain line. Libraries report, the command line prints. */
export interface Progress {
  /** What is going on, for example `training the encoder`. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** A few numbers worth showing beside the bar. */
  readonly values?: Readonly<Record<string, number>>;
}

/** Options that every long-running function takes. */
export interface WorkOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** One record of metrics at a step of training; names are `group/name`. */
  readonly onMetrics?: (step: number, metrics: Readonly<Record<string, number>>) => void;
  readonly signal?: StopSignal;
}
