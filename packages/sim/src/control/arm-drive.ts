import type { Physics } from '../mujoco/physics.js';
import type { Joint, LiveSlice } from '../mujoco/quantities.js';
import type { ArmModel } from '../robots/arm-model.js';
import { armNames, gripperStiffness } from '../robots/bodies.js';
import { type CollisionThresholds, defaultThresholds, type Fault } from './faults.js';
import { TorqueInterface } from './torque-interface.js';

/** Cut-off of the low-pass that external torques go through, Hz: what lasts counts, not the knock of touching down. */
const EXTERNAL_TORQUE_CUTOFF_HZ = 5;
/** How far beyond the limits a measured position (rad) or velocity (share) may be before it is a fault. */
const POSITION_TOLERANCE = 0.01;
export const VELOCITY_TOLERANCE = 1.15;
/** Largest distance of a joint from where it should be, rad. */
const LARGEST_DEVIATION = 0.6;

/**
 * The motors of a simulated arm with its hand, and what watches over them: torques are limited and rate-limited, what
 * compensates gravity and Coriolis forces is added as the robot does by itself, the gripper's width goes to its goal at a
 * speed, and broken limits become faults.
 */
export class ArmDrive {
  readonly torques: TorqueInterface;
  /** External torques on the joints, low-passed, N m, shape [joints]. */
  readonly externalTorques: Float64Array;
  readonly #arm: ArmModel;
  readonly #positions: LiveSlice;
  readonly #velocities: LiveSlice;
  readonly #bias: LiveSlice;
  readonly #constraint: LiveSlice;
  readonly #controls: LiveSlice;
  readonly #fingers: readonly [Joint, Joint];
  readonly #timestep: number;
  readonly #smoothing: number;
  #thresholds: CollisionThresholds;
  #gripperStep: number;
  #gripperForce: number;
  #gripperWidth = 0;
  #gripperGoal = 0;
  #fault: Fault | undefined;

  /** @param physics a model with the arm's parts (`armParts`), its joints and motors in order */
  constructor(physics: Physics, arm: ArmModel, thresholds: CollisionThresholds = defaultThresholds) {
    const count = arm.links.length;
    const first = physics.index('joint', armNames.joint(0));
    const positions: number = physics.model.jnt_qposadr[first];
    const velocities: number = physics.model.jnt_dofadr[first];
    this.#arm = arm;
    this.#thresholds = thresholds;
    this.#positions = physics.slice('qpos', positions, count);
    this.#velocities = physics.slice('qvel', velocities, count);
    this.#bias = physics.slice('qfrc_bias', velocities, count);
    this.#constraint = physics.slice('qfrc_constraint', velocities, count);
    // The gripper's actuator follows the seven motors.
    this.#controls = physics.slice('ctrl', physics.index('actuator', armNames.motor(0)), count + 1);
    this.#fingers = [physics.joint(armNames.fingerJoint('left')), physics.joint(armNames.fingerJoint('right'))];
    this.#timestep = physics.timestep;
    this.torques = new TorqueInterface(arm, physics.timestep);
    this.externalTorques = new Float64Array(count);
    this.#gripperStep = arm.hand.maxSpeed * physics.timestep;
    this.#gripperForce = arm.hand.maxForce;
    this.#smoothing = 1 - Math.exp(-2 * Math.PI * EXTERNAL_TORQUE_CUTOFF_HZ * physics.timestep);
  }

  /** Measured joint positions, rad, shape [joints]; borrowed. */
  get positions(): Float64Array {
    return this.#positions.values;
  }

  /** Measured joint velocities, rad/s, shape [joints]; borrowed. */
  get velocities(): Float64Array {
    return this.#velocities.values;
  }

  /** Torques of the motors, with what compensates gravity, N m, shape [joints]; borrowed. */
  get motorTorques(): Float64Array {
    return this.#controls.values.subarray(0, this.externalTorques.length);
  }

  /** The first limit that was broken since the reset. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Width that the gripper is sent to now, metres. */
  get gripperGoal(): number {
    return this.#gripperGoal;
  }

  /** Whether the commanded width has come to its goal; the fingers may be held up by what is between them. */
  get gripperCommandArrived(): boolean {
    return this.#gripperWidth === this.#gripperGoal;
  }

  /** Starts at rest where the arm is now. */
  reset(gripperWidth: number): void {
    this.torques.reset();
    this.externalTorques.fill(0);
    this.#gripperWidth = gripperWidth;
    this.#gripperGoal = gripperWidth;
    this.#gripperStep = this.#arm.hand.maxSpeed * this.#timestep;
    this.#gripperForce = this.#arm.hand.maxForce;
    this.#fault = undefined;
  }

