import { atHeight, grasp, type Place, release, stay, type Yaw } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.065;
const GRASP_HEIGHT = 0.016;
/** Things hang a hair above the table while they are dragged. */
const DRAG_HEIGHT = 0.022;
const TRAVEL_HEIGHT = 0.11;
const HELD = 0.02;
/** Where the two bars are left: room for a finger between them, both home. */
const FIRST_X = 0.385;
const SECOND_X = 0.462;

const redBar = ({ task }: Sight) => vectorAt(task, 0);
const greenBar = ({ task }: Sight) => vectorAt(task, 9);
const redCube = ({ task }: Sight) => vectorAt(task, 18);
const blueCube = ({ task }: Sight) => vectorAt(task, 24);

/** The turn of the hand whose fingers are across a bar, nearest to where it is; `at` is where the bar's pose begins. */
const acrossBar =
  (at: number): Yaw =>
  ({ task, targetYawRad }) => {
    const across = Math.atan2(task[at + 4]!, task[at + 3]!) + Math.PI / 2;
    return across + Math.PI * Math.round((targetYawRad - across) / Math.PI);
  };

function take(thing: Place, yawRad?: Yaw): Leg[] {
  return [
    ...grasp(atHeight(thing, GRASP_HEIGHT), {
      from: TRAVEL_HEIGHT,
      opening: OPEN,
      held: HELD,
      ...(yawRad && { yawRad }),
    }),
    { to: ({ target }) => [target[0], target[1], DRAG_HEIGHT], gripper: HELD, tolerance: 0.004, maxSteps: 3 },
  ];
}

function drag(to: Place): Leg {
  return { to, gripper: HELD, speed: 0.7, tolerance: 0.008, maxSteps: 25 };
}

const rest: Leg = { to: stay, gripper: HELD, maxSteps: 1 };

const first: readonly Leg[] = [
  ...take(greenBar, acrossBar(9)),
  drag(({ target }) => [FIRST_X, target[1], DRAG_HEIGHT]),
  ...release(OPEN, TRAVEL_HEIGHT),
];

/** The green bar straight home, then the red one through the gap between the red cube and the near blue one. */
const careful: Plan = (sight) => {
  const gap = (redCube(sight)[1] + blueCube(sight)[1]) / 2;
  return [
    ...first,
    ...take(redBar, acrossBar(0)),
    drag(({ target }) => [target[0], gap, DRAG_HEIGHT]),
    drag(() => [SECOND_X, gap, DRAG_HEIGHT]),
    rest,
  ];
};

/** The red bar home, and the near blue cube before it. */
const ploughs: Plan = (sight) => [
  ...first,
  ...take(redBar, acrossBar(0)),
  drag(() => [0.63, blueCube(sight)[1] + 0.015, DRAG_HEIGHT]),
  drag(() => [SECOND_X - 0.01, blueCube(sight)[1] + 0.015, DRAG_HEIGHT]),
  rest,
];

/** Takes the red cube for the red bar. */
const wrongThing: Plan = () => [
  ...first,
  ...take(redCube, () => Math.PI / 2),
  drag(({ target }) => [SECOND_X - 0.04, target[1], DRAG_HEIGHT]),
  rest,
];

const oneBar: Plan = () => [...first, { to: stay, gripper: OPEN, maxSteps: 1 }];

export const clutterStyles: readonly Style[] = [
  { style: 'careful', summary: 'brings both bars home between the cubes', plan: careful, noise: 0.02, share: 0.35 },
  { style: 'ploughs', summary: 'pushes a cube home before a bar', plan: ploughs, noise: 0.02, share: 0.2 },
  {
    style: 'wrong-thing',
    summary: 'takes a cube for the bar of its colour',
    plan: wrongThing,
    noise: 0.02,
    share: 0.15,
  },
  { style: 'one-bar', summary: 'brings one bar home', plan: oneBar, noise: 0.05, share: 0.1 },
  { style: 'stops-short', summary: 'gives up on the way', plan: stopsShort(careful, 0.25), noise: 0.05, share: 0.1 },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.1 },
];
