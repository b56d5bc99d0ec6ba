import type { CameraView, RecordedEpisode } from '@rapport/core';
import type { MakeOptions } from '../entry.js';
import type { Actor } from './actor.js';

/** What a worker is started with. */
export interface WorkerTask {
  readonly envId: string;
  readonly make: MakeOptions;
  readonly policy: Actor;
  readonly cameras: readonly CameraView[];
  readonly stepsAfterSuccess: number | undefined;
}

/** Asks a worker for one episode. */
export interface EpisodeRequest {
  readonly index: number;
  readonly seed: number;
}

/** A worker's answer; its arrays are moved, not copied. */
export interface EpisodeReply {
  readonly index: number;
  readonly recorded: RecordedEpisode;
}
