import type { WorkOptions } from '@rapport/core';

/** One measured line of a benchmark. */
export interface BenchRow {
  /** Workload and setting, for example `W1 MLP training, 1 thread`. */
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The peer's value in the same run, when it was asked for and could run. */
  readonly peer?: number;
  /** ours / peer, from rounds in which both ran; for rates (`better: 'higher'`) too. */
  readonly ratio?: number;
  readonly better: 'lower' | 'higher';
  /** What we want the ratio (or, without a peer, the value) to be, in words, for example `<= 1.0`. */
  readonly aim?: string;
}

export interface BenchReport {
  readonly title: string;
  readonly rows: readonly BenchRow[];
  /** Settings, versions, what could not be run and why. */
  readonly notes: readonly string[];
}

export interface BenchOptions extends WorkOptions {
  /** Also run the Python peer, in an isolated environment that is made when missing. */
  readonly peer: boolean;
  /** Where isolated Python environments live, normally `.rapport/peers`. */
  readonly peersDirectory: string;
  /** Fewer rounds, for a quick look. */
  readonly quick: boolean;
}

export interface Benchmark {
  /** What `rapport bench` calls it. */
  readonly name: string;
  readonly summary: string;
  run(options: BenchOptions): Promise<BenchReport>;
}
