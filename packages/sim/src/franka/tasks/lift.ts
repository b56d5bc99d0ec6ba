import { armNames } from '../../robots/bodies.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { frontCamera } from '../cameras.js';
import { contactForce, contactSensor } from '../contacts.js';
import { freeBox, tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask } from '../task.js';

const HALF_SIDE = 0.021;
/** Success above this height of the cube's centre over the table, metres (robosuite's Lift). */
const LIFTED = 0.04;

const fingers = ['left', 'right'] as const;

/**
 * Robosuite's Lift: grasp a cube and lift it. The cube starts within 3 cm of the table's middle, turned by any angle; the
 * arm starts with the open hand 15 to 20 cm above it.
 *
 * Score of a step: 0.3 `near` + 0.2 `held` + 0.5 `high`. near: tool within 2 cm of the cube's centre, falling to 0 at
 * 30 cm; held: both fingers press the cube with more than 0.5 N; high: the centre 10 cm above the table, falling to 0 at
 * the cube's rest height.
 */
export const lift: ManipulationTask = {
  name: 'lift',
  summary: 'grasp a cube and lift it (success above 4 cm)',
  maxEpisodeSteps: 100,
  controlHz: 20,
  control: { kind: 'cartesian-delta', maxStepMetres: 0.02, maxStepRad: 0.15 },
  cameras: [frontCamera],
  bounds: { min: [-0.2, -0.5, 0], max: [0.9, 0.5, 0.8] },
  workspace: { min: [0.25, -0.4, 0.01], max: [0.75, 0.4, 0.6] },
  memorySize: 0,
  observationEntries: poseEntries('cube'),
  world: () => ({
    bodies: [
      ...tableAndFloor(),
      freeBox({
        name: 'cube',
        halfExtents: [HALF_SIDE, HALF_SIDE, HALF_SIDE],
        mass: 0.08,
        colour: [205, 60, 50],
        position: [0.5, 0, HALF_SIDE],
      }),
    ],
    sensors: fingers.map((side) => contactSensor(`press_${side}`, { body: armNames.finger(side) }, { body: 'cube' })),
  }),
  start({ physics, arm }, random) {
    const [x, y] = [random.uniformBetween(0.47, 0.53), random.uniformBetween(-0.03, 0.03)];
    const angle = random.uniformBetween(-Math.PI, Math.PI);
    physics.body('cube').place([x, y, HALF_SIDE], [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)]);
    arm.placeTcp([0.5, 0, random.uniformBetween(0.17, 0.22)]);
  },
  observe({ physics }, out) {
    const { position, rotation } = physics.body('cube');
    writePose(position, rotation, out, 0);
  },
  stepScore({ physics, arm }) {
    const cube = physics.body('cube').position;
    const near = softly(distance(arm.tcpPosition, cube), 0.02, 0.3);
    const held = fingers.every((side) => contactForce(physics, `press_${side}`) > 0.5) ? 1 : 0;
    const high = softly(cube[2]!, 0.1, HALF_SIDE);
    return 0.3 * near + 0.2 * held + 0.5 * high;
  },
  success({ physics }) {
    return physics.body('cube').position[2]! > LIFTED;
  },
};
