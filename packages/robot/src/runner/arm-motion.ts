import {
  type ArmModel,
  armLayout,
  axisAngle,
  Kinematics,
  MotionTarget,
  matrixToQuaternion,
  multiply,
  quaternionToMatrix,
  rotate,
  type ToolPose,
  writeArm,
} from '@rapport/sim';
import type { Clamp } from '../safety/index.js';
import { MovingMean } from './moving-mean.js';
import type { RobotTask } from './robot-task.js';

/** Where the joints are to be, and how that place moves. */
export interface MovingGoal {
  /** rad, shape [7]. */
  readonly positions: Float64Array;
  /** rad/s, shape [7]. */
  readonly velocities: Float64Array;
}

/** Share of a control period over which the goal's velocity passes from one action's to the next one's. */
const RAMP_SHARE = 0.5;
/** Share of a control period that the way to an action's goal takes at least, also when the action comes late. */
const LEAST_LINE_SHARE = 0.5;

/**
 * Turns actions into a goal for the joints, and writes what a policy observes of the arm; both as in the environments.
 *
 * Every action moves the goal from where the last one led it to where the action leads, in a straight line that takes
 * one control period; one that takes the place of the present action takes what is left of it. What comes out is the
 * mean of that over the last half period: velocities do not jump but pass linearly (L. Biagiotti and C. Melchiorri, "FIR
 * filters for online trajectory planning with time- and frequency-domain specifications", 2012: a line through a moving
 * average), at the price of a quarter period of delay.
 */
export class ArmMotion {
  /** Width that the gripper is sent to, metres. */
  gripperWidth = 0;
  readonly #task: RobotTask;
  readonly #target: MotionTarget;
  readonly #kinematics: Kinematics;
  readonly #ticksPerAction: number;
  readonly #action: Float64Array;
  /** Where the present action began, and where it has led to, rad. */
  readonly #from = new Float64Array(7);
  readonly #line = new Float64Array(7);
  readonly #goal: MovingMean;
  /** Ticks since the present line began, and those that it takes. */
  #ticks = 0;
  #lineTicks: number;
  /** Ticks since the present action's control period began. */
  #periodTicks = 0;
  /** The target before the present action. */
  #before: number[] = [];
  /** Where tool and gripper had been sent when the present control step began. */
  #sent: { readonly pose: ToolPose; readonly gripperWidth: number };
  readonly #tcpPosition = new Float64Array(3);
  readonly #tcpRotation = new Float64Array(9);

  /** @param tickSeconds seconds from one setpoint to the next */
  constructor(task: RobotTask, arm: ArmModel, tickSeconds: number) {
    this.#task = task;
    this.#target = new MotionTarget(arm, task.control, task.base, task.workspace);
    this.#kinematics = new Kinematics(arm);
    this.#ticksPerAction = Math.max(1, Math.round(task.controlPeriod / tickSeconds));
    this.#lineTicks = this.#ticksPerAction;
    this.#action = new Float64Array(task.actions.length);
    this.#goal = new MovingMean(Math.max(1, Math.round(RAMP_SHARE * this.#ticksPerAction)), tickSeconds);
    this.#sent = { pose: this.#target.pose, gripperWidth: 0 };
  }

  /** Starts at rest. */
  reset(joints: ArrayLike<number>, gripperWidth: number): void {
    this.#target.reset(joints);
    this.#from.set(joints);
    this.#line.set(joints);
    this.#goal.reset(joints);
    this.#lineTicks = this.#ticksPerAction;
    this.#ticks = this.#lineTicks;
    this.gripperWidth = gripperWidth;
    this.beginStep();
  }

  /** A control step begins: `observe` tells of where tool and gripper have been sent by now, whatever is done after. */
  beginStep(): void {
    this.#sent = { pose: this.#target.pose, gripperWidth: this.gripperWidth };
  }

  /**
   * Takes an action on, clipped to its bounds, at the beginning of a control period.
   * @param measured where the joints are, rad
   * @returns the entry that is no finite number, with which nothing is done
   */
  apply(action: ArrayLike<number>, measured: ArrayLike<number>): Clamp | undefined {
    const refused = this.#take(action);
    if (refused !== undefined) return refused;
    this.#before = [];
    this.#target.save(this.#before);
    this.#periodTicks = 0;
    this.#goTo(measured, this.#ticksPerAction);
    return undefined;
  }

  /**
   * As `apply`, for an action that takes the place of the present one: increments add to the target before that.
   * @param measured where the joints are, rad
   * @returns the entry that is no finite number, with which nothing is done
   */
  revise(action: ArrayLike<number>, measured: ArrayLike<number>): Clamp | undefined {
    const refused = this.#take(action);
    if (refused !== undefined) return refused;
    this.#target.load(this.#before);
    const least = Math.ceil(LEAST_LINE_SHARE * this.#ticksPerAction);
    this.#goTo(measured, Math.max(least, this.#ticksPerAction - this.#periodTicks));
    return undefined;
  }

  /** The goal one tick later; it is overwritten by the next call. */
  advance(): MovingGoal {
    this.#periodTicks += 1;
    this.#ticks = Math.min(this.#lineTicks, this.#ticks + 1);
    const share = this.#ticks / this.#lineTicks;
    for (let joint = 0; joint < 7; joint++) {
      const from = this.#from[joint]!;
      this.#line[joint] = from + share * (this.#target.joints[joint]! - from);
    }
    this.#goal.push(this.#line);
    return this.#goal;
  }

  /**
   * Writes what every manipulation environment observes of its arm at the beginning of a control step, see `armEntries`.
   * @param out the entries of the arm are its first
   */
  observe(
    joints: ArrayLike<number>,
    jointVelocities: ArrayLike<number>,
    measuredWidth: number,
    out: Float32Array,
  ): void {
    const { base } = this.#task;
    const worldFromBase = axisAngle([0, 0, 1], base.yawRad);
    this.#kinematics.update(joints);
    const place = rotate(worldFromBase, this.#kinematics.position);
    for (let axis = 0; axis < 3; axis++) this.#tcpPosition[axis] = place[axis]! + base.position[axis]!;
    quaternionToMatrix(multiply(worldFromBase, matrixToQuaternion(this.#kinematics.rotation)), this.#tcpRotation);
    writeArm(
      {
        jointPositions: joints,
        jointVelocities,
        tcpPosition: this.#tcpPosition,
        tcpRotation: this.#tcpRotation,
        gripperWidth: measuredWidth,
      },
      this.#sent.pose,
      this.#sent.gripperWidth,
      out.subarray(0, armLayout.end),
    );
  }

  /** Keeps the action within its bounds, for the target to take on. */
  #take(action: ArrayLike<number>): Clamp | undefined {
    for (const [index, { name, low, high }] of this.#task.actions.entries()) {
      const value = action[index] ?? Number.NaN;
      if (!Number.isFinite(value)) {
        return { limit: 'not_finite', where: name, value, allowed: Number.POSITIVE_INFINITY };
      }
      this.#action[index] = Math.min(high, Math.max(low, value));
    }
    return undefined;
  }

  /** Begins the line to where the action that was taken leads. */
  #goTo(measured: ArrayLike<number>, ticks: number): void {
    this.#from.set(this.#line);
    this.#target.apply(this.#action, Float64Array.from(measured));
    this.gripperWidth = this.#action[this.#action.length - 1]!;
    this.#ticks = 0;
    this.#lineTicks = ticks;
  }
}
