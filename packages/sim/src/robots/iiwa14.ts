import type { ArmModel, HandModel, LinkModel, Placement } from './arm-model.js';
import { armColours, box, capsule, collisionBits, cylinder } from './shapes.js';

const { orange, silver, joint, finger } = armColours;
const { arm, lowerArm, none, hand: handBits } = collisionBits;

/** Half turns about these axes, and quarter turns about x, as (w, x, y, z). */
const half = Math.SQRT1_2;
const turnYZ: Placement['rotation'] = [0, 0, half, half];
const turnX: Placement['rotation'] = [half, half, 0, 0];

/** Frames, masses and inertias of the LBR iiwa 14 R820 as MuJoCo Menagerie publishes them (kuka_iiwa_14/iiwa14.xml). */
const joints: readonly Placement[] = [
  { position: [0, 0, 0.1575], rotation: [1, 0, 0, 0] },
  { position: [0, 0, 0.2025], rotation: turnYZ },
  { position: [0, 0.2045, 0], rotation: turnYZ },
  { position: [0, 0, 0.2155], rotation: turnX },
  { position: [0, 0.1845, 0], rotation: turnYZ },
  { position: [0, 0, 0.2155], rotation: turnX },
  { position: [0, 0.081, 0], rotation: turnYZ },
];

const inertials: readonly LinkModel['inertial'][] = [
  { mass: 5.76, centre: [0, -0.03, 0.12], inertia: [0.0333, 0.033, 0.0123, 0, 0, 0] },
  { mass: 6.35, centre: [0.0003, 0.059, 0.042], inertia: [0.0305, 0.0304, 0.011, 0, 0, 0] },
  { mass: 3.5, centre: [0, 0.03, 0.13], inertia: [0.025, 0.0238, 0.0076, 0, 0, 0] },
  { mass: 3.5, centre: [0, 0.067, 0.034], inertia: [0.017, 0.0164, 0.006, 0, 0, 0] },
  { mass: 3.5, centre: [0.0001, 0.021, 0.076], inertia: [0.01, 0.0087, 0.00449, 0, 0, 0] },
  { mass: 1.8, centre: [0, 0.0006, 0.0004], inertia: [0.0049, 0.0047, 0.0036, 0, 0, 0] },
  { mass: 1.2, centre: [0, 0, 0.02], inertia: [0.001, 0.001, 0.001, 0, 0, 0] },
];

const shapes: readonly LinkModel['shapes'][] = [
  [capsule([0, 0, 0.02], [0, -0.03, 0.14], 0.075, silver, lowerArm)],
  [
    capsule([0, 0, 0.02], [0, 0.17, 0.01], 0.078, orange, lowerArm),
    cylinder([0, 0, -0.08], [0, 0, 0.08], 0.06, joint, none),
  ],
  [capsule([0, 0, 0.03], [0, 0.03, 0.19], 0.07, silver, lowerArm)],
  [
    capsule([0, 0.01, 0.02], [0, 0.15, 0.01], 0.072, orange, arm),
    cylinder([0, 0, -0.075], [0, 0, 0.075], 0.055, joint, none),
  ],
  [capsule([0, 0, 0.03], [0, 0.05, 0.17], 0.055, silver, arm)],
  [capsule([0, 0, -0.03], [0, 0, 0.02], 0.07, orange, arm)],
  [capsule([0, 0, 0.01], [0, 0, 0.015], 0.055, silver, arm)],
];

const degrees = Math.PI / 180;

/**
 * Positions, velocities and torques of the data sheet of the LBR iiwa 14 R820 (KUKA). It states no accelerations: those
 * here are ours, in the range of a Franka arm's.
 */
const limits: ArmModel['limits'] = [
  { range: 170, velocity: 85, torque: 320 },
  { range: 120, velocity: 85, torque: 320 },
  { range: 170, velocity: 100, torque: 176 },
  { range: 120, velocity: 75, torque: 176 },
  { range: 170, velocity: 130, torque: 110 },
  { range: 120, velocity: 135, torque: 40 },
  { range: 175, velocity: 135, torque: 40 },
].map(({ range, velocity, torque }) => ({
  low: -range * degrees,
  high: range * degrees,
  velocity: velocity * degrees,
  acceleration: 10,
  torque,
}));

/**
 * Ours. Stiff: as fast as a Panda's joints (19 to 40 rad/s with the arm's inertia at home), damped to 0.7 of critical or
 * more. Soft: a quarter of the stiffness.
 */
const gains: ArmModel['gains'] = {
  stiff: { stiffness: [1500, 1500, 800, 800, 250, 150, 50], damping: [80, 100, 43, 43, 10, 10, 5] },
  soft: { stiffness: [375, 375, 200, 200, 62.5, 37.5, 12.5], damping: [80, 100, 43, 43, 10, 7, 4] },
};

const velocityRanges = limits.map(({ velocity }) => [-velocity, velocity] as const);

/** A plain gripper of our own: a box with two straight fingers that open wider than Franka's. */
const plainHand: HandModel = {
  mount: { position: [0, 0, 0.045], rotation: [0, 0, 0, 1] },
  tcp: { position: [0, 0, 0.145], rotation: [1, 0, 0, 0] },
  maxWidth: 0.1,
  maxSpeed: 0.2,
  maxForce: 40,
  inertial: { mass: 1, centre: [0, 0, 0.04], inertia: [0.002, 0.001, 0.002, 0, 0, 0] },
  shapes: [box([0, 0, 0.04], [0.035, 0.085, 0.04], joint, handBits)],
  finger: {
    height: 0.08,
    inertial: { mass: 0.05, centre: [0, 0.01, 0.04], inertia: [2e-5, 2e-5, 1e-5, 0, 0, 0] },
    shapes: [box([0, 0.009, 0.0375], [0.011, 0.009, 0.0375], finger, handBits)],
    tip: 0.065,
  },
};

/** KUKA LBR iiwa 14 R820 with a plain two-finger gripper. */
export const iiwa14: ArmModel = {
  name: 'iiwa14',
  base: {
    inertial: { mass: 5, centre: [-0.1, 0, 0.07], inertia: [0.05, 0.06, 0.03, 0, 0, 0] },
    shapes: [
      cylinder([0, 0, 0], [0, 0, 0.15], 0.1, silver, none),
      box([0, 0, 0.075], [0.07, 0.07, 0.075], silver, lowerArm),
      capsule([-0.08, 0, 0.05], [-0.02, 0, 0.1], 0.07, silver, none),
    ],
  },
  links: joints.map((placement, index) => ({
    joint: placement,
    inertial: inertials[index]!,
    shapes: shapes[index]!,
    armature: 0.1,
    damping: 1,
  })),
  limits,
  gains,
  hand: plainHand,
  // The hand points straight down: the pitch angles add up to half a turn.
  home: [0, 0.4, 0, -1.6, 0, Math.PI - 2, 0],
  reach: 1.1,
  torqueRate: 1000,
  cartesianSpeed: { translation: 2, rotation: 3 },
  velocityRange: (index) => velocityRanges[index]!,
};