  /** Forgets a fault, as error recovery does. */
  recover(): void {
    this.externalTorques.fill(0);
    this.#fault = undefined;
  }

  /** When contacts become faults from now on. */
  setThresholds(thresholds: CollisionThresholds): void {
    this.#thresholds = thresholds;
  }

  /**
   * @param width metres, moved into what the hand can do
   * @param speed at which the width changes, m/s
   * @param force with which a finger presses at most, N
   */
  setGripperGoal(width: number, speed = this.#arm.hand.maxSpeed, force = this.#arm.hand.maxForce): void {
    const { maxWidth, maxSpeed, maxForce } = this.#arm.hand;
    this.#gripperGoal = Math.min(maxWidth, Math.max(0, width));
    this.#gripperStep = Math.min(maxSpeed, Math.max(0, speed)) * this.#timestep;
    this.#gripperForce = Math.min(maxForce, Math.max(0, force));
  }

  /** Stops the gripper where it is. */
  stopGripper(): void {
    this.#gripperWidth = this.#measuredWidth();
    this.#gripperGoal = this.#gripperWidth;
  }

  /**
   * Sets the motors for the next physics step.
   * @param command torques without gravity, N m, shape [joints], or undefined when none arrived
   */
  apply(command: Float64Array | undefined): void {
    const { torques } = this;
    const controls = this.#controls.values;
    const bias = this.#bias.values;
    const count = torques.last.length;
    const lost = torques.tick(command);
    if (lost !== undefined) this.#raise(lost);
    for (let joint = 0; joint < count; joint++) controls[joint] = torques.last[joint]! + bias[joint]!;

    const step = this.#gripperStep;
    const width = this.#gripperWidth;
    this.#gripperWidth = Math.min(width + step, Math.max(width - step, this.#gripperGoal));
    controls[count] = this.#withinForce(this.#gripperWidth);
  }

  /**
   * Looks for broken limits; called after every physics step.
   * @param reference where the joints should be, rad
   */
  watch(reference?: Float64Array): void {
    const positions = this.#positions.values;
    const velocities = this.#velocities.values;
    const constraint = this.#constraint.values;
    const { limits } = this.#arm;
    const external = this.externalTorques;
    for (let joint = 0; joint < limits.length; joint++) {
      const { low, high, velocity } = limits[joint]!;
      const position = positions[joint]!;
      external[joint]! += this.#smoothing * (constraint[joint]! - external[joint]!);
      if (position < low - POSITION_TOLERANCE || position > high + POSITION_TOLERANCE) {
        this.#raise('joint_position_limits_violation');
      }
      if (Math.abs(velocities[joint]!) > VELOCITY_TOLERANCE * velocity) this.#raise('joint_velocity_violation');
      if (Math.abs(external[joint]!) > this.#thresholds.jointTorques[joint]!) this.#raise('joint_reflex');
      if (reference !== undefined && Math.abs(reference[joint]! - position) > LARGEST_DEVIATION) {
        this.#raise('max_goal_pose_deviation_violation');
      }
    }
  }

  /** Numbers that `save` appends. */
  get stateSize(): number {
    return 2 * this.externalTorques.length + 3;
  }

  /** Appends what the next ticks depend on, but for a gripper's speed and force other than the greatest. */
  save(numbers: number[]): void {
    numbers.push(...this.torques.last, ...this.externalTorques);
    numbers.push(this.torques.ticksLost, this.#gripperWidth, this.#gripperGoal);
  }

  /** Goes on from what `save` appended. */
  load(numbers: ArrayLike<number>): void {
    const count = this.externalTorques.length;
    const values = Array.from(numbers);
    this.torques.restore(values.slice(0, count), values[2 * count]!);
    this.externalTorques.set(values.slice(count, 2 * count));
    this.#gripperWidth = values[2 * count + 1]!;
    this.#gripperGoal = values[2 * count + 2]!;
    this.#fault = undefined;
  }

  /** The width at most as far from the present one as presses with the force that is wanted. */
  #withinForce(width: number): number {
    if (this.#gripperForce === this.#arm.hand.maxForce) return width;
    const reach = this.#gripperForce / gripperStiffness;
    const measured = this.#measuredWidth();
    return Math.min(measured + reach, Math.max(measured - reach, width));
  }

  #measuredWidth(): number {
    return this.#fingers[0].position + this.#fingers[1].position;
  }

  #raise(fault: Fault): void {
    this.#fault ??= fault;
  }
}
