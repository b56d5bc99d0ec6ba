import { type MjcfNode, mjcf } from '../mujoco/mjcf.js';
import type { Physics } from '../mujoco/physics.js';

/** One side of a contact: a geom, a body, or a body with everything that hangs on it. */
export type ContactSide = { readonly geom: string } | { readonly body: string } | { readonly subtree: string };

/** A sensor of the force between two things, to be read with `contactForce`. */
export function contactSensor(name: string, one: ContactSide, other: ContactSide): MjcfNode {
  return mjcf('contact', { name, ...side(one, 1), ...side(other, 2), data: 'force', reduce: 'netforce', num: 1 });
}

/** Size of the sum of all contact forces between the two sides of a `contactSensor`, N. */
export function contactForce(physics: Physics, name: string): number {
  const [x, y, z] = physics.sensor(name).values;
  return Math.hypot(x!, y!, z!);
}

function side(one: ContactSide, index: 1 | 2): Record<string, string> {
  const [[kind, name]] = Object.entries(one) as [[string, string]];
  return { [`${kind}${index}`]: name };
}
