import type { Vector3 } from '@rapport/core';
import { canGoal } from '../tasks/can.js';
import { stayHere } from './gently.js';
import { grasp, type Place, release } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.08;
const HELD = 0.03;
/** The can is held so far over its middle, metres. */
const HOLD = 0.025;
const HALF_HEIGHT = 0.055;
/** The tool's height over the bins' walls with the can in it. */
const TRAVEL = 0.21;

/** At the can's upper half, with a fixed error. */
function atCan(error: Vector3): Place {
  return ({ task }) => {
    const [x, y, z] = vectorAt(task, 0);
    return [x + error[0], y + error[1], z + HOLD + error[2]];
  };
}

function pick(error: Vector3 = [0, 0, 0]): Leg[] {
  return [
    ...grasp(atCan(error), { from: 0.17, opening: OPEN, held: HELD }),
    { to: ({ target }) => [target[0], target[1], TRAVEL], gripper: HELD, speed: 0.8, tolerance: 0.03, maxSteps: 20 },
  ];
}

/** Over the place, down to a height of the tool, open, up. */
function put([x, y]: readonly [x: number, y: number], height: number, speed: number): Leg[] {
  return [
    { to: () => [x, y, TRAVEL], gripper: HELD, speed, tolerance: 0.015, maxSteps: 80 },
    { to: () => [x, y, height], gripper: HELD, speed: 0.5, tolerance: 0.008, maxSteps: 25 },
    ...release(OPEN, TRAVEL),
    stayHere(OPEN),
  ];
}

const standing = HALF_HEIGHT + HOLD + 0.006;
const careful: Plan = () => [...pick(), ...put(canGoal, standing, 0.8)];
const hasty: Plan = () => [...pick(), ...put(canGoal, standing + 0.04, 1)];
/** Lets the can fall from above. */
const drops: Plan = () => [...pick(), ...put(canGoal, TRAVEL + 0.02, 0.9)];
/** Into another quarter, or between two. */
const elsewhere: Plan = (_, random) => {
  const place = [canGoal[0] - random.uniformBetween(0.1, 0.2), canGoal[1] - random.uniformBetween(0.04, 0.24)] as const;
  return [...pick(), ...put(place, standing, 0.8)];
};
/** Closes the fingers beside the can. */
const misses: Plan = (_, random) => {
  const side = random.uniform() < 0.5 ? -1 : 1;
  return [...pick([side * random.uniformBetween(0.06, 0.08), 0, 0]), ...put(canGoal, standing, 0.8)];
};

export const canStyles: readonly Style[] = [
  { style: 'careful', summary: 'grasps the can, sets it down in its quarter', plan: careful, noise: 0.02, share: 0.35 },
  { style: 'hasty', summary: 'the same faster, let go a little too high', plan: hasty, noise: 0.05, share: 0.15 },
  { style: 'drops', summary: 'lets the can fall from above the quarter', plan: drops, noise: 0.05, share: 0.15 },
  { style: 'elsewhere', summary: 'sets it down in another quarter', plan: elsewhere, noise: 0.05, share: 0.1 },
  { style: 'misses', summary: 'closes the fingers beside the can', plan: misses, noise: 0.05, share: 0.1 },
  {
    style: 'stops-short',
    summary: 'holds the can up and goes no further',
    plan: stopsShort(careful, 0.45),
    noise: 0.05,
    share: 0.1,
  },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.05 },
];
