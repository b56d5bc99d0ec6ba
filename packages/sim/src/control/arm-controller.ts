import type { Physics } from '../mujoco/physics.js';
import type { ArmModel, JointGains } from '../robots/arm-model.js';
import { ArmDrive } from './arm-drive.js';
import type { CollisionThresholds, Fault } from './faults.js';
import { JointReference } from './joint-reference.js';
import type { TorqueInterface } from './torque-interface.js';

/**
 * Moves the arm of a simulation: every physics step it brings the joint reference on, closes the impedance loop
 * tau = K (q_ref - q) + D (dq_ref - dq) around it, and hands the torques to the drive, which also watches the limits.
 */
export class ArmController {
  readonly reference: JointReference;
  readonly #drive: ArmDrive;
  readonly #gains: JointGains;
  readonly #command: Float64Array;

  /**
   * @param physics a model with the arm's parts (`armParts`), its joints and motors in order
   * @param approachTime time constant of the approach to a goal, seconds
   */
  constructor(
    physics: Physics,
    arm: ArmModel,
    gains: JointGains,
    approachTime: number,
    thresholds?: CollisionThresholds,
  ) {
    this.#gains = gains;
    this.#drive = new ArmDrive(physics, arm, thresholds);
    this.reference = new JointReference(arm, physics.timestep, approachTime);
    this.#command = new Float64Array(arm.links.length);
  }

  /** The first limit that was broken since the reset. */
  get fault(): Fault | undefined {
    return this.#drive.fault;
  }

  get torques(): TorqueInterface {
    return this.#drive.torques;
  }

  /** External torques on the joints, low-passed, N m, shape [joints]. */
  get externalTorques(): Float64Array {
    return this.#drive.externalTorques;
  }

  /** Width that the gripper is sent to now, metres. */
  get gripperGoal(): number {
    return this.#drive.gripperGoal;
  }

  /** Starts at rest where the arm is now. */
  reset(gripperWidth: number): void {
    this.reference.reset(this.#drive.positions);
    this.#drive.reset(gripperWidth);
  }

  /** @param width metres, moved into what the hand can do */
  setGripperGoal(width: number): void {
    this.#drive.setGripperGoal(width);
  }

  /** Sets the motors for the next physics step. */
  tick(): void {
    const { positions, velocities } = this.#drive;
    const { reference } = this;
    const { stiffness, damping } = this.#gains;
    const command = this.#command;
    reference.advance();
    for (let joint = 0; joint < command.length; joint++) {
      command[joint] =
        stiffness[joint]! * (reference.positions[joint]! - positions[joint]!) +
        damping[joint]! * (reference.velocities[joint]! - velocities[joint]!);
    }
    this.#drive.apply(command);
  }

  /** Looks for broken limits; called after every physics step. */
  watch(): void {
    this.#drive.watch(this.reference.positions);
  }

  /** Numbers that `save` appends. */
  get stateSize(): number {
    return 3 * this.#command.length + this.#drive.stateSize;
  }

  /** Appends everything that the next ticks depend on. */
  save(numbers: number[]): void {
    const { positions, velocities, goal } = this.reference;
    numbers.push(...positions, ...velocities, ...goal);
    this.#drive.save(numbers);
  }

  /** Goes on from what `save` appended. */
  load(numbers: ArrayLike<number>): void {
    const count = this.#command.length;
    const values = Array.from(numbers);
    this.reference.positions.set(values.slice(0, count));
    this.reference.velocities.set(values.slice(count, 2 * count));
    this.reference.goal.set(values.slice(2 * count, 3 * count));
    this.#drive.load(values.slice(3 * count));
  }
}
