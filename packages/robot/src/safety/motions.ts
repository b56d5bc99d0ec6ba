import type { JointMotion } from './tracking.js';

/** Position, velocity and acceleration of every joint: rad, rad/s, rad/s^2, shape [7] each. */
export interface Motions {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly accelerations: Float64Array;
}

/** All zeros. */
export function motions(): Motions {
  return { positions: new Float64Array(7), velocities: new Float64Array(7), accelerations: new Float64Array(7) };
}

export function setMotion(
  out: Motions,
  joint: number,
  { position, velocity, acceleration }: Readonly<JointMotion>,
): void {
  out.positions[joint] = position;
  out.velocities[joint] = velocity;
  out.accelerations[joint] = acceleration;
}

/** out = (1 - share) from + share to, exact at both ends. */
export function mixMotion(out: Motions, from: Motions, to: Motions, joint: number, share: number): void {
  out.positions[joint] = mix(from.positions[joint]!, to.positions[joint]!, share);
  out.velocities[joint] = mix(from.velocities[joint]!, to.velocities[joint]!, share);
  out.accelerations[joint] = mix(from.accelerations[joint]!, to.accelerations[joint]!, share);
}

function mix(from: number, to: number, share: number): number {
  return share === 1 ? to : from + share * (to - from);
}
