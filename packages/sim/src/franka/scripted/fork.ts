import type { RandomStream } from '@rapport/core';
import { fork } from '../tasks/fork.js';
import { grasp, type Place, release, stay, type Yaw } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.05;
const GRASP_HEIGHT = 0.012;
const TRAVEL_HEIGHT = 0.14;
/** The tool's height where it lets go: the fork hangs little above the rim. */
const RELEASE_HEIGHT = 0.075;

/** A point of the fork, by its distance from the middle towards the tines, metres. */
function onFork(along: number): Place {
  return ({ task }) => {
    const [x, y] = vectorAt(task, 0);
    return [x + along * task[3]!, y + along * task[4]!, GRASP_HEIGHT];
  };
}

/** The turn of the hand whose fingers are across the fork, at most a quarter turn from home's. */
const acrossFork: Yaw = ({ task }) => {
  const angle = Math.atan2(task[4]!, task[3]!);
  return angle - Math.PI * Math.round(angle / Math.PI);
};

/** Where the tool has to be for the fork's middle to be over a place beside the bowl's axis. */
function forkOver(height: number, offset: readonly [x: number, y: number] = [0, 0]): Place {
  return ({ task, target }: Sight) => {
    const [x, y] = vectorAt(task, 0);
    return [target[0] + task[9]! + offset[0] - x, target[1] + task[10]! + offset[1] - y, height];
  };
}

/** A leg to a place that moves with the tool until the fork is where it should be, within `tolerance` metres. */
function bringFork(place: Place, tolerance: number, maxSteps: number) {
  const done = (sight: Sight) => {
    const [x, y, z] = place(sight);
    return Math.hypot(x - sight.target[0], y - sight.target[1], z - sight.tcp[2]) < tolerance;
  };
  return { to: place, gripper: 0, done, maxSteps };
}

function carry(along: number, offset?: readonly [x: number, y: number], letGoAt = RELEASE_HEIGHT): Leg[] {
  return [
    ...grasp(onFork(along), { from: 0.1, opening: OPEN, held: 0, yawRad: acrossFork }),
    { to: ({ target }) => [target[0], target[1], TRAVEL_HEIGHT], gripper: 0, tolerance: 0.03, maxSteps: 20 },
    bringFork(forkOver(TRAVEL_HEIGHT, offset), 0.02, 30),
    { ...bringFork(forkOver(letGoAt, offset), 0.01, 20), speed: 0.6 },
    ...release(OPEN, 0.2),
    { to: stay, gripper: OPEN, maxSteps: 1 },
  ];
}

const byHandle: Plan = () => carry(fork.handle);
const byTines: Plan = () => carry(fork.tines);

/** Lets go before the bowl or beyond it. */
const beside: Plan = (_, random: RandomStream) => carry(fork.handle, [random.uniformBetween(-0.03, 0.03), -0.17]);
const tinesBeside: Plan = (_, random) => carry(fork.tines, [random.uniformBetween(-0.03, 0.03), -0.16]);
/** Lets go high above the bowl. */
const fromAbove: Plan = () => carry(fork.handle, undefined, 0.2);

export const forkStyles: readonly Style[] = [
  { style: 'by-handle', summary: 'lays the fork into the bowl by its handle', plan: byHandle, noise: 0.02, share: 0.3 },
  { style: 'by-tines', summary: 'holds it by its tines', plan: byTines, noise: 0.02, share: 0.2 },
  { style: 'from-above', summary: 'lets go high above the bowl', plan: fromAbove, noise: 0.02, share: 0.1 },
  { style: 'beside', summary: 'lets go beside the bowl', plan: beside, noise: 0.03, share: 0.1 },
  { style: 'tines-beside', summary: 'by its tines, and beside the bowl', plan: tinesBeside, noise: 0.03, share: 0.15 },
  { style: 'stops-short', summary: 'gives up on the way', plan: stopsShort(byHandle, 0.45), noise: 0.05, share: 0.1 },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.05 },
];
