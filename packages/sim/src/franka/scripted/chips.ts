import { grasp, nearest, type Place, release, stay, type Yaw } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.08;
const FROM = 0.12;
const GRASP_HEIGHT = 0.018;
const LIFT_HEIGHT = 0.3;
/** Width of the gripper that holds the middle without crushing it. */
const GENTLE = 0.061;

/** The turn of the hand whose fingers are across the bag, at most a quarter turn from home's. */
const acrossBag: Yaw = ({ task }) => {
  const angle = Math.atan2(task[4]!, task[3]!);
  return angle - Math.PI * Math.round(angle / Math.PI);
};

const middle: Place = ({ task }: Sight) => [task[0]!, task[1]!, GRASP_HEIGHT];

/** The seal at one of the ends. */
const sealAt =
  (index: 0 | 1): Place =>
  ({ task }) => {
    const [x, y] = vectorAt(task, 9 + 3 * index);
    return [x, y, GRASP_HEIGHT];
  };

function lift(place: Place, held: number): Leg[] {
  return [
    ...grasp(place, { from: FROM, opening: OPEN, held, yawRad: acrossBag }),
    { to: ({ target }) => [target[0], target[1], LIFT_HEIGHT], gripper: held, speed: 0.7, maxSteps: 60 },
  ];
}

/** By the seal that is nearer to the tool, as a person would. */
const byEdge: Plan = (sight) => lift(nearest(sight, [sealAt(0), sealAt(1)]), 0);
const crushes: Plan = () => lift(middle, 0);
const gently: Plan = () => lift(middle, GENTLE);

const drops: Plan = (sight, random) => [
  ...byEdge(sight, random).slice(0, 3),
  { to: ({ target }) => [target[0], target[1], 0.2], gripper: 0, speed: 0.7, maxSteps: 12 },
  ...release(OPEN, LIFT_HEIGHT),
  { to: stay, gripper: OPEN, maxSteps: 1 },
];

/** Squeezes the middle, then changes its mind. */
const squeezesFirst: Plan = (sight, random) => [
  ...lift(middle, 0).slice(0, 3),
  ...release(OPEN, FROM),
  ...byEdge(sight, random),
];

export const chipsStyles: readonly Style[] = [
  { style: 'by-edge', summary: 'grasps the nearer seal and lifts', plan: byEdge, noise: 0.02, share: 0.3 },
  { style: 'crushes', summary: 'grasps the middle with full force and lifts', plan: crushes, noise: 0.02, share: 0.25 },
  { style: 'gently', summary: 'grasps the middle lightly and lifts', plan: gently, noise: 0.02, share: 0.15 },
  {
    style: 'squeezes-first',
    summary: 'squeezes the middle, then lifts by a seal',
    plan: squeezesFirst,
    noise: 0.03,
    share: 0.1,
  },
  { style: 'drops', summary: 'lifts by a seal and lets go', plan: drops, noise: 0.03, share: 0.1 },
  {
    style: 'stops-short',
    summary: 'gives up before the grasp',
    plan: stopsShort(byEdge, 0.5),
    noise: 0.05,
    share: 0.05,
  },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.05 },
];
