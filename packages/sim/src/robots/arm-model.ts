import type { Vector3 } from '@rapport/core';
import type { MjcfNode } from '../mujoco/mjcf.js';
import type { Quaternion } from '../spatial/rotation.js';

/** What a joint may do. */
export interface JointLimits {
  /** Least and greatest position, rad. */
  readonly low: number;
  readonly high: number;
  /** Greatest speed, rad/s, where no other bound is nearer. */
  readonly velocity: number;
  /** Greatest acceleration of the commanded motion, rad/s^2. */
  readonly acceleration: number;
  /** Greatest motor torque, N m. */
  readonly torque: number;
}

/** Stiffness (N m/rad) and damping (N m s/rad) of every joint. */
export interface JointGains {
  readonly stiffness: readonly number[];
  readonly damping: readonly number[];
}

/** A pose in the frame of the part before. */
export interface Placement {
  /** Metres. */
  readonly position: Vector3;
  readonly rotation: Quaternion;
}

/** Mass properties of a link in its own frame. */
export interface Inertial {
  /** Kilograms. */
  readonly mass: number;
  /** Centre of mass, metres. */
  readonly centre: Vector3;
  /** About the centre of mass, kg m^2. */
  readonly inertia: readonly [xx: number, yy: number, zz: number, xy: number, xz: number, yz: number];
}

/** A link's frame (its joint turns about z), its mass and its shapes. */
export interface LinkModel {
  /** Pose of the joint in the frame of the link before; for the first link, of the base. */
  readonly joint: Placement;
  readonly inertial: Inertial;
  /** <geom> elements in the link's frame. */
  readonly shapes: readonly MjcfNode[];
  /** Reflected inertia of the motor's rotor, kg m^2. */
  readonly armature: number;
  /** Viscous friction, N m s/rad. */
  readonly damping: number;
}

/** A gripper of two parallel fingers that move along +-y of the hand. */
export interface HandModel {
  /** Pose of the hand in the frame of the last link. */
  readonly mount: Placement;
  /** Tool centre point, between the fingertips, in the hand's frame. */
  readonly tcp: Placement;
  /** Largest distance between the fingers, metres. */
  readonly maxWidth: number;
  /** Greatest speed at which the width changes, m/s. */
  readonly maxSpeed: number;
  /** Greatest force with which a finger presses, N. */
  readonly maxForce: number;
  readonly inertial: Inertial;
  readonly shapes: readonly MjcfNode[];
  readonly finger: {
    /** Height of the closed fingers' frames on the hand's z axis, metres. */
    readonly height: number;
    readonly inertial: Inertial;
    /** Shapes of the finger that opens towards +y, in its frame; the other one is the same turned by pi about z. */
    readonly shapes: readonly MjcfNode[];
    /** Distance of the tip from the finger's frame along z, metres. */
    readonly tip: number;
  };
}

/** An arm of seven hinges with a hand: kinematics, limits, mass and shapes. */
export interface ArmModel {
  /** For example `panda`. */
  readonly name: string;
  readonly base: { readonly inertial: Inertial; readonly shapes: readonly MjcfNode[] };
  readonly links: readonly LinkModel[];
  readonly limits: readonly JointLimits[];
  /** Of the joints' impedance: to follow closely, and to give way to what is touched. */
  readonly gains: { readonly stiff: JointGains; readonly soft: JointGains };
  readonly hand: HandModel;
  /** Meshes that the shapes name, and the files that hold them. */
  readonly assets?: { readonly nodes: readonly MjcfNode[]; readonly files: ReadonlyMap<string, Uint8Array> };
  /** Joint positions to start from, rad. */
  readonly home: readonly number[];
  /** Greatest distance of the tool centre point from the base, metres. */
  readonly reach: number;
  /** Greatest change of a motor's torque, N m/s. */
  readonly torqueRate: number;
  /** Greatest speed of the tool centre point, m/s and rad/s. */
  readonly cartesianSpeed: { readonly translation: number; readonly rotation: number };
  /** Bounds of a joint's velocity (rad/s) at a position (rad). */
  velocityRange(joint: number, position: number): readonly [low: number, high: number];
}
