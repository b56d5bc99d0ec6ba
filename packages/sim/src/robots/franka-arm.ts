import { fromRollPitchYaw } from '../spatial/rotation.js';
import type { ArmModel, HandModel, Inertial, LinkModel, Placement } from './arm-model.js';
import { craig } from './denavit-hartenberg.js';
import { armColours, box, capsule, collisionBits, cylinder } from './shapes.js';

const { shell, joint, hand, finger } = armColours;
const { arm, lowerArm, none } = collisionBits;

/**
 * Joint frames of Panda and FR3 (Franka Control Interface documentation, "Denavit-Hartenberg parameters"; the same
 * numbers are in franka_description, robots/<type>/kinematics.yaml).
 */
export const frankaJoints: readonly Placement[] = [
  craig(0, 0.333, 0),
  craig(0, 0, -Math.PI / 2),
  craig(0, 0.316, Math.PI / 2),
  craig(0.0825, 0, Math.PI / 2),
  craig(-0.0825, 0.384, -Math.PI / 2),
  craig(0, 0, Math.PI / 2),
  craig(0.088, 0, Math.PI / 2),
];

/**
 * Stiff: the gains of franka_ros2's joint impedance example with inverse kinematics. Soft: a quarter of the stiffness, with
 * damping that keeps the arm from swinging.
 */
export const frankaGains: ArmModel['gains'] = {
  stiff: { stiffness: [600, 600, 600, 600, 250, 150, 50], damping: [30, 30, 30, 30, 10, 10, 5] },
  soft: { stiffness: [150, 150, 150, 150, 62.5, 37.5, 12.5], damping: [30, 30, 30, 30, 10, 7, 4] },
};

/** The pose that libfranka's examples call ready, rad. */
export const frankaHome: readonly number[] = [0, -Math.PI / 4, 0, (-3 * Math.PI) / 4, 0, Math.PI / 2, Math.PI / 4];

/** Capsules follow the coarse collision model of franka_description; what collides with nothing is for the eye. */
export const frankaBaseShapes = [
  capsule([-0.09, 0, 0.06], [-0.06, 0, 0.06], 0.06, shell, lowerArm),
  cylinder([0, 0, 0], [0, 0, 0.14], 0.075, shell, none),
  box([-0.05, 0, 0.015], [0.115, 0.095, 0.015], joint, none),
];

const linkShapes: readonly LinkModel['shapes'][] = [
  [
    capsule([0, 0, -0.19], [0, 0, -0.05], 0.06, shell, lowerArm),
    cylinder([0, -0.075, 0], [0, 0.075, 0], 0.058, shell, none),
  ],
  [
    capsule([0, 0, -0.06], [0, 0, 0.06], 0.06, shell, lowerArm),
    cylinder([0, 0, -0.077], [0, 0, 0.077], 0.05, joint, none),
    capsule([0, 0, 0], [0, -0.12, 0], 0.058, shell, none),
  ],
  [
    capsule([0, 0, -0.2], [0, 0, -0.07], 0.06, shell, lowerArm),
    capsule([0, 0, -0.06], [0.0825, 0, 0], 0.054, shell, none),
  ],
  [
    capsule([0, 0, -0.06], [0, 0, 0.06], 0.06, shell, arm),
    cylinder([0, 0, -0.077], [0, 0, 0.077], 0.05, joint, none),
    capsule([0, 0, 0], [-0.0825, 0.1, 0], 0.05, shell, none),
  ],
  [
    capsule([0, 0, -0.31], [0, 0, -0.21], 0.06, shell, arm),
    capsule([0, 0.08, -0.2], [0, 0.08, -0.06], 0.025, shell, arm),
    capsule([0, 0.02, -0.22], [0, 0, -0.03], 0.045, shell, none),
  ],
  [
    capsule([0, 0, -0.07], [0, 0, 0.01], 0.05, shell, arm),
    cylinder([0, 0, -0.075], [0, 0, 0.06], 0.045, joint, none),
    capsule([0, 0, 0], [0.088, 0, 0], 0.045, shell, none),
  ],
  [
    capsule([-0.03, 0, 0.01], [0.05, 0, 0.01], 0.04, shell, arm),
    capsule([0.055, 0, 0.082], [0.065, 0, 0.082], 0.03, shell, arm),
    cylinder([0, 0, 0.01], [0, 0, 0.107], 0.043, shell, none),
  ],
];

/** Links of a Franka arm from what differs between the models. */
export function frankaLinks(
  inertials: readonly Inertial[],
  armature: readonly number[],
  damping: number,
): readonly LinkModel[] {
  return frankaJoints.map((placement, index) => ({
    joint: placement,
    inertial: inertials[index]!,
    shapes: linkShapes[index]!,
    armature: armature[index]!,
    damping,
  }));
}

/**
 * The Franka Hand (franka_description, end_effectors/franka_hand): flange 0.107 m beyond joint 7, hand turned by -45
 * degrees, tool centre point 0.1034 m along its z axis, fingers of 0.04 m travel each. The force is what one finger
 * exerts in the manufacturer's own examples (20 to 100 N); the speed is the URDF's limit of one finger, twice.
 */
export function frankaHand(inertial: Inertial, fingerInertial: Inertial): HandModel {
  const bits = collisionBits.hand;
  return {
    mount: { position: [0, 0, 0.107], rotation: fromRollPitchYaw(0, 0, -Math.PI / 4) },
    tcp: { position: [0, 0, 0.1034], rotation: [1, 0, 0, 0] },
    maxWidth: 0.08,
    maxSpeed: 0.2,
    maxForce: 40,
    inertial,
    shapes: [
      box([0, 0, 0.036], [0.0316, 0.1, 0.03], hand, bits),
      cylinder([0, 0, 0], [0, 0, 0.01], 0.045, joint, none),
    ],
    finger: {
      height: 0.0584,
      inertial: fingerInertial,
      // The four boxes of the URDF, drawn as a body, a neck and a pad; the pad's face is the plane y = 0.
      shapes: [
        box([0, 0.0165, 0.01], [0.0105, 0.0065, 0.01], finger, bits),
        box([0, 0.0125, 0.028], [0.0085, 0.005, 0.0145], finger, bits),
        box([0, 0.0076, 0.0452], [0.00875, 0.0076, 0.00925], finger, bits),
      ],
      tip: 0.0452,
    },
  };
}
