import { InputError } from '@rapport/core';
import type { JointTrajectory, JointTrajectoryPoint } from '../graph/messages.js';
import { fromRosTime } from '../graph/time.js';

/** Where the joints should be: rad, rad/s and rad/s^2, each of shape [joints]. */
export interface JointSetpoint {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly accelerations: Float64Array;
}

/** A way point, in the order of the arm's joints. */
interface WayPoint {
  /** Nanoseconds from the start. */
  readonly time: bigint;
  readonly positions: Float64Array;
  /** Undefined when the message gives none. */
  readonly velocities: Float64Array | undefined;
  readonly accelerations: Float64Array | undefined;
}

/** Why a trajectory is refused, in the terms of control_msgs/action/FollowJointTrajectory. */
export class TrajectoryError extends InputError {
  /** `INVALID_GOAL` -1, `INVALID_JOINTS` -2, `OLD_HEADER_TIMESTAMP` -3. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A joint trajectory as ros2_controllers' joint_trajectory_controller follows it: between way points linear when only
 * positions are given, cubic with velocities, quintic with accelerations; from where the arm was asked to be when the
 * trajectory came to the first point in the same way; at the end it stands still.
 */
export class Trajectory {
  /** Nanoseconds, in the clock of the controller. */
  readonly start: bigint;
  readonly end: bigint;
  readonly #points: readonly WayPoint[];

  /**
   * @param joints names of the arm's joints, in order
   * @param now nanoseconds; where the header's stamp is zero, the trajectory starts now
   * @param from where the arm is asked to be now
   * @throws TrajectoryError when it cannot be followed
   */
  constructor(message: JointTrajectory, joints: readonly string[], now: bigint, from: JointSetpoint) {
    const order = jointOrder(message.joint_names, joints);
    const points = message.points.map((point, index) => wayPoint(point, index, order));
    checkPoints(points);
    const stamp = fromRosTime(message.header.stamp);
    this.start = stamp === 0n ? now : stamp;
    this.end = this.start + points.at(-1)!.time;
    if (stamp !== 0n && this.end < now) {
      throw new TrajectoryError(-3, `the trajectory ended ${Number(now - this.end) / 1e9} s before it came`);
    }
    const before: WayPoint = {
      time: now - this.start,
      positions: from.positions.slice(),
      velocities: from.velocities.slice(),
      accelerations: from.accelerations.slice(),
    };
    this.#points = points[0]!.time > before.time ? [before, ...points] : points;
  }

  /** The last way point's positions, rad. */
  get goal(): Float64Array {
    return this.#points.at(-1)!.positions;
  }

