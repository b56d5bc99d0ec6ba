import type { RandomStream } from '@rapport/core';
import { avoidZone } from '../tasks/avoid.js';
import type { EmbodimentName } from '../view.js';
import { driveTo, face, follow, type Phase, rest, retreat } from './phases.js';
import type { Sight } from './sight.js';
import { ahead } from './steering.js';

/** What a plan is made for: the robot, the start of the episode and the numbers that vary the behaviour. */
export interface PlanContext {
  readonly embodiment: EmbodimentName;
  readonly start: Sight;
  readonly random: RandomStream;
}

export type Plan = (context: PlanContext) => Phase[];

/** Half of the robot's extent across its heading, metres; the gripper's with open fingers. */
const halfWidth: Record<EmbodimentName, number> = { longstick: 0.8, mediumstick: 0.3, gripper: 0.22, shortstick: 0.15 };
/** How far behind a block's centre the robot's centre stays before it pushes, metres. */
const standOff: Record<EmbodimentName, number> = { longstick: 0.3, mediumstick: 0.48, gripper: 0.5, shortstick: 0.3 };
/** A block higher than this lies in the goal. */
const inGoal = 0.89;
/** A robot this high touches the top wall through the blocks. */
const robotTop: Record<EmbodimentName, number> = {
  longstick: 0.84,
  mediumstick: 0.84,
  gripper: 0.68,
  shortstick: 0.84,
};

/** The shortest way, zone or no zone: straight up the middle; for the narrow robots block by block. */
export const carelessAvoid: Plan = (context) =>
  context.embodiment === 'longstick' ? [pushUpAlong(context, 0)] : [...fetch(context, [2]), ...fetch(context, [0, 1])];

/** Straight up the middle, then what is left, block by block: the benchmark's way, whatever becomes of the group. */
export const carelessGroup: Plan = (context) => [
  pushUpAlong(context, 0),
  ...(context.embodiment === 'longstick' ? [] : fetchLeftToRight(context)),
];

/** One block after the other. */
export const oneByOne: Plan = (context) => {
  const { embodiment } = context;
  if (embodiment !== 'longstick') return fetchLeftToRight(context);
  // Tilted against the group, the long stick's right end meets the blocks in turn.
  return [
    face(embodiment, -0.3),
    follow(
      embodiment,
      () => ({ on: { x: 0, y: -0.6 }, heading: -0.3 }),
      ({ robot }) => robot.y > 0.5,
    ),
    rest(100),
  ];
};

/**
 * Avoid as it is preferred: the long stick shifts to the left by `shift` of what it takes to pass the zone, then sweeps;
 * the others push the block below the zone out to the left first.
 */
export function carefulAvoid(shift: (random: RandomStream) => number): Plan {
  return (context) => {
    const { embodiment, random } = context;
    const part = shift(random);
    if (embodiment === 'longstick')
      return [pushUpAlong(context, part * (avoidZone(embodiment).left - halfWidth.longstick - 0.04))];
    return [...bringOutFromBelowZone(context, part), ...fetch(context, [0, 1])];
  };
}

/** Group as it is preferred: turn to the group's own direction, then push all blocks at once. */
export const carefulGroup: Plan = (context) => {
  const { embodiment, start } = context;
  const [first, second, third] = start.blocks;
  const last = embodiment === 'longstick' || embodiment === 'mediumstick' ? third! : second!;
  const heading = Math.atan2(last.y - first!.y, last.x - first!.x);
  const on = { x: (first!.x + last.x) / 2, y: (first!.y + last.y) / 2 };
  return [
    face(embodiment, heading),
    follow(
      embodiment,
      () => ({ on, heading }),
      ({ blocks }) => blocks.every((block) => block.y > 0.755),
    ),
    rest(100),
  ];
};

/** Pass round one side of the blocks, then on to the goal. */
export function passBeside(side: 'left' | 'right'): Plan {
  const sign = side === 'left' ? -1 : 1;
  return ({ embodiment, random }) => {
    const aside = sign * random.uniformBetween(0.6, 0.72);
    // A little before the blocks, so that the way there keeps clear of the first one's corner.
    const beside = ({ blocks }: Sight) => ({ x: blocks[1]!.x + aside, y: blocks[1]!.y - 0.15 });
    return [driveTo(embodiment, beside), driveTo(embodiment, ({ robot }) => ({ x: robot.x, y: 0.9 })), rest(100)];
  };
}

/** Backs into the lower half and stays there. */
export const wrongWay: Plan = ({ embodiment, random }) => {
  const x = random.uniformBetween(-0.1, 0.1);
  return [driveTo(embodiment, () => ({ x, y: -0.95 }), { reverse: true }), rest(100)];
};

