import type { Interval } from '@rapport/core';

/** Everything the demo's report says in numbers; written as `report.json`. Intervals are 95 %, with N as `count`. */
export interface DemoReport {
  readonly format: 1;
  readonly environment: string;
  readonly task: string;
  readonly embodiment: string;
  readonly seed: number;
  /** Where labels came from. */
  readonly annotator: {
    readonly kind: 'simulated' | 'human';
    /** The imperfections of a simulated annotator, in words. */
    readonly description: string;
    readonly queries: number;
    /** Rankings that stand and state a preference. */
    readonly rankings: number;
  };
  readonly rollouts: { readonly count: number; readonly heldOut: number; readonly meanScore: Interval };
  readonly encoder: { readonly kind: string; readonly hash: string; readonly description: string };
  readonly rewards: readonly RewardReport[];
  readonly policies: readonly PolicyReport[];
  /** Mean true score after training on the learned reward as a share of what the true reward reaches. */
  readonly shareOfTrueReward: Readonly<Record<string, number>>;
  readonly seconds: Readonly<Record<string, number>>;
}

/** A learned reward against held-out clips. */
export interface RewardReport {
  readonly name: 'rapl' | 'rlhf';
  readonly trainingRankings: number;
  readonly pairAccuracy: Interval | undefined;
  readonly truePairAccuracy: Interval;
  readonly acrossVideos: Interval;
  readonly withinVideo: Interval | undefined;
  readonly calibrationError: number;
  readonly calibration: readonly { readonly predicted: number; readonly observed: number; readonly count: number }[];
  /** The held-out preferences that the reward finds least likely. */
  readonly worst: readonly {
    readonly preferredEpisode: number;
    readonly otherEpisode: number;
    readonly probability: number;
    /** Opens the two in the viewer. */
    readonly command: string;
  }[];
  readonly labelEfficiency: readonly { readonly rankings: number; readonly pairAccuracy: Interval | undefined }[];
}

/** A policy trained on one reward. */
export interface PolicyReport {
  /** The reward it was trained on: `true`, `environment`, `rapl` or `rlhf`. */
  readonly reward: string;
  readonly steps: number;
  readonly curve: readonly { readonly step: number; readonly score: Interval; readonly success: Interval }[];
  readonly final: { readonly score: Interval; readonly success: Interval; readonly return: Interval };
}

/** Pictures of the report; they are not in `report.json`. */
export interface ReportPictures {
  /** Held-out rollouts under which the rewards of their frames stand. */
  readonly strips: readonly RewardStrip[];
  readonly plans: readonly PlanPicture[];
  /** Policies on the same held-out start, to be played side by side. */
  readonly clips: readonly ClipPicture[];
}

export interface RewardStrip {
  readonly title: string;
  /** Film strip as a data URI. */
  readonly film: string;
  /** Series over the frames, one value per frame. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export interface PlanPicture {
  readonly title: string;
  readonly caption: string;
  /** The plan as a data URI, frames of the rollout down, frames of the reference across; dark is much mass. */
  readonly picture: string;
}

export interface ClipPicture {
  readonly title: string;
  readonly caption: string;
  /** All frames side by side as a data URI. */
  readonly sheet: string;
  readonly frames: number;
  readonly fps: number;
  readonly size: number;
}
