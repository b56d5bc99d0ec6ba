import { armNames } from '../../robots/bodies.js';
import { axisAngle } from '../../spatial/rotation.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { contactForce, contactSensor } from '../contacts.js';
import { tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';
import { CRUSH_RANGE, chipsBag, middleSides, seals } from './chips-bag.js';
import { closeCamera } from './close-camera.js';

/** Success when the bag's middle is above this height over the table, metres, and both seals are off it. */
const LIFTED = 0.1;
const OFF_TABLE = 0.04;
/** A finger that presses harder holds, N. */
const HOLDS = 0.3;
/** Squeezed by less than this share of what its middle can be, the bag keeps its chips whole. */
const WHOLE = 0.2;

const fingers = ['left', 'right'] as const;

/**
 * RAPL's bag of chips: lift the bag by its edge, the seal at either end, and leave the chips in its middle whole. The bag
 * lies within (0.5 +- 0.04, +- 0.06), turned by any angle; the tool starts 20 to 25 cm above the table.
 *
 * Success: the bag's middle more than 10 cm and both seals more than 4 cm above the table, however it is held.
 *
 * Score of a step: 0.1 near + whole * (0.2 edge + 0.7 high). near: tool within 2 cm of a seal, falling to 0 at 25 cm; edge:
 * 1 while both fingers press the same seal; high: the middle 12 cm above the table, falling to 0 where it lay; whole: 1
 * while the middle has never been squeezed by more than a fifth of what it can be, falling to 0.1 at three fifths.
 *
 * Ways: `crushed` when the middle has ever been squeezed by more than that fifth, else `edge`, the preferred one, while
 * both fingers press the same seal, else `middle`.
 */
export const chipsTask: ManipulationTask = {
  name: 'chips',
  summary: 'lift a soft bag of chips (success above 10 cm), by its edge and without crushing its middle',
  maxEpisodeSteps: 60,
  controlHz: 10,
  control: { kind: 'cartesian-delta', maxStepMetres: 0.03, maxStepRad: 0.3 },
  cameras: [closeCamera],
  bounds: { min: [-0.2, -0.5, 0], max: [0.9, 0.5, 0.8] },
  workspace: { min: [0.25, -0.4, 0.012], max: [0.75, 0.4, 0.6] },
  memorySize: 1,
  observationEntries: [
    ...poseEntries('bag'),
    ...seals.flatMap((seal) =>
      ['x', 'y', 'z'].map((axis) => ({
        name: `${seal}_${axis}`,
        unit: 'm',
        low: Number.NEGATIVE_INFINITY,
        high: Number.POSITIVE_INFINITY,
      })),
    ),
    // Springs and stops are soft: it may go a little beyond.
    { name: 'squeeze', unit: 'm', low: -0.01, high: 2 * CRUSH_RANGE + 0.01 },
  ],
  world: () => ({
    bodies: [...tableAndFloor(), chipsBag()],
    sensors: seals.flatMap((seal) =>
      fingers.map((side) => contactSensor(`${seal}_${side}_touch`, { body: armNames.finger(side) }, { subtree: seal })),
    ),
  }),
  start({ physics, arm }, random) {
    const within = (middle: number, spread: number) => random.uniformBetween(middle - spread, middle + spread);
    physics.body('bag').place([within(0.5, 0.04), within(0, 0.06), 0.02], axisAngle([0, 0, 1], within(0, Math.PI)));
    arm.placeTcp([within(0.46, 0.04), within(0, 0.05), within(0.225, 0.025)]);
  },
  observe(stage, out) {
    const { physics } = stage;
    const { position, rotation } = physics.body('bag');
    writePose(position, rotation, out, 0);
    for (const [index, seal] of seals.entries()) out.set(physics.site(seal).position, 9 + 3 * index);
    out[15] = squeeze(stage);
  },
  remember(stage) {
    stage.memory[0] = Math.max(stage.memory[0]!, squeeze(stage) / (2 * CRUSH_RANGE));
  },
  stepScore(stage) {
    const { physics, arm, memory } = stage;
    const near = softly(
      Math.min(...seals.map((seal) => distance(arm.tcpPosition, physics.site(seal).position))),
      0.02,
      0.25,
    );
    const edge = isHeldByEdge(stage) ? 1 : 0;
    const high = softly(physics.body('bag').position[2]!, 0.12, 0.02);
    const whole = 0.1 + 0.9 * softly(memory[0]!, WHOLE, 0.6);
    return 0.1 * near + whole * (0.2 * edge + 0.7 * high);
  },
  success({ physics }) {
    const sealsOff = seals.every((seal) => physics.site(seal).position[2]! > OFF_TABLE);
    return sealsOff && physics.body('bag').position[2]! > LIFTED;
  },
  ways: {
    preferred: 'edge',
    of: (stage) => (stage.memory[0]! > WHOLE ? 'crushed' : isHeldByEdge(stage) ? 'edge' : 'middle'),
  },
};

function isHeldByEdge({ physics }: Stage): boolean {
  return seals.some((seal) => fingers.every((side) => contactForce(physics, `${seal}_${side}_touch`) > HOLDS));
}

/** How much narrower the bag's middle is than it was, metres. */
function squeeze({ physics }: Stage): number {
  return -middleSides.reduce((sum, name) => sum + physics.joint(name).position, 0);
}
