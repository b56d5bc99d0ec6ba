import type { Pose } from '../layout.js';
import type { EmbodimentName } from '../view.js';
import type { Point } from './sight.js';

/** What a scripted policy wants of one control step; speed in m/s, turn as the action's second value. */
export interface Command {
  readonly speed: number;
  readonly turn: number;
}

export const topSpeed = 0.8;

/** Turn rate per unit of the turn action, 1/s: the gear corrects the offset within one substep of 1/80 s, every other. */
const ratePerAction = 40;
/** Turn rate that the robots never pass, rad/s. */
const topRate = 2.5;
/** Angular acceleration that the turn torque of 1 N m gives, rad/s^2, with a margin. */
const braking: Record<EmbodimentName, number> = { longstick: 2.5, mediumstick: 16, gripper: 16, shortstick: 60 };

/** Turn action that brings the heading to `angle` as fast as it can also be stopped. */
export function turnTowards(embodiment: EmbodimentName, robot: Pose, angle: number): number {
  const error = wrapAngle(angle - robot.angle);
  const size = Math.abs(error);
  const rate = Math.min(topRate, size / 0.2, Math.sqrt(2 * braking[embodiment] * size));
  return (Math.sign(error) * rate) / ratePerAction;
}

/** Heading from one point to another; heading 0 is +y, left is positive. */
export function headingTo(from: Point, to: Point): number {
  return Math.atan2(from.x - to.x, to.y - from.y);
}

/** Signed distance of the point from the line through `on` with this heading, positive to the line's right, metres. */
export function rightOfLine(point: Point, on: Point, heading: number): number {
  return (point.x - on.x) * Math.cos(heading) + (point.y - on.y) * Math.sin(heading);
}

/** The point at a distance along a heading. */
export function ahead(from: Point, heading: number, distance: number): Point {
  return { x: from.x - Math.sin(heading) * distance, y: from.y + Math.cos(heading) * distance };
}

/** The same angle in [-pi, pi). */
export function wrapAngle(angle: number): number {
  return angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI));
}
