import type { NumpyRandomState } from '../../numpy/random-state.js';
import type { ArenaState } from '../arena-state.js';
import { type BlockLayout, defaultDynamics, type Layout } from '../layout.js';
import {
  containedFraction,
  observeState,
  robotStart,
  stateEntries,
  sweepEpisodeSteps,
  sweepGoal,
} from '../sweep-to-top.js';
import type { XMagicalTask } from '../task.js';
import type { EmbodimentName } from '../view.js';
import { blockProgress } from './progress.js';

/** The blocks count as brought when their centres are this high: two rows of blocks fit no deeper into the goal zone. */
const goalY = 0.74;
/** Changes of the formation up to here cost nothing, metres. */
const freeDistortion = 0.08;
/** Distortion beyond it that divides the score by e, metres. */
const distortionScale = 0.08;
/** Success allows this much distortion in the end, metres. */
const successDistortion = 0.16;

/**
 * RAPL's Group task on X-Magical's arena: bring the blocks to the goal zone as a group, that is in the formation in
 * which they stood. The paper names the task; layout and formulas are ours (docs/xmagical.md).
 *
 * Reward of a step: the benchmark's sparse reward, the fraction of blocks contained in the goal.
 * Preference score of a step: blockProgress(0.74) * exp(-max(0, d - 0.08) / 0.08), with d the formation's distortion:
 * the largest change, over all pairs of blocks, of the vector from one to the other since the start, metres.
 */
export function groupTask(embodiment: EmbodimentName): XMagicalTask {
  return {
    name: 'group',
    summary: 'Bring the blocks into the goal zone as a group: together, in the formation in which they stood.',
    memorySize: 0,
    actionRange: 'effective',
    maxEpisodeSteps: sweepEpisodeSteps,
    drawLayout: (random) => drawGroupLayout(embodiment, random),
    observationEntries: stateEntries,
    observe: observeState,
    remember: () => {},
    reward: containedFraction,
    stepScore: (arena) =>
      blockProgress(arena, goalY) * Math.exp(-Math.max(0, distortion(arena) - freeDistortion) / distortionScale),
    success: (arena) => arena.blocks.every((block) => block.y >= goalY) && distortion(arena) <= successDistortion,
  };
}

/** Angle by which the group is turned to the left before jitter, radians: a straight sweep meets one block first. */
export const groupTilt = 0.3;

/** The blocks' places in the group's own frame, metres: what the robot can push at once. */
function formation(embodiment: EmbodimentName): readonly (readonly [x: number, y: number])[] {
  const row = (spacing: number) => [-spacing, 0, spacing].map((x) => [x, 0] as const);
  switch (embodiment) {
    case 'longstick':
      return row(0.35);
    case 'mediumstick':
      return row(0.24);
    // Two side by side and one before them, which they push along; the gripper has a fingertip for each of the two.
    case 'shortstick':
      return [
        [-0.115, 0],
        [0.115, 0],
        [0, 0.225],
      ];
    case 'gripper':
      return [
        [-0.174, 0],
        [0.174, 0],
        [0, 0.225],
      ];
  }
}

/**
 * Where the group stands before jitter, metres: before the robot once that has turned to the group's own direction. The
 * long stick's is farther to the right, so that its left end clears the wall on the way up.
 */
const groupPlace: Record<EmbodimentName, readonly [x: number, y: number]> = {
  longstick: [-0.02, -0.12],
  mediumstick: [-0.12, -0.12],
  shortstick: [-0.12, -0.12],
  gripper: [-0.17, -0.02],
};

/** The group moves by up to 0.04 m along each axis and turns by up to 0.05 rad; every block moves by up to 0.01 m along each axis. */
function drawGroupLayout(embodiment: EmbodimentName, random: NumpyRandomState): Layout {
  const [placeX, placeY] = groupPlace[embodiment];
  const centreX = placeX + random.uniform(-0.04, 0.04);
  const centreY = placeY + random.uniform(-0.04, 0.04);
  const tilt = groupTilt + random.uniform(-0.05, 0.05);
  const cosine = Math.cos(tilt);
  const sine = Math.sin(tilt);
  const blocks = formation(embodiment).map(
    ([x, y]): BlockLayout => ({
      x: centreX + cosine * x - sine * y + random.uniform(-0.01, 0.01),
      y: centreY + sine * x + cosine * y + random.uniform(-0.01, 0.01),
      angle: tilt,
      shape: 'square',
      colour: 'red',
    }),
  );
  return {
    robot: robotStart,
    blocks,
    goal: { ...sweepGoal, colour: 'red' },
    zones: [],
    dynamics: defaultDynamics,
  };
}

/** Largest change of a vector between two blocks since the start, metres. */
function distortion({ blocks, layout }: ArenaState): number {
  let largest = 0;
  for (let a = 0; a < blocks.length; a++) {
    for (let b = a + 1; b < blocks.length; b++) {
      const changeX = blocks[b]!.x - blocks[a]!.x - (layout.blocks[b]!.x - layout.blocks[a]!.x);
      const changeY = blocks[b]!.y - blocks[a]!.y - (layout.blocks[b]!.y - layout.blocks[a]!.y);
      largest = Math.max(largest, Math.sqrt(changeX * changeX + changeY * changeY));
    }
  }
  return largest;
}
