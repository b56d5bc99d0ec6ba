import { mjcf } from '../../mujoco/mjcf.js';
import { goalMarker, tableAndFloor, uprightCylinder } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';
import { farEnough, pointEntries, startAboveTable, tabletop } from './tabletop.js';

const HALF_HEIGHT = 0.02;
const RADIUS = 0.025;
const REACHED = 0.05;

const left = ({ physics }: Stage) => distance(physics.body('puck').position, physics.body('goal').position);

/**
 * Meta-World's push: bring a puck to a goal on the table, within 5 cm. Puck and goal start at least 15 cm apart.
 *
 * Score of a step: (0.2 `near` + 0.8 `progress`) x `flat`. near: the tool within 5 cm of the puck, falling to 0 at 40 cm, and
 * at least `progress`. progress: 1 within 2.5 cm of the goal, falling to 0 at the distance at the start. flat: 1 while the
 * puck is at most 1 cm above the table, 0.5 from 6 cm on.
 */
export const push: ManipulationTask = {
  ...tabletop,
  name: 'push',
  summary: 'push a puck to a goal on the table (success within 5 cm)',
  maxEpisodeSteps: 120,
  memorySize: 1,
  observationEntries: [
    ...pointEntries('puck'),
    ...pointEntries('goal', { min: [0.55, -0.15, 0], max: [0.67, 0.15, 0.04] }),
  ],
  world: () => ({
    bodies: [
      ...tableAndFloor(),
      mjcf('body', { name: 'puck', pos: [0.45, 0, HALF_HEIGHT] }, [
        mjcf('freejoint'),
        ...uprightCylinder({
          radius: RADIUS,
          halfHeight: HALF_HEIGHT,
          mass: 0.1,
          colour: [205, 60, 50],
          friction: 0.8,
        }),
      ]),
      goalMarker('goal', 0.02, [60, 160, 80]),
    ],
  }),
  start(stage, random) {
    const { physics, memory } = stage;
    const [puck, goal] = farEnough(
      () => [random.uniformBetween(0.4, 0.5), random.uniformBetween(-0.12, 0.12), HALF_HEIGHT],
      () => [random.uniformBetween(0.55, 0.67), random.uniformBetween(-0.15, 0.15), HALF_HEIGHT],
    );
    physics.body('puck').place(puck);
    physics.body('goal').place(goal);
    memory[0] = distance(puck, goal);
    startAboveTable(stage, random);
  },
  observe({ physics }, out) {
    out.set(physics.body('puck').position, 0);
    out.set(physics.body('goal').position, 3);
  },
  stepScore(stage) {
    const puck = stage.physics.body('puck').position;
    const progress = softly(left(stage), REACHED / 2, stage.memory[0]!);
    const near = softly(distance(stage.arm.tcpPosition, puck), 0.05, 0.4);
    const flat = 0.5 + 0.5 * softly(puck[2]! - HALF_HEIGHT, 0.01, 0.06);
    return (0.2 * Math.max(near, progress) + 0.8 * progress) * flat;
  },
  success: (stage) => left(stage) <= REACHED,
};
