import type { Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../../mujoco/mjcf.js';
import { rgba } from '../../robots/shapes.js';
import { floor, freeBox, tableLegs, tableTop } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';
import { farEnough, pointEntries, startAboveTable, tabletop } from './tabletop.js';

const HALF_SIDE = 0.02;
const REACHED = 0.05;
const HOLE_HALF = 0.06;
const hole: Vector3 = [0.62, 0, HALF_SIDE];

/** Across the table, as Meta-World measures it. */
function left({ physics }: Stage): number {
  const [x, y] = physics.body('cube').position;
  return Math.hypot(x! - hole[0], y! - hole[1]);
}

/** A table's top around the hole, with a tray below. */
function tableWithHole(): MjcfNode[] {
  const [near, far] = [hole[0] - HOLE_HALF, hole[0] + HOLE_HALF];
  return [
    floor(),
    tableTop({ min: [-0.25, -0.6], max: [near, 0.6] }),
    tableTop({ min: [near, -0.6], max: [far, -HOLE_HALF] }),
    tableTop({ min: [near, HOLE_HALF], max: [far, 0.6] }),
    tableTop({ min: [far, -0.6], max: [0.95, 0.6] }),
    ...tableLegs(),
    mjcf('geom', {
      type: 'box',
      pos: [hole[0], hole[1], -0.11],
      size: [HOLE_HALF + 0.02, HOLE_HALF + 0.02, 0.01],
      rgba: rgba([60, 62, 66]),
    }),
    ...[-1, 1].flatMap((side) => [
      trayWall([hole[0], side * (HOLE_HALF + 0.01), -0.07], [HOLE_HALF + 0.02, 0.01, 0.03]),
      trayWall([hole[0] + side * (HOLE_HALF + 0.01), 0, -0.07], [0.01, HOLE_HALF + 0.02, 0.03]),
    ]),
  ];
}

function trayWall(pos: Vector3, size: Vector3): MjcfNode {
  return mjcf('geom', { type: 'box', pos, size, rgba: rgba([90, 94, 100]) });
}

/**
 * Meta-World's sweep-into: sweep a cube into a hole in the table; success within 5 cm of the hole's middle across the table.
 *
 * Score of a step: 0.2 `near` + 0.5 `progress` + 0.3 `fallen`. near: the tool within 5 cm of the cube, falling to 0 at 40 cm,
 * and at least `progress`. progress: 1 within 2.5 cm of the hole's middle, falling to 0 at the distance at the start.
 * fallen: 1 from 5 cm below its place on the table, 0 there.
 */
export const sweepInto: ManipulationTask = {
  ...tabletop,
  name: 'sweep-into',
  summary: 'sweep a cube into a hole in the table (success within 5 cm of its middle)',
  maxEpisodeSteps: 120,
  memorySize: 1,
  observationEntries: [
    ...pointEntries('cube'),
    ...pointEntries('goal', {
      min: [hole[0] - 0.01, hole[1] - 0.01, hole[2] - 0.01],
      max: [hole[0] + 0.01, hole[1] + 0.01, hole[2] + 0.01],
    }),
  ],
  world: () => ({
    bodies: [
      ...tableWithHole(),
      freeBox({
        name: 'cube',
        halfExtents: [HALF_SIDE, HALF_SIDE, HALF_SIDE],
        mass: 0.1,
        colour: [60, 110, 190],
        position: [0.45, 0, HALF_SIDE],
      }),
    ],
  }),
  start(stage, random) {
    const [cube] = farEnough(
      () => [random.uniformBetween(0.38, 0.5), random.uniformBetween(-0.12, 0.12), HALF_SIDE],
      () => hole,
    );
    stage.physics.body('cube').place(cube);
    stage.memory[0] = left(stage);
    startAboveTable(stage, random);
  },
  observe({ physics }, out) {
    out.set(physics.body('cube').position, 0);
    out.set(hole, 3);
  },
  stepScore(stage) {
    const cube = stage.physics.body('cube').position;
    const progress = softly(left(stage), REACHED / 2, stage.memory[0]!);
    const near = softly(distance(stage.arm.tcpPosition, cube), 0.05, 0.4);
    const fallen = softly(cube[2]!, HALF_SIDE - 0.05, HALF_SIDE);
    return 0.2 * Math.max(near, progress) + 0.5 * progress + 0.3 * fallen;
  },
  success: (stage) => left(stage) <= REACHED,
};
