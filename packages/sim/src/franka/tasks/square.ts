import { mjcf } from '../../mujoco/mjcf.js';
import { rgba } from '../../robots/shapes.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { FixedCamera, ManipulationTask, Stage } from '../task.js';
import { gripperAway, isHeld, pickAndPlace, pressSensors, tiltRad } from './pick-and-place.js';

/** Half of the nut's height, of its square hole, and of its outer side, metres. */
const HALF_HEIGHT = 0.01;
const HOLE = 0.0225;
const OUTER = 0.036;
/** Middle of the handle, along the nut's x axis, metres. */
export const HANDLE = 0.07;
const PEG_HALF = 0.016;
export const PEG_HEIGHT = 0.1;
export const peg = [0.58, 0.1] as const;
/** Success: so near the peg on either axis, and so low (robosuite). */
const ON_PEG = 0.03;
const SEATED = 0.05;

const camera: FixedCamera = { name: 'front', position: [1.05, 0.5, 0.55], target: [0.48, 0, 0.08], fovYDeg: 42 };

const rim = (HOLE + OUTER) / 2;
const rimHalf = (OUTER - HOLE) / 2;
const brass = [200, 160, 70] as const;

function onPeg([x, y, z]: ArrayLike<number> & Iterable<number>): boolean {
  return Math.abs(x! - peg[0]) < ON_PEG && Math.abs(y! - peg[1]) < ON_PEG && z! < SEATED;
}

function solved(stage: Stage): boolean {
  const nut = stage.physics.body('nut').position;
  return onPeg(nut) && gripperAway(stage, nut);
}

/**
 * Robosuite's NutAssemblySquare: put a square nut, which has a handle, over a square peg, and let go.
 *
 * Score of a step: (0.15 `near` + 0.15 `held` + 0.3 `carried` + 0.4 `seated`) x `level`. near: tool within 2 cm of the
 * handle's middle, falling to 0 at 30 cm; held: both fingers press the nut with more than 0.5 N; carried: the nut within
 * 1 cm of the peg across the table, falling to 0 at 35 cm; seated: 1 while the nut is on the peg and below 3 cm, falling to 0
 * at the peg's top. A solved nut has near and held as well. level: 1 up to a tilt of 10 degrees, 0.5 from 40 degrees on.
 */
export const square: ManipulationTask = {
  ...pickAndPlace,
  name: 'square',
  summary: 'put a square nut over a peg by its handle (success when it is down and the gripper is away)',
  maxEpisodeSteps: 200,
  cameras: [camera],
  observationEntries: poseEntries('nut'),
  world: () => ({
    bodies: [
      ...tableAndFloor(),
      mjcf('geom', {
        name: 'peg',
        type: 'box',
        pos: [...peg, PEG_HEIGHT / 2],
        size: [PEG_HALF, PEG_HALF, PEG_HEIGHT / 2],
        rgba: rgba([110, 140, 110]),
        friction: [0.3, 0.005, 0.0001],
      }),
      mjcf('body', { name: 'nut', pos: [0.42, 0, HALF_HEIGHT] }, [
        mjcf('freejoint'),
        ...[-1, 1].flatMap((side) => [
          part([side * rim, 0, 0], [rimHalf, OUTER, HALF_HEIGHT], 0.012),
          part([0, side * rim, 0], [HOLE, rimHalf, HALF_HEIGHT], 0.008),
        ]),
        part([HANDLE, 0, 0], [HANDLE - OUTER, 0.01, HALF_HEIGHT], 0.02),
      ]),
    ],
    sensors: pressSensors('nut'),
  }),
  start({ physics, arm }, random) {
    const angle = random.uniformBetween(-Math.PI, Math.PI);
    const place = [random.uniformBetween(0.38, 0.44), random.uniformBetween(-0.18, -0.06), HALF_HEIGHT];
    physics.body('nut').place(place, [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)]);
    arm.placeTcp([0.45, random.uniformBetween(-0.02, 0.02), random.uniformBetween(0.22, 0.27)]);
  },
  observe({ physics }, out) {
    const { position, rotation } = physics.body('nut');
    writePose(position, rotation, out, 0);
  },
  stepScore(stage) {
    const { position, rotation } = stage.physics.body('nut');
    const [x, y, z] = position;
    const level = 0.5 + 0.5 * softly(tiltRad(rotation), Math.PI / 18, (2 * Math.PI) / 9);
    const across = Math.hypot(x! - peg[0], y! - peg[1]);
    const carried = softly(across, 0.01, 0.35);
    const seated = across < ON_PEG ? softly(z!, 0.03, PEG_HEIGHT) : 0;
    if (solved(stage)) return (0.3 + 0.3 * carried + 0.4 * seated) * level;
    const handle = [x! + HANDLE * rotation[0]!, y! + HANDLE * rotation[3]!, z! + HANDLE * rotation[6]!];
    const near = softly(distance(stage.arm.tcpPosition, handle), 0.02, 0.3);
    const held = isHeld(stage) ? 1 : 0;
    return (0.15 * near + 0.15 * held + 0.3 * carried + 0.4 * seated) * level;
  },
  success: solved,
};

function part(pos: readonly number[], size: readonly number[], mass: number) {
  return mjcf('geom', { type: 'box', pos, size, mass, rgba: rgba(brass), friction: [1, 0.01, 0.001] });
}
