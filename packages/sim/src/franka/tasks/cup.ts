import { type MjcfNode, mjcf } from '../../mujoco/mjcf.js';
import { armNames } from '../../robots/bodies.js';
import { rgba } from '../../robots/shapes.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { contactForce, contactSensor } from '../contacts.js';
import { tableAndFloor, touchesTable } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';
import { closeCamera } from './close-camera.js';

/** Metres. The cup stands on its body's origin; its handle is on the side of +x. */
export const cup = { radius: 0.034, wall: 0.004, height: 0.08, handleRadius: 0.062, handleHeight: 0.05 } as const;

/** Success above this height of the cup's foot over the table, metres, with the cup's axis within this angle of vertical. */
const LIFTED = 0.08;
const UPRIGHT_RAD = 0.5;

const sides = ['left', 'right'] as const;

/**
 * RAPL's cup: lift a cup by its handle; nobody wants fingers where the drink goes. The cup starts within (0.5 +- 0.05,
 * +- 0.08), turned by any angle; the tool starts 20 to 25 cm above the table. It can also be held around its outside, or by
 * its wall with one finger inside.
 *
 * Success: the foot more than 8 cm above the table, the cup within 0.5 rad of upright, however it is held.
 *
 * Score of a step: clean * (0.15 near + 0.25 handle + 0.6 high * manner). near: tool within 2 cm of the handle's middle,
 * falling to 0 at 25 cm; handle: 1 while both fingers press the handle with more than 0.5 N; high: the foot 10 cm above
 * the table, falling to 0 at the table, and 0 when the cup is not upright; manner: 1 by the handle, 0.5 else; clean: 0.3
 * from the moment that a fingertip has been inside the cup, 1 before.
 *
 * Ways: `inside` when a fingertip has ever been inside the cup, else `handle`, the preferred one, while both fingers press
 * the handle, else `outside`.
 */
export const cupTask: ManipulationTask = {
  name: 'cup',
  summary: 'lift a cup (success above 8 cm, upright), by its handle and with no finger inside',
  maxEpisodeSteps: 60,
  controlHz: 10,
  control: { kind: 'cartesian-delta', maxStepMetres: 0.03, maxStepRad: 0.3 },
  cameras: [closeCamera],
  bounds: { min: [-0.2, -0.5, 0], max: [0.9, 0.5, 0.8] },
  workspace: { min: [0.25, -0.4, 0.015], max: [0.75, 0.4, 0.6] },
  memorySize: 1,
  observationEntries: poseEntries('cup'),
  world: () => ({
    bodies: [...tableAndFloor(), cupBody()],
    sensors: sides.map((side) =>
      contactSensor(`handle_${side}`, { body: armNames.finger(side) }, { body: 'cup_handle' }),
    ),
  }),
  start({ physics, arm }, random) {
    const [x, y] = [random.uniformBetween(0.45, 0.55), random.uniformBetween(-0.08, 0.08)];
    const angle = random.uniformBetween(-Math.PI, Math.PI);
    physics.body('cup').place([x, y, 0], [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)]);
    arm.placeTcp([
      random.uniformBetween(0.42, 0.5),
      random.uniformBetween(-0.05, 0.05),
      random.uniformBetween(0.2, 0.25),
    ]);
  },
  observe({ physics }, out) {
    const { position, rotation } = physics.body('cup');
    writePose(position, rotation, out, 0);
  },
  remember(stage) {
    if (stage.arm.fingertips.some((tip) => isInside(stage, tip))) stage.memory[0] = 1;
  },
  stepScore(stage) {
    const { physics, arm, memory } = stage;
    const handle = isHeldByHandle(stage) ? 1 : 0;
    const near = softly(distance(arm.tcpPosition, physics.body('cup_handle').position), 0.02, 0.25);
    const high = isUpright(stage) ? softly(physics.body('cup').position[2]!, 0.1, 0) : 0;
    const clean = memory[0] === 1 ? 0.3 : 1;
    return clean * (0.15 * near + 0.25 * handle + 0.6 * high * (handle === 1 ? 1 : 0.5));
  },
  success(stage) {
    return stage.physics.body('cup').position[2]! > LIFTED && isUpright(stage);
  },
  ways: {
    preferred: 'handle',
    of: (stage) => (stage.memory[0] === 1 ? 'inside' : isHeldByHandle(stage) ? 'handle' : 'outside'),
  },
};

function isHeldByHandle({ physics }: Stage): boolean {
  return sides.every((side) => contactForce(physics, `handle_${side}`) > 0.5);
}

function isUpright({ physics }: Stage): boolean {
  return physics.body('cup').rotation[8]! > Math.cos(UPRIGHT_RAD);
}

/** Whether a point of the world, metres, is where the drink goes. */
function isInside({ physics }: Stage, point: ArrayLike<number>): boolean {
  const { position, rotation } = physics.body('cup');
  const offset = [0, 1, 2].map((axis) => point[axis]! - position[axis]!);
  const along = (column: number) =>
    rotation[column]! * offset[0]! + rotation[3 + column]! * offset[1]! + rotation[6 + column]! * offset[2]!;
  return Math.hypot(along(0), along(1)) < cup.radius - cup.wall && along(2) > 0 && along(2) < cup.height;
}

/** A wall of twelve staves on a foot, and a handle of three bars; 0.2 kg. */
function cupBody(): MjcfNode {
  const staves = 12;
  const looks = { rgba: rgba([240, 238, 230]), friction: [0.8, 0.005, 0.0001] };
  const half = cup.wall / 2;
  const middle = cup.radius - half;
  const footRadius = cup.radius - cup.wall;
  const stave = (index: number) => {
    const angle = (2 * Math.PI * index) / staves;
    return mjcf('geom', {
      type: 'box',
      pos: [middle * Math.cos(angle), middle * Math.sin(angle), cup.height / 2],
      quat: [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)],
      size: [half, cup.radius * Math.tan(Math.PI / staves), cup.height / 2],
      mass: 0.15 / staves,
      ...looks,
    });
  };
  const arm = (height: number) =>
    mjcf('geom', {
      type: 'box',
      pos: [(cup.radius - cup.handleRadius) / 2, 0, height],
      size: [(cup.handleRadius - cup.radius) / 2, 0.006, 0.004],
      mass: 0.005,
      ...looks,
    });
  return mjcf('body', { name: 'cup', pos: [0.5, 0, 0] }, [
    mjcf('freejoint'),
    mjcf('geom', {
      type: 'cylinder',
      pos: [0, 0, 0.003],
      size: [footRadius, 0.003],
      mass: 0.03,
      ...looks,
      ...touchesTable,
    }),
    // What a finger inside feels of the foot.
    mjcf('geom', {
      type: 'box',
      pos: [0, 0, 0.0035],
      size: [footRadius * Math.SQRT1_2, footRadius * Math.SQRT1_2, 0.0025],
      mass: 0,
      ...looks,
    }),
    ...Array.from({ length: staves }, (_, index) => stave(index)),
    mjcf('body', { name: 'cup_handle', pos: [cup.handleRadius, 0, cup.handleHeight] }, [
      mjcf('geom', { name: 'cup_grip', type: 'box', size: [0.006, 0.006, 0.022], mass: 0.01, ...looks }),
      arm(0.018),
      arm(-0.018),
    ]),
  ]);
}
