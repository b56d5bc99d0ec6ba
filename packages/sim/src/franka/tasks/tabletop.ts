import type { RandomStream, SpaceEntry, Vector3 } from '@rapport/core';
import { type CollisionThresholds, defaultThresholds } from '../../control/faults.js';
import { frontCamera } from '../cameras.js';
import { distance } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';

/**
 * Twice the robot's usual thresholds: Meta-World's episodes have one length, so that clumsy contact should cost score before
 * it cuts an episode short.
 */
const toleratedContact: CollisionThresholds = {
  jointTorques: defaultThresholds.jointTorques.map((torque) => 2 * torque),
  force: 2 * defaultThresholds.force,
  moment: 2 * defaultThresholds.moment,
};

/**
 * What the tasks after Meta-World share: steps of the tool at 20 Hz with the hand pointing down, one camera before the
 * table and one at the wrist. Meta-World's own actions are steps of 1 cm at 80 Hz.
 */
export const tabletop = {
  controlHz: 20,
  control: { kind: 'cartesian-delta-position', maxStepMetres: 0.02 },
  cameras: [frontCamera],
  bounds: { min: [-0.2, -0.5, 0], max: [0.9, 0.5, 0.8] },
  workspace: { min: [0.25, -0.4, 0.01], max: [0.75, 0.4, 0.6] },
  thresholds: toleratedContact,
} as const satisfies Partial<ManipulationTask>;

/**
 * A point that is observed.
 * @param within the box that holds it, metres; a thing that is free to roll away has none
 */
export function pointEntries(name: string, within?: { readonly min: Vector3; readonly max: Vector3 }): SpaceEntry[] {
  return ['x', 'y', 'z'].map((axis, index) => ({
    name: `${name}_${axis}`,
    unit: 'm',
    low: within?.min[index] ?? Number.NEGATIVE_INFINITY,
    high: within?.max[index] ?? Number.POSITIVE_INFINITY,
  }));
}

/** Puts the open hand about 25 cm above the table's near part, within 2 cm. */
export function startAboveTable({ arm }: Stage, random: RandomStream): void {
  const near = (centre: number) => random.uniformBetween(centre - 0.02, centre + 0.02);
  arm.placeTcp([near(0.42), near(0), near(0.25)]);
}

/** Draws two places until they are at least 15 cm apart (Meta-World). */
export function farEnough(drawObject: () => Vector3, drawGoal: () => Vector3): readonly [Vector3, Vector3] {
  for (;;) {
    const [object, goal] = [drawObject(), drawGoal()];
    if (distance(object, goal) >= 0.15) return [object, goal];
  }
}
