import type { ObservedStep } from '@rapport/policy';
import { armLayout } from '@rapport/sim';
import type { ArmMotion } from './arm-motion.js';
import type { LoopSetup } from './loop-setup.js';
import { synchronise, type Unsynchronised } from './synchronise.js';
import { type Sample, TimeSeries } from './time-series.js';

/** External forces and the robot's own state. */
export interface RobotReading {
  readonly force: number;
  readonly moment: number;
  /** N m, shape [7]. */
  readonly jointTorques: ArrayLike<number>;
  /** Why the robot does not move, for example `reflex`; undefined while it may. */
  readonly mode: string | undefined;
}

/** Joint positions, rad, and velocities, rad/s, shape [7] each. */
export interface JointReading {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
}

/** What a policy observes, and the time that it is about, seconds. */
export interface Observed {
  readonly time: number;
  readonly step: ObservedStep;
}

/** Keeps what comes in, by source and time, and makes observations of it. Stamps are in seconds. */
export class Sensing {
  readonly #setup: LoopSetup;
  readonly #joints: TimeSeries<JointReading>;
  readonly #gripper: TimeSeries<number>;
  readonly #taskValues: TimeSeries<Float64Array>;
  readonly #robot: TimeSeries<RobotReading>;
  readonly #pictures: readonly TimeSeries<Uint8Array>[];
  /** What shows the scene, and what is taken nearest to its time; see `synchronise`. */
  readonly #leading: readonly TimeSeries<unknown>[];
  readonly #following: readonly TimeSeries<unknown>[];

  constructor(setup: LoopSetup) {
    const { limits, task, topics, cameras, watchesRobotState } = setup;
    const { observationAge } = limits.watchdog;
    this.#setup = setup;
    this.#joints = new TimeSeries(topics.joints, observationAge);
    this.#gripper = new TimeSeries(topics.gripper, observationAge);
    this.#taskValues = new TimeSeries(topics.taskValues, observationAge);
    this.#robot = new TimeSeries(topics.robotState, observationAge);
    this.#pictures = cameras.map((camera) => new TimeSeries(topics.cameras[camera] ?? camera, observationAge));
    const scene = [...this.#pictures, ...(task.taskValues.length > 0 ? [this.#taskValues] : [])];
    this.#leading = scene.length > 0 ? scene : [this.#joints];
    const arms = [this.#joints, this.#gripper, ...(watchesRobotState ? [this.#robot] : [])];
    this.#following = arms.filter((source) => !this.#leading.includes(source));
  }

  /** The newest measured joints; undefined before the first. */
  get joints(): Sample<JointReading> | undefined {
    return this.#joints.newest;
  }

  /** The newest measured width, metres; undefined before the first. */
  get gripperWidth(): number | undefined {
    return this.#gripper.newest?.value;
  }

  get robot(): RobotReading | undefined {
    return this.#robot.newest?.value;
  }

  /** Names of sources that have told nothing about any time after this one, seconds. */
  silentSince(time: number): string[] {
    return [...this.#leading, ...this.#following]
      .filter(({ newest }) => newest === undefined || newest.stamp <= time)
      .map(({ name }) => name);
  }

  offerJoints(stamp: number, positions: Float64Array, velocities: Float64Array): void {
    this.#joints.offer(stamp, { positions, velocities });
  }

  /** @param width between the fingers, metres */
  offerGripper(stamp: number, width: number): void {
    this.#gripper.offer(stamp, width);
  }

  /** @param values in the order of the task's names */
  offerTaskValues(stamp: number, values: Float64Array): void {
    this.#taskValues.offer(stamp, values);
  }

  /**
   * @param camera index among the policy's cameras
   * @param picture RGB bytes in the size that the policy wants
   */
  offerPicture(stamp: number, camera: number, picture: Uint8Array): void {
    this.#pictures[camera]!.offer(stamp, picture);
  }

  offerRobot(stamp: number, reading: RobotReading): void {
    this.#robot.offer(stamp, reading);
  }

  /** Why there is nothing new to act on; undefined when there is. */
  unsynchronised(now: number): Unsynchronised | undefined {
    const time = synchronise(this.#leading, this.#following, now);
    return typeof time === 'number' ? undefined : time;
  }

  /** What is observed now; undefined when something is missing or too old. */
  observe(now: number, motion: ArmMotion): Observed | undefined {
    const time = synchronise(this.#leading, this.#following, now);
    if (typeof time !== 'number') return undefined;
    const { taskValues } = this.#setup.task;
    const { positions, velocities } = this.#joints.nearest(time)!.value;
    const observation = new Float32Array(armLayout.end + taskValues.length);
    motion.observe(positions, velocities, this.#gripper.nearest(time)!.value, observation);
    if (taskValues.length > 0) observation.set(this.#taskValues.nearest(time)!.value, armLayout.end);
    const pictures = this.#pictures.map((source) => source.nearest(time)!.value);
    return { time, step: { observation, pictures } };
  }

  /** Forgets everything: the clock of the stamps has gone back. */
  forget(): void {
    for (const source of [...this.#leading, ...this.#following]) source.clear();
  }
}
