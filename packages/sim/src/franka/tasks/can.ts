import type { Rgb } from '@rapport/core';
import { type MjcfNode, mjcf } from '../../mujoco/mjcf.js';
import { rgba } from '../../robots/shapes.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { tableAndFloor, uprightCylinder } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { FixedCamera, ManipulationTask, Stage } from '../task.js';
import { gripperAway, isHeld, pickAndPlace, pressSensors, tiltRad } from './pick-and-place.js';

const RADIUS = 0.03;
const HALF_HEIGHT = 0.055;
/** Both bins have robosuite's size; half of the inside, metres. */
const binHalf = [0.195, 0.245] as const;
const WALL = 0.005;
const WALL_HEIGHT = 0.06;
const binX = 0.5;
const binYs = [-0.26, 0.26] as const;
/** The quarter of the second bin that is far from the arm and from the first bin. */
export const canGoal = [binX + binHalf[0] / 2, binYs[1] + binHalf[1] / 2] as const;
/** Up to this height of the can's centre it counts as in the bin (robosuite). */
const IN_BIN = 0.1;
const farthest = 0.5;
/** High enough to see both bins whole. */
const camera: FixedCamera = { name: 'front', position: [1.45, 0.1, 1], target: [0.42, 0, 0.05], fovYDeg: 45 };

/** Distance of the can from the quarter's middle across the table. */
function across(position: ArrayLike<number>): number {
  return Math.hypot(position[0]! - canGoal[0], position[1]! - canGoal[1]);
}

function inQuarter(position: ArrayLike<number>): boolean {
  return (
    Math.abs(position[0]! - canGoal[0]) < binHalf[0] / 2 &&
    Math.abs(position[1]! - canGoal[1]) < binHalf[1] / 2 &&
    position[2]! < IN_BIN
  );
}

function bin(y: number, colour: Rgb): MjcfNode[] {
  const wall = (pos: readonly number[], size: readonly number[]) =>
    mjcf('geom', { type: 'box', pos, size, rgba: rgba(colour) });
  const [halfX, halfY] = binHalf;
  const z = WALL_HEIGHT / 2;
  return [-1, 1].flatMap((side) => [
    wall([binX + side * (halfX + WALL), y, z], [WALL, halfY + 2 * WALL, z]),
    wall([binX, y + side * (halfY + WALL), z], [halfX, WALL, z]),
  ]);
}

function solved(stage: Stage): boolean {
  const can = stage.physics.body('can').position;
  return inQuarter(can) && gripperAway(stage, can);
}

/**
 * Robosuite's PickPlaceCan: bring a can from one bin into the marked quarter of the other, and let go.
 *
 * Score of a step: (0.15 `near` + 0.15 `held` + 0.35 `carried` + 0.35 `placed`) x `upright`. near: tool within 3 cm of the
 * can's centre, falling to 0 at 40 cm; held: both fingers press the can with more than 0.5 N; carried: the can within 5 cm
 * of the quarter's middle across the table, falling to 0 at 50 cm; placed: success. A placed can has near and held as well.
 * upright: 1 up to a tilt of 15 degrees, 0.5 from 60 degrees on.
 */
export const can: ManipulationTask = {
  ...pickAndPlace,
  name: 'can',
  summary: 'bring a can into a quarter of the other bin (success when it lies there and the gripper is away)',
  maxEpisodeSteps: 200,
  cameras: [camera],
  observationEntries: poseEntries('can'),
  world: () => ({
    bodies: [
      ...tableAndFloor(),
      ...bin(binYs[0], [120, 124, 130]),
      ...bin(binYs[1], [86, 120, 160]),
      mjcf('geom', {
        type: 'box',
        pos: [canGoal[0], canGoal[1], 0.0005],
        size: [binHalf[0] / 2, binHalf[1] / 2, 0.0005],
        rgba: rgba([120, 180, 130]),
        contype: 0,
        conaffinity: 0,
      }),
      mjcf('body', { name: 'can', pos: [binX, binYs[0], HALF_HEIGHT] }, [
        mjcf('freejoint'),
        ...uprightCylinder({ radius: RADIUS, halfHeight: HALF_HEIGHT, mass: 0.15, colour: [205, 50, 45], friction: 1 }),
        mjcf('geom', {
          type: 'cylinder',
          pos: [0, 0, HALF_HEIGHT],
          size: [0.026, 0.001],
          mass: 0,
          rgba: rgba([200, 204, 210]),
          contype: 0,
          conaffinity: 0,
        }),
      ]),
    ],
    sensors: pressSensors('can'),
  }),
  start({ physics, arm }, random) {
    const angle = random.uniformBetween(-Math.PI, Math.PI);
    const place = [binX + random.uniformBetween(-0.1, 0.1), binYs[0] + random.uniformBetween(-0.16, 0.16), HALF_HEIGHT];
    physics.body('can').place(place, [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)]);
    arm.placeTcp([0.45, random.uniformBetween(-0.12, -0.08), random.uniformBetween(0.25, 0.3)]);
  },
  observe({ physics }, out) {
    const { position, rotation } = physics.body('can');
    writePose(position, rotation, out, 0);
  },
  stepScore(stage) {
    const { position, rotation } = stage.physics.body('can');
    const upright = 0.5 + 0.5 * softly(tiltRad(rotation), Math.PI / 12, Math.PI / 3);
    if (solved(stage)) return (0.65 + 0.35 * softly(across(position), 0.05, farthest)) * upright;
    const near = softly(distance(stage.arm.tcpPosition, position), 0.03, 0.4);
    const held = isHeld(stage) ? 1 : 0;
    const carried = softly(across(position), 0.05, farthest);
    return (0.15 * near + 0.15 * held + 0.35 * carried) * upright;
  },
  success: solved,
};
