import { type ArmModel, fr3, panda } from '@rapport/sim';

/** Arms that an envelope knows. */
export const armNames = ['panda', 'fr3'] as const;
export type ArmName = (typeof armNames)[number];

/** What an arm of the manufacturer's can do at most; a limits file may only be stricter. */
export interface HardwareLimits {
  /** Kinematics, joint ranges, velocities (with the FR3's law of the position), accelerations. */
  readonly arm: ArmModel;
  /** rad/s^3, shape [7]. */
  readonly jerk: readonly number[];
}

/** Jerks: Franka Control Interface documentation, `control-parameters-joint-{panda,fr3}.csv`. */
export const hardwareLimits: Readonly<Record<ArmName, HardwareLimits>> = {
  panda: { arm: panda, jerk: [7500, 3750, 5000, 6250, 7500, 10_000, 10_000] },
  fr3: { arm: fr3, jerk: [5000, 5000, 5000, 5000, 5000, 5000, 5000] },
};
