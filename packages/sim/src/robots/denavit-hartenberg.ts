import { axisAngle } from '../spatial/rotation.js';
import type { Placement } from './arm-model.js';

/**
 * A joint's place from modified Denavit-Hartenberg parameters (J. Craig, "Introduction to Robotics", section 3.4):
 * T = Rx(alpha) Tx(a) Rz(q) Tz(d).
 * @param a metres
 * @param d metres
 */
export function craig(a: number, d: number, alphaRad: number): Placement {
  return {
    position: [a, -Math.sin(alphaRad) * d, Math.cos(alphaRad) * d],
    rotation: axisAngle([1, 0, 0], alphaRad),
  };
}
