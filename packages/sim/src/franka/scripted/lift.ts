import type { Vector3 } from '@rapport/core';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, squareGrasp, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.08;
const CLOSED = 0;
/** Steps that the fingers need to close on the cube and press it. */
const CLOSING_STEPS = 8;

/** Above or at the cube, off by a fixed error, metres. */
function overCube(height: number, error: Vector3 = [0, 0, 0]) {
  return ({ task }: Sight): Vector3 => {
    const [x, y, z] = vectorAt(task, 0);
    return [x + error[0], y + error[1], z + height + error[2]];
  };
}

const graspYaw = ({ task, targetYawRad }: Sight) => squareGrasp(Math.atan2(task[4]!, task[3]!), targetYawRad);

/** Above it, down, close, up. */
function graspAndLift(height: number, error: Vector3 = [0, 0, 0]): Leg[] {
  return [
    { to: overCube(0.08, error), yawRad: graspYaw, gripper: OPEN, maxSteps: 40 },
    { to: overCube(0, error), yawRad: graspYaw, gripper: OPEN, speed: 0.6, tolerance: 0.006, maxSteps: 25 },
    { to: ({ target }) => target, gripper: CLOSED, done: (_, steps) => steps >= CLOSING_STEPS, maxSteps: 20 },
    { to: ({ target }) => [target[0], target[1], height], gripper: CLOSED, speed: 0.7, maxSteps: 100 },
  ];
}

const careful: Plan = () => graspAndLift(0.2);

/** Lifts a little and lets go. */
const drops: Plan = () => [
  ...graspAndLift(0.2).slice(0, 3),
  { to: ({ target }) => [target[0], target[1], 0.09], gripper: CLOSED, speed: 0.7, maxSteps: 15 },
  { to: ({ target }) => target, gripper: OPEN, maxSteps: 100 },
];

/** Closes the fingers beside the cube. */
const misses: Plan = (_, random) => {
  const angle = random.uniformBetween(-Math.PI, Math.PI);
  return graspAndLift(0.2, [0.055 * Math.cos(angle), 0.055 * Math.sin(angle), 0.01]);
};

export const liftStyles: readonly Style[] = [
  { style: 'careful', summary: 'over the cube, down, grasp, up', plan: careful, noise: 0.02, share: 0.4 },
  { style: 'drops', summary: 'lifts a little and lets go', plan: drops, noise: 0.05, share: 0.15 },
  { style: 'misses', summary: 'closes the fingers beside the cube', plan: misses, noise: 0.05, share: 0.15 },
  {
    style: 'stops-short',
    summary: 'gives up before the grasp',
    plan: stopsShort(careful, 0.5),
    noise: 0.05,
    share: 0.15,
  },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.15 },
];
