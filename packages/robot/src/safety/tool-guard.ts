import { type ArmModel, Kinematics } from '@rapport/sim';
import type { Clamp } from './events.js';
import type { SafetyLimits } from './limits.js';
import type { StopProfile } from './stop-profile.js';

/** Share of its speed limits at which the tool cruises: the rest is for what bends its way. */
const CRUISING_SHARE = 0.95;

const axes = ['x', 'y', 'z'] as const;

/** Says whether the tool keeps to its limits while all joints stop: inside the box, over the least height, slow enough. */
export class ToolGuard {
  readonly #limits: SafetyLimits;
  readonly #kinematics: Kinematics;
  readonly #joints = new Float64Array(7);
  readonly #twist = new Float64Array(6);
  /** Position and rotation matrix one period before. */
  readonly #position = new Float64Array(3);
  readonly #rotation = new Float64Array(9);

  constructor(limits: SafetyLimits, arm: ArmModel) {
    this.#limits = limits;
    this.#kinematics = new Kinematics(arm);
  }

  /** The limit that the tool breaks at these joint positions, if any. */
  breachAt(joints: ArrayLike<number>): Clamp | undefined {
    this.#kinematics.update(joints);
    return this.#placeBreach();
  }

  /**
   * The first limit that the tool breaks on the way from `joints` through the stops, looked at every period.
   * @param joints where the joints are now, rad, `period` before the profiles begin
   */
  breachWhileStopping(joints: ArrayLike<number>, stops: readonly StopProfile[], period: number): Clamp | undefined {
    const kinematics = this.#kinematics;
    const steps = stops.reduce((most, stop) => Math.max(most, stop.steps), 0);
    kinematics.update(joints);
    for (let step = 0; step <= steps; step++) {
      this.#position.set(kinematics.position);
      this.#rotation.set(kinematics.rotation);
      for (let joint = 0; joint < stops.length; joint++) {
        const stop = stops[joint]!;
        stop.sample(step);
        this.#joints[joint] = stop.position;
      }
      kinematics.update(this.#joints);
      const breach = this.#placeBreach() ?? this.#speedBreach(period);
      if (breach !== undefined) return breach;
    }
    return undefined;
  }

  /**
   * The largest share, up to 1, of joint velocities with which the tool stays a little under its speed limits.
   * @param joints rad
   * @param velocities rad/s
   */
  speedShare(joints: ArrayLike<number>, velocities: ArrayLike<number>): number {
    const { translation, rotation } = this.#limits.toolSpeed;
    const { jacobian } = this.#kinematics;
    const twist = this.#twist;
    this.#kinematics.update(joints);
    twist.fill(0);
    for (let row = 0; row < 6; row++) {
      for (let joint = 0; joint < 7; joint++) twist[row]! += jacobian[7 * row + joint]! * velocities[joint]!;
    }
    const speed = Math.hypot(twist[0]!, twist[1]!, twist[2]!);
    const turn = Math.hypot(twist[3]!, twist[4]!, twist[5]!);
    return Math.min(1, (CRUISING_SHARE * translation) / speed, (CRUISING_SHARE * rotation) / turn);
  }

  #placeBreach(): Clamp | undefined {
    const { workspace, minimumHeight } = this.#limits;
    const { position } = this.#kinematics;
    for (let axis = 0; axis < 3; axis++) {
      const value = position[axis]!;
      const low = workspace.min[axis]!;
      const high = workspace.max[axis]!;
      if (value < low || value > high) {
        return { limit: 'workspace', where: axes[axis]!, value, allowed: value < low ? low : high };
      }
    }
    const height = position[2]!;
    if (height < minimumHeight) {
      return { limit: 'minimum_height', where: 'z', value: height, allowed: minimumHeight };
    }
    return undefined;
  }

  #speedBreach(period: number): Clamp | undefined {
    const { translation, rotation } = this.#limits.toolSpeed;
    const { position, rotation: matrix } = this.#kinematics;
    const before = this.#position;
    const speed = Math.hypot(position[0]! - before[0]!, position[1]! - before[1]!, position[2]! - before[2]!) / period;
    if (speed > translation) return { limit: 'tool_speed', where: 'translation', value: speed, allowed: translation };
    // The Frobenius norm of the difference of two rotations is 2 sqrt(2) sin(angle / 2).
    let squares = 0;
    for (let entry = 0; entry < 9; entry++) squares += (matrix[entry]! - this.#rotation[entry]!) ** 2;
    const turn = (2 * Math.asin(Math.min(1, Math.sqrt(squares / 8)))) / period;
    if (turn > rotation) return { limit: 'tool_speed', where: 'rotation', value: turn, allowed: rotation };
    return undefined;
  }
}
