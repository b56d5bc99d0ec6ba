import { frontCamera } from '../cameras.js';
import { goalMarker, tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask } from '../task.js';

/** Success within this distance, metres (Meta-World's reach). */
const REACHED = 0.05;

/**
 * Meta-World's reach: bring the tool to a goal in the air. The goal is uniform in a box before the arm; the arm starts at
 * home.
 *
 * Score of a step: `near`, 1 within 2 cm of the goal, falling to 0 at 40 cm.
 */
export const reach: ManipulationTask = {
  name: 'reach',
  summary: 'bring the gripper to a goal in the air (success within 5 cm)',
  maxEpisodeSteps: 100,
  controlHz: 20,
  control: { kind: 'cartesian-delta-position', maxStepMetres: 0.02 },
  cameras: [frontCamera],
  bounds: { min: [-0.2, -0.5, 0], max: [0.9, 0.5, 0.8] },
  workspace: { min: [0.25, -0.4, 0.01], max: [0.75, 0.4, 0.6] },
  memorySize: 0,
  observationEntries: ['x', 'y', 'z'].map((axis, index) => ({
    name: `goal_${axis}`,
    unit: 'm',
    low: [0.4, -0.3, 0.05][index]!,
    high: [0.7, 0.3, 0.4][index]!,
  })),
  world: () => ({ bodies: [...tableAndFloor(), goalMarker('goal', 0.02, [220, 60, 60])] }),
  start({ physics }, random) {
    const goal = [random.uniformBetween(0.4, 0.7), random.uniformBetween(-0.3, 0.3), random.uniformBetween(0.05, 0.4)];
    physics.body('goal').place(goal);
  },
  observe({ physics }, out) {
    out.set(physics.body('goal').position);
  },
  stepScore({ physics, arm }) {
    return softly(distance(arm.tcpPosition, physics.body('goal').position), 0.02, 0.4);
  },
  success({ physics, arm }) {
    return distance(arm.tcpPosition, physics.body('goal').position) <= REACHED;
  },
};
