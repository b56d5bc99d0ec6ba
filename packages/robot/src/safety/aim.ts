import { type ArmModel, InverseKinematics, Kinematics, matrixToQuaternion } from '@rapport/sim';
import type { Clamp } from './events.js';
import type { JointGuard } from './joint-guard.js';
import type { SafetyLimits } from './limits.js';
import { TargetDemand } from './target-demand.js';
import type { ToolGuard } from './tool-guard.js';

/** Where the joints are to be one period from now. */
export interface JointTarget {
  /** rad, shape [7]. */
  readonly positions: ArrayLike<number>;
  /** With which that place moves, rad/s, shape [7]; at rest when absent. */
  readonly velocities?: ArrayLike<number>;
}

/** How far inside the workspace targets are put, so that the bent way there stays inside, metres. */
const WORKSPACE_INSET = 0.002;
const TARGET_ITERATIONS = 20;

/** A target, moved to where the arm may go; every cut is reported with the value that asked for it. */
export class Aim {
  /** rad and rad/s, shape [7]. */
  readonly positions = new Float64Array(7);
  readonly velocities = new Float64Array(7);
  readonly #limits: SafetyLimits;
  readonly #onClamp: (clamp: Clamp) => void;
  readonly #joints: readonly JointGuard[];
  readonly #tool: ToolGuard;
  readonly #inverse: InverseKinematics;
  readonly #kinematics: Kinematics;
  readonly #demand: TargetDemand;

  constructor(
    limits: SafetyLimits,
    arm: ArmModel,
    { joints, tool }: { readonly joints: readonly JointGuard[]; readonly tool: ToolGuard },
    period: number,
    onClamp: (clamp: Clamp) => void,
  ) {
    this.#limits = limits;
    this.#onClamp = onClamp;
    this.#joints = joints;
    this.#tool = tool;
    this.#inverse = new InverseKinematics(arm);
    this.#kinematics = new Kinematics(arm);
    this.#demand = new TargetDemand(joints, period, onClamp);
  }

  /** The next target does not follow on from the last. */
  forget(): void {
    this.#demand.forget();
  }

  /**
   * Takes a target, moved into the joints' ranges and the tool's box; false, and nothing taken, when it is no number.
   * @param present where the setpoint is, rad, shape [7]
   */
  take({ positions, velocities }: JointTarget, present: ArrayLike<number>): boolean {
    for (let joint = 0; joint < 7; joint++) {
      const position = positions[joint] ?? Number.NaN;
      const velocity = velocities === undefined ? 0 : (velocities[joint] ?? Number.NaN);
      if (!Number.isFinite(position) || !Number.isFinite(velocity)) {
        const value = Number.isFinite(position) ? velocity : position;
        const where = `joint ${joint + 1}`;
        this.#onClamp({ limit: 'not_finite', where, value, allowed: Number.POSITIVE_INFINITY });
        this.#demand.forget();
        return false;
      }
      this.positions[joint] = position;
      this.velocities[joint] = velocity;
    }
    this.#demand.look(this.positions);
    for (let joint = 0; joint < 7; joint++) this.#intoRange(joint, present[joint]!);
    this.#intoWorkspace();
    return true;
  }

  #intoRange(joint: number, present: number): void {
    const { low, high } = this.#joints[joint]!;
    const { positions, velocities } = this;
    const value = positions[joint]!;
    const [slowest, fastest] = this.#joints[joint]!.velocityRange(present);
    velocities[joint] = Math.min(fastest, Math.max(slowest, velocities[joint]!));
    if (value >= low && value <= high) return;
    const allowed = value < low ? low : high;
    this.#onClamp({ limit: 'joint_position', where: `joint ${joint + 1}`, value, allowed });
    positions[joint] = allowed;
    velocities[joint] = 0;
  }

  /** Moves a target whose tool is outside the box to the box, with the same rotation of the tool. */
  #intoWorkspace(): void {
    const { positions, velocities } = this;
    const breach = this.#tool.breachAt(positions);
    if (breach === undefined) return;
    this.#onClamp(breach);
    const { workspace, minimumHeight } = this.#limits;
    this.#kinematics.update(positions);
    const position = Array.from(this.#kinematics.position, (value, axis) => {
      const low = axis === 2 ? Math.max(minimumHeight, workspace.min[axis]!) : workspace.min[axis]!;
      return Math.min(workspace.max[axis]! - WORKSPACE_INSET, Math.max(low + WORKSPACE_INSET, value));
    });
    const rotation = matrixToQuaternion(this.#kinematics.rotation);
    this.#inverse.solve(positions, { position, rotation }, TARGET_ITERATIONS);
    for (let joint = 0; joint < 7; joint++) {
      const { low, high } = this.#joints[joint]!;
      positions[joint] = Math.min(high, Math.max(low, positions[joint]!));
    }
    velocities.fill(0);
  }
}
