import { armNames } from '../../robots/bodies.js';
import { contactForce, contactSensor } from '../contacts.js';
import { distance } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';

const fingers = ['left', 'right'] as const;

/** What robomimic's can and square share: steps and turns of the tool at 20 Hz, as in lift. */
export const pickAndPlace = {
  controlHz: 20,
  control: { kind: 'cartesian-delta', maxStepMetres: 0.02, maxStepRad: 0.15 },
  bounds: { min: [-0.2, -0.55, 0], max: [0.9, 0.55, 0.8] },
  workspace: { min: [0.25, -0.5, 0.006], max: [0.75, 0.5, 0.6] },
  memorySize: 0,
} as const satisfies Partial<ManipulationTask>;

/** Sensors for `isHeld`. */
export function pressSensors(body: string) {
  return fingers.map((side) => contactSensor(`press_${side}`, { body: armNames.finger(side) }, { body }));
}

/** Whether both fingers press the body of `pressSensors` with more than 0.5 N. */
export function isHeld({ physics }: Stage): boolean {
  return fingers.every((side) => contactForce(physics, `press_${side}`) > 0.5);
}

/** Robosuite's test that the gripper has let go: 1 - tanh(10 d) < 0.6, which is d > 4.2 cm, from a thing's origin. */
export function gripperAway({ arm }: Stage, position: ArrayLike<number>): boolean {
  return 1 - Math.tanh(10 * distance(arm.tcpPosition, position)) < 0.6;
}

/** Angle of a body's z axis to the vertical, from its row-major rotation matrix, rad. */
export function tiltRad(rotation: ArrayLike<number>): number {
  return Math.acos(Math.min(1, Math.max(-1, rotation[8]!)));
}
