import type { Vector3 } from '@rapport/core';
import { armLayout } from '../arm-observation.js';

/** What a scripted policy reads out of an observation. */
export interface Sight {
  /** The tool centre point in the world, metres. */
  readonly tcp: Vector3;
  /** Where the tool is sent, metres, and how far the hand is sent to turn about the world's z axis, rad. */
  readonly target: Vector3;
  readonly targetYawRad: number;
  /** Distance between the fingers, metres. */
  readonly gripperWidth: number;
  /** The task's own entries. */
  readonly task: Float32Array;
}

/** Reads an observation of any manipulation task. */
export function readSight(observation: Float32Array): Sight {
  const { tcp, target, gripperWidth, end } = armLayout;
  return {
    tcp: vectorAt(observation, tcp),
    target: vectorAt(observation, target),
    targetYawRad: Math.atan2(observation[target + 4]!, observation[target + 3]!),
    gripperWidth: observation[gripperWidth]!,
    task: observation.subarray(end),
  };
}

/** Three numbers from `start` on. */
export function vectorAt(values: ArrayLike<number>, start: number): Vector3 {
  return [values[start]!, values[start + 1]!, values[start + 2]!];
}

/**
 * The turn of the hand, nearest to `nearRad`, whose fingers are parallel to the sides of a square thing.
 * @param yawRad of the thing
 */
export function squareGrasp(yawRad: number, nearRad: number): number {
  const quarter = Math.PI / 2;
  return yawRad + quarter * Math.round((nearRad - yawRad) / quarter);
}
