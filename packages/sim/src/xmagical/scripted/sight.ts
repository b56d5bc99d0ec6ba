import type { Pose } from '../layout.js';

/** What a scripted policy reads out of a state observation. */
export interface Sight {
  readonly robot: Pose;
  readonly blocks: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Takes the state vector of `stateEntries` apart. */
export function readObservation(observation: Float32Array): Sight {
  const blocks = [0, 1, 2].map((index) => ({ x: observation[2 + 2 * index]!, y: observation[3 + 2 * index]! }));
  return {
    robot: { x: observation[0]!, y: observation[1]!, angle: Math.atan2(observation[9]!, observation[8]!) },
    blocks,
  };
}
