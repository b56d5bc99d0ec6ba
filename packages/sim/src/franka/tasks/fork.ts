import { type MjcfNode, mjcf } from '../../mujoco/mjcf.js';
import { armNames } from '../../robots/bodies.js';
import { rgba } from '../../robots/shapes.js';
import { axisAngle, multiply } from '../../spatial/rotation.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { contactForce, contactSensor } from '../contacts.js';
import { forTheEye, tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { ManipulationTask, Stage } from '../task.js';
import { closeCamera } from './close-camera.js';

/** Metres. The fork's tines point along +x of its body, whose origin is its middle. */
export const fork = { handle: -0.035, tines: 0.042, halfThickness: 0.006 } as const;
const bowl = { footRadius: 0.055, rimRadius: 0.095, height: 0.05 } as const;

/** The fork lies in the bowl when its middle is this near to the bowl's, and no higher than this over the table, metres. */
const IN_RADIUS = 0.07;
const IN_HEIGHT = 0.06;
/** A finger that presses harder touches, N. */
const TOUCH = 0.3;

const sides = ['left', 'right'] as const;
const parts = ['handle', 'tines'] as const;

/**
 * RAPL's fork: pick a fork up by its handle and lay it into a bowl; nobody wants fingers on the tines, nor the fork beside
 * the bowl. The fork lies within (0.47 +- 0.04, -0.11 +- 0.04), turned by any angle; the bowl stands within
 * (0.5 +- 0.03, 0.16 +- 0.03); the tool starts 20 to 25 cm above the table.
 *
 * Success: the fork's middle within 7 cm of the bowl's axis and at most 6 cm above the table, and no finger touching it,
 * however it came there.
 *
 * Score of a step: clean * (0.15 taken + 0.1 near + 0.35 over + 0.4 inside). near: tool within 2 cm of the handle's middle,
 * falling to 0 at 25 cm; taken: 1 while both fingers press the handle; over: the fork's middle within 3 cm of the bowl's
 * axis, falling to 0 at 30 cm; inside: success. Near and taken are 1 too when the fork lies inside. clean: 0.3 from the
 * moment that a finger has touched the tines, 1 before.
 *
 * Ways: `tines` when a finger has ever touched them, else `handle`, the preferred one.
 */
export const forkTask: ManipulationTask = {
  name: 'fork',
  summary: 'lay a fork into a bowl (success when it lies there), held by its handle and not by its tines',
  maxEpisodeSteps: 70,
  controlHz: 10,
  control: { kind: 'cartesian-delta', maxStepMetres: 0.03, maxStepRad: 0.3 },
  cameras: [closeCamera],
  bounds: { min: [-0.2, -0.5, 0], max: [0.9, 0.5, 0.8] },
  workspace: { min: [0.25, -0.4, 0.012], max: [0.75, 0.4, 0.6] },
  memorySize: 1,
  observationEntries: [
    ...poseEntries('fork'),
    ...['x', 'y'].map((axis, index) => ({
      name: `bowl_${axis}`,
      unit: 'm',
      low: [0.47, 0.13][index]!,
      high: [0.53, 0.19][index]!,
    })),
  ],
  world: () => ({
    bodies: [...tableAndFloor(), forkBody(), bowlBody()],
    sensors: sides.flatMap((side) =>
      parts.map((part) => contactSensor(`${part}_${side}`, { body: armNames.finger(side) }, { body: `fork_${part}` })),
    ),
  }),
  start({ physics, arm }, random) {
    const within = (middle: number, spread: number) => random.uniformBetween(middle - spread, middle + spread);
    const angle = within(0, Math.PI);
    physics
      .body('fork_handle')
      .place([within(0.47, 0.04), within(-0.11, 0.04), fork.halfThickness], axisAngle([0, 0, 1], angle));
    physics.body('bowl').place([within(0.5, 0.03), within(0.16, 0.03), 0]);
    arm.placeTcp([within(0.46, 0.04), within(0, 0.05), within(0.225, 0.025)]);
  },
  observe({ physics }, out) {
    const { position, rotation } = physics.body('fork_handle');
    writePose(position, rotation, out, 0);
    out.set(physics.body('bowl').position.subarray(0, 2), 9);
  },
  remember({ physics, memory }) {
    if (sides.some((side) => contactForce(physics, `tines_${side}`) > TOUCH)) memory[0] = 1;
  },
  stepScore(stage) {
    const { physics, arm, memory } = stage;
    const inside = isInside(stage);
    const taken = inside || sides.every((side) => contactForce(physics, `handle_${side}`) > TOUCH) ? 1 : 0;
    const near = inside ? 1 : softly(distance(arm.tcpPosition, physics.site('fork_grip').position), 0.02, 0.25);
    const over = softly(fromBowl(stage), 0.03, 0.3);
    const clean = memory[0] === 1 ? 0.3 : 1;
    return clean * (0.15 * taken + 0.1 * near + 0.35 * over + 0.4 * (inside ? 1 : 0));
  },
  success: isInside,
  ways: { preferred: 'handle', of: ({ memory }) => (memory[0] === 1 ? 'tines' : 'handle') },
};

/** Horizontal distance of the fork's middle from the bowl's axis, metres. */
function fromBowl({ physics }: Stage): number {
  const [x, y] = physics.body('fork_handle').position;
  const [bowlX, bowlY] = physics.body('bowl').position;
  return Math.hypot(x! - bowlX!, y! - bowlY!);
}

function isInside(stage: Stage): boolean {
  const { physics } = stage;
  const free = sides.every((side) => parts.every((part) => contactForce(physics, `${part}_${side}`) <= TOUCH));
  return free && fromBowl(stage) <= IN_RADIUS && physics.body('fork_handle').position[2]! <= IN_HEIGHT;
}

/** 15 cm long, thicker than cutlery is so that fingers can take it off a table; 60 g. */
function forkBody(): MjcfNode {
  const half = fork.halfThickness;
  const looks = { type: 'box', friction: [0.5, 0.005, 0.0001] };
  const steel = { ...looks, rgba: rgba([150, 156, 166]) };
  return mjcf('body', { name: 'fork_handle', pos: [0.47, -0.11, half] }, [
    mjcf('freejoint'),
    mjcf('site', { name: 'fork_grip', pos: [fork.handle, 0, 0], size: 0.003, rgba: [0, 0, 0, 0] }),
    mjcf('geom', {
      ...looks,
      rgba: rgba([150, 84, 46]),
      pos: [-0.0275, 0, 0],
      size: [0.0475, 0.006, half],
      mass: 0.035,
    }),
    mjcf('body', { name: 'fork_tines' }, [
      mjcf('geom', { ...steel, pos: [0.0275, 0, 0], size: [0.0075, 0.013, half], mass: 0.009 }),
      ...[-0.011, -0.0037, 0.0037, 0.011].map((y) =>
        mjcf('geom', { ...steel, pos: [0.055, y, 0], size: [0.02, 0.002, half], mass: 0.004 }),
      ),
    ]),
  ]);
}

/** A round foot, felt as a square, and sixteen staves that lean outwards. */
function bowlBody(): MjcfNode {
  const staves = 16;
  const looks = { rgba: rgba([70, 120, 190]), friction: [0.4, 0.005, 0.0001] };
  const { footRadius, rimRadius, height } = bowl;
  const lean = Math.atan2(rimRadius - footRadius, height);
  const stave = (index: number) => {
    const angle = (2 * Math.PI * index) / staves;
    const middle = (footRadius + rimRadius) / 2;
    return mjcf('geom', {
      type: 'box',
      pos: [middle * Math.cos(angle), middle * Math.sin(angle), height / 2],
      quat: multiply(axisAngle([0, 0, 1], angle), axisAngle([0, 1, 0], lean)),
      size: [0.002, rimRadius * Math.tan(Math.PI / staves), Math.hypot(rimRadius - footRadius, height) / 2],
      ...looks,
    });
  };
  return mjcf('body', { name: 'bowl', mocap: true, pos: [0.5, 0.16, 0] }, [
    mjcf('geom', { type: 'cylinder', pos: [0, 0, 0.003], size: [footRadius, 0.003], ...looks, ...forTheEye }),
    mjcf('geom', {
      type: 'box',
      pos: [0, 0, 0.003],
      size: [footRadius * Math.SQRT1_2, footRadius * Math.SQRT1_2, 0.003],
      ...looks,
    }),
    ...Array.from({ length: staves }, (_, index) => stave(index)),
  ]);
}
