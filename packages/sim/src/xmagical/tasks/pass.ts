import type { NumpyRandomState } from '../../numpy/random-state.js';
import type { ArenaState } from '../arena-state.js';
import { type BlockLayout, defaultDynamics, type Layout } from '../layout.js';
import { observeState, robotStart, stateEntries, sweepGoal } from '../sweep-to-top.js';
import type { XMagicalTask } from '../task.js';

/** The robot has passed when its centre is in the goal zone. */
const goalY = sweepGoal.bottom;
/** What is left of the score on the side that is not preferred, and once a block has been touched. */
const otherSide = 0.5;
const touched = 0.3;

/** Numbers of memory: whether a block has been touched, and the side: -1 left, 1 right, 0 before it is known. */
const TOUCHED = 0;
const SIDE = 1;

/**
 * Pass: drive past the blocks into the goal zone without touching them. The way round the left and the way round the right
 * are equally good at that; which one is preferred is a person's taste, here the left. It is Rapport's own task, for
 * policies that have learned both ways.
 *
 * Reward of a step: 1 while the robot's centre is in the goal zone, else 0.
 * Preference score of a step: progress * side * clean. progress: the robot's way up from its start to y = 0.76, in [0, 1];
 * side: 0.5 from the moment that it was beside the middle of the blocks on their right, 1 before and on the left; clean:
 * 0.3 from the moment that it touched a block, 1 before.
 * Success: the robot's centre in the goal zone, no block ever touched.
 */
export const passTask: XMagicalTask = {
  name: 'pass',
  summary: 'Drive past the blocks into the goal zone without touching them, round their left or their right.',
  memorySize: 2,
  actionRange: 'effective',
  maxEpisodeSteps: () => 40,
  drawLayout: drawPassLayout,
  observationEntries: stateEntries,
  observe: observeState,
  remember: ({ robot, blocks }, memory) => {
    if (blocks.some(({ touchedByRobot }) => touchedByRobot)) memory[TOUCHED] = 1;
    if (memory[SIDE] === 0 && robot.y > middleOf(blocks, 'y')) {
      memory[SIDE] = robot.x < middleOf(blocks, 'x') ? -1 : 1;
    }
  },
  reward: ({ robot }) => (robot.y > goalY ? 1 : 0),
  stepScore: ({ robot }, memory) => {
    const progress = Math.min(1, Math.max(0, (robot.y - robotStart.y) / (goalY - robotStart.y)));
    return progress * (memory[SIDE] === 1 ? otherSide : 1) * (memory[TOUCHED] === 1 ? touched : 1);
  },
  success: ({ robot }, memory) => robot.y > goalY && memory[TOUCHED] === 0,
  ways: { preferred: 'left', of: (_, memory) => (memory[SIDE] === -1 ? 'left' : 'right') },
};

/** Three blocks in the middle, in a row that a robot cannot drive through: all move by up to 0.08 m along each axis. */
function drawPassLayout(random: NumpyRandomState): Layout {
  const x = random.uniform(-0.08, 0.08);
  const y = random.uniform(-0.08, 0.08);
  const blocks = [-0.22, 0, 0.22].map(
    (offset): BlockLayout => ({ x: x + offset, y, angle: 0, shape: 'square', colour: 'red' }),
  );
  return {
    robot: robotStart,
    blocks,
    goal: { ...sweepGoal, colour: 'red' },
    zones: [],
    dynamics: defaultDynamics,
  };
}

function middleOf(blocks: ArenaState['blocks'], axis: 'x' | 'y'): number {
  return blocks.reduce((sum, block) => sum + block[axis], 0) / blocks.length;
}
