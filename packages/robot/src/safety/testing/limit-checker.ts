import type { SafetyLimits } from '../limits.js';

/**
 * Checks a stream of setpoints against limits, for tests: by finite differences of the positions alone, and with forward
 * kinematics from the published Denavit-Hartenberg table, so that nothing is shared with what made the stream.
 */
export class LimitChecker {
  /** Breaches found so far, as readable lines. */
  readonly breaches: string[] = [];
  /** Largest use of each limit, as a share of it. */
  readonly peaks: Record<string, number> = {};
  readonly #limits: SafetyLimits;
  readonly #period: number;
  /** The last setpoints, newest first. */
  #past: number[][];
  #count = 0;

  /**
   * @param start where the arm rests before the first setpoint, rad; without it the first three setpoints are only taken as
   *   what the later ones follow
   */
  constructor(limits: SafetyLimits, period: number, start?: readonly number[]) {
    this.#limits = limits;
    this.#period = period;
    this.#past = start === undefined ? [] : Array.from({ length: 3 }, () => [...start]);
  }

  check(setpoint: ArrayLike<number>): void {
    const [q1, q2, q3] = this.#past;
    const q0 = Array.from(setpoint);
    this.#past = [q0, ...this.#past.slice(0, 2)];
    this.#count += 1;
    if (q1 === undefined || q2 === undefined || q3 === undefined) return;
    const t = this.#period;
    const { joints, workspace, minimumHeight, toolSpeed } = this.#limits;
    for (let joint = 0; joint < 7; joint++) {
      const q = q0[joint]!;
      const v = (q - q1[joint]!) / t;
      const a = (q - 2 * q1[joint]! + q2[joint]!) / t ** 2;
      const j = (q - 3 * q1[joint]! + 3 * q2[joint]! - q3[joint]!) / t ** 3;
      // Rounding of positions of about 3 rad, as it shows in the differences.
      const rounding = 2e-15;
      const name = (limit: string) => `joint ${joint + 1} ${limit}`;
      if (!Number.isFinite(q)) this.#breach(name('position'), q, 0);
      this.#most(name('upper end'), q, joints.positionMax[joint]!, 0);
      this.#most(name('lower end'), -q, -joints.positionMin[joint]!, 0);
      this.#most(name('velocity'), Math.abs(v), joints.velocity[joint]!, rounding / t);
      this.#most(name('acceleration'), Math.abs(a), joints.acceleration[joint]!, (4 * rounding) / t ** 2);
      this.#most(name('jerk'), Math.abs(j), joints.jerk[joint]!, (8 * rounding) / t ** 3);
      if (this.#limits.arm === 'fr3') {
        for (const at of [q, q1[joint]!]) {
          const [low, high] = fr3Velocities(joint, at);
          this.#most(name('velocity at its position'), v, high, rounding / t);
          this.#most(name('velocity at its position'), -v, -low, rounding / t);
        }
      }
    }
    const [tool, before] = [toolPose(q0), toolPose(q1)];
    for (let axis = 0; axis < 3; axis++) {
      this.#most(`workspace ${'xyz'[axis]} high`, tool.position[axis]!, workspace.max[axis]!, 1e-12);
      this.#most(`workspace ${'xyz'[axis]} low`, -tool.position[axis]!, -workspace.min[axis]!, 1e-12);
    }
    this.#most('minimum height', -tool.position[2]!, -minimumHeight, 1e-12);
    const way = Math.hypot(...tool.position.map((value, axis) => value - before.position[axis]!));
    this.#most('tool translation', way / t, toolSpeed.translation, 1e-12 / t);
    // Trace of R0 R1^T is 1 + 2 cos(angle).
    const trace = tool.rotation.reduce((sum, value, entry) => sum + value * before.rotation[entry]!, 0);
    const angle = Math.acos(Math.min(1, (trace - 1) / 2));
    this.#most('tool rotation', angle / t, toolSpeed.rotation, 3e-8 / t);
  }

  #most(what: string, value: number, limit: number, rounding: number): void {
    if (limit > 0) this.peaks[what] = Math.max(this.peaks[what] ?? 0, value / limit);
    if (!(value <= limit + rounding)) this.#breach(what, value, limit);
  }

  #breach(what: string, value: number, limit: number): void {
    this.breaches.push(`setpoint ${this.#count}: ${what} ${value}, limit ${limit}`);
  }
}

/** libfranka 0.21.2, include/franka/rate_limiting.h, without its margin of 1e-3 rad/s. */
function fr3Velocities(joint: number, q: number): readonly [number, number] {
  const v = [2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26][joint]!;
  const c = [0.3, 0.2, 0.2, 0.3, 0.35, 0.35, 0.35][joint]!;
  const k = [12, 5.17, 7, 8, 34, 11, 34][joint]!;
  const upper = [2.7501, 1.7918, 2.9065, -0.1458, 2.8101, 4.5205, 3.0196][joint]!;
  const lower = [-2.7501, -1.7918, -2.9065, -3.0481, -2.8101, 0.54092, -3.0196][joint]!;
  return [
    Math.max(-v, Math.min(0, c - Math.sqrt(Math.max(0, k * (q - lower))))),
    Math.min(v, Math.max(0, -c + Math.sqrt(Math.max(0, k * (upper - q))))),
  ];
}

type Matrix = readonly (readonly number[])[];

/** Modified Denavit-Hartenberg table of Panda and FR3, then flange, hand and tool centre point. */
export function toolPose(joints: readonly number[]): { position: number[]; rotation: number[] } {
  const a = [0, 0, 0, 0.0825, -0.0825, 0, 0.088];
  const d = [0.333, 0, 0.316, 0, 0.384, 0, 0];
  const alpha = [0, -90, 90, 90, -90, 90, 90];
  let pose: Matrix = identity;
  for (let joint = 0; joint < 7; joint++) {
    pose = product(pose, denavitHartenberg(a[joint]!, d[joint]!, (alpha[joint]! * Math.PI) / 180, joints[joint]!));
  }
  pose = product(pose, denavitHartenberg(0, 0.107 + 0.1034, 0, -Math.PI / 4));
  return {
    position: [0, 1, 2].map((row) => pose[row]![3]!),
    rotation: [0, 1, 2].flatMap((row) => pose[row]!.slice(0, 3)),
  };
}

const identity: Matrix = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];

/** Rx(alpha) Tx(a) Rz(q) Tz(d). */
function denavitHartenberg(a: number, d: number, alpha: number, q: number): Matrix {
  const [ca, sa, cq, sq] = [Math.cos(alpha), Math.sin(alpha), Math.cos(q), Math.sin(q)];
  return [
    [cq, -sq, 0, a],
    [sq * ca, cq * ca, -sa, -d * sa],
    [sq * sa, cq * sa, ca, d * ca],
    [0, 0, 0, 1],
  ];
}

function product(left: Matrix, right: Matrix): Matrix {
  return left.map((row) => right[0]!.map((_, column) => row.reduce((sum, x, i) => sum + x * right[i]![column]!, 0)));
}