/** Wanders first, then does what `plan` does. */
export function detour(plan: Plan): Plan {
  return (context) => {
    const { embodiment, random } = context;
    const x = random.uniformBetween(-0.2, 0.2);
    return [
      rest(Math.floor(random.uniformBetween(2, 8))),
      driveTo(embodiment, () => ({ x, y: -0.9 }), { reverse: true, maxSteps: 8 }),
      ...plan(context),
    ];
  };
}

/** Stops for good after 0.4 to 0.9 of the control steps that the plan takes about. */
export function stopsShort(plan: Plan, usualSteps: (embodiment: EmbodimentName) => number): Plan {
  return (context) => {
    const part = context.random.uniformBetween(0.4, 0.9);
    return limitSteps(plan(context), Math.floor(part * usualSteps(context.embodiment)));
  };
}

/** Cuts phases off after a number of steps in all, and rests. */
function limitSteps(phases: readonly Phase[], limit: number): Phase[] {
  let steps = 0;
  const limited = phases.map(
    (phase): Phase => ({
      maxSteps: phase.maxSteps,
      command: (sight) => (steps++ >= limit ? undefined : phase.command(sight)),
    }),
  );
  return [...limited, rest(100)];
}

/** Sweeps up along the line x until the robot is at the top. */
function pushUpAlong({ embodiment }: PlanContext, x: number): Phase {
  return follow(
    embodiment,
    () => ({ on: { x, y: 0 }, heading: 0 }),
    ({ robot }) => robot.y > robotTop[embodiment],
    { maxSteps: 100 },
  );
}

/**
 * Goes below some blocks that stand side by side and pushes them straight up into the goal. A robot above them first
 * backs straight down beside them.
 */
function fetch({ embodiment }: PlanContext, targets: readonly number[]): Phase[] {
  const middle = ({ blocks }: Sight) => ({
    x: mean(targets.map((index) => blocks[index]!.x)),
    y: mean(targets.map((index) => blocks[index]!.y)),
  });
  const belowY = (sight: Sight) => Math.max(middle(sight).y - standOff[embodiment], -0.85);
  return [
    retreat(embodiment, belowY),
    skipUnless(
      (sight) => Math.abs(sight.robot.x - middle(sight).x) > 0.12,
      driveTo(embodiment, (sight) => ({ x: middle(sight).x, y: belowY(sight) - 0.05 })),
    ),
    face(embodiment, 0),
    follow(
      embodiment,
      (sight) => ({ on: middle(sight), heading: 0 }),
      ({ blocks, robot }) => targets.every((index) => blocks[index]!.y > inGoal) || robot.y > robotTop[embodiment],
      { maxSteps: 20 },
    ),
  ];
}

/**
 * Pushes the rightmost block up to the left until block and robot are beside the zone, then straight up.
 * @param part how far to the left of what is needed
 */
function bringOutFromBelowZone({ embodiment, start }: PlanContext, part: number): Phase[] {
  const block = 2;
  const heading = 0.75;
  const from = start.blocks[block]!;
  const { left } = avoidZone(embodiment);
  const blockX = from.x + part * (left - 0.19 - from.x);
  const robotX = from.x + part * (left - halfWidth[embodiment] - 0.05 - from.x);
  return [
    // Backwards: fingers and the wide stick then keep clear of the right wall.
    driveTo(embodiment, () => ahead(from, heading, -standOff[embodiment]), { reverse: true }),
    face(embodiment, heading),
    follow(
      embodiment,
      () => ({ on: from, heading }),
      ({ robot, blocks }) => blocks[block]!.x < blockX && robot.x < robotX + 0.06,
      { maxSteps: 14 },
    ),
    follow(
      embodiment,
      () => ({ on: { x: Math.min(robotX, blockX), y: 0 }, heading: 0 }),
      ({ robot, blocks }) => blocks[block]!.y > inGoal || robot.y > robotTop[embodiment],
      { maxSteps: 25 },
    ),
  ];
}

/** Leaves a phase out when the condition does not hold as it begins. */
function skipUnless(condition: (sight: Sight) => boolean, phase: Phase): Phase {
  let decided: boolean | undefined;
  return {
    maxSteps: phase.maxSteps,
    command(sight) {
      decided ??= condition(sight);
      return decided ? phase.command(sight) : undefined;
    },
  };
}

function fetchLeftToRight(context: PlanContext): Phase[] {
  const { blocks } = context.start;
  const order = [0, 1, 2].sort((a, b) => blocks[a]!.x - blocks[b]!.x);
  return order.flatMap((block) => fetch(context, [block]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
