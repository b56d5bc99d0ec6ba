import type { Vector3 } from '@rapport/core';
import { atHeight, grasp, type Place, release, stay } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.08;
/** The tool's height where it grasps, metres. */
const GRASP_HEIGHT = 0.026;
/** And while it drags: things hang a hair above the table, where none of their edges can be wedged against it. */
const DRAG_HEIGHT = 0.034;
/** Both things are 5 cm wide: they are held no harder than needed. */
const HELD = 0.032;
const TRAVEL_HEIGHT = 0.13;
/** Where dragged things are left: well over what counts as home. */
const HOME_X = 0.42;

const red = ({ task }: Sight) => vectorAt(task, 0);
const green = ({ task }: Sight) => vectorAt(task, 9);
const at = (thing: Place): Place => atHeight(thing, GRASP_HEIGHT);

/** A straight way for a thing between the fingers. */
function drag(to: Place, speed = 0.8): Leg {
  return { to, gripper: HELD, speed, tolerance: 0.012, maxSteps: 25 };
}

/** Between the fingers, and a hair off the table. */
function take(thing: Place): Leg[] {
  return [
    ...grasp(at(thing), { from: TRAVEL_HEIGHT, opening: OPEN, held: HELD }),
    { to: ({ target }) => [target[0], target[1], DRAG_HEIGHT], gripper: HELD, tolerance: 0.004, maxSteps: 3 },
  ];
}

/** Takes the box behind the cube and pushes both home, the cube ahead of the box. */
const together: Plan = () => [
  ...take(red),
  drag((sight) => [Math.max(green(sight)[0] + 0.065, red(sight)[0] - 0.02), green(sight)[1], DRAG_HEIGHT]),
  drag((sight) => [HOME_X + 0.03, sight.target[1], DRAG_HEIGHT], 0.7),
  { to: stay, gripper: HELD, maxSteps: 1 },
];

/** Brings both home one after the other, to two sides of the table. */
const apart: Plan = (sight) => {
  const side = green(sight)[1] >= 0 ? 1 : -1;
  return [
    ...take(red),
    drag(() => [0.55, -0.11 * side, DRAG_HEIGHT], 1),
    drag(() => [HOME_X, -0.13 * side, DRAG_HEIGHT], 1),
    ...release(OPEN, TRAVEL_HEIGHT),
    ...take(green),
    drag((now) => [HOME_X, now.target[1], DRAG_HEIGHT], 1),
    { to: stay, gripper: HELD, maxSteps: 1 },
  ];
};

/** Brings the box home and forgets the cube. */
const boxOnly: Plan = (sight) => {
  const side = green(sight)[1] >= 0 ? 1 : -1;
  const clear = -0.06 * side;
  return [
    ...take(red),
    drag(() => [0.6, clear, DRAG_HEIGHT]),
    drag(() => [HOME_X, clear, DRAG_HEIGHT]),
    { to: stay, gripper: HELD, maxSteps: 1 },
  ];
};

/** Carries the box through the air beside the cube's goal, then drags the cube home. */
const carries: Plan = (sight) => {
  const [, y] = green(sight);
  const beside = (height: number): Vector3 => [HOME_X, y >= 0 ? y - 0.09 : y + 0.09, height];
  return [
    ...take(red),
    drag(({ target }) => [target[0], target[1], TRAVEL_HEIGHT], 1),
    drag(() => beside(TRAVEL_HEIGHT), 1),
    drag(() => beside(DRAG_HEIGHT + 0.004), 1),
    ...release(0.065, TRAVEL_HEIGHT),
    ...take(green),
    drag((now) => [HOME_X, now.target[1], DRAG_HEIGHT], 1),
    { to: stay, gripper: HELD, maxSteps: 1 },
  ];
};

export const groupStyles: readonly Style[] = [
  {
    style: 'together',
    summary: 'takes the box behind the cube, pushes both home',
    plan: together,
    noise: 0.02,
    share: 0.3,
  },
  { style: 'apart', summary: 'brings both home, to two sides', plan: apart, noise: 0.03, share: 0.2 },
  { style: 'carries', summary: 'carries the box through the air', plan: carries, noise: 0.03, share: 0.15 },
  { style: 'box-only', summary: 'forgets the cube', plan: boxOnly, noise: 0.05, share: 0.15 },
  { style: 'stops-short', summary: 'gives up on the way', plan: stopsShort(together, 0.7), noise: 0.05, share: 0.1 },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.1 },
];
