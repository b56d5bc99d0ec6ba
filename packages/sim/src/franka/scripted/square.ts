import type { Vector3 } from '@rapport/core';
import { HANDLE, PEG_HEIGHT, peg } from '../tasks/square.js';
import { gently, stayHere } from './gently.js';
import { grasp, type Place, release, type Yaw } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { stopsShort, wander } from './styles.js';

const OPEN = 0.06;
const HELD = 0;
const GAIN = 0.3;
/** The tool's height with the nut over the peg. */
const TRAVEL = PEG_HEIGHT + 0.05;

const nut = ({ task }: Sight) => vectorAt(task, 0);
const nutYaw = ({ task }: Sight) => Math.atan2(task[4]!, task[3]!);

/** The turn in `period` steps from `yawRad` that is nearest to `nearRad`. */
function nearest(yawRad: number, period: number, nearRad: number): number {
  return yawRad + period * Math.round((nearRad - yawRad) / period);
}

/** The fingers close across the handle; of the two turns that do, the one nearer to the hand's at home. */
const acrossHandle: Yaw = (sight) => nearest(nutYaw(sight), Math.PI, 0);

/** The nut's sides brought parallel to the peg's: the fingers lie flat on the handle, so that it turns with the hand. */
const alignedWithPeg: Yaw = ({ targetYawRad }) => nearest(0, Math.PI / 2, targetYawRad);

/** On the handle, so far from its middle, metres along it and across it. */
function onHandle(along: number, across: number): Place {
  return (sight) => {
    const [x, y, z] = nut(sight);
    const yaw = nutYaw(sight);
    const [cosine, sine] = [Math.cos(yaw), Math.sin(yaw)];
    const reach = HANDLE + along;
    return [x + cosine * reach - sine * across, y + sine * reach + cosine * across, z + 0.002];
  };
}

/** Brings the nut over the peg, off by an error, by a share of what is missing in every step: the tool follows late. */
function overPeg(height: number, error: readonly [x: number, y: number]): Place {
  return (sight) => {
    const [x, y] = nut(sight);
    const { target } = sight;
    return [target[0] + GAIN * (peg[0] + error[0] - x), target[1] + GAIN * (peg[1] + error[1] - y), height];
  };
}

/** Whether the nut hangs over the peg, parallel to it. */
function isOver(error: readonly [x: number, y: number]) {
  return (sight: Sight) => {
    const [x, y, z] = nut(sight);
    const off = Math.hypot(x - peg[0] - error[0], y - peg[1] - error[1]);
    return off < 0.003 && Math.abs(Math.sin(2 * nutYaw(sight))) < 0.1 && z > PEG_HEIGHT + 0.015;
  };
}

function pick(across = 0): Leg[] {
  return [
    ...grasp(onHandle(0, across), { from: 0.1, opening: OPEN, held: HELD, yawRad: acrossHandle }),
    { to: stayUp, gripper: HELD, speed: 0.6, tolerance: 0.02, maxSteps: 30 },
  ];
}

function stayUp({ target }: Sight): Vector3 {
  return [target[0], target[1], TRAVEL];
}

function carry(error: readonly [x: number, y: number], speed: number): Leg {
  return {
    to: overPeg(TRAVEL, error),
    yawRad: alignedWithPeg,
    gripper: HELD,
    speed,
    done: isOver(error),
    maxSteps: 70,
  };
}

function lower(error: readonly [x: number, y: number], height: number, speed: number): Leg {
  return {
    to: gently(overPeg(height, error), 0.02),
    yawRad: alignedWithPeg,
    gripper: HELD,
    speed,
    done: ({ tcp }) => tcp[2] <= height + 0.01,
    maxSteps: 30,
  };
}

const exact = [0, 0] as const;

const careful: Plan = () => [
  ...pick(),
  carry(exact, 0.7),
  lower(exact, 0.018, 0.4),
  ...release(OPEN, TRAVEL),
  stayHere(OPEN),
];
/** Lets it fall down the peg from its top. */
const drops: Plan = () => [
  ...pick(),
  carry(exact, 0.9),
  lower(exact, PEG_HEIGHT - 0.02, 0.6),
  ...release(OPEN, TRAVEL),
  stayHere(OPEN),
];
/** Lets go beside the peg or with the nut on its edge. */
const beside: Plan = (_, random) => {
  const angle = random.uniformBetween(-Math.PI, Math.PI);
  const off = random.uniformBetween(0.02, 0.05);
  const error = [off * Math.cos(angle), off * Math.sin(angle)] as const;
  return [...pick(), carry(error, 0.7), lower(error, PEG_HEIGHT, 0.4), ...release(OPEN, TRAVEL), stayHere(OPEN)];
};
const misses: Plan = (_, random) => {
  const side = random.uniform() < 0.5 ? -1 : 1;
  return [
    ...pick(side * random.uniformBetween(0.05, 0.07)),
    { to: () => [...peg, TRAVEL], gripper: OPEN, maxSteps: 60 },
    stayHere(OPEN),
  ];
};

export const squareStyles: readonly Style[] = [
  {
    style: 'careful',
    summary: 'grasps the handle, lowers the nut over the peg',
    plan: careful,
    noise: 0.02,
    share: 0.4,
  },
  { style: 'drops', summary: 'lets the nut fall from the top of the peg', plan: drops, noise: 0.03, share: 0.2 },
  { style: 'beside', summary: 'lets go with the nut beside the peg', plan: beside, noise: 0.05, share: 0.15 },
  { style: 'misses', summary: 'closes the fingers beside the handle', plan: misses, noise: 0.05, share: 0.1 },
  {
    style: 'stops-short',
    summary: 'lifts the nut and goes no further',
    plan: stopsShort(careful, 0.45),
    noise: 0.05,
    share: 0.1,
  },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.05 },
];
