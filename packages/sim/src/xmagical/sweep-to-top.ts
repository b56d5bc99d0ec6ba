import type { SpaceEntry } from '@rapport/core';
import type { NumpyRandomState } from '../numpy/random-state.js';
import type { BlockColour } from '../render/palette.js';
import type { ArenaState } from './arena-state.js';
import { type Dynamics, defaultDynamics, type Layout, type Pose } from './layout.js';
import type { XMagicalTask } from './task.js';
import type { BlockShape, EmbodimentName, FloorRectangle } from './view.js';

/** Which part of the start is randomised; the names are X-Magical's. */
export const sweepVariants = ['Demo', 'TestLayout', 'TestShape', 'TestColor', 'TestDynamics', 'TestAll'] as const;
export type SweepVariant = (typeof sweepVariants)[number];

export interface SweepToTopOptions {
  readonly variant: SweepVariant;
  /** `sparse`: fraction of blocks contained in the goal. `dense`: minus the mean distance to the line y = 1. */
  readonly reward: 'sparse' | 'dense';
}

/** The goal zone overhangs the walls on three sides. */
export const sweepGoal: FloorRectangle = { left: -1.2, right: 1.2, bottom: 0.76, top: 1.16 };
export const robotStart: Pose = { x: 0, y: -0.6, angle: 0 };

const blockCount = 3;
/** Scale of the observed distances: the diagonal of a square of side 2. */
const distanceScale = 2.8284271247461903;
const shapes: readonly BlockShape[] = ['square', 'pentagon', 'star', 'circle'];
const colours: readonly BlockColour[] = ['red', 'green', 'blue', 'yellow'];
/** NumPy's `arange(-0.8, 0.8, 0.48)`. */
const columns = [0, 1, 2, 3].map((index) => -0.8 + index * 0.48);

/** SweepToTop of x-magical 0.0.4 (`benchmarks/sweep_to_top.py`): bring three blocks into the zone along the top wall. */
export function sweepToTop({ variant, reward }: SweepToTopOptions): XMagicalTask {
  return {
    name: 'sweep',
    summary: 'Bring the three blocks into the goal zone along the top wall.',
    memorySize: 0,
    actionRange: 'declared',
    maxEpisodeSteps: sweepEpisodeSteps,
    drawLayout: (random) => drawSweepLayout(variant, random),
    observationEntries: stateEntries,
    observe: observeState,
    remember: () => {},
    reward: reward === 'sparse' ? containedFraction : denseReward,
    stepScore: containedFraction,
    success: (arena) => containedFraction(arena) === 1,
  };
}

/** Longstick has 50 control steps, the others 100. */
export function sweepEpisodeSteps(embodiment: EmbodimentName): number {
  return embodiment === 'longstick' ? 50 : 100;
}

/** Draws a start in the original's order: dynamics, goal colour, y, x, shapes, colours, each only when it varies. */
export function drawSweepLayout(variant: SweepVariant, random: NumpyRandomState): Layout {
  const varies = (name: SweepVariant) => variant === name || variant === 'TestAll';
  const dynamics = varies('TestDynamics') ? drawDynamics(random) : defaultDynamics;
  const goalColour = varies('TestColor') ? random.choice(colours) : 'red';
  const y = varies('TestLayout') ? random.uniform(-0.1, 0.5) : 0;
  const xs = varies('TestLayout') ? random.sample(columns, blockCount) : [-0.5, 0, 0.5];
  const blockShapes = varies('TestShape') ? random.choices(shapes, blockCount) : undefined;
  const blockColours = varies('TestColor') ? random.choices(colours, blockCount) : undefined;
  return {
    robot: robotStart,
    blocks: xs.map((x, index) => ({
      shape: blockShapes?.[index] ?? 'square',
      colour: blockColours?.[index] ?? 'red',
      x,
      y,
      angle: 0,
    })),
    goal: { ...sweepGoal, colour: goalColour },
    zones: [],
    dynamics,
  };
}

function drawDynamics(random: NumpyRandomState): Dynamics {
  return {
    drive: random.uniform(3.2, 5.5),
    turn: random.uniform(0.7, 1.5),
    finger: random.uniform(2.5, 4.5),
    blockFriction: random.uniform(1.0, 1.8),
    blockFrictionTorque: random.uniform(0.07, 0.15),
  };
}

/** Number of entries of the state observation: 16 for sticks, 17 for the gripper. */
export function stateEntries(embodiment: EmbodimentName): readonly SpaceEntry[] {
  const numbered = (name: (block: number) => string) =>
    Array.from({ length: blockCount }, (_, index) => name(index + 1));
  const coordinate = (name: string): SpaceEntry => ({ name, unit: 'm', low: -1.2, high: 1.2 });
  const distance = (name: string): SpaceEntry => ({ name, unit: '2.83 m', low: 0, high: 1.2 });
  const entries = [
    coordinate('robot_x'),
    coordinate('robot_y'),
    ...numbered((block) => `block_${block}`).flatMap((name) => [coordinate(`${name}_x`), coordinate(`${name}_y`)]),
    { name: 'robot_angle_cos', unit: '1', low: -1, high: 1 },
    { name: 'robot_angle_sin', unit: '1', low: -1, high: 1 },
    ...numbered((block) => `robot_to_block_${block}_distance`).map(distance),
    ...numbered((block) => `block_${block}_to_goal_distance`).map(distance),
  ];
  return embodiment === 'gripper' ? [...entries, { name: 'finger_opening', unit: '1', low: 0, high: 1 }] : entries;
}

/** X-Magical's state vector; distances are divided by 2.8284271. */
export function observeState(arena: ArenaState, out: Float32Array): void {
  const { robot, blocks } = arena;
  const count = blocks.length;
  out[0] = robot.x;
  out[1] = robot.y;
  const afterPositions = 2 + 2 * count;
  out[afterPositions] = Math.cos(robot.angle);
  out[afterPositions + 1] = Math.sin(robot.angle);
  for (let index = 0; index < count; index++) {
    const block = blocks[index]!;
    const dx = robot.x - block.x;
    const dy = robot.y - block.y;
    out[2 + 2 * index] = block.x;
    out[3 + 2 * index] = block.y;
    out[afterPositions + 2 + index] = Math.sqrt(dx * dx + dy * dy) / distanceScale;
    out[afterPositions + 2 + count + index] = Math.abs(1 - block.y) / distanceScale;
  }
  if (arena.embodiment === 'gripper') out[afterPositions + 2 + 2 * count] = arena.fingerOpening();
}

/** Fraction of the blocks that lie wholly inside the goal zone: 0, 1/3, 2/3 or 1. */
export function containedFraction(arena: ArenaState): number {
  let contained = 0;
  for (const block of arena.blocks) if (block.inside(arena.layout.goal)) contained += 1;
  return contained / arena.blocks.length;
}

/** Minus the mean of |1 - y| over the blocks, a block above y = 0.88 counting as 0. */
function denseReward(arena: ArenaState): number {
  let sum = 0;
  for (const block of arena.blocks) sum += block.y > 0.88 ? 0 : Math.abs(1 - block.y);
  return -sum / arena.blocks.length;
}
