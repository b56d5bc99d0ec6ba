import type { Physics } from '../mujoco/physics.js';
import type { LiveSlice } from '../mujoco/quantities.js';
import type { ArmModel, JointGains } from '../robots/arm-model.js';
import { armNames } from '../robots/bodies.js';
import { type CollisionThresholds, defaultThresholds, type Fault } from './faults.js';
import { JointReference } from './joint-reference.js';
import { TorqueInterface } from './torque-interface.js';

/** Cut-off of the low-pass that external torques go through, Hz: what lasts counts, not the knock of touching down. */
const EXTERNAL_TORQUE_CUTOFF_HZ = 5;
/** How far beyond the limits a measured position (rad) or velocity (share) may be before it is a fault. */
const POSITION_TOLERANCE = 0.01;
const VELOCITY_TOLERANCE = 1.15;
/** Largest distance of a joint from where it should be, rad. */
const LARGEST_DEVIATION = 0.6;

/**
 * Moves the arm of a simulation: every physics step it brings the joint reference on, closes the impedance loop
 * tau = K (q_ref - q) + D (dq_ref - dq) around it, adds what compensates gravity and Coriolis forces as the robot does by
 * itself, and watches the limits. The gripper's width goes to its target at the hand's speed.
 */
export class ArmController {
  readonly reference: JointReference;
  readonly torques: TorqueInterface;
  /** External torques on the joints, low-passed, N m, shape [joints]. */
  readonly externalTorques: Float64Array;
  readonly #arm: ArmModel;
  readonly #gains: JointGains;
  readonly #thresholds: CollisionThresholds;
  readonly #positions: LiveSlice;
  readonly #velocities: LiveSlice;
  readonly #bias: LiveSlice;
  readonly #constraint: LiveSlice;
  readonly #controls: LiveSlice;
  readonly #command: Float64Array;
  readonly #gripperSpeed: number;
  readonly #smoothing: number;
  #gripperWidth = 0;
  #gripperGoal = 0;
  #fault: Fault | undefined;

  /**
   * @param physics a model with the arm's parts (`armParts`), its joints and motors in order
   * @param approachTime time constant of the approach to a goal, seconds
   */
  constructor(
    physics: Physics,
    arm: ArmModel,
    gains: JointGains,
    approachTime: number,
    thresholds: CollisionThresholds = defaultThresholds,
  ) {
    const count = arm.links.length;
    const first = physics.index('joint', armNames.joint(0));
    const positions: number = physics.model.jnt_qposadr[first];
    const velocities: number = physics.model.jnt_dofadr[first];
    this.#arm = arm;
    this.#gains = gains;
    this.#thresholds = thresholds;
    this.#positions = physics.slice('qpos', positions, count);
    this.#velocities = physics.slice('qvel', velocities, count);
    this.#bias = physics.slice('qfrc_bias', velocities, count);
    this.#constraint = physics.slice('qfrc_constraint', velocities, count);
    // The gripper's actuator follows the seven motors.
    this.#controls = physics.slice('ctrl', physics.index('actuator', armNames.motor(0)), count + 1);
    this.reference = new JointReference(arm, physics.timestep, approachTime);
    this.torques = new TorqueInterface(arm, physics.timestep);
    this.externalTorques = new Float64Array(count);
    this.#command = new Float64Array(count);
    this.#gripperSpeed = arm.hand.maxSpeed * physics.timestep;
    this.#smoothing = 1 - Math.exp(-2 * Math.PI * EXTERNAL_TORQUE_CUTOFF_HZ * physics.timestep);
  }

  /** The first limit that was broken since the reset. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Width that the gripper is sent to now, metres. */
  get gripperGoal(): number {
    return this.#gripperGoal;
  }

  /** Starts at rest where the arm is now. */
  reset(gripperWidth: number): void {
    this.reference.reset(this.#positions.values);
    this.torques.reset();
    this.externalTorques.fill(0);
    this.#gripperWidth = gripperWidth;
    this.#gripperGoal = gripperWidth;
    this.#fault = undefined;
  }

  /** @param width metres, moved into what the hand can do */
  setGripperGoal(width: number): void {
    this.#gripperGoal = Math.min(this.#arm.hand.maxWidth, Math.max(0, width));
  }

  /** Sets the motors for the next physics step. */
  tick(): void {
    const positions = this.#positions.values;
    const velocities = this.#velocities.values;
    const controls = this.#controls.values;
    const { reference, torques } = this;
    const { stiffness, damping } = this.#gains;
    const command = this.#command;
    const count = command.length;
    reference.advance();
    for (let joint = 0; joint < count; joint++) {
      command[joint] =
        stiffness[joint]! * (reference.positions[joint]! - positions[joint]!) +
        damping[joint]! * (reference.velocities[joint]! - velocities[joint]!);
    }
    torques.tick(command);
    const bias = this.#bias.values;
    for (let joint = 0; joint < count; joint++) controls[joint] = torques.last[joint]! + bias[joint]!;

    const step = this.#gripperSpeed;
    const width = this.#gripperWidth;
    this.#gripperWidth = Math.min(width + step, Math.max(width - step, this.#gripperGoal));
    controls[count] = this.#gripperWidth;
  }

  /** Looks for broken limits; called after every physics step. */
  watch(): void {
    const positions = this.#positions.values;
    const velocities = this.#velocities.values;
    const constraint = this.#constraint.values;
    const { limits } = this.#arm;
    for (let joint = 0; joint < limits.length; joint++) {
      const { low, high, velocity } = limits[joint]!;
      const position = positions[joint]!;
      const external = this.externalTorques;
      external[joint]! += this.#smoothing * (constraint[joint]! - external[joint]!);
      if (position < low - POSITION_TOLERANCE || position > high + POSITION_TOLERANCE) {
        this.#raise('joint_position_limits_violation');
      }
      if (Math.abs(velocities[joint]!) > VELOCITY_TOLERANCE * velocity) this.#raise('joint_velocity_violation');
      if (Math.abs(external[joint]!) > this.#thresholds.jointTorques[joint]!) this.#raise('joint_reflex');
      if (Math.abs(this.reference.positions[joint]! - position) > LARGEST_DEVIATION) {
        this.#raise('max_goal_pose_deviation_violation');
      }
    }
  }

  #raise(fault: Fault): void {
    this.#fault ??= fault;
  }

  /** Numbers that `save` appends. */
  get stateSize(): number {
    return 5 * this.#command.length + 3;
  }

  /** Appends everything that the next ticks depend on. */
  save(numbers: number[]): void {
    const { reference, torques } = this;
    numbers.push(...reference.positions, ...reference.velocities, ...reference.goal);
    numbers.push(...torques.last, ...this.externalTorques);
    numbers.push(torques.ticksLost, this.#gripperWidth, this.#gripperGoal);
  }

  /** Goes on from what `save` appended. */
  load(numbers: ArrayLike<number>): void {
    const count = this.#command.length;
    const part = (index: number) => Array.from({ length: count }, (_, joint) => numbers[index * count + joint]!);
    this.reference.positions.set(part(0));
    this.reference.velocities.set(part(1));
    this.reference.goal.set(part(2));
    this.torques.restore(part(3), numbers[5 * count]!);
    this.externalTorques.set(part(4));
    this.#gripperWidth = numbers[5 * count + 1]!;
    this.#gripperGoal = numbers[5 * count + 2]!;
    this.#fault = undefined;
  }
}
