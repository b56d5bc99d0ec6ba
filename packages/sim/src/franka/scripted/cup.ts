import { cup } from '../tasks/cup.js';
import { grasp, nearest, type Place, release, stay, type Yaw } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.08;
const TRAVEL_HEIGHT = 0.16;
const LIFT_HEIGHT = 0.22;

/** Direction of the handle from the cup's axis, rad about the world's z axis. */
const handleAngle = ({ task }: Sight) => Math.atan2(task[4]!, task[3]!);

/** A place at a distance from the cup's axis, at an angle from the handle, at a height above the cup's foot. */
function besideAxis(radius: number, fromHandleRad: number, height: number): Place {
  return (sight) => {
    const [x, y, z] = vectorAt(sight.task, 0);
    const angle = handleAngle(sight) + fromHandleRad;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), z + height];
  };
}

/** The turn of the hand whose fingers are across the direction of the handle, at most a quarter turn from home's. */
const acrossHandle: Yaw = (sight) => {
  const angle = handleAngle(sight);
  return angle - Math.PI * Math.round(angle / Math.PI);
};

/** Grasps at a place with the fingers across the handle's direction, and lifts. */
function lift(place: Place, opening: number): Leg[] {
  return [
    ...grasp(place, { from: TRAVEL_HEIGHT, opening, held: 0, yawRad: acrossHandle }),
    { to: ({ target }) => [target[0], target[1], LIFT_HEIGHT], gripper: 0, speed: 0.7, maxSteps: 60 },
  ];
}

const handle = besideAxis(cup.handleRadius, 0, cup.handleHeight);
const byHandle: Plan = () => lift(handle, 0.05);
const around: Plan = () => lift(besideAxis(0, 0, 0.055), OPEN);
/** One finger in the cup, the other outside, a quarter turn from the handle, on the side that is nearer to the tool. */
const inside: Plan = (sight) => {
  const wall = (side: 1 | -1) => besideAxis(cup.radius - cup.wall / 2, (side * Math.PI) / 2, 0.058);
  return lift(nearest(sight, [wall(1), wall(-1)]), 0.05);
};

const drops: Plan = (sight, random) => [
  ...byHandle(sight, random).slice(0, 3),
  { to: ({ target }) => [target[0], target[1], 0.13], gripper: 0, speed: 0.7, maxSteps: 12 },
  ...release(OPEN, LIFT_HEIGHT),
  { to: stay, gripper: OPEN, maxSteps: 1 },
];

/** Comes from the side and runs into the cup. */
const knocks: Plan = (_, random) => {
  const angle = random.uniformBetween(-Math.PI, Math.PI);
  const beside =
    (radius: number): Place =>
    (sight) => {
      const [x, y] = vectorAt(sight.task, 0);
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), 0.06];
    };
  const [from, to] = [beside(0.14), beside(-0.05)];
  return [
    { to: from, gripper: 0, tolerance: 0.03, maxSteps: 20 },
    { to, gripper: 0, maxSteps: 6 },
    { to: ({ target }) => [target[0], target[1], LIFT_HEIGHT], gripper: 0, maxSteps: 60 },
  ];
};

export const cupStyles: readonly Style[] = [
  { style: 'by-handle', summary: 'grasps the handle and lifts', plan: byHandle, noise: 0.02, share: 0.3 },
  { style: 'around', summary: 'grasps the cup around its outside and lifts', plan: around, noise: 0.02, share: 0.2 },
  {
    style: 'inside',
    summary: 'puts a finger into the cup, pinches the nearer wall and lifts',
    plan: inside,
    noise: 0.02,
    share: 0.2,
  },
  { style: 'drops', summary: 'lifts by the handle and lets go', plan: drops, noise: 0.03, share: 0.1 },
  { style: 'knocks', summary: 'runs into the cup from the side', plan: knocks, noise: 0.05, share: 0.1 },
  {
    style: 'stops-short',
    summary: 'gives up before the grasp',
    plan: stopsShort(byHandle, 0.5),
    noise: 0.05,
    share: 0.05,
  },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.05 },
];
