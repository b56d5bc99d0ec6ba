import type { Rgb, Vector3 } from '@rapport/core';
import { poseEntries, writePose } from '../arm-observation.js';
import { tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';
import { frankaGroupBase, groupCamera } from './group.js';
import { block, GOAL_LINE, goalStrip, homeDistance, REACHED_HOME } from './group-goal.js';

/** Half extents, metres. */
const BAR: Vector3 = [0.02, 0.045, 0.016];
const CUBE: Vector3 = [0.02, 0.02, 0.02];
/** Cubes nearer to the line than this, or beyond it, spoil the result, metres. */
const KEPT_OFF = 0.04;
/** Things start within this distance of their places along each axis, metres. */
const JITTER = 0.005;

interface Placed {
  readonly name: string;
  readonly colour: Rgb;
  readonly x: number;
  readonly y: number;
}

const [red, green, blue]: Rgb[] = [
  [206, 52, 46],
  [62, 168, 76],
  [58, 96, 196],
];

const bars: readonly Placed[] = [
  { name: 'bar_red', colour: red!, x: 0.65, y: 0 },
  { name: 'bar_green', colour: green!, x: 0.5, y: 0 },
];

/** Two have the bars' colours, and two the goal strip's. */
const cubes: readonly Placed[] = [
  { name: 'cube_red', colour: red!, x: 0.6, y: 0.1 },
  { name: 'cube_green', colour: green!, x: 0.57, y: -0.16 },
  { name: 'cube_blue_near', colour: blue!, x: 0.57, y: -0.05 },
  { name: 'cube_blue_far', colour: blue!, x: 0.5, y: -0.12 },
];

/**
 * RAPL's Clutter (in its code FrankaPushMulti): bring two bars over the goal line x = 0.4, and none of the four cubes that
 * stand about. Places are the original's, each with +-5 mm along both axes; the arm stands as in Group, and the tool starts
 * above and behind the red bar.
 *
 * Success, as the original's: both bars at most 8 cm before the line (x <= 0.48), no cube at x <= 0.44.
 *
 * Score of a step: clear * down * (0.1 near + 0.3 first + 0.6 both). clear: 0.3 while a cube is at x <= 0.44, else 1; down:
 * 1 while no bar is more than 8 mm above the table, falling to 0 at 4 cm; near: tool within 3 cm of a bar, falling to 0 at
 * 25 cm; first: the nearer bar within 5 cm of the line, falling to 0 at 10 cm; both: the farther one within 5 cm, falling to
 * 0 at 25 cm.
 */
export const clutterTask: ManipulationTask = {
  name: 'clutter',
  summary: 'bring two bars over the goal line (success within 8 cm) through a clutter of cubes that stay behind',
  maxEpisodeSteps: 80,
  controlHz: 10,
  control: { kind: 'cartesian-delta', maxStepMetres: 0.04, maxStepRad: 0.3 },
  base: frankaGroupBase,
  cameras: [groupCamera],
  bounds: { min: [0, -0.6, -0.1], max: [1.2, 0.6, 0.8] },
  workspace: { min: [0.25, -0.4, 0.012], max: [0.8, 0.4, 0.5] },
  memorySize: 0,
  observationEntries: [
    ...bars.flatMap(({ name }) => poseEntries(name)),
    ...cubes.flatMap(({ name }) =>
      ['x', 'y', 'z'].map((axis) => ({
        name: `${name}_${axis}`,
        unit: 'm',
        low: Number.NEGATIVE_INFINITY,
        high: Number.POSITIVE_INFINITY,
      })),
    ),
  ],
  world: () => ({
    bodies: [
      ...tableAndFloor({ min: [0, -0.75], max: [1.2, 0.75] }),
      goalStrip(),
      ...bars.map(({ name, colour, x, y }) => block(name, BAR, colour, [x, y, BAR[2]])),
      ...cubes.map(({ name, colour, x, y }) => block(name, CUBE, colour, [x, y, CUBE[2]])),
    ],
  }),
  start({ physics, arm }, random) {
    const jitter = () => random.uniformBetween(-JITTER, JITTER);
    for (const { name, x, y } of bars) physics.body(name).place([x + jitter(), y + jitter(), BAR[2]]);
    for (const { name, x, y } of cubes) physics.body(name).place([x + jitter(), y + jitter(), CUBE[2]]);
    const nearby = () => random.uniformBetween(-0.02, 0.02);
    arm.placeTcp([0.68 + nearby(), nearby(), 0.15 + nearby()]);
  },
  observe({ physics }, out) {
    for (const [index, { name }] of bars.entries()) {
      const { position, rotation } = physics.body(name);
      writePose(position, rotation, out, 9 * index);
    }
    for (const [index, { name }] of cubes.entries()) out.set(physics.body(name).position, 18 + 3 * index);
  },
  stepScore(stage) {
    const places = barPlaces(stage);
    const away = places.map(homeDistance);
    const down = softly(Math.max(...places.map((place) => place[2]! - BAR[2])), 0.008, 0.04);
    const near = softly(Math.min(...places.map((place) => distance(stage.arm.tcpPosition, place))), 0.03, 0.25);
    const first = softly(Math.min(...away), 0.05, 0.1);
    const both = softly(Math.max(...away), 0.05, 0.25);
    return (isClear(stage) ? 1 : 0.3) * down * (0.1 * near + 0.3 * first + 0.6 * both);
  },
  success(stage) {
    return isClear(stage) && barPlaces(stage).every((place) => place[0]! <= GOAL_LINE + REACHED_HOME);
  },
};

function barPlaces({ physics }: Stage): Float64Array[] {
  return bars.map(({ name }) => physics.body(name).position);
}

function isClear({ physics }: Stage): boolean {
  return cubes.every(({ name }) => physics.body(name).position[0]! > GOAL_LINE + KEPT_OFF);
}
