import type { NumpyRandomState } from '../../numpy/random-state.js';
import type { ArenaBody, ArenaState } from '../arena-state.js';
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
import type { EmbodimentName, FloorRectangle } from '../view.js';
import { blockProgress } from './progress.js';

/** The floor that robot and blocks must stay off: below the goal, along the right wall. */
export function avoidZone(embodiment: EmbodimentName): FloorRectangle {
  const { left, bottom } = embodiment === 'longstick' ? { left: 0.62, bottom: 0.3 } : { left: 0.45, bottom: 0.45 };
  return { left, right: 1.1, bottom, top: 0.76 };
}

/** A block that is this high lies in the goal at any small angle; the benchmark's dense reward uses the same line. */
const goalY = 0.88;
/** What is left of the score after one more control step deep inside the zone. */
const keptPerStepInside = 0.85;
/** Depth of an intrusion from which it counts in full, metres. */
const fullDepth = 0.1;

/**
 * RAPL's Avoid task on X-Magical's arena: bring the blocks to the goal zone without the robot or a block entering the
 * off-limits zone. The paper names the task and shows a picture; layout and formulas are ours (docs/xmagical.md).
 *
 * Reward of a step: the benchmark's sparse reward, the fraction of blocks contained in the goal; it knows no zone.
 * Preference score of a step: blockProgress(0.88) * 0.85^n. n adds up, over the control steps so far, the depth of the
 * deepest intrusion after the step: min(1, depth / 0.1 m), where the depth of a body that overlaps the zone is the lesser
 * side of the rectangle that its bounding box and the zone share.
 */
export function avoidTask(embodiment: EmbodimentName): XMagicalTask {
  return {
    name: 'avoid',
    summary: 'Bring the blocks into the goal zone; keep robot and blocks off the blue zone.',
    memorySize: 1,
    actionRange: 'effective',
    maxEpisodeSteps: sweepEpisodeSteps,
    drawLayout: (random) => drawAvoidLayout(embodiment, random),
    observationEntries: stateEntries,
    observe: observeState,
    remember: (arena, memory) => {
      memory[0] = memory[0]! + Math.min(1, intrusionDepth(arena) / fullDepth);
    },
    reward: containedFraction,
    stepScore: (arena, memory) => blockProgress(arena, goalY) * keptPerStepInside ** memory[0]!,
    success: (arena, memory) => containedFraction(arena) === 1 && memory[0] === 0,
  };
}

/** Start positions of the blocks before jitter, metres, and how far each moves by itself along each axis. */
function startPlaces(embodiment: EmbodimentName): readonly (readonly [x: number, y: number, jitter: number])[] {
  // The long stick takes all blocks in one sweep, but only shifted to the left does its right end pass the zone. For
  // the narrower robots two blocks stand side by side, to be pushed as one, and the third stands below the zone:
  // pushing it straight up leads through.
  return embodiment === 'longstick'
    ? [
        [-0.65, -0.1, 0.04],
        [-0.2, -0.1, 0.04],
        [0.25, -0.1, 0.04],
      ]
    : [
        [-0.6, 0.2, 0.005],
        [-0.37, 0.2, 0.005],
        [0.51, -0.1, 0.02],
      ];
}

/** All blocks move together by up to 0.04 m along x and 0.05 m along y, and each by itself. */
function drawAvoidLayout(embodiment: EmbodimentName, random: NumpyRandomState): Layout {
  const shiftX = random.uniform(-0.04, 0.04);
  const shiftY = random.uniform(-0.05, 0.05);
  const blocks = startPlaces(embodiment).map(
    ([x, y, jitter]): BlockLayout => ({
      x: x + shiftX + random.uniform(-jitter, jitter),
      y: y + shiftY + random.uniform(-jitter, jitter),
      angle: 0,
      shape: 'square',
      colour: 'red',
    }),
  );
  return {
    robot: robotStart,
    blocks,
    goal: { ...sweepGoal, colour: 'red' },
    zones: [avoidZone(embodiment)],
    dynamics: defaultDynamics,
  };
}

/** Depth of the deepest intrusion of the robot or a block into a zone, metres; 0 without one. */
function intrusionDepth(arena: ArenaState): number {
  let deepest = 0;
  for (const zone of arena.layout.zones) {
    deepest = Math.max(deepest, depthInside(arena.robot, zone));
    for (const block of arena.blocks) deepest = Math.max(deepest, depthInside(block, zone));
  }
  return deepest;
}

function depthInside(body: ArenaBody, zone: FloorRectangle): number {
  if (!body.overlaps(zone)) return 0;
  const { left, right, bottom, top } = body.bounds({ left: 0, right: 0, bottom: 0, top: 0 });
  const width = Math.min(right, zone.right) - Math.max(left, zone.left);
  const height = Math.min(top, zone.top) - Math.max(bottom, zone.bottom);
  return Math.max(0, Math.min(width, height));
}
