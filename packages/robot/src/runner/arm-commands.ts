import { type ArmModel, Kinematics, matrixToQuaternion } from '@rapport/sim';
import type { JointTrajectory, Outgoing, PoseStamped } from '../graph/messages.js';
import type { RosTime } from '../graph/time.js';
import { rosTimeFromSeconds } from '../graph/time.js';
import type { SafetyEnvelope } from '../safety/index.js';

/**
 * A trajectory lasts at least this long, seconds: one of an arm that rests would be over before a busy controller takes it,
 * and be refused.
 */
const LEAST_DURATION = 0.2;

interface Point {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly accelerations: Float64Array;
}

/**
 * The envelope's setpoint as a trajectory: the setpoint that was sent before, the new one, and the whole stop from it. Two
 * things follow. A message that is late by less than a period changes nothing, because the controller goes on with what it
 * has; and should no other message come, the arm comes to rest within its limits, whatever has become of the sender.
 */
export class TrajectoryCommand {
  readonly #joints: readonly string[];
  readonly #period: number;
  /** The setpoint sent last. */
  readonly #before = point();
  #points: Point[] = [];

  /** @param period seconds from one setpoint to the next */
  constructor(joints: readonly string[], period: number) {
    this.#joints = joints;
    this.#period = period;
  }

  /** Begins, with the envelope where the arm rests. */
  start(envelope: SafetyEnvelope): void {
    copy(envelope, this.#before);
  }

  /**
   * The message of a tick, after the envelope has moved on.
   * @param stamp when the tick was due; zero to begin when it arrives
   */
  next(envelope: SafetyEnvelope, stamp: RosTime): Outgoing<JointTrajectory> {
    const rest = envelope.stopSteps;
    while (this.#points.length < rest + 2) this.#points.push(point());
    const points = this.#points;
    copy(this.#before, points[0]!);
    copy(envelope, points[1]!);
    for (let step = 1; step <= rest; step++) envelope.sampleStop(step, points[step + 1]!);
    copy(envelope, this.#before);
    const timed = points.slice(0, rest + 2).map((each, index) => ({
      ...each,
      time_from_start: rosTimeFromSeconds((index + 1) * this.#period),
    }));
    const end = timed.length * this.#period;
    const rested = { ...timed.at(-1)!, time_from_start: rosTimeFromSeconds(LEAST_DURATION) };
    return {
      header: { stamp },
      joint_names: this.#joints,
      points: end < LEAST_DURATION - 0.5 * this.#period ? [...timed, rested] : timed,
    };
  }
}

/** The envelope's setpoint as a pose of the tool centre point in the frame of the base, for a Cartesian controller. */
export class PoseCommand {
  readonly #frame: string;
  readonly #kinematics: Kinematics;

  constructor(arm: ArmModel, frame: string) {
    this.#frame = frame;
    this.#kinematics = new Kinematics(arm);
  }

  next(envelope: SafetyEnvelope, stamp: RosTime): Outgoing<PoseStamped> {
    this.#kinematics.update(envelope.positions);
    const [x, y, z] = this.#kinematics.position;
    const [qw, qx, qy, qz] = matrixToQuaternion(this.#kinematics.rotation);
    return {
      header: { stamp, frame_id: this.#frame },
      pose: { position: { x: x!, y: y!, z: z! }, orientation: { w: qw, x: qx, y: qy, z: qz } },
    };
  }
}

function point(): Point {
  return { positions: new Float64Array(7), velocities: new Float64Array(7), accelerations: new Float64Array(7) };
}

function copy(from: Point, to: Point): void {
  to.positions.set(from.positions);
  to.velocities.set(from.velocities);
  to.accelerations.set(from.accelerations);
}
