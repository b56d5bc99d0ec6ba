import { InputError } from '@rapport/core';
import type { FollowJointTrajectoryResult, JointTolerance, JointTrajectory } from '../graph/messages.js';
import { fromRosTime, type RosTime } from '../graph/time.js';
import { type JointSetpoint, Trajectory, TrajectoryError } from './trajectory.js';

/** Speed below which a joint counts as standing at the end of a trajectory, rad/s. */
const STOPPED_VELOCITY = 0.01;

/** How close the arm must keep to a trajectory of an action; zero and missing mean that any distance will do. */
export interface Tolerances {
  readonly path: readonly JointTolerance[];
  readonly goal: readonly JointTolerance[];
  /** How much longer than the trajectory it may take to be within the goal's tolerances; zero: any time. */
  readonly goalTime: RosTime;
}

/** How an action ended. */
export interface TrajectoryEnd {
  readonly status: 'succeeded' | 'aborted';
  readonly result: FollowJointTrajectoryResult;
}

interface ActiveGoal {
  readonly tolerances: Tolerances;
  readonly onEnd: (end: TrajectoryEnd) => void;
}

/**
 * What a joint_trajectory_controller asks the joints for. A new trajectory takes the place of the one that is followed,
 * from where the arm is asked to be; without one the arm is held.
 */
export class JointTrajectoryController {
  /** What is asked for now. */
  readonly setpoint: JointSetpoint;
  readonly #joints: readonly string[];
  #trajectory: Trajectory | undefined;
  #goal: ActiveGoal | undefined;

  constructor(joints: readonly string[]) {
    this.#joints = joints;
    this.setpoint = {
      positions: new Float64Array(joints.length),
      velocities: new Float64Array(joints.length),
      accelerations: new Float64Array(joints.length),
    };
  }

  /** Whether a trajectory is being followed. */
  get moving(): boolean {
    return this.#trajectory !== undefined;
  }

  /** Holds the arm where it is; an action that is running ends as aborted. */
  hold(positions: ArrayLike<number>, reason = 'the arm is held'): void {
    this.#trajectory = undefined;
    this.setpoint.positions.set(positions);
    this.setpoint.velocities.fill(0);
    this.setpoint.accelerations.fill(0);
    this.#end({ status: 'aborted', result: { error_code: -1, error_string: reason } });
  }

  /** @throws TrajectoryError when the trajectory cannot be followed; the one before goes on then */
  check(message: JointTrajectory, now: bigint): Trajectory {
    return new Trajectory(message, this.#joints, now, this.setpoint);
  }

  /** Follows a trajectory from the topic. @throws TrajectoryError see `check` */
  follow(message: JointTrajectory, now: bigint): void {
    const trajectory = this.check(message, now);
    this.#replace();
    this.#trajectory = trajectory;
  }

  /** Follows a trajectory of an action. @param onEnd told how it ended, unless it is cancelled */
  followGoal(message: JointTrajectory, tolerances: Tolerances, now: bigint, onEnd: (end: TrajectoryEnd) => void): void {
    try {
      this.follow(message, now);
      this.#goal = { tolerances, onEnd };
    } catch (error) {
      if (!(error instanceof TrajectoryError)) throw error;
      onEnd({ status: 'aborted', result: { error_code: error.code, error_string: error.message } });
    }
  }

  /** Ends the action that is running without telling, and holds the arm where it is. */
  cancel(positions: ArrayLike<number>): void {
    this.#goal = undefined;
    this.hold(positions);
  }

  /**
   * What is asked for at a time of the trajectory that is followed.
   * @param time nanoseconds
   * @throws InputError when none is followed, or the time is not within it
   */
  sampleAt(time: bigint): JointSetpoint {
    const trajectory = this.#trajectory;
    if (trajectory === undefined) throw new InputError('no trajectory is followed');
    const { start, end } = trajectory;
    if (time < start || time >= end) {
      throw new InputError(
        `the time is ${seconds(time)} s; the trajectory goes from ${seconds(start)} to ${seconds(end)}`,
      );
    }
    const count = this.#joints.length;
    const sample: JointSetpoint = {
      positions: new Float64Array(count),
      velocities: new Float64Array(count),
      accelerations: new Float64Array(count),
    };
    trajectory.sample(time, sample);
    return sample;
  }

  /**
   * Brings `setpoint` to the time, and looks at the tolerances.
   * @param now nanoseconds
   * @param positions measured, rad
   * @param velocities measured, rad/s
   */
  update(now: bigint, positions: Float64Array, velocities: Float64Array): void {
    const trajectory = this.#trajectory;
    if (trajectory === undefined) return;
    trajectory.sample(now, this.setpoint);
    const goal = this.#goal;
    if (goal === undefined) {
      if (now >= trajectory.end) this.#trajectory = undefined;
      return;
    }
    if (now < trajectory.end) {
      const broken = this.#brokenTolerance(goal.tolerances.path, positions, velocities);
      if (broken !== undefined) this.#stop(-4, `on the way ${broken}`, positions);
      return;
    }
    const broken = this.#brokenTolerance(goal.tolerances.goal, positions, velocities) ?? this.#stillMoving(velocities);
    if (broken === undefined) {
      this.#trajectory = undefined;
      this.#end({ status: 'succeeded', result: { error_code: 0, error_string: '' } });
      return;
    }
    const patience = fromRosTime(goal.tolerances.goalTime);
    if (patience > 0n && now > trajectory.end + patience) this.#stop(-5, `at the goal ${broken}`, positions);
  }

  /** The first joint outside a tolerance, as a phrase; undefined when there is none. */
  #brokenTolerance(
    tolerances: readonly JointTolerance[],
    positions: Float64Array,
    velocities: Float64Array,
  ): string | undefined {
    for (const { name, position, velocity } of tolerances) {
      const joint = this.#joints.indexOf(name);
      if (joint < 0) continue;
      const apart = Math.abs(this.setpoint.positions[joint]! - positions[joint]!);
      if (position > 0 && apart > position) {
        return `${name} is ${apart.toFixed(4)} rad off; allowed are ${position}`;
      }
      const slower = Math.abs(this.setpoint.velocities[joint]! - velocities[joint]!);
      if (velocity > 0 && slower > velocity) {
        return `${name} is ${slower.toFixed(4)} rad/s off; allowed are ${velocity}`;
      }
    }
    return undefined;
  }

  #stillMoving(velocities: Float64Array): string | undefined {
    const joint = velocities.findIndex((velocity) => Math.abs(velocity) > STOPPED_VELOCITY);
    return joint < 0 ? undefined : `${this.#joints[joint]} still moves at ${velocities[joint]!.toFixed(4)} rad/s`;
  }

  #stop(code: number, reason: string, positions: ArrayLike<number>): void {
    this.#end({ status: 'aborted', result: { error_code: code, error_string: reason } });
    this.hold(positions);
  }

  #replace(): void {
    this.#end({ status: 'aborted', result: { error_code: -1, error_string: 'a newer trajectory took its place' } });
  }

  #end(end: TrajectoryEnd): void {
    const goal = this.#goal;
    this.#goal = undefined;
    goal?.onEnd(end);
  }
}

function seconds(time: bigint): string {
  return (Number(time) / 1e9).toFixed(3);
}