  /**
   * @param now nanoseconds
   * @param out written
   */
  sample(now: bigint, out: JointSetpoint): void {
    const time = now - this.start;
    const points = this.#points;
    const next = points.findIndex((point) => point.time > time);
    if (next === 0) stand(points[0]!, out);
    else if (next < 0) stand(points.at(-1)!, out);
    else interpolate(points[next - 1]!, points[next]!, time, out);
  }
}

function jointOrder(given: readonly string[], joints: readonly string[]): number[] {
  const missing = joints.filter((joint) => !given.includes(joint));
  const unknown = given.filter((joint) => !joints.includes(joint));
  if (missing.length > 0 || unknown.length > 0 || given.length !== joints.length) {
    throw new TrajectoryError(-2, `joint names are ${given.join(', ') || 'none'}; expected ${joints.join(', ')}`);
  }
  return joints.map((joint) => given.indexOf(joint));
}

function wayPoint(point: JointTrajectoryPoint, index: number, order: readonly number[]): WayPoint {
  const pick = (name: 'positions' | 'velocities' | 'accelerations'): Float64Array | undefined => {
    const values = point[name];
    if (values.length === 0) return undefined;
    if (values.length !== order.length) {
      throw new TrajectoryError(-1, `point ${index} has ${values.length} ${name}; expected ${order.length}`);
    }
    const bad = values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new TrajectoryError(-1, `point ${index} has ${bad} among its ${name}`);
    return Float64Array.from(order, (place) => values[place]!);
  };
  const positions = pick('positions');
  if (positions === undefined) throw new TrajectoryError(-1, `point ${index} has no positions`);
  const velocities = pick('velocities');
  const accelerations = velocities === undefined ? undefined : pick('accelerations');
  return { time: fromRosTime(point.time_from_start), positions, velocities, accelerations };
}

function checkPoints(points: readonly WayPoint[]): void {
  const last = points.at(-1);
  if (last === undefined) throw new TrajectoryError(-1, 'the trajectory has no points');
  if (points[0]!.time < 0n) throw new TrajectoryError(-1, 'point 0 lies before the start of the trajectory');
  for (const [index, point] of points.entries()) {
    if (index > 0 && point.time <= points[index - 1]!.time) {
      throw new TrajectoryError(-1, `point ${index} is not later than the point before it`);
    }
  }
  if (last.velocities?.some((velocity) => Math.abs(velocity) > 1e-5) === true) {
    throw new TrajectoryError(-1, 'the last point has a velocity other than zero');
  }
}

function stand({ positions }: WayPoint, out: JointSetpoint): void {
  out.positions.set(positions);
  out.velocities.fill(0);
  out.accelerations.fill(0);
}

/** Polynomials of degree 1, 3 or 5 that meet what both ends give. */
function interpolate(a: WayPoint, b: WayPoint, time: bigint, out: JointSetpoint): void {
  const span = Number(b.time - a.time) / 1e9;
  const t = Number(time - a.time) / 1e9;
  const quintic = a.accelerations !== undefined && b.accelerations !== undefined;
  const cubic = a.velocities !== undefined && b.velocities !== undefined;
  for (let joint = 0; joint < out.positions.length; joint++) {
    const p0 = a.positions[joint]!;
    const p1 = b.positions[joint]!;
    const v0 = cubic ? a.velocities[joint]! : 0;
    const v1 = cubic ? b.velocities[joint]! : 0;
    const a0 = quintic ? a.accelerations[joint]! : 0;
    const a1 = quintic ? b.accelerations[joint]! : 0;
    const c = quintic
      ? quinticCoefficients(p0, v0, a0, p1, v1, a1, span)
      : cubic
        ? cubicCoefficients(p0, v0, p1, v1, span)
        : [p0, (p1 - p0) / span, 0, 0, 0, 0];
    out.positions[joint] = c[0]! + t * (c[1]! + t * (c[2]! + t * (c[3]! + t * (c[4]! + t * c[5]!))));
    out.velocities[joint] = c[1]! + t * (2 * c[2]! + t * (3 * c[3]! + t * (4 * c[4]! + t * 5 * c[5]!)));
    out.accelerations[joint] = 2 * c[2]! + t * (6 * c[3]! + t * (12 * c[4]! + t * 20 * c[5]!));
  }
}

function cubicCoefficients(p0: number, v0: number, p1: number, v1: number, T: number): number[] {
  const d = p1 - p0;
  return [p0, v0, (3 * d - (2 * v0 + v1) * T) / T ** 2, ((v0 + v1) * T - 2 * d) / T ** 3, 0, 0];
}

function quinticCoefficients(
  p0: number,
  v0: number,
  a0: number,
  p1: number,
  v1: number,
  a1: number,
  T: number,
): number[] {
  const d = p1 - p0;
  return [
    p0,
    v0,
    a0 / 2,
    (20 * d - (8 * v1 + 12 * v0) * T - (3 * a0 - a1) * T ** 2) / (2 * T ** 3),
    (-30 * d + (14 * v1 + 16 * v0) * T + (3 * a0 - 2 * a1) * T ** 2) / (2 * T ** 4),
    (12 * d - 6 * (v1 + v0) * T + (a1 - a0) * T ** 2) / (2 * T ** 5),
  ];
}
